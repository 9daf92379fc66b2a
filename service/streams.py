"""Streams to front ends: sent when there is something, a comment when there was nothing for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, aclosing

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from yingzhi.service.limits import Slot

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
BEAT = b": heartbeat\n\n"


class EventStream(StreamingResponse):
    """Server-sent events for one reader. What is held for the reader is given back however the stream ends, even before its first byte.

    Args:
        frames: What is sent.
        seconds: Of silence, after which a comment is sent.
        place: Held as long as the reader is there.
        left: Called when the reader went away before the end.
    """

    def __init__(self, frames: AsyncGenerator[bytes], seconds: float, place: Slot, left: Callable[[], Awaitable[None]]) -> None:
        self._frames, self._place, self._left, self._over = frames, place, left, False
        self._body = beating(self._all(), seconds, place)
        super().__init__(self._body, media_type="text/event-stream", headers=HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._body.aclose()
            self._place.free()
            if not self._over:
                await asyncio.shield(asyncio.ensure_future(self._left()))

    async def _all(self) -> AsyncGenerator[bytes]:
        async with aclosing(self._frames) as frames:
            async for piece in frames:
                yield piece
        self._over = True


async def beating(frames: AsyncGenerator[bytes], seconds: float, place: AbstractContextManager[object]) -> AsyncGenerator[bytes]:
    """The frames, with a comment after each silence of so many seconds; the place is given back when the reader is gone."""
    with place:
        coming: asyncio.Task[bytes] | None = None
        try:
            yield BEAT  # the headers go out now, not with the first event
            while True:
                coming = asyncio.ensure_future(anext(frames))
                while not (await asyncio.wait({coming}, timeout=seconds))[0]:
                    yield BEAT
                try:
                    piece = coming.result()
                except StopAsyncIteration:
                    return
                coming = None
                yield piece
        finally:
            if coming is not None and not coming.done():
                coming.cancel()
                await asyncio.wait({coming})
            await frames.aclose()
