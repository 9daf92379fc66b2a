"""The call before the first consultation says plainly what is wrong, and lets nothing secret out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2
import pytest

from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.probe import probe
from yingzhi.agents.models.settings import ModelSettings, checked
from yingzhi.clinical.errors import SettingsError, YingzhiError
from yingzhi.testing import FakeProvider, ScriptedModel


def settings_for(url: str = "http://127.0.0.1:1/v1", **more: object) -> ModelSettings:
    return checked({"model": "small", "base_url": url, "key": "secret-key", "connect_seconds": 1, "call_seconds": 2, **more}, {})


async def said(models: Models) -> str:
    try:
        await probe(models)
    except YingzhiError as error:
        return str(error)
    finally:
        await models.aclose()
    return ""


def answering(status: int, body: str, kind: str = "application/json") -> httpx2.MockTransport:
    return httpx2.MockTransport(lambda _request: httpx2.Response(status, headers={"content-type": kind}, text=body))


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, '{"error": {"message": "secret-key is wrong"}}', "application/json", "the key is not accepted"),
        (404, '{"error": {"message": "The model `small` does not exist", "code": "model_not_found"}}', "application/json", "no such model"),
        (404, "<html>nothing here</html>", "text/html", "does not speak the OpenAI protocol"),
        (200, "<html>welcome</html>", "text/html", "does not speak the OpenAI protocol"),
        (503, '{"error": {"message": "busy"}}', "application/json", "overloaded"),
    ],
)
async def test_one_plain_sentence_names_model_host_and_cause(status: int, body: str, kind: str, words: str) -> None:
    models = Models(settings_for(), transport=answering(status, body, kind))
    sentence = await said(models)
    assert sentence.startswith("model small at 127.0.0.1:1: ")
    assert words in sentence
    assert "secret-key" not in sentence
    assert "\n" not in sentence


async def test_an_endpoint_that_nobody_serves_is_named() -> None:
    assert "can't be reached" in await said(Models(settings_for()))


async def test_a_server_that_does_not_speak_tls_is_told_from_one_that_is_away() -> None:
    async with FakeProvider() as provider:
        sentence = await said(Models(settings_for(provider.url.replace("http://", "https://"))))
    assert "127.0.0.1" in sentence
    assert "can't be reached" in sentence or "certificate" in sentence or "broke off" in sentence


async def test_a_model_that_answers_passes_and_is_asked_once() -> None:
    async with FakeProvider(answer=lambda _body: "ready") as provider:
        assert await said(Models(settings_for(provider.url))) == ""
        assert len(provider.requests) == 1


async def test_a_prompt_with_an_undeclared_variable_is_refused_before_any_call(tmp_path: Path) -> None:
    front = "---\nversion: 1\ninputs: [record, result, ids]\n---\n"
    (tmp_path / "history.en.md").write_text(front + "{{ record }} {{ result }} {{ ids }} {{ patient }}\n", encoding="utf-8")
    model = ScriptedModel(replies=["ready"], repeat=True)
    with pytest.raises(SettingsError, match=r"history\.en\.md: patient is used and not declared"):
        await probe(Models(settings_for(prompts=tmp_path), given=model))
    assert not model.calls


async def test_a_silent_endpoint_costs_no_more_than_one_call_may() -> None:
    async with FakeProvider(always="hang") as provider:
        async with asyncio.timeout(10):
            assert "no answer in time" in await said(Models(settings_for(provider.url, call_seconds=0.3, idle_seconds=0.2)))


@pytest.fixture(autouse=True)
def _no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
