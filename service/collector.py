"""Python's garbage collector in a process that serves: its full passes stop everything for half a second, so they are rare.

With 60 consultations at work a full pass took 170 to 470 ms, a dozen times a minute, of which
each stood in the way of every stream. What lives as long as the process is left out of all passes; full ones come once a minute, or
sooner when nothing is at work. The young generations are collected as ever; a consultation leaves under a megabyte for the full ones.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

YOUNG, MIDDLE, NEVER = 5_000, 20, 1_000_000
BETWEEN, AT_LATEST = 15.0, 60.0
"""Seconds after which a full pass is due, and when it comes though something is at work."""
LOOK = 0.5


@contextmanager
def rare_full_passes(working: Callable[[], int]) -> Iterator[None]:
    """Collect so as long as this lasts; everything that is to live as long is open already.

    Args:
        working: How much is at work.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    task = asyncio.get_running_loop().create_task(_collect(working))
    try:
        yield
    finally:
        task.cancel()
        gc.set_threshold(*before)
        gc.unfreeze()


async def _collect(working: Callable[[], int]) -> None:
    waited = 0.0
    while True:
        await asyncio.sleep(LOOK)
        waited += LOOK
        if waited >= AT_LATEST or (waited >= BETWEEN and not working()):
            gc.collect()
            waited = 0.0
