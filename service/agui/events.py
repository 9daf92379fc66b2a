"""A whole exchange as AG-UI events: RUN_STARTED, the run as it goes, the state, the result in words, and how it ended."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from ag_ui.core import (
    PROTOCOL_VERSION,
    BaseEvent,
    RunErrorEvent,
    RunFinishedEvent,
    RunStartedEvent,
    StateSnapshotEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
)

from yingzhi.clinical.consultation import Review
from yingzhi.graphs.events import TERMINAL, Event, RunFailed
from yingzhi.service.agui.front import CANCELLED, FrontState, state_of
from yingzhi.service.agui.translation import Translation
from yingzhi.service.problems import problem_of

if TYPE_CHECKING:
    from yingzhi.service.wire import View

AWAITED = {
    "en": "The drafts wait for the doctor: answer questions, add results or words, edit, sign or reject.",
    "zh": "文书草稿待医生审阅：回答问题、补充结果或记录、修改、签署或退回。",
}
REASON = "review"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a front end.

    Attributes:
        thread: The client's name for the conversation, given back as it came; it means nothing to us.
        run: The client's name for the run, likewise.
        state: Where the consultation stands; its ids are ours.
        known: Ids of messages and tool calls that the front end has already.
        abandoned: Whether the front end only turned away from the question that it was asked.
    """

    thread: str
    run: str
    state: FrontState
    known: frozenset[str] = frozenset()
    abandoned: bool = False


async def agui_events(
    events: AsyncIterator[Event] | None, exchange: Exchange, view: Callable[[], Awaitable[View]]
) -> AsyncIterator[BaseEvent]:
    """The exchange as AG-UI events, from RUN_STARTED to exactly one RUN_FINISHED or RUN_ERROR.

    Args:
        events: The run's events in order; None where nothing runs and only the state is told.
        exchange: Who asked for what.
        view: Gives the consultation as it stands when the run has ended.
    """
    ours = {"consultation": exchange.state.consultation, "run": exchange.state.run}
    yield RunStartedEvent(thread_id=exchange.thread, run_id=exchange.run, protocol_version=PROTOCOL_VERSION, metadata={"yingzhi": ours})
    yield StateSnapshotEvent(snapshot=exchange.state.model_dump(mode="json"))
    translation = Translation(exchange.state.run, exchange.state, exchange.known)
    last: Event | None = None
    try:
        if events is not None:
            async with aclosing(cast("AsyncGenerator[Event]", events)) as told:
                async for last in told:
                    for said in translation.said(last):
                        yield said
            if not isinstance(last, TERMINAL):
                yield _error("The stream ended before the run; the run goes on and can be followed by its consultation.", "unfinished")
                return
        for said in translation.closed():
            yield said
        stands = await view()
        for said in _ending(exchange, stands, last):
            yield said
    except Exception as error:  # the stream must end with a terminal event whatever happened
        problem = problem_of(error)
        yield _error(problem.detail or problem.title, str(problem.status))


def _ending(exchange: Exchange, view: View, last: Event | None) -> Iterator[BaseEvent]:
    """The state as it stands, the result in words where it is new, and how it ended."""
    state = state_of(view.id, view.run, view.revision, view.status, view.result)
    yield StateSnapshotEvent(snapshot=state.model_dump(mode="json"))
    if isinstance(last, RunFailed):
        yield _error(last.reason, "failed") if last.reason != CANCELLED else _finished(exchange, view, {"type": "cancelled"})
        return
    if view.result is None:
        came = view.status if view.status in {"failed", "cancelled"} else "unfinished"
        yield _error("The consultation has no result: its first run came to nothing.", came)
        return
    if not exchange.abandoned:
        yield from _words(exchange, view)
    yield _finished(exchange, view, _outcome(exchange, view))


def _words(exchange: Exchange, view: View) -> Iterator[BaseEvent]:
    """The result as a message in Markdown, a piece for each block."""
    from yingzhi.service.markdown import markdown_blocks

    message = f"{view.id}-{view.revision}-result"
    if view.result is None or message in exchange.known:
        return
    yield TextMessageStartEvent(message_id=message, role="assistant")
    for number, block in enumerate(markdown_blocks(view.result, changed=bool(view.result.changes))):
        yield TextMessageContentEvent(message_id=message, delta=block if number == 0 else f"\n\n{block}")
    yield TextMessageEndEvent(message_id=message)


def _outcome(exchange: Exchange, view: View) -> dict[str, Any]:
    if exchange.abandoned:
        return {"type": "cancelled"}
    if view.result is None or view.result.review != "pending":
        return {"type": "success"}
    asked = {
        "id": f"{view.id}.{view.revision}",
        "reason": REASON,
        "message": AWAITED[view.result.lang],
        "responseSchema": answer_schema(),
        "metadata": {"yingzhi": {"consultation": view.id, "revision": view.revision}},
    }
    return {"type": "interrupt", "interrupts": [asked]}


@lru_cache(maxsize=1)
def answer_schema() -> dict[str, Any]:
    """JSON Schema of the answer to the interrupt: the doctor's act; who acts is known from the credential."""
    schema = Review.model_json_schema()
    del schema["properties"]["by"]
    return schema


def _finished(exchange: Exchange, view: View, outcome: dict[str, Any]) -> BaseEvent:
    review = view.result.review if view.result else "pending"
    result = {"consultation": view.id, "run": view.run, "revision": view.revision, "status": view.status, "review": review}
    return RunFinishedEvent.model_validate({"thread_id": exchange.thread, "run_id": exchange.run, "result": result, "outcome": outcome})


def _error(message: str, code: str) -> BaseEvent:
    return RunErrorEvent(message=message, code=code)
