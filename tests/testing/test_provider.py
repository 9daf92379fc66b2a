from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from time import perf_counter
from typing import Any, get_args

import httpx2
import pytest
from langchain_core.messages import AIMessage, HumanMessage

from yingzhi.testing import FAULTS, FakeProvider, ScriptedModel
from yingzhi.testing.provider import Fault

BODY: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "question"}]}
TOOLS = [{"type": "function", "function": {"name": "search_evidence"}}]


async def post(provider: FakeProvider, body: dict[str, Any] | None = None, seconds: float = 5) -> httpx2.Response:
    async with httpx2.AsyncClient(timeout=seconds, trust_env=False, verify=False) as client:
        return await client.post(f"{provider.url}/chat/completions", json=body or BODY)


def events(response: httpx2.Response) -> list[dict[str, Any]]:
    assert response.text.endswith("data: [DONE]\n\n")
    return [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")]


def test_there_are_twelve_faults() -> None:
    assert get_args(Fault) == FAULTS
    assert len(set(FAULTS)) == 12


async def test_it_answers_what_it_is_told_and_remembers_what_it_was_asked() -> None:
    async with FakeProvider(lambda body: body["messages"][0]["content"].upper()) as provider:
        answer = (await post(provider)).json()
        assert answer["choices"][0]["message"] == {"role": "assistant", "content": "QUESTION"}
        assert answer["choices"][0]["finish_reason"] == "stop"
        assert answer["model"] == "m"
        assert provider.requests == [BODY]
        assert provider.served[0][0] <= provider.served[0][1]


async def test_a_stream_says_the_same_as_an_answer_in_one_piece() -> None:
    text = "瘙痒 and a rash " * 30
    async with FakeProvider(lambda _: text) as provider:
        pieces = events(await post(provider, {**BODY, "stream": True}))
    said = [c["delta"].get("content") or "" for p in pieces for c in p["choices"]]
    assert "".join(said) == text
    assert len([s for s in said if s]) > 3
    assert pieces[-2]["choices"][0]["finish_reason"] == "stop"
    assert pieces[-1]["usage"]["total_tokens"] == 120


async def test_faults_come_by_number_and_the_rest_is_well() -> None:
    async with FakeProvider(faults={1: "500"}) as provider:
        assert [(await post(provider)).status_code for _ in range(3)] == [200, 500, 200]


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500)])
async def test_refusals_by_status(fault: Fault, status: int) -> None:
    async with FakeProvider(always=fault) as provider:
        response = await post(provider)
    assert response.status_code == status
    assert ("retry-after-ms" in response.headers) is (fault == "429")


@pytest.mark.parametrize("stream", [True, False])
async def test_a_reset_is_one(stream: bool) -> None:
    async with FakeProvider(always="reset") as provider:
        with pytest.raises(httpx2.ReadError):
            await post(provider, {**BODY, "stream": stream})


async def test_one_who_hangs_says_nothing_and_one_who_drips_says_something() -> None:
    async with FakeProvider(always="hang") as provider:
        with pytest.raises(httpx2.ReadTimeout):
            await post(provider, seconds=0.1)
    async with (
        FakeProvider(always="slow-drip") as provider,
        httpx2.AsyncClient(trust_env=False) as client,
        client.stream("POST", f"{provider.url}/chat/completions", json=BODY) as response,
    ):
        first = await anext(response.aiter_lines())
    assert first.startswith("data: {")


@pytest.mark.parametrize("fault", ["truncated-json", "huge-line", "wrong-model", "empty-choices", "refusal"])
@pytest.mark.parametrize("stream", [True, False])
async def test_faults_within_an_answer(fault: Fault, stream: bool) -> None:
    async with FakeProvider(lambda _: '{"a": 1}', always=fault) as provider:
        response = await post(provider, {**BODY, "stream": stream})
    pieces = events(response) if stream else [response.json()]
    parts = [c["delta" if stream else "message"] for p in pieces for c in p["choices"]]
    text = "".join(part.get("content") or "" for part in parts)
    assert text == {"truncated-json": '{"ranking": ["psoria', "huge-line": "x" * 1_500_000, "wrong-model": '{"a": 1}'}.get(fault, "")
    assert (pieces[0]["model"] != "m") is (fault == "wrong-model")
    assert any(part.get("refusal") for part in parts) is (fault == "refusal")
    assert bool(parts) is (fault != "empty-choices")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("fault", "ids"), [("bad-arguments", 1), ("duplicate-tool-ids", 2)])
