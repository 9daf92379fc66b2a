"""Streams to front ends: sent when there is something, a comment when there was nothing for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractContextManager

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
BEAT = b": heartbeat\n\n"


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
