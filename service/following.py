"""The events of a run, from any point on: from the file, then as they are committed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from yingzhi.graphs.events import EVENT, Event
from yingzhi.service.feeds import Told, within
from yingzhi.service.identity.principal import Permission, Principal
from yingzhi.service.problems import Problem, not_found
from yingzhi.service.runner import InProcessRunner
from yingzhi.service.store import Database
from yingzhi.service.store import rows as store

TERMINAL = frozenset({"run.finished", "run.failed", "run.paused"})
POLL, LONGEST = 0.02, 1.0
"""Seconds between two looks for events of a run that another process carries out; for one that waits each is a quarter longer than the
last. One that this process begins is heard of at once."""


@dataclass(slots=True)
class Following:
    """Runs as they can be followed."""

    database: Database
    runner: InProcessRunner
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is about to stop: streams end without a terminal event and are taken up again elsewhere."""

    async def drain(self, seconds: float) -> None:
        """Stop: runs at work have this long to end; then streams end, to be taken up again elsewhere."""
        await self.runner.drain(seconds)
        self.closing.set()

    async def events(self, who: Principal, consultation: str, run: str | None = None, after: int = 0) -> AsyncGenerator[Event]:
        """The run's events with seq > after, live until its terminal event.

        Raises:
            Problem: 404.
        """
        async with aclosing(self.told(who, consultation, run, after)) as told:
            async for _, _, body in told:
                yield EVENT.validate_json(body)

    async def told(self, who: Principal, consultation: str, run: str | None = None, after: int = 0) -> AsyncGenerator[Told]:
        """The same as (seq, type, JSON)."""
        row = await self.run_of(who, consultation, run)
        async with aclosing(self.follow(row["id"], after)) as told:
            async for event in told:
                yield event

    async def run_of(self, who: Principal, consultation: str, run: str | None = None) -> sqlite3.Row:
        """A run of the tenant's consultation, the newest by default.

        Raises:
            Problem: 404.
        """
        permit(who, "consultation.read")
        row = await self.database.read(lambda db: store.run_row(db, who.tenant, consultation, run))
        if row is None:
            raise not_found("run" if run else "consultation")
        return row

    async def follow(self, run: str, after: int) -> AsyncGenerator[Told]:
        """A run's events behind a seq, one by one."""
        async with aclosing(self.batches(run, after)) as batches:
            async for batch in batches:
                for event in batch:
                    yield event

    async def batches(self, run: str, after: int) -> AsyncGenerator[list[Told]]:
        """A run's events behind a seq, from the file and then as they are committed, in lists as they come together."""
        feeds, pause = self.runner.engine.feeds, POLL
        with feeds.reading(run) as readers:
            while not self.closing.is_set():
                feed = feeds.by_run.get(run)
                if feed is not None and after + 1 >= feed.first:
                    batch = feed.after(after)
                    if not batch:
                        await feed.change(1.0)
                        continue
                else:
                    taken_up = readers.taken_up
                    batch, status = await self.database.read(lambda db, after=after: _stored(db, run, after))  # type: ignore[misc]
                    if not batch:
                        if status not in {"queued", "running"}:
                            return
                        pause = min(1.25 * pause, LONGEST) if status == "queued" and feed is None else POLL
                        await within(pause, taken_up)
                        continue
                yield batch
                after, kind, _ = batch[-1]
                if kind in TERMINAL:
                    return


def _stored(db: sqlite3.Connection, run: str, after: int) -> tuple[list[Told], str]:
    """The run's events in the file behind a seq, and where it stands; empty for one that was deleted."""
    row = db.execute("SELECT status FROM run WHERE id = ?", (run,)).fetchone()
    return store.events_after(db, run, after), row["status"] if row is not None else ""


def permit(who: Principal, permission: Permission) -> None:
    """Let nobody do what their roles don't allow.

    Raises:
        Problem: 403.
    """
    if not who.may(permission):
        raise Problem(403, "Not allowed", f"this needs the permission {permission}")
