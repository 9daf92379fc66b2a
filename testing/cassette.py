"""Recorded HTTP: the first run writes what a provider answered, later runs read it. Keys and patient text are not in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import httpx2


class CassetteError(AssertionError):
    """A request that the cassette does not hold."""


class Cassette(httpx2.AsyncBaseTransport):
    """An HTTP transport that records or replays.

    A request is known by its method, path and a hash of its body: the body itself is not kept. Answers are kept whole, headers are not.

    Args:
        path: The JSON file.
        mode: `replay` fails on a request that is not in the file, `record` asks the network and writes, `auto` replays what is there.
        inner: Transport for recording; the network by default.

    Attributes:
        missed: Requests that failed because they are not on the tape. A client may make something else of `CassetteError`, and yingzhi
            does without the model then: a test asserts that this is empty.
    """

    def __init__(
        self, path: Path, mode: Literal["replay", "record", "auto"] = "replay", inner: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self.path, self.mode, self.inner = path, mode, inner
        kept = path.read_text(encoding="utf-8") if mode != "record" and path.exists() else "{}"  # a new recording starts afresh
        self.tape: dict[str, list[dict[str, Any]]] = json.loads(kept)
        self.missed: list[str] = []
        self.played: dict[str, int] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer from the tape, or from the network and onto the tape."""
        body = await request.aread()
        key = f"{request.method} {request.url.path} {hashlib.sha256(body).hexdigest()[:16]}"
        takes, number = self.tape.get(key, []), self.played.get(key, 0)
        self.played[key] = number + 1
        if self.mode != "record" and takes:
            take = takes[min(number, len(takes) - 1)]
            return httpx2.Response(take["status"], headers={"content-type": take["type"]}, content=take["content"].encode())
        if self.mode == "replay":
            self.missed.append(key)
            raise CassetteError(f"{self.path.name} does not hold this request ({request.method} {request.url.path})")
        self.inner = self.inner or httpx2.AsyncHTTPTransport()
        response = await self.inner.handle_async_request(request)
        content = await response.aread()
        kind = response.headers.get("content-type", "application/json")
        self.tape.setdefault(key, []).append({"status": response.status_code, "type": kind, "content": content.decode()})
        self.path.write_text(json.dumps(self.tape, ensure_ascii=False, indent=1), encoding="utf-8")
        return httpx2.Response(response.status_code, headers={"content-type": kind}, content=content)

    async def aclose(self) -> None:
        """Close the network, if it was used."""
        if self.inner is not None:
            await self.inner.aclose()
