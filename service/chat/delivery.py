"""How a reply gets to its reader: as a stream or in one piece; and what happens when the reader leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from yingzhi.service.chat.errors import error_body, trouble
from yingzhi.service.chat.progress import Progress
from yingzhi.service.chat.reply import Attended, Piece
from yingzhi.service.chat.wire import DONE, Completion, Usage, frame
from yingzhi.service.context import Context
from yingzhi.service.identity import Principal
from yingzhi.service.limits import Slot
from yingzhi.service.problems import Problem
from yingzhi.service.streams import HEADERS, beating

LEFT = 499
"""Status of an answer that nobody waits for any more."""


class _Stream(StreamingResponse):
    """A stream that is closed when its reader is gone, even before the first byte."""

    def __init__(self, frames: AsyncGenerator[bytes], leave: Callable[[], Awaitable[None]], headers: dict[str, str]) -> None:
        super().__init__(frames, headers=headers, media_type="text/event-stream")
        self._frames, self._leave = frames, leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._frames.aclose()
            await asyncio.shield(asyncio.ensure_future(self._leave()))


@dataclass(frozen=True, slots=True)
class Delivery:
    """A reply on its way.

    Attributes:
        here: The process's context.
        who: Who asks.
        place: Held as long as the reader is there.
        run: What runs for it; None where nothing does.
        pieces: The reply.
        completion: In whose form it is sent.
        progress: How progress is shown.
        cancels: Whether the run ends when the reader leaves.
    """

    here: Context
    who: Principal
    place: Slot
    run: Attended | None
    pieces: AsyncGenerator[Piece | Usage]
    completion: Completion
    progress: Progress
    cancels: bool

    def stream(self) -> Response:
        """As server-sent events."""
        frames = beating(self._frames(), self.here.settings.heartbeat, self.place)
        return _Stream(frames, self._leave, HEADERS | self._headers())

    async def whole(self, request: Request) -> Response:
        """In one piece.

        Raises:
            Problem: The run failed.
        """
        work, gone = asyncio.ensure_future(self._whole()), asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else Response(status_code=LEFT)
        finally:
            for task in (work, gone):
                task.cancel()
            await asyncio.wait({work, gone})
            await asyncio.shield(asyncio.ensure_future(self._leave()))

    async def _whole(self) -> Response:
        answer, thinking, usage = [], [], Usage()
        async with aclosing(self.pieces) as pieces:
            async for piece in pieces:
                if isinstance(piece, Usage):
                    usage = piece
                elif piece.kind == "answer":
                    answer.append(piece.text)
                elif self.progress == "reasoning":
                    thinking.append(piece.text)
        return JSONResponse(self.completion.whole("".join(answer), "".join(thinking), usage), headers=self._headers())

    async def _frames(self) -> AsyncGenerator[bytes]:
        usage = Usage()
        yield self.completion.first()
        try:
            async with aclosing(self.pieces) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Usage):
                        usage = piece
                    elif piece.kind == "answer" or self.progress != "none":
                        thinking = piece.kind == "progress" and self.progress == "reasoning"
                        yield self.completion.words(piece.text, thinking=thinking)
        except Exception as error:  # the status is sent already: the reader is told in the stream
            yield frame(error_body(error if isinstance(error, Problem) else trouble(error))) + DONE
        else:
            yield self.completion.last(usage)

    def _headers(self) -> dict[str, str]:
        return {"X-Consultation-Id": self.run.begun.admitted.id, "X-Run-Id": self.run.begun.admitted.run} if self.run else {}

    async def _leave(self) -> None:
        """The reader is gone, or has all; a run that another still reads goes on."""
        self.place.free()
        if self.run is not None and self.cancels and not self.run.over:
            admitted = self.run.begun.admitted
            await self.here.consultations.leave(self.who, admitted.id, admitted.run)


async def _gone(request: Request) -> None:
    """Wait until the reader has left; the request's body is read already."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
