"""Events of the runs at work in this process, as they are committed: readers are woken instead of asking the file again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Told = tuple[int, str, str]
"""An event as it is stored: seq, type, JSON."""


@dataclass(slots=True)
class Feed:
    """One run's events since this process took it up.

    Attributes:
        first: Seq of the first event that is here; earlier ones are in the file.
    """

    first: int
    events: list[Told] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, events: Sequence[Told]) -> None:
        """Give committed events to the readers."""
        self.events += events
        self._wake()

    def close(self) -> None:
        """Tell the readers that no more will come."""
        self._wake()

    def after(self, seq: int) -> list[Told]:
        """The events behind this seq; ask only from `first - 1` on."""
        return self.events[max(0, seq + 1 - self.first) :]

    async def change(self, seconds: float) -> None:
        """Wait until there is something new, but not longer."""
        await within(seconds, self._changed)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(slots=True)
class Readers:
    """Who follows a run in this process, from before it is taken up until after it is let go.

    Attributes:
        count: How many there are.
        taken_up: Set when this process begins the run for the next time; another one then takes its place.
    """

    count: int = 0
    taken_up: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Feeds:
    """The feeds of this process by run, and their readers."""

    by_run: dict[str, Feed] = field(default_factory=dict)
    _readers: dict[str, Readers] = field(default_factory=dict)

    @contextmanager
    def reading(self, run: str) -> Iterator[Readers]:
        """Follow a run: as long as this lasts it counts as followed."""
        readers = self._readers.setdefault(run, Readers())
        readers.count += 1
        try:
            yield readers
        finally:
            readers.count -= 1
            if not readers.count:
                del self._readers[run]

    def followed(self, run: str) -> bool:
        """Whether anyone follows the run."""
        return run in self._readers

    def open(self, run: str, first: int) -> Feed:
        """A feed for a run that begins."""
        feed = self.by_run[run] = Feed(first)
        if readers := self._readers.get(run):
            readers.taken_up.set()
            readers.taken_up = asyncio.Event()
        return feed

    def close(self, run: str) -> None:
        """Let go of a run; its readers go on with the file."""
        feed = self.by_run.pop(run, None)
        if feed is not None:
            feed.close()


async def within(seconds: float, event: asyncio.Event) -> None:
    """Wait for an event, but not longer."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
