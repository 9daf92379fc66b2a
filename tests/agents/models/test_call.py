from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import httpx2
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langsmith.utils import get_env_var, tracing_is_enabled

from yingzhi.agents.models.budget import Budget, BudgetSpent
from yingzhi.agents.models.call import LONGEST, Line, ask
from yingzhi.agents.models.chat import BREAKS_AFTER, MOST_BYTES, REST, Breaker, Models, open_chat
from yingzhi.agents.models.loop import response_form
from yingzhi.agents.models.policy import ATTEMPTS, CallFailed, Kind
from yingzhi.agents.models.settings import ModelSettings
from yingzhi.testing import FakeProvider, ScriptedModel
from yingzhi.testing.provider import Fault

KEY = "sk-top-secret-4711"
PROMPT = "A secret patient named Zhang with an itch."
TOOL = {"type": "function", "function": {"name": "search_evidence", "parameters": {"type": "object", "properties": {}}}}


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Phone:
    """A line to a model, and what was heard on it."""

    line: Line
    words: list[str] = field(default_factory=list)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def ask(self, tools: tuple[dict[str, Any], ...] = (), form: dict[str, Any] | None = None) -> AIMessage:
        return await ask(self.line, [HumanMessage(PROMPT)], tools, form)

    async def fails(self, tools: tuple[dict[str, Any], ...] = ()) -> CallFailed:
        with pytest.raises(CallFailed) as caught:
            await self.ask(tools)
        return caught.value


def heard(chat: Any, chosen: ModelSettings, breaker: Breaker | None = None, budget: Budget | None = None) -> Phone:
    words: list[str] = []
    told: list[tuple[str, dict[str, Any]]] = []
    line = Line(
        chat, chosen, budget or Budget(chosen), breaker or Breaker(), words.append, lambda kind, fields: told.append((kind, fields))
    )
    return Phone(line, words, told)


@asynccontextmanager
async def call(
    url: str, *, transport: httpx2.AsyncBaseTransport | None = None, breaker: Breaker | None = None, **fields: Any
) -> AsyncIterator[Phone]:
    chosen = ModelSettings.model_validate({"model": "m", "preset": "vllm", "base_url": url, "key": KEY, "call_seconds": 5, **fields})
    chat = open_chat(chosen, transport)
    try:
        yield heard(chat, chosen, breaker)
    finally:
        await chat.http_async_client.aclose()  # type: ignore[attr-defined]


def paired(told: list[tuple[str, dict[str, Any]]]) -> bool:
    calls = [f["attempt"] for k, f in told if k == "model.called"]
    answers = [f["attempt"] for k, f in told if k == "model.returned"]
    order = [k for k, _ in told]
    return calls == answers == list(range(1, len(calls) + 1)) and order == ["model.called", "model.returned"] * len(calls)


async def test_an_answer_is_given_spoken_booked_and_told() -> None:
    async with FakeProvider(lambda _: '{"a": 1}') as provider, call(provider.url, prices={"m": (2, 4)}) as phone:
        answer = await phone.ask()
        assert answer.text == "".join(phone.words) == '{"a": 1}'
        assert [f.get("ok") for _, f in phone.told] == [None, True]
        tally, budget = phone.line.tally, phone.line.budget
        assert (tally.calls, tally.tokens_in, tally.tokens_out) == (1, 100, 20)
        assert tally.cost == budget.cost == pytest.approx((100 * 2 + 20 * 4) / 1e6)
        assert (budget.calls, budget.tokens) == (1, 120)


async def test_the_request_says_what_the_settings_say() -> None:
    form = {"type": "json_object"}
    async with FakeProvider() as provider, call(provider.url, max_tokens=77, temperature=0.25, seed=11) as phone:
        await phone.ask(form=form)
        body = provider.requests[0]
    assert (body["model"], body["temperature"], body["seed"], body["response_format"]) == ("m", 0.25, 11, form)
    assert 77 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert body["stream"] is True
    assert KEY not in json.dumps(body)