async def test_faults_of_tool_calls(fault: Fault, ids: int, stream: bool) -> None:
    async with FakeProvider(always=fault) as provider:
        response = await post(provider, {**BODY, "tools": TOOLS, "stream": stream})
    pieces = events(response) if stream else [response.json()]
    calls = [t for p in pieces for c in p["choices"] for t in c["delta" if stream else "message"].get("tool_calls") or ()]
    assert [t["id"] for t in calls] == ["same"] * ids
    assert {t["function"]["name"] for t in calls} == {"search_evidence"}
    if fault == "bad-arguments":
        with pytest.raises(json.JSONDecodeError):
            json.loads(calls[0]["function"]["arguments"])


async def test_it_takes_its_time() -> None:
    async with FakeProvider(delay=0.1) as provider:
        began = perf_counter()
        await asyncio.gather(*(post(provider) for _ in range(5)))
        assert 0.1 <= perf_counter() - began < 2
        assert len(provider.served) == 5


@pytest.mark.parametrize("how", [{"always": "hang"}, {"delay": 60}])
async def test_it_notices_who_hangs_up(how: dict[str, Any]) -> None:
    async with FakeProvider(**how) as provider:
        asking = asyncio.create_task(post(provider))
        await asyncio.sleep(0.1)
        assert provider.open == 1
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await asyncio.sleep(0.1)
        assert provider.open == 0


async def test_it_closes_though_somebody_hangs_on() -> None:
    async with FakeProvider(always="hang") as provider:
        asking = asyncio.create_task(post(provider))
        await asyncio.sleep(0.1)
        began = perf_counter()
    assert perf_counter() - began < 1
    assert isinstance((await asyncio.gather(asking, return_exceptions=True))[0], httpx2.TransportError)


def test_it_serves_from_the_command_line() -> None:
    words = [sys.executable, "-c", "from yingzhi.testing.provider import main; main()", "--answer", "hello"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        answer = httpx2.post(f"{url}/chat/completions", json=BODY, timeout=5, trust_env=False).json()
    finally:
        server.kill()
        server.communicate(timeout=5)
    assert answer["choices"][0]["message"]["content"] == "hello"


async def test_a_scripted_model_gives_its_replies_in_order_and_no_more() -> None:
    asked = [HumanMessage("one")]
    model = ScriptedModel(replies=["text", {"a": 1}, lambda messages: messages[-1].text, AIMessage("last")])
    assert [(await model.ainvoke(asked)).text for _ in range(4)] == ["text", '{"a": 1}', "one", "last"]
    model.assert_complete()
    with pytest.raises(AssertionError, match="call 5 has no reply"):
        await model.ainvoke(asked)
    assert [[m.text for m in call] for call in model.calls] == [["one"]] * 5


async def test_a_scripted_model_raises_what_is_written_and_says_what_was_left_over() -> None:
    model = ScriptedModel(replies=[TimeoutError(), "never asked for"])
    with pytest.raises(TimeoutError):
        await model.ainvoke("q")
    with pytest.raises(AssertionError, match="1 replies were never asked for"):
        model.assert_complete()


async def test_a_scripted_model_streams_text_and_tool_calls() -> None:
    call = {"name": "search_evidence", "args": {"query": "itch"}, "id": "1", "type": "tool_call"}
    model = ScriptedModel(replies=["x" * 100, AIMessage("", tool_calls=[call])], repeat=True)
    assert len([p async for p in model.astream("q") if p.text]) == 3
    bound = model.bind_tools(TOOLS)
    pieces = [p async for p in bound.astream("q")]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole + piece
    assert whole.tool_calls == [call]
    assert model.offered == [[], ["search_evidence"]]
    assert (await model.ainvoke("q")).tool_calls == [call]
