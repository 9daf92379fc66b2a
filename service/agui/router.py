"""`POST /ag-ui`: one run input in, one stream of AG-UI events out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any, cast

from ag_ui.core import BaseEvent, RunAgentInput
from fastapi import APIRouter, Depends, Header
from fastapi.responses import StreamingResponse

from yingzhi.clinical.consultation import Review
from yingzhi.service.agui.events import Exchange, agui_events
from yingzhi.service.agui.front import FrontState, state_of
from yingzhi.service.agui.turn import Abandon, Begin, Come, Reply, Turn, known_to, options_of, turn_of
from yingzhi.service.consultations import Consultations
from yingzhi.service.context import Here
from yingzhi.service.identity import RESPONSES, Principal, allowed
from yingzhi.service.problems import Problem
from yingzhi.service.streams import EventStream
from yingzhi.service.wire import Act, NewConsultation

router = APIRouter(tags=["AG-UI"], responses=RESPONSES)

PROBLEM: dict[str, Any] = {"content": {"application/problem+json": {}}}
STREAM = {"description": "Server-sent events, each an AG-UI event.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}


@dataclass(frozen=True, slots=True)
class Entered:
    """An exchange that may begin.

    Attributes:
        state: Where the consultation stands.
        follow: Whether there is a run to follow.
        own: Whether this request began it.
    """

    state: FrontState
    follow: bool = True
    own: bool = True


@router.post(
    "/ag-ui",
    response_class=StreamingResponse,
    summary="Run, answer or look at a consultation from an AG-UI front end",
    responses={
        200: STREAM,
        404: {"description": "No such consultation of this tenant's.", **PROBLEM},
        409: {"description": "It is busy, over, or has moved on.", **PROBLEM},
        422: {"description": "The run input can't be worked on; `field` names the member.", **PROBLEM},
    },
)
async def run_agent(
    given: RunAgentInput,
    here: Here,
    who: Annotated[Principal, Depends(allowed("consultation.read"))],
    key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=200, description="With a new case.")] = None,
) -> StreamingResponse:
    """AG-UI 1.0. What is sent, and what is read of the run input, is in docs/ag-ui.md.

    A request that can't be carried out is a problem (4xx), and no run begins; what goes wrong later is a RUN_ERROR.
    """
    options = options_of(given)
    turn = turn_of(given, options)
    place = here.limits.streams.take(who.tenant)
    try:
        entered = await enter(turn, who, here.consultations, key)
    except BaseException:
        place.free()
        raise
    state = entered.state
    exchange = Exchange(given.thread_id, given.run_id, state, known_to(given), abandoned=isinstance(turn, Abandon))
    told = here.consultations.events(who, state.consultation, state.run) if entered.follow else None
    said = agui_events(told, exchange, lambda: here.consultations.view(who, state.consultation))
    frames = _frames(cast("AsyncGenerator[BaseEvent]", said))

    async def left() -> None:
        if entered.own and options.on_disconnect == "cancel":
            await here.consultations.leave(who, state.consultation, state.run)

    return EventStream(frames, here.settings.heartbeat, place, left)


async def enter(turn: Turn, who: Principal, consultations: Consultations, key: str | None) -> Entered:
    """Admit what is asked for.

    Raises:
        Problem: It can't be; nothing has begun.
    """
    if isinstance(turn, Begin):
        try:
            new = await consultations.create(who, NewConsultation(case=turn.case, patient_id=turn.patient_id), key=key)
        except Problem as problem:
            raise _in_words_of_ag_ui(problem) from None
        return Entered(FrontState(consultation=new.id, run=new.run))
    view = await consultations.view(who, turn.consultation)
    state = state_of(view.id, view.run, view.revision, view.status, view.result)
    if isinstance(turn, Abandon):
        return Entered(state, follow=False, own=False)
    if isinstance(turn, Come) and not turn.note:
        return Entered(state, follow=view.status in {"queued", "running"}, own=False)
    act = Act(review=turn.review, revision=turn.revision) if isinstance(turn, Reply) else _noted(turn, view.revision)
    admitted = await consultations.act(who, turn.consultation, act)
    return Entered(state.model_copy(update={"run": admitted.run, "status": "queued"}))


def _noted(turn: Come, revision: int) -> Act:
    return Act(review=Review(action="answer", note=turn.note), revision=revision or None)


def _in_words_of_ag_ui(problem: Problem) -> Problem:
    """The problem, with the field named as it stands in the run input."""
    field = problem.field
    if field == "case.text":
        field = "messages"
    elif field.startswith("case.") or field == "patient_id":
        field = f"forwardedProps.yingzhi.{field}"
    return Problem(problem.status, problem.title, problem.detail, field=field, headers=problem.headers, more=problem.more)


async def _frames(said: AsyncGenerator[BaseEvent]) -> AsyncGenerator[bytes]:
    """The events on the wire."""
    async with aclosing(said) as events:
        async for event in events:
            yield f"data: {event.model_dump_json(by_alias=True)}\n\n".encode()
