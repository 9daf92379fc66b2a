"""Events of the runs at work in this process, as they are committed: readers are woken instead of asking the file again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

Told = tuple[int, str, str]
"""An event as it is stored: seq, type, JSON."""


@dataclass(slots=True)
class Feed:
    """One run's events since this process took it up.

    Attributes:
        first: Seq of the first event that is here; earlier ones are in the file.
        readers: How many follow it now.
        closed: Nothing more will come from this process.
    """

    first: int
    events: list[Told] = field(default_factory=list)
    readers: int = 0
    closed: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, events: Sequence[Told]) -> None:
        """Give committed events to the readers."""
        self.events += events
        self._wake()

    def close(self) -> None:
        """Tell the readers that no more will come."""
        self.closed = True
        self._wake()

    def after(self, seq: int) -> list[Told]:
        """The events behind this seq; ask only from `first - 1` on."""
        return self.events[max(0, seq + 1 - self.first) :]

    async def change(self, seconds: float) -> bool:
        """Wait until there is something new; False when the time ran out."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(slots=True)
class Feeds:
    """The feeds of this process by run."""

    by_run: dict[str, Feed] = field(default_factory=dict)

    def open(self, run: str, first: int) -> Feed:
        """A feed for a run that begins."""
        feed = self.by_run[run] = Feed(first)
        return feed

    def close(self, run: str) -> None:
        """Let go of a run; its readers go on with the file."""
        feed = self.by_run.pop(run, None)
        if feed is not None:
            feed.close()
