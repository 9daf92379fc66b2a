"""A provider on loopback: answers like an OpenAI-compatible endpoint after a set time, and fails in twelve ways on demand."""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import struct
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import perf_counter
from types import TracebackType
from typing import Any, Literal, get_args

Fault = Literal[
    "429",
    "500",
    "hang",
    "reset",
    "truncated-json",
    "bad-arguments",
    "empty-choices",
    "slow-drip",
    "wrong-model",
    "huge-line",
    "duplicate-tool-ids",
    "refusal",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
Answer = Callable[[dict[str, Any]], str]
"""From the request's body to the text of the answer."""


class FakeProvider:
    """An async context manager; `url` is its address.

    Args:
        answer: What it says; an empty JSON object by default.
        delay: Seconds before each answer.
        faults: By number of the request, from 0, which fault it meets; `always` meets all others.
        always: A fault for every request that `faults` does not name.
        port: Port on 127.0.0.1; 0 takes a free one.

    Attributes:
        requests: Bodies of all requests so far.
        served: When each request came and when its answer was out, in seconds of `perf_counter`.
        open: Connections that are open now.
    """

    def __init__(
        self,
        answer: Answer | None = None,
        *,
        delay: float = 0.0,
        faults: Mapping[int, Fault] | None = None,
        always: Fault | None = None,
        port: int = 0,
    ) -> None:
        self.answer = answer or (lambda _body: "{}")
        self.delay, self.port = delay, port
        self.always: Fault | None = always
        self.faults: dict[int, Fault] = dict(faults or {})
        self.requests: list[dict[str, Any]] = []
        self.served: list[tuple[float, float]] = []
        self.open = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        """Base address of the API."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> FakeProvider:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop listening and cut what is open."""
        if self._server:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            while (body := await _read(reader)) is not None:
                number = len(self.requests)
                self.requests.append(body)
                began = perf_counter()
                fault = self.faults.get(number) or self.always
                if not await self._respond(body, fault, reader, writer):
                    break
                await writer.drain()
                self.served.append((began, perf_counter()))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):  # cancelled only when the server closes
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _respond(self, body: dict[str, Any], fault: Fault | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Write the answer; False closes the connection."""
        if self.delay:
            await _silence(self.delay, reader)
        if fault in EARLY:
            status, extra, content = EARLY[fault]
            _write(writer, status, json.dumps(content), extra)
            return True
        if fault == "hang":
            await _silence(3600, reader)
        model = "another-model" if fault == "wrong-model" else str(body.get("model", ""))
        if fault == "empty-choices":
            return _whole(writer, body, {"choices": [], "model": model})
        if fault in {"bad-arguments", "duplicate-tool-ids"} and body.get("tools"):
            return _whole(writer, body, _completion(_calls(fault, body), model))
        text = self.answer(body)
        if fault == "refusal":
            return _whole(writer, body, _completion({"content": None, "refusal": "I can't help with that."}, model))
        if fault == "truncated-json":
            text = '{"ranking": ["psoria'
        if fault == "huge-line":
            text = "x" * 1_500_000
        message = {"content": text}
        if fault in {"reset", "slow-drip"}:
            return await _broken_stream(fault, model, writer)
        return _whole(writer, body, _completion(message, model))


async def _silence(seconds: float, reader: asyncio.StreamReader) -> None:
    """Wait; end at once when the client hangs up, as only a reader notices."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await reader.read(1)  # a client that waits for its answer sends nothing
            raise ConnectionResetError


EARLY: Mapping[str | None, tuple[str, str, dict[str, Any]]] = {
    "429": ("429 Too Many Requests", "retry-after-ms: 20\r\n", {"error": {"message": "slow down", "type": "rate_limit", "code": "rate"}}),
    "500": ("500 Internal Server Error", "", {"error": {"message": "oops", "type": "server_error"}}),
}


async def _stays(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Wait; False as soon as the client has gone."""
    if seconds <= 0:
        return True
    try:
        async with asyncio.timeout(seconds):
            return bool(await reader.read(1))
    except TimeoutError:
        return True


async def _broken_stream(fault: Fault, model: str, writer: asyncio.StreamWriter) -> bool:
    _head(writer, "text/event-stream", None)
    if fault == "reset":
        writer.write(b'data: {"choices": [{"delta": {"content": "{')
        await writer.drain()
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()  # with nothing to linger for this is a reset; it would look like a plain end otherwise
        return False
    for _ in range(3600):
        writer.write(_event({"content": " "}, model).encode())
        await writer.drain()
        await asyncio.sleep(0.05)
    return False


async def _read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    raw = await reader.readexactly(length) if length else b"{}"
    value = json.loads(raw)
    return value if isinstance(value, dict) else {}


def _write(writer: asyncio.StreamWriter, status: str, content: str, extra: str = "") -> None:
    raw = content.encode()
    writer.write(f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{extra}content-length: {len(raw)}\r\n\r\n".encode() + raw)


def _head(writer: asyncio.StreamWriter, kind: str, length: int | None) -> None:
    size = f"content-length: {length}\r\n" if length is not None else "connection: close\r\n"
    writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n{size}\r\n".encode())


def _whole(writer: asyncio.StreamWriter, body: dict[str, Any], completion: dict[str, Any]) -> bool:
    """The completion in one piece, or as the stream that was asked for."""
    if not body.get("stream"):
        _write(writer, "200 OK", json.dumps(completion))
        return True
    model = str(completion["model"])
    events = ""
    for choice in completion["choices"]:
        message = choice["message"]
        text = message.get("content")
        events += _event({"role": "assistant", "content": ""}, model)
        if text:
            events += "".join(_event({"content": text[i : i + 64]}, model) for i in range(0, min(len(text), PIECEWISE), 64))
            events += _event({"content": text[PIECEWISE:]}, model) if len(text) > PIECEWISE else ""
        else:
            calls = [{"index": i, **c} for i, c in enumerate(message.get("tool_calls") or [])]
            events += _event(
                {
                    "role": "assistant",
                    "content": None,
                    **{k: v for k, v in message.items() if k == "refusal"},
                    **({"tool_calls": calls} if calls else {}),
                },
                model,
            )
        events += _event({}, model, choice["finish_reason"])
    usage = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [], "usage": USAGE}
    raw = (events + f"data: {json.dumps(usage)}\n\ndata: [DONE]\n\n").encode()
    _head(writer, "text/event-stream", len(raw))
    writer.write(raw)
    return True


PIECEWISE = 64 * 1500
"""Characters that are streamed in pieces of 64; the rest comes in one."""
USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def _event(delta: dict[str, Any], model: str, finish: str | None = None) -> str:
    piece = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps(piece)}\n\n"


def _completion(message: dict[str, Any], model: str) -> dict[str, Any]:
    finish = "tool_calls" if message.get("tool_calls") else "stop"
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion", "created": 0, "model": model, "choices": [choice], "usage": USAGE}


def _calls(fault: Fault, body: dict[str, Any]) -> dict[str, Any]:
    name = body["tools"][0]["function"]["name"]
    arguments = '{"query": ' if fault == "bad-arguments" else '{"query": "eczema", "words": "itch"}'
    call = {"id": "same", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"content": None, "tool_calls": [call, call] if fault == "duplicate-tool-ids" else [call]}


def main() -> None:
    """`python -m yingzhi.testing.provider --port 8090 --delay 0.05`: serve until stopped."""
    parser = argparse.ArgumentParser(description="A provider on loopback that answers with one text after a set time.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--answer", default="{}", help="text of every answer")
    parser.add_argument("--fault", choices=FAULTS, default=None, help="what every request meets")
    given = parser.parse_args()

    async def serve() -> None:
        async with FakeProvider(lambda _body: given.answer, delay=given.delay, always=given.fault, port=given.port) as provider:
            sys.stdout.write(provider.url + "\n")
            sys.stdout.flush()
            await asyncio.Event().wait()

    with suppress(KeyboardInterrupt):
        asyncio.run(serve())


if __name__ == "__main__":
    main()
