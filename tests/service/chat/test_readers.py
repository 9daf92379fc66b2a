"""Readers that leave, wait, or come while a run goes on."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import openai
import pytest

from tests.service.chat.conftest import NOTE, Call, Caller, Slow, conversation, eventually
from tests.service.conftest import Issuer, run_server, settings_in
from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.settings import checked
from yingzhi.agents.specialist import Resources
from yingzhi.testing import FakeProvider

BODY = {"model": "yingzhi", "messages": [{"role": "user", "content": NOTE}], "stream": True}


@pytest.fixture
async def doctor(slow: Slow, call: Call) -> Caller:
    """A doctor whose consultations take a minute."""
    return call(slow.server, tenant="slow")


async def status_of(doctor: Caller, consultation: str) -> str:
    return str((await doctor.api.get(f"/api/v1/consultations/{consultation}")).json()["status"])


async def started(slow: Slow) -> None:
    """Until the run waits for its language model."""
    await eventually(lambda: slow.provider.open > 0)


def at_rest(slow: Slow) -> bool:
    context = slow.server.context
    return not context.consultations.runner.working and not slow.provider.open and not len(context.limits.streams)


async def test_the_first_words_come_before_there_is_any_result(doctor: Caller) -> None:
    began = perf_counter()
    stream = await doctor.ai.chat.completions.create(model="yingzhi", messages=conversation(NOTE), stream=True)
    text = ""
    async for chunk in stream:
        text += chunk.choices[0].delta.content or ""
        if text:
            break
    spent = perf_counter() - began
    await stream.close()
    assert text.startswith("> Consultation `yingzhi:consultation/c_")
    assert spent < 2


async def test_what_the_run_does_is_told_while_its_model_is_waited_for(doctor: Caller) -> None:
    stream = await doctor.ai.chat.completions.create(
        model="yingzhi",
        messages=conversation("Painful skin detaching in sheets with erosions of the mouth and 39.5 °C fever after carbamazepine."),
        stream=True,
    )
    text = ""
    async with asyncio.timeout(20):
        async for chunk in stream:
            text += chunk.choices[0].delta.content or ""
            if "asks the language model" in text:
                break
    await stream.close()
    assert "**History** asks the language model" in text


@pytest.mark.parametrize("streams", [True, False])
async def test_a_reader_who_leaves_ends_the_run_and_the_providers_request_within_a_second(
    slow: Slow, doctor: Caller, streams: bool
) -> None:
    asking = asyncio.create_task(leave_later(doctor, streams))
    await started(slow)
    asking.cancel()
    began = perf_counter()
    await asyncio.wait({asking})
    await eventually(lambda: at_rest(slow))
    assert perf_counter() - began < 1
    (one,) = await doctor.consultations()
    assert await status_of(doctor, one["id"]) == "cancelled"


async def leave_later(doctor: Caller, streams: bool, **headers: str) -> None:
    async with doctor.api.stream("POST", "/v1/chat/completions", json={**BODY, "stream": streams}, headers=headers, timeout=30) as response:
        async for _ in response.aiter_bytes():
            pass


async def test_a_run_goes_on_without_its_reader_where_that_is_asked(slow: Slow, doctor: Caller) -> None:
    asking = asyncio.create_task(leave_later(doctor, True, **{"X-On-Disconnect": "continue"}))
    await started(slow)
    asking.cancel()
    await asyncio.wait({asking})
    await eventually(lambda: not len(slow.server.context.limits.streams))
    await asyncio.sleep(0.5)
    (one,) = await doctor.consultations()
    assert await status_of(doctor, one["id"]) == "running"
    assert slow.provider.open


async def test_after_many_readers_who_left_nothing_is_held(slow: Slow, doctor: Caller) -> None:
    for _ in range(20):
        asking = asyncio.create_task(leave_later(doctor, True))
        await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait({asking})
    stand = {"running"}
    async with asyncio.timeout(10):
        while stand != {"cancelled"} or not at_rest(slow):
            stand = {str(c["status"]) for c in await doctor.consultations()}


async def test_a_silent_stream_is_kept_open_by_comments(slow: Slow, doctor: Caller) -> None:
    comments = 0
    async with asyncio.timeout(10), doctor.api.stream("POST", "/v1/chat/completions", json=BODY) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        async for line in response.aiter_lines():
            comments += line.startswith(":")
            if comments >= 4 and slow.provider.open:
                break
    assert comments >= 4


async def test_a_turn_is_refused_while_another_is_at_work(slow: Slow, doctor: Caller) -> None:
    asking = asyncio.create_task(leave_later(doctor, True, **{"X-On-Disconnect": "continue"}))
    await started(slow)
    (one,) = await doctor.consultations()
    with pytest.raises(openai.ConflictError) as refused:
        await doctor.ask(NOTE, f"`yingzhi:consultation/{one['id']}`", "No fever.")
    assert "busy" in str(refused.value.body)
    asking.cancel()
    await asyncio.wait({asking})


async def test_what_somebody_else_ended_is_an_error_in_the_stream(slow: Slow, doctor: Caller) -> None:
    async def listen() -> None:
        async for _ in await doctor.ai.chat.completions.create(model="yingzhi", messages=conversation(NOTE), stream=True):
            pass

    listening = asyncio.create_task(listen())
    await started(slow)
    (one,) = await doctor.consultations()
    assert (await doctor.api.post(f"/api/v1/consultations/{one['id']}/cancel")).status_code == 204
    with pytest.raises(openai.APIError, match="cancelled"):
        await listening


async def test_a_first_turn_that_came_to_nothing_is_begun_again_with_all_that_was_said(slow: Slow, doctor: Caller) -> None:
    asking = asyncio.create_task(leave_later(doctor, True))
    await started(slow)
    asking.cancel()
    await asyncio.wait({asking})
    await eventually(lambda: at_rest(slow))
    (one,) = await doctor.consultations()
    again = {**BODY, "messages": conversation(NOTE, f"> Consultation `yingzhi:consultation/{one['id']}`", "Also lithium.")}
    opening = await first_frame(doctor.api, again)
    assert one["id"] not in opening
    assert len(await doctor.consultations()) == 2


async def first_frame(api: httpx.AsyncClient, body: dict[str, Any]) -> str:
    async with api.stream("POST", "/v1/chat/completions", json=body) as response:
        assert response.status_code == 200, await response.aread()
        async for line in response.aiter_lines():
            if line.startswith("data: ") and "yingzhi:consultation/" in line:
                return str(json.loads(line.removeprefix("data: "))["choices"][0]["delta"]["content"])
    raise AssertionError("nothing was said")


async def test_usage_counts_the_tokens_of_the_language_model(tmp_path: Path, resources: Resources, issuer: Issuer, call: Call) -> None:
    async with FakeProvider() as provider:
        models = Models(checked({"model": "m", "base_url": provider.url, "tools": "native", "json_mode": "object"}, {}))
        running = run_server(settings_in(tmp_path, issuer), dataclasses.replace(resources, models=models), issuer)
        caller = call(await asyncio.to_thread(next, running))
        done = await caller.ai.chat.completions.create(model="yingzhi", messages=conversation(NOTE))
        view = await caller.view(str(done.choices[0].message.content))
        await asyncio.to_thread(next, running, None)
    used = view["result"]["model_use"]
    assert done.usage is not None
    assert done.usage.prompt_tokens == sum(u["tokens_in"] for u in used) > 0
    assert done.usage.completion_tokens == sum(u["tokens_out"] for u in used) > 0
    assert "## The model's remarks (checked by no rule)" in str(done.choices[0].message.content)


async def test_a_service_that_stops_says_so_and_leaves_the_run_to_the_next_process(slow: Slow, doctor: Caller) -> None:
    async def hear() -> None:
        async for _ in await doctor.ai.chat.completions.create(model="yingzhi", messages=conversation(NOTE), stream=True):
            pass

    hearing = asyncio.create_task(hear())
    await started(slow)
    slow.server.context.consultations.closing.set()
    with pytest.raises(openai.APIError, match="stopped"):
        await hearing
    (one,) = await doctor.consultations()
    assert await status_of(doctor, one["id"]) == "running"


async def test_a_reader_who_leaves_does_not_end_what_another_reads(slow: Slow, doctor: Caller) -> None:
    key = {"Idempotency-Key": "same"}
    leaving = asyncio.create_task(leave_later(doctor, True, **key))
    await started(slow)
    staying = asyncio.create_task(leave_later(doctor, True, **key))
    streams = slow.server.context.limits.streams
    await eventually(lambda: streams.held("slow") == 2)
    await asyncio.sleep(0.2)
    leaving.cancel()
    await asyncio.wait({leaving})
    await eventually(lambda: streams.held("slow") == 1)
    await asyncio.sleep(0.3)
    (one,) = await doctor.consultations()
    assert await status_of(doctor, one["id"]) == "running"
    staying.cancel()
    await asyncio.wait({staying})
    await eventually(lambda: at_rest(slow))
