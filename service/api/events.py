"""A run's events as server-sent events: `id` is the event's seq, one terminal event ends the stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse

from yingzhi.service import audit
from yingzhi.service.api.shapes import answers
from yingzhi.service.context import Context, Here
from yingzhi.service.feeds import Told
from yingzhi.service.following import permit
from yingzhi.service.identity import Principal, allowed
from yingzhi.service.ids import ConsultationId
from yingzhi.service.problems import Problem
from yingzhi.service.streams import EventStream
from yingzhi.service.wire import RUN, pattern

router = APIRouter(tags=["events"])
LARGEST = 10**9
STREAM = {"text/event-stream": {"schema": {"type": "string"}}}


@router.get(
    "/consultations/{consultation}/events",
    response_class=StreamingResponse,
    responses=answers(401, 403, 404, 422, 429)
    | {
        200: {
            "description": "Server-sent events (docs/schema/event.json)",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def follow_events(
    here: Here,
    who: Annotated[Principal, Depends(allowed("consultation.read"))],
    consultation: ConsultationId,
    run: Annotated[str | None, Query(pattern=pattern(RUN), description="Which run; the newest by default.")] = None,
    after: Annotated[int, Query(ge=0, le=LARGEST, description="Only events behind this seq.")] = 0,
    on_disconnect: Annotated[
        Literal["continue", "cancel"], Query(description="What becomes of the run when the last reader who asked so goes away.")
    ] = "continue",
    last_event_id: Annotated[str | None, Header(description="As browsers send it: goes before `after`.")] = None,
) -> StreamingResponse:
    """Follow a run from any point; a stream that broke off is taken up again with `Last-Event-ID`."""
    if on_disconnect == "cancel":
        permit(who, "consultation.answer")
    if last_event_id:
        if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= 10 and int(last_event_id) <= LARGEST):
            raise Problem(422, "The request is not as it should be", "not an id of an event", field="Last-Event-ID")
        after = int(last_event_id)
    row = await here.consultations.run_of(who, consultation, run)
    place = here.limits.streams.take(who.tenant)

    async def left() -> None:
        if on_disconnect == "cancel":
            await here.consultations.leave(who, consultation, row["id"])

    frames = _frames(here.consultations.batches(row["id"], after), partial(_note, here, who, consultation))
    return EventStream(frames, here.settings.heartbeat, place, left)


async def _frames(told: AsyncGenerator[list[Told]], note: Callable[[], Awaitable[None]]) -> AsyncGenerator[bytes]:
    noted = False
    async with aclosing(told) as batches:
        async for batch in batches:
            if not noted:  # a browser that comes again and again behind the last event is shown nothing
                await note()
                noted = True
            yield b"".join(map(frame, batch))


async def _note(here: Context, who: Principal, consultation: str) -> None:
    await here.database.write(lambda db: audit.record(db, who, "consultation.read", entity=consultation))


def frame(event: Told) -> bytes:
    """An event on the wire."""
    seq, kind, body = event
    return f"id: {seq}\nevent: {kind}\ndata: {body}\n\n".encode()
