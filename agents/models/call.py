"""One question to a model and its answer: streamed, bounded in time and size, tried again where the table says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from yingzhi.agents.models.budget import Budget, BudgetSpent
from yingzhi.agents.models.chat import Breaker
from yingzhi.agents.models.policy import CallFailed, Kind, classify, pause
from yingzhi.agents.models.settings import ModelSettings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage

LONGEST = 200_000
"""Characters of an answer; one that is longer is cut off, whatever the model says."""


@dataclass(slots=True)
class Tally:
    """What was spent on one specialist."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """The way to a model for one specialist: the chat model, its settings, the budget, and where its words go."""

    chat: BaseChatModel
    settings: ModelSettings
    budget: Budget
    breaker: Breaker
    say: Callable[[str], None]
    """Takes the words as they come, and nothing at the end of an answer."""
    tell: Callable[[str, dict[str, Any]], None]
    """Takes model.called and model.returned."""
    turn: AbstractAsyncContextManager[Any] = field(default_factory=nullcontext)
    """Held during a request, where an endpoint takes only so many at once."""
    tally: Tally = field(default_factory=Tally)


async def ask(
    line: Line, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]], form: Mapping[str, Any] | None = None
) -> AIMessage:
    """Ask until an answer comes or the table says to give up.

    Args:
        line: The way to the model.
        messages: The conversation so far.
        tools: Tool schemas in OpenAI's form; empty for none.
        form: What `response_format` says, to ask for JSON; None for nothing.

    Raises:
        CallFailed: With the kind of failure.
        BudgetSpent: Before a request that the budget does not cover, or when its time runs out within one.
    """
    attempt = 0
    while True:
        attempt += 1
        async with line.turn:
            kind, after, final, answer = await _attempt(line, attempt, messages, tools, form)
        line.breaker.record(kind)
        if kind is None and answer is not None:
            return answer
        kind = kind or "truncated"
        wait = None if final else pause(kind, attempt, after)
        if wait is None or wait >= line.budget.seconds_left():
            raise CallFailed(kind, after)
        await asyncio.sleep(wait)


async def _attempt(
    line: Line, attempt: int, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]], form: Mapping[str, Any] | None
) -> tuple[Kind | None, float | None, bool, AIMessage | None]:
    """One request: the kind of its failure, what the provider asks to wait, whether asking again is of no use, and the answer."""
    from langsmith import tracing_context

    line.budget.check()
    line.breaker.check()
    line.budget.calls += 1
    line.tally.calls += 1
    line.tell("model.called", {"attempt": attempt})
    began = perf_counter()
    kind: Kind | None = None
    after: float | None = None
    answer: AIMessage | None = None
    final = False
    try:
        async with asyncio.timeout(max(0.001, min(line.settings.call_seconds, line.budget.seconds_left()))):
            with tracing_context(enabled=False):  # LANGSMITH_TRACING in the environment would send every prompt to a third party
                answer = await _one(line, messages, tools, form)
    except asyncio.CancelledError:
        _returned(line, attempt, "cancelled", began)
        raise
    except Exception as error:  # every failure of client, transport and provider is put into one of the table's kinds
        kind, after = classify(error)
        final = isinstance(error, CallFailed) and error.final
    line.say("")
    _returned(line, attempt, kind or "", began)
    if kind == "timeout" and line.budget.seconds_left() <= 0:  # our own haste, of which the endpoint is not guilty
        raise BudgetSpent("seconds")
    return kind, after, final, answer


def _returned(line: Line, attempt: int, error: str, began: float) -> None:
    line.tell("model.returned", {"attempt": attempt, "ok": not error, "error": error, "milliseconds": (perf_counter() - began) * 1000})


async def _one(line: Line, messages: Sequence[BaseMessage], tools: Sequence[dict[str, Any]], form: Mapping[str, Any] | None) -> AIMessage:
    from langchain_core.messages import AIMessage

    bound: Any = line.chat
    if tools:
        bound = line.chat.bind_tools(list(tools))
    elif form is not None:  # as an extra of the body: the client's own way through `beta` costs a second to import and time a piece
        bound = line.chat.bind(extra_body={"response_format": form})
    streamed = line.settings.stream and (not tools or _streams_tools(line.settings))
    if streamed:
        async with aclosing(bound.astream(list(messages))) as pieces:
            answer = await _gathered(line, pieces)
    else:
        answer = await bound.ainvoke(list(messages))
        if len(str(answer.text)) > LONGEST:
            raise CallFailed("malformed")
        line.say(str(answer.text))
    if not isinstance(answer, AIMessage):
        raise CallFailed("not-openai")
    _book(line, messages, answer)
    _check(answer)
    return answer


def _streams_tools(settings: ModelSettings) -> bool:
    from yingzhi.agents.models.settings import PRESETS

    return PRESETS[settings.preset].stream_tools


async def _gathered(line: Line, pieces: AsyncIterator[Any]) -> Any:
    whole: Any = None
    size = 0
    async for piece in pieces:
        words = str(piece.text)
        size += len(words) + sum(len(str(c.get("args") or "")) for c in getattr(piece, "tool_call_chunks", ()))
        if size > LONGEST:
            raise CallFailed("malformed")
        if words:
            line.say(words)
        whole = piece if whole is None else whole + piece
    if whole is None:
        raise CallFailed("truncated")
    return whole


def _book(line: Line, messages: Sequence[BaseMessage], answer: AIMessage) -> None:
    usage: Mapping[str, Any] = answer.usage_metadata or {}
    spent_in, spent_out = int(usage.get("input_tokens", 0)), int(usage.get("output_tokens", 0))
    if not spent_out:  # the provider counts nothing
        spent_in = spent_in or sum(_guess(str(m.text)) for m in messages)
        spent_out = _guess(str(answer.text))
    line.tally.tokens_in += spent_in
    line.tally.tokens_out += spent_out
    line.tally.cost += line.budget.spend(line.settings.model, spent_in, spent_out)


def _guess(text: str) -> int:
    """Tokens of a text, near enough for a budget: four letters each, or one character of Chinese."""
    letters = sum(c.isascii() for c in text)
    return letters // 4 + len(text) - letters


def _check(answer: AIMessage) -> None:
    from langchain_core.messages import AIMessageChunk

    reason = (answer.response_metadata or {}).get("finish_reason")
    if answer.additional_kwargs.get("refusal") or reason == "content_filter":
        raise CallFailed("refused")
    if reason == "length":
        raise CallFailed("truncated", final=True)  # asked again it would be as long
    if isinstance(answer, AIMessageChunk) and answer.response_metadata.get("model_provider") == "openai" and not reason:
        raise CallFailed("truncated")  # the stream closed like one that is through, yet the protocol's last word is missing
    if not answer.tool_calls and not answer.invalid_tool_calls and not str(answer.text).strip():
        raise CallFailed("truncated")
