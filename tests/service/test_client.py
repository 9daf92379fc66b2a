"""The Python client against answers of every kind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.service.conftest import Running
from tests.service.inside import CONTRADICTS
from yingzhi.client import Client, Refused, Unreachable


def told(*events: tuple[int, str, dict[str, Any]]) -> httpx.Response:
    """A stream of events as a server sends it."""
    frames = [
        f"id: {seq}\nevent: {kind}\ndata: {json.dumps({'seq': seq, 'type': kind, **more}, ensure_ascii=False)}\n\n"
        for seq, kind, more in events
    ]
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content="".join(frames).encode())


def client_of(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    """A client whose server is a function."""
    return Client("", http=httpx.AsyncClient(base_url="http://service", transport=httpx.MockTransport(answer)))


async def test_the_client_reads_words_with_every_kind_of_line_break() -> None:
    words = "one\u2028two\u2029three\x85four\x0bfive\x1csix\r\nseven"
    delta = (1, "model.delta", {"specialist": "history", "text": words})
    async with client_of(lambda _: told(delta, (2, "run.paused", {"status": "complete"}))) as client:
        events = [e async for e in client.events("c_" + "0" * 32)]
    assert events[0].model_dump()["text"] == words


async def test_the_client_knows_that_nothing_comes_behind_the_last_event() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return told(*((2, "run.paused", {"status": "complete"}),) if int(request.url.params["after"]) < 2 else ())

    async with client_of(answer) as client, asyncio.timeout(5):
        assert [e async for e in client.events("c_" + "0" * 32, after=2)] == []


async def test_a_failed_run_is_refused_by_field_and_not_to_be_tried_again(server: Running) -> None:
    async with Client(server.url, server.token()) as client:
        with pytest.raises(Refused) as refused:
            await client.consult(CONTRADICTS.case)
    assert refused.value.field == "patient.age"


async def test_an_answer_that_is_not_the_services_own_is_told_by_its_status() -> None:
    for content in (b"[1]", b'"no"', b"null", b"<html>"):
        async with client_of(lambda _, content=content: httpx.Response(502, content=content)) as client:  # type: ignore[misc]
            with pytest.raises(Unreachable):
                await client.add_patient()
