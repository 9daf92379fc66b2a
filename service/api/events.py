"""A run's events as server-sent events: `id` is the event's seq, one terminal event ends the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse

from yingzhi.service.api.shapes import answers
from yingzhi.service.context import Context, Here
from yingzhi.service.feeds import Told
from yingzhi.service.identity import Principal, allowed
from yingzhi.service.ids import ConsultationId
from yingzhi.service.problems import Problem
from yingzhi.service.streams import HEADERS, beating
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
    if last_event_id:
        if not (last_event_id.isascii() and last_event_id.isdigit() and int(last_event_id) <= LARGEST):
            raise Problem(422, "The request is not as it should be", "not an id of an event", field="Last-Event-ID")
        after = int(last_event_id)
    row = await here.consultations.run_of(who, consultation, run)
    place = here.limits.streams.take(who.tenant)
    told = _frames(here, who, consultation, row["id"], after, on_disconnect == "cancel")
    return StreamingResponse(beating(told, here.settings.heartbeat, place), media_type="text/event-stream", headers=HEADERS)


async def _frames(here: Context, who: Principal, consultation: str, run: str, after: int, cancels: bool) -> AsyncGenerator[bytes]:
    over = False
    try:
        async with aclosing(here.consultations.batches(run, after)) as batches:
            async for batch in batches:
                yield b"".join(map(frame, batch))
        over = True
    finally:
        if cancels and not over and not here.consultations.closing.is_set():
            feed = here.consultations.runner.engine.feeds.by_run.get(run)
            if feed is None or not feed.readers:
                await asyncio.shield(here.consultations.cancel_run(who, consultation, run))


def frame(event: Told) -> bytes:
    """An event on the wire."""
    seq, kind, body = event
    return f"id: {seq}\nevent: {kind}\ndata: {body}\n\n".encode()
