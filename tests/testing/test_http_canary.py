from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx
import httpx2
import openai
import pytest
import respx
from respx.models import AllMockedAssertionError

from yingzhi.agents.models.chat import open_chat
from yingzhi.agents.models.settings import ModelSettings
from yingzhi.testing import FakeProvider, armed

CHOICE = {"index": 0, "message": {"role": "assistant", "content": "mocked"}, "finish_reason": "stop"}
COMPLETION = {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [CHOICE]}


async def said(url: str) -> str:
    chat = open_chat(ModelSettings(model="m", preset="vllm", base_url=url))
    try:
        return str((await chat.ainvoke("question")).text)
    finally:
        await chat.http_async_client.aclose()  # type: ignore[attr-defined]


async def test_respx_alone_does_not_stand_before_the_openai_client() -> None:
    async with FakeProvider(lambda _: "it went out") as provider:
        with respx.mock(assert_all_called=False) as router:
            router.post(f"{provider.url}/chat/completions").respond(json=COMPLETION)
            assert await said(provider.url) == "it went out"
        assert len(provider.requests) == 1


async def test_armed_answers_both_stacks() -> None:
    with armed() as router:
        model = router.post("https://api.example/v1/chat/completions").respond(json=COMPLETION)
        index = router.get("https://index.example/points").respond(json={"points": 3})
        assert await said("https://api.example/v1") == "mocked"
        async with httpx.AsyncClient() as old, httpx2.AsyncClient() as new:
            assert (await old.get("https://index.example/points")).json() == {"points": 3}
            assert (await new.get("https://index.example/points")).json() == {"points": 3}
        assert (model.call_count, index.call_count) == (1, 2)
        assert b"question" in model.calls.last.request.content


def test_armed_answers_both_stacks_when_they_block() -> None:
    with armed() as router:
        router.get("https://index.example/points").respond(json={"points": 3})
        assert httpx.get("https://index.example/points").json() == {"points": 3}
        assert httpx2.get("https://index.example/points").json() == {"points": 3}


async def test_the_canary_an_unmocked_call_of_the_chat_model_fails_and_does_not_go_out() -> None:
    async with FakeProvider() as provider:
        with armed() as router:
            with pytest.raises((AssertionError, openai.APIConnectionError)):
                await said(provider.url)
            assert router.unmocked == [f"POST {provider.url}/chat/completions"]
            router.unmocked.clear()
        assert not provider.requests
        assert provider.open == 0


@pytest.mark.parametrize("stack", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("through_a_proxy", [False, True])
async def test_the_canary_an_unmocked_call_of_either_stack_fails_and_does_not_go_out(stack: Any, through_a_proxy: bool) -> None:
    async with FakeProvider() as provider:
        with armed() as router:
            async with stack.AsyncClient(proxy=provider.url if through_a_proxy else None, trust_env=False) as client:
                with pytest.raises(AllMockedAssertionError):
                    await client.post(f"{provider.url}/chat/completions", json={})
            assert len(router.unmocked) == 1
            router.unmocked.clear()
        assert not provider.requests
        assert provider.open == 0


@pytest.mark.parametrize("stack", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_the_canary_when_the_call_blocks(stack: Any) -> None:
    with armed() as router:
        with pytest.raises(AllMockedAssertionError):
            stack.get("http://127.0.0.1:9/")
        assert router.unmocked == ["GET http://127.0.0.1:9/"]
        router.unmocked.clear()


def swallowing(then: Exception | None = None) -> None:
    """A client that hides what went wrong, as the one for models does."""
    with armed():
        with suppress(AssertionError):
            httpx2.get("https://index.example/")
        if then is not None:
            raise then


def test_an_unmocked_call_fails_at_the_end_though_the_client_hid_it() -> None:
    with pytest.raises(AssertionError, match=r"no route for GET https://index\.example/"):
        swallowing()


def test_it_does_not_hide_another_failure() -> None:
    with pytest.raises(KeyError):
        swallowing(KeyError("the reason"))


async def test_a_route_that_is_never_used_fails_unless_it_may_be() -> None:
    with pytest.raises(AssertionError, match="some routes were not called"), armed() as router:
        router.get("https://index.example/").respond(200)
    with armed(assert_all_called=False) as router:
        router.get("https://index.example/").respond(200)


async def test_after_it_both_stacks_go_out_again() -> None:
    with armed():
        pass
    async with FakeProvider(lambda _: "out") as provider:
        assert await said(provider.url) == "out"
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.post(f"{provider.url}/chat/completions", json={})).status_code == 200
        assert len(provider.requests) == 2
