"""OpenAI's own clients against the server; and a server behind a language model that takes its time."""

from __future__ import annotations

import asyncio
import dataclasses
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import AsyncOpenAI

from tests.service.conftest import Issuer, Running, run_server, settings_in
from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.settings import checked
from yingzhi.agents.specialist import Resources
from yingzhi.service.chat.turns import REFERENCE
from yingzhi.testing import FakeProvider

NOTE = (
    "A 46-year-old man has well-demarcated red plaques with silvery scale on both elbows and knees for eight years, worse every winter."
    " He takes lisinopril and lithium. Mucosa normal."
)
MORE = "One finger is swollen like a sausage, with pitting of four fingernails and morning stiffness of the fingers."
ZH = "患者女，68岁。右侧胸背部针刺样疼痛5天，成簇水疱3天，沿肋间呈带状分布，单侧，未过中线。既往体健，无发热。"


@dataclass(frozen=True, slots=True)
class Caller:
    """One tenant's doctor: OpenAI's client, and the native API to look at what came of it."""

    ai: AsyncOpenAI
    api: httpx.AsyncClient

    async def ask(self, *messages: str | dict[str, Any], model: str = "yingzhi", **options: Any) -> str:
        """The reply to a conversation in which user and assistant take turns."""
        done = await self.ai.chat.completions.create(model=model, messages=conversation(*messages), **options)
        return str(done.choices[0].message.content)

    async def consultations(self) -> list[dict[str, Any]]:
        """All of the tenant's."""
        page = await self.api.get("/api/v1/consultations")
        assert page.status_code == 200, page.text
        return list(page.json()["items"])

    async def view(self, reply: str) -> dict[str, Any]:
        """The consultation that a reply is about."""
        answer = await self.api.get(f"/api/v1/consultations/{reference(reply)[0]}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def conversation(*messages: str | dict[str, Any]) -> Any:
    """Messages; words are the user's and the assistant's in turn."""
    roles = ("user", "assistant")
    return [m if isinstance(m, dict) else {"role": roles[n % 2], "content": m} for n, m in enumerate(messages)]


def reference(reply: str) -> tuple[str, str]:
    """Id and revision in the last line of a reply."""
    found = REFERENCE.fullmatch(reply.rstrip().splitlines()[-1])
    assert found, reply[-300:]
    return found[1], found[2]


Call = Callable[..., Caller]


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    """Opens callers of a server, each by default of a tenant of its own."""
    opened: list[Caller] = []

    def open_caller(server: Running, *roles: str, tenant: str = "") -> Caller:
        headers = server.headers(*(roles or ("doctor",)), tenant=tenant or f"t{uuid.uuid4().hex[:12]}")
        key = headers["Authorization"].removeprefix("Bearer ")
        ai = AsyncOpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=0, timeout=60)
        opened.append(Caller(ai, httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30)))
        return opened[-1]

    yield open_caller
    for caller in opened:
        await caller.ai.close()
        await caller.api.aclose()


@pytest.fixture
async def doctor(server: Running, call: Call) -> Caller:
    """A doctor of a tenant that has nothing yet."""
    return call(server)


@dataclass(frozen=True, slots=True)
class Slow:
    """A server whose language model answers after a minute."""

    server: Running
    provider: FakeProvider


@pytest.fixture
async def slow(tmp_path: Path, resources: Resources, issuer: Issuer) -> AsyncIterator[Slow]:
    """Runs that go on until somebody ends them; heartbeats every fifth of a second."""
    async with FakeProvider(delay=60) as provider:
        models = Models(checked({"model": "m", "base_url": provider.url, "tools": "native", "json_mode": "object"}, {}))
        modelled = dataclasses.replace(resources, models=models)
        running = run_server(settings_in(tmp_path, issuer, heartbeat=0.2, drain_seconds=0.1), modelled, issuer)
        server = await asyncio.to_thread(next, running)
        yield Slow(server, provider)
        await asyncio.to_thread(next, running, None)


async def eventually(true: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is in another thread
            await asyncio.sleep(0.005)