@pytest.mark.parametrize(("stream", "preset", "streams"), [(True, "vllm", True), (False, "vllm", False), (True, "llama-cpp", False)])
async def test_tools_are_streamed_only_where_the_provider_can(stream: bool, preset: str, streams: bool) -> None:
    async with FakeProvider() as provider, call(provider.url, stream=stream, preset=preset) as phone:
        await phone.ask((TOOL,))
        assert bool(provider.requests[0].get("stream")) is streams
        assert "".join(phone.words) == "{}"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fault", "kind", "attempts"),
    [
        ("429", "rate-limited", ATTEMPTS),
        ("500", "server-error", ATTEMPTS),
        ("reset", "reset", ATTEMPTS),
        ("empty-choices", "truncated", ATTEMPTS),
        ("refusal", "refused", 1),
    ],
)
async def test_each_fault_is_met_as_the_table_says_by_one_layer_of_retries(
    fault: Fault, kind: Kind, attempts: int, stream: bool, quick: None
) -> None:
    async with FakeProvider(always=fault) as provider, call(provider.url, stream=stream) as phone:
        failed = await phone.fails()
        assert failed.kind == kind
        assert len(provider.requests) == attempts
        assert phone.line.tally.calls == phone.line.budget.calls == attempts
        assert paired(phone.told)
        assert {f["error"] for k, f in phone.told if k == "model.returned"} == {kind}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of a hundredth: how long they are is a law of `pause`, which has its own tests."""
    sleep = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: sleep(seconds / 100))


@pytest.mark.parametrize("fault", ["reset", "500", "empty-choices"])
async def test_a_fault_that_passes_is_got_over(fault: Fault, quick: None) -> None:
    async with FakeProvider(lambda _: '{"a": 1}', faults={0: fault, 1: fault}) as provider, call(provider.url) as phone:
        assert (await phone.ask()).text == '{"a": 1}'
        assert len(provider.requests) == 3
        assert [f["ok"] for k, f in phone.told if k == "model.returned"] == [False, False, True]
        assert phone.line.breaker.failures == 0


async def test_the_wait_that_the_provider_asks_for_is_kept() -> None:
    seen: list[float] = []

    def answer(_: httpx2.Request) -> httpx2.Response:
        seen.append(perf_counter())
        return httpx2.Response(503, headers={"retry-after-ms": "400"}, json={"error": {"message": "loading"}})

    async with call("http://127.0.0.1:9/v1", transport=httpx2.MockTransport(answer), consultation_seconds=0.78) as phone:
        failed = await phone.fails()
    assert failed.kind == "overloaded"
    assert len(seen) == 2  # a third would come after the deadline, so it is not waited for
    assert seen[1] - seen[0] >= 0.4
    assert failed.after == pytest.approx(0.4)


async def test_a_wait_past_the_deadline_is_not_begun() -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(429, headers={"retry-after": "3600"}, json={"error": {"message": "x"}}))
    async with call("http://127.0.0.1:9/v1", transport=transport) as phone:
        began = perf_counter()
        failed = await phone.fails()
    assert (failed.kind, failed.after) == ("rate-limited", 3600)
    assert perf_counter() - began < 1


@pytest.mark.parametrize("stream", [True, False])
async def test_a_hanging_endpoint_costs_no_more_than_its_time(stream: bool) -> None:
    async with FakeProvider(always="hang") as provider, call(provider.url, call_seconds=0.1, stream=stream) as phone:
        began = perf_counter()
        assert (await phone.fails()).kind == "timeout"
        assert perf_counter() - began < ATTEMPTS * 0.1 + 1
        assert len(provider.requests) == ATTEMPTS
        assert paired(phone.told)


async def test_an_answer_that_drips_ends_in_time_though_it_is_never_silent() -> None:
    async with FakeProvider(always="slow-drip") as provider, call(provider.url, call_seconds=0.2, idle_seconds=0.15) as phone:
        began = perf_counter()
        assert (await phone.fails()).kind == "timeout"
        assert perf_counter() - began < ATTEMPTS * 0.2 + 1
        assert phone.words


async def test_silence_within_an_answer_ends_before_the_call_does() -> None:
    async with FakeProvider(always="hang") as provider, call(provider.url, call_seconds=30, idle_seconds=0.1) as phone:
        began = perf_counter()
        assert (await phone.fails()).kind == "timeout"
        assert perf_counter() - began < 2


async def test_a_huge_answer_is_cut_off() -> None:
    async with FakeProvider(always="huge-line") as provider, call(provider.url) as phone:
        began = perf_counter()
        assert (await phone.fails()).kind == "malformed"
        assert perf_counter() - began < 3
        assert len(provider.requests) == 1
        assert sum(map(len, phone.words)) <= LONGEST


async def test_a_huge_answer_in_one_piece_is_cut_off() -> None:
    async with FakeProvider(always="huge-line") as provider, call(provider.url, stream=False) as phone:
        assert (await phone.fails()).kind == "malformed"
        assert sum(map(len, phone.words)) <= LONGEST


@pytest.mark.parametrize("stream", [True, False])
async def test_a_line_without_end_is_not_read_to_its_end(stream: bool) -> None:
    sent = [0]

    async def endless() -> AsyncIterator[bytes]:
        yield b'data: {"'
        while True:
            sent[0] += 1
            yield b"x" * 1_000_000

    kind = {"content-type": "text/event-stream" if stream else "application/json"}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, headers=kind, content=endless()))
    async with call("http://127.0.0.1:9/v1", transport=transport, stream=stream) as phone:
        assert (await phone.fails()).kind == "malformed"
    assert sent[0] <= MOST_BYTES // 1_000_000 + 1


async def test_words_are_said_before_the_answer_is_complete() -> None:
    gate = asyncio.Event()
    async with call("http://127.0.0.1:9/v1", transport=httpx2.MockTransport(lambda _: gated(gate))) as phone:
        asking = asyncio.create_task(phone.ask())
        assert await settled(lambda: bool(phone.words))
        assert phone.words == ["first "]
        assert not asking.done()
        gate.set()
        assert (await asking).text == "first last"


def gated(gate: asyncio.Event) -> httpx2.Response:
    """A stream whose second half waits."""

    def event(delta: dict[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        piece = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
        return f"data: {json.dumps(piece)}\n\n".encode()

    async def body() -> AsyncIterator[bytes]:
        yield event({"role": "assistant", "content": "first "})
        await gate.wait()
        yield event({"content": "last"})
        yield event({}, "stop") + b"data: [DONE]\n\n"

    return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=body())


async def settled(true: Callable[[], bool]) -> bool:
    """Whether something becomes true within a second."""
    end = perf_counter() + 1
    while not true() and perf_counter() < end:  # noqa: ASYNC110 - what is watched has no event
        await asyncio.sleep(0.01)
    return true()


@pytest.mark.parametrize("fault", ["hang", "slow-drip"])
@pytest.mark.parametrize("stream", [True, False])
async def test_cancelling_hangs_up_within_a_second(fault: Fault, stream: bool) -> None:
    async with FakeProvider(always=fault) as provider, call(provider.url, stream=stream) as phone:
        asking = asyncio.create_task(phone.ask())
        assert await settled(lambda: provider.open == 1 and len(provider.requests) == 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert await settled(lambda: provider.open == 0)
        assert paired(phone.told)
        assert phone.told[-1][1]["error"] == "cancelled"
        assert phone.line.breaker.failures == 0


async def test_an_answer_that_is_cut_off_hangs_up_too() -> None:
    async with FakeProvider(always="slow-drip") as provider, call(provider.url, call_seconds=0.1) as phone:
        await phone.fails()
        assert await settled(lambda: provider.open == 0)


@pytest.mark.parametrize(
    ("fields", "spent"),
    [({"max_calls": 0}, "calls"), ({"max_total_tokens": 0}, "tokens"), ({"max_cost": 0, "prices": {"m": (1, 1)}}, "cost")],
)
async def test_a_spent_budget_is_seen_before_a_request(fields: dict[str, Any], spent: str) -> None:
    async with FakeProvider() as provider, call(provider.url, **fields) as phone:
        with pytest.raises(BudgetSpent, match=spent):
            await phone.ask()
        assert not provider.requests
        assert not phone.told


async def test_the_budget_is_looked_at_before_each_attempt(quick: None) -> None:
    async with FakeProvider(always="500") as provider, call(provider.url, max_calls=2) as phone:
        with pytest.raises(BudgetSpent, match="calls"):
            await phone.ask()
        assert len(provider.requests) == 2
        assert paired(phone.told)


async def test_the_end_of_our_own_time_is_not_held_against_the_endpoint() -> None:
    async with FakeProvider(always="hang") as provider, call(provider.url, consultation_seconds=0.2) as phone:
        with pytest.raises(BudgetSpent, match="seconds"):
            await phone.ask()
        assert phone.line.breaker.failures == 0
        assert paired(phone.told)


async def test_tokens_are_guessed_where_the_provider_counts_none() -> None:
    chosen = ModelSettings(model="m", preset="vllm")
    phone = heard(ScriptedModel(replies=["abcd" * 10 + "皮疹"]), chosen)
    await phone.ask()
    assert (phone.line.tally.tokens_in, phone.line.tally.tokens_out) == (len(PROMPT) // 4, 12)


async def test_an_endpoint_that_keeps_failing_is_left_alone_and_tried_again_later() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    async with FakeProvider(always="hang") as provider, call(provider.url, call_seconds=0.03, breaker=breaker) as phone:
        await phone.fails()
        await phone.fails()
        assert breaker.failures > BREAKS_AFTER - 1
        assert len(provider.requests) == BREAKS_AFTER  # the sixth attempt is not made
        asked = len(provider.requests)
        assert (await phone.fails()).kind == "unreachable"
        clock.now += REST - 1
        assert (await phone.fails()).kind == "unreachable"
        assert len(provider.requests) == asked
        assert [k for k, _ in phone.told] == ["model.called", "model.returned"] * asked
        provider.always = None
        clock.now += 2
        await phone.ask()
        assert (breaker.failures, breaker.opened) == (0, None)
        await phone.ask()
        assert len(provider.requests) == asked + 2


def test_after_its_rest_an_endpoint_gets_one_request_not_all() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(BREAKS_AFTER):
        breaker.check()
        breaker.record("timeout")
    clock.now += REST
    breaker.check()
    with pytest.raises(CallFailed):
        breaker.check()
    breaker.record("timeout")
    clock.now += REST - 1
    with pytest.raises(CallFailed):
        breaker.check()


def test_what_is_not_the_endpoints_fault_does_not_open_the_breaker() -> None:
    breaker = Breaker(Clock())
    for kind in ("bad-request", "context-too-long", "refused", "malformed", "truncated", "rate-limited") * BREAKS_AFTER:
        breaker.record(kind)
        breaker.check()


def test_an_answer_of_any_sense_closes_the_breaker() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(BREAKS_AFTER):
        breaker.record("overloaded")
    clock.now += REST
    breaker.check()
    breaker.record("bad-request")
    breaker.check()
    breaker.check()


@pytest.mark.parametrize("fault", ["429", "500", "hang", "reset", "empty-choices", "refusal", "slow-drip"])
async def test_no_failure_holds_the_key_or_the_prompt(fault: Fault, quick: None) -> None:
    async with FakeProvider(always=fault) as provider, call(provider.url, call_seconds=0.1) as phone:
        failed = await phone.fails()
        shown = [*traceback.format_exception(failed), repr(failed), str(failed.args), repr(phone.line), repr(phone.told)]
    assert not [text for text in shown if KEY in text or PROMPT in text]
    assert failed.__cause__ is None
    assert failed.__context__ is None


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_what_a_provider_echoes_is_in_no_failure(status: int) -> None:
    def echo(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, json={"error": {"message": f"no: {request.headers['authorization']} {request.content!r}"}})

    async with call("http://127.0.0.1:9/v1", transport=httpx2.MockTransport(echo)) as phone:
        failed = await phone.fails()
    assert not [t for t in (*traceback.format_exception(failed), repr(failed)) if KEY in t or PROMPT in t]


async def test_the_key_goes_to_the_endpoint_and_nowhere_else() -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(307, headers={"location": "https://elsewhere.example/v1/chat/completions"})

    async with call("http://127.0.0.1:9/v1", transport=httpx2.MockTransport(answer), headers={"x-org": "ours"}) as phone:
        assert (await phone.fails()).kind == "not-openai"
    assert [r.url.host for r in seen] == ["127.0.0.1"]
    assert (seen[0].headers["authorization"], seen[0].headers["x-org"]) == (f"Bearer {KEY}", "ours")


async def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "OPENAI_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    async with FakeProvider() as provider, call(provider.url) as phone:
        await phone.ask()
        assert len(provider.requests) == 1


async def test_no_prompt_is_traced_elsewhere_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.setenv(name, "true")
    traced: list[object] = []

    def answer(_: object) -> str:
        traced.append(tracing_is_enabled())
        return "{}"

    get_env_var.cache_clear()  # type: ignore[attr-defined]
    try:
        assert tracing_is_enabled()
        await heard(ScriptedModel(replies=[answer]), ModelSettings(model="m", preset="vllm")).ask()
    finally:
        monkeypatch.undo()
        get_env_var.cache_clear()  # type: ignore[attr-defined]
    assert traced == [False]


async def test_models_are_opened_once_for_those_who_share_settings() -> None:
    fields = {"model": "m", "preset": "vllm", "specialists": {"workup": {"key": "other"}, "history": {"headers": {"x": "1"}}}}
    models = Models(ModelSettings.model_validate({**fields, "without": ["documentation"], "challenge": False}))
    try:
        assert models.for_specialist("differential") is models.for_specialist("pharmacology")
        own = {id(models.for_specialist(n)) for n in ("differential", "workup", "history")}
        assert len(own) == 3
        assert models.for_specialist("documentation") is None
        assert models.for_specialist("challenge") is None
    finally:
        await models.aclose()


async def test_a_model_that_is_given_is_taken() -> None:
    chosen = ModelSettings(model="m", preset="vllm")
    one = ScriptedModel(replies=["{}"])
    assert Models(chosen, one).for_specialist("workup") is one
    assert Models(chosen, {"workup": one}).for_specialist("workup") is one
    assert Models(chosen, {"workup": one}).for_specialist("history") is None


@pytest.mark.parametrize(
    ("json_mode", "wanted"),
    [
        ("schema", ["json_schema", "name", "schema"]),
        ("object-schema", ["json_object", "schema"]),
        ("object", ["json_object"]),
        ("prompted", None),
    ],
)
def test_json_is_asked_for_as_the_endpoint_wants_it(json_mode: Any, wanted: list[str] | None) -> None:
    form = response_form("workup", settings := ModelSettings(model="m", json_mode=json_mode))
    if wanted is None:
        assert form is None
        return
    assert form is not None
    assert form["type"] == wanted[0]
    assert sorted({**form, **form.get("json_schema", {})}.keys() - {"type", "json_schema"}) == sorted(wanted[1:])
    if "schema" in wanted:
        brief = response_form("workup", settings.model_copy(update={"brief": True}))
        assert [most for most, _ in limits(form)] == [12, 12, 12]
        assert all(most <= 5 for most, _ in limits(brief))


def limits(schema: Any) -> list[tuple[int, str]]:
    """Every `maxItems` of a schema, with the type beside it."""
    if isinstance(schema, list):
        return [found for item in schema for found in limits(item)]
    if not isinstance(schema, dict):
        return []
    own = [(schema["maxItems"], str(schema.get("type")))] if "maxItems" in schema else []
    return own + [found for item in schema.values() for found in limits(item)]
