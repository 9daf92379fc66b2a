from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pytest
from langchain_core.messages import HumanMessage

from yingzhi.agents.models.budget import Budget
from yingzhi.agents.models.call import Line, ask
from yingzhi.agents.models.chat import Breaker, open_chat
from yingzhi.agents.models.policy import CallFailed
from yingzhi.agents.models.settings import ModelSettings
from yingzhi.testing import Cassette, CassetteError, FakeProvider

KEY = "sk-top-secret-4711"
PROMPT = "A secret patient named 张三 with an itch."


async def said(cassette: Cassette, url: str, prompt: str = PROMPT, *, stream: bool = True, key: str = KEY) -> str:
    chosen = ModelSettings.model_validate({"model": "m", "preset": "vllm", "base_url": url, "key": key, "stream": stream})
    chosen = chosen.model_copy(update={"consultation_seconds": 5.0})
    chat = open_chat(chosen, cassette)
    try:
        line = Line(chat, chosen, Budget(chosen), Breaker(), lambda _: None, lambda _k, _f: None)
        return str((await ask(line, [HumanMessage(prompt)], ())).text)
    finally:
        await chat.http_async_client.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("stream", [True, False])
async def test_what_was_recorded_is_replayed_without_the_provider(tmp_path: Path, stream: bool) -> None:
    path = tmp_path / "tape.json"
    async with FakeProvider(lambda _: '{"说": "瘙痒"}') as provider:
        url = provider.url
        first = await said(Cassette(path, "record"), url, stream=stream)
    assert first == '{"说": "瘙痒"}'
    cassette = Cassette(path)
    assert await said(cassette, url, stream=stream) == first
    assert await said(cassette, "http://other.invalid/v1", stream=stream, key="another") == first  # host and key are not on the tape
    assert not cassette.missed


async def test_the_file_holds_neither_key_nor_prompt(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    async with FakeProvider() as provider:
        await said(Cassette(path, "record"), provider.url)
    text = path.read_text(encoding="utf-8")
    assert not [
        word for word in (KEY, PROMPT, "张三", "secret", "Bearer", "authorization") if word in text or json.dumps(word)[1:-1] in text
    ]


async def test_a_request_that_is_not_on_the_tape_fails_and_does_not_go_out(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    async with FakeProvider() as provider:
        await said(Cassette(path, "record"), provider.url)
        cassette = Cassette(path)
        with pytest.raises(CallFailed):
            await said(cassette, provider.url, "another prompt")
        assert len(provider.requests) == 1
    assert set(cassette.missed) == {next(iter(cassette.missed))}
    assert cassette.missed[0].startswith("POST /v1/chat/completions ")


async def test_the_failure_itself_names_tape_and_path_and_nothing_else(tmp_path: Path) -> None:
    async with httpx2.AsyncClient(transport=Cassette(tmp_path / "tape.json")) as client:
        with pytest.raises(CassetteError) as caught:
            await client.post("http://127.0.0.1:9/v1/chat/completions", json={"text": PROMPT}, headers={"authorization": KEY})
    assert str(caught.value) == "tape.json does not hold this request (POST /v1/chat/completions)"


async def test_equal_requests_are_replayed_in_the_order_of_their_answers(tmp_path: Path) -> None:
    path, answers = tmp_path / "tape.json", iter(["one", "two"])
    async with FakeProvider(lambda _: next(answers)) as provider:
        recording = Cassette(path, "record")
        assert [await said(recording, provider.url) for _ in range(2)] == ["one", "two"]
    cassette = Cassette(path)
    assert [await said(cassette, "http://127.0.0.1:9/v1") for _ in range(3)] == ["one", "two", "two"]


async def test_a_new_recording_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    for answer in ("old", "new"):
        async with FakeProvider(lambda _, answer=answer: answer) as provider:  # type: ignore[misc]
            await said(Cassette(path, "record"), provider.url)
    assert await said(Cassette(path), "http://127.0.0.1:9/v1") == "new"


async def test_auto_replays_what_is_there_and_records_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    async with FakeProvider(lambda body: body["messages"][0]["content"]) as provider:
        for _ in range(2):
            assert await said(Cassette(path, "auto"), provider.url, "a") == "a"
            assert await said(Cassette(path, "auto"), provider.url, "b") == "b"
        assert len(provider.requests) == 2


async def test_a_failure_is_recorded_like_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "tape.json"
    async with FakeProvider(always="refusal", faults={0: "500"}) as provider:
        with pytest.raises(CallFailed, match="refused"):
            await said(Cassette(path, "record"), provider.url, stream=False)
        assert len(provider.requests) == 2
    with pytest.raises(CallFailed, match="refused"):
        await said(Cassette(path), "http://127.0.0.1:9/v1", stream=False)
