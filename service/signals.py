"""Hears of SIGTERM and SIGINT together with the server, which else would wait for streams that wait for the runs."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

STOPS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def told_to_stop(told: Callable[[], object]) -> Iterator[None]:
    """Call `told` in this event loop when the process is asked to stop; whoever handled the signal before does so as well."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, Any] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(told)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for stop in STOPS:
        before[stop] = signal.signal(stop, handle)
    try:
        yield
    finally:
        for stop, handler in before.items():
            if signal.getsignal(stop) is handle:
                signal.signal(stop, handler)
