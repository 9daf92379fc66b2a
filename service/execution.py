"""One run of a consultation, from the checkpoint that counts to the transaction that ends it (docs/decisions/009)."""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from time import perf_counter, time
from typing import Any, Literal, Protocol, cast

from langgraph.checkpoint.base import CheckpointTuple

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.build import Graph
from yingzhi.graphs.events import EVENT, ModelReturned, ProposalReconciled
from yingzhi.graphs.result import assemble, pins
from yingzhi.graphs.run import ending, pieces, reason_of
from yingzhi.graphs.state import State
from yingzhi.service.checkpoints import NOTHING, Saver
from yingzhi.service.feeds import Feed, Feeds, Told
from yingzhi.service.sizes import check_size
from yingzhi.service.store import Database
from yingzhi.service.store import rows as store
from yingzhi.service.store.leases import Lease, check
from yingzhi.service.store.rows import Run
from yingzhi.service.wire import Status

ATTEMPTS = 20
"""How often a run is begun before it is given up: one that kills its process must not do so for ever."""
CANCELLED = "cancelled"
WORDS = 0.2
"""Seconds that words of a model may be shown before they are committed."""
GAP = 1000
"""Another attempt numbers on so much further: words of the lost one may have been shown under numbers that were not committed."""

Ended = Callable[[sqlite3.Connection, Run, str], None]
"""Told inside the ending transaction how a run ended: done, failed or cancelled."""


class Figures(Protocol):
    """What is counted of runs."""

    def run_ended(self, how: str, engine: Literal["embedded", "model"], seconds: float) -> None:
        """A run ended."""

    def hop(self, seconds: float) -> None:
        """An event went from the graph to its readers."""

    def tokens(self, tokens_in: int, tokens_out: int) -> None:
        """A model read and wrote tokens."""

    def provider_fault(self, kind: str) -> None:
        """A model's provider failed."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What runs are carried out with."""

    graph: Graph
    saver: Saver
    resources: Resources
    database: Database
    feeds: Feeds
    ended: Ended
    figures: Figures


@dataclass(slots=True)
class Recorder:
    """Numbers, commits and publishes what a run tells; what comes while a commit is under way goes with the next.

    An event is shown once it is committed. Words of a model are shown at once, if nothing waits before them, and committed a little
    later: they are many, and a reader who took the stream up again after a crash is told them anew by the next attempt.
    """

    engine: Engine
    run: Run
    lease: Lease
    feed: Feed
    seq: int
    began: float = field(default_factory=perf_counter)
    shown: list[Told] = field(default_factory=list)
    """Words that are shown and not committed yet; they come before all that waits."""
    waiting: list[Told] = field(default_factory=list)
    since: float = 0.0
    urgent: asyncio.Event = field(default_factory=asyncio.Event)
    """Something waits to be shown."""
    task: asyncio.Task[None] | None = None

    def tell(self, fields: dict[str, Any]) -> None:
        """An event, on its way."""
        event = self._number(fields)
        idle = self.task is None or self.task.done()
        if idle and self.task is not None:
            self.task.result()  # a lost lease ends the run here
        if event[1] == "model.delta" and not self.waiting and (idle or self.shown):
            self.shown.append(event)
            self.feed.publish([event])
        else:
            self.waiting.append(event)
            self.urgent.set()
        if idle:
            self.task = asyncio.create_task(self._commit_all())
            self.task.add_done_callback(_look_at)

    def rest(self, endings: list[dict[str, Any]]) -> tuple[list[Told], list[Told]]:
        """What the ending transaction has to write: what is shown already, and what is not, with the last events."""
        shown, self.shown = self.shown, []
        left, self.waiting = [*self.waiting, *map(self._number, endings)], []
        return shown, left

    async def settle(self) -> None:
        """Wait for the commit under way."""
        if self.task is not None:
            await self.task

    def stop(self) -> None:
        """Commit nothing more."""
        if self.task is not None:
            self.task.cancel()

    def _number(self, fields: dict[str, Any]) -> Told:
        now = perf_counter()
        self.seq += 1
        event = EVENT.validate_python({**fields, "seq": self.seq, "run": self.run.id, "at": round(now - self.began, 4)})
        if isinstance(event, ModelReturned) and not event.ok:
            self.engine.figures.provider_fault(event.error)
        elif isinstance(event, ProposalReconciled):
            self.engine.figures.tokens(event.use.tokens_in, event.use.tokens_out)
        if not self.waiting:
            self.since = now
        return self.seq, event.type, EVENT.dump_json(event).decode()

    async def _commit_all(self) -> None:
        while self.shown or self.waiting:
            if not self.waiting:  # nobody waits for words that are shown
                with suppress(TimeoutError):
                    async with asyncio.timeout(WORDS):
                        await self.urgent.wait()
            shown, waiting, since = self.shown, self.waiting, self.since
            self.shown, self.waiting = [], []
            self.urgent.clear()
            await self.engine.database.write(lambda db, batch=[*shown, *waiting]: self._add(db, batch))  # type: ignore[misc]
            if waiting:
                self.feed.publish(waiting)
                self.engine.figures.hop(perf_counter() - since)

    def _add(self, db: sqlite3.Connection, batch: list[Told]) -> None:
        check(db, self.lease)
        store.add_events(db, self.run.id, batch)


def _look_at(task: asyncio.Task[None]) -> None:
    """Where the run was broken off nobody is left to be told what became of its last commit."""
    if not task.cancelled():
        task.exception()


async def carry_out(run: Run, lease: Lease, row: sqlite3.Row, engine: Engine, cancelled: Callable[[], bool]) -> None:
    """Carry a run out and end it.

    Args:
        run: The run that was claimed.
        lease: The right to write for it.
        row: Its consultation as it was when it was claimed.
        engine: What it is carried out with.
        cancelled: Whether a cancellation is somebody's wish; else the process is about to stop and the run is left for the next.

    Raises:
        LeaseLost: Another process has taken the consultation over, or it was deleted; nothing was ended.
        asyncio.CancelledError: The process stops; the run is still open.
    """
    before = run.seq
    if before and engine.resources.models is not None:
        before += GAP
    feed = engine.feeds.open(run.id, before + 1)
    recorder = Recorder(engine, run, lease, feed, before)
    try:
        if cancelled():
            await _fail(recorder, row, CANCELLED, "cancelled")
            return
        if refusal := _refused(run, row):
            await _fail(recorder, row, refusal, "failed")
            return
        try:
            recorder.tell({"type": "run.started", "consultation": run.consultation, "pins": pins(engine.resources), "attempt": run.attempt})
            reached = await _run_graph(recorder, row)
            result = _result(recorder, reached)
        except asyncio.CancelledError:
            if not cancelled() or (task := asyncio.current_task()) is None:
                raise
            task.uncancel()  # the task goes on with the consultation's next run
            await _fail(recorder, row, CANCELLED, "cancelled")
        except sqlite3.Error:
            raise
        except Exception as error:  # the run must end with a terminal event whatever happened
            await _fail(recorder, row, reason_of(error), "failed")
        else:
            await _finish(recorder, row, reached, result)
    finally:
        recorder.stop()
        engine.feeds.close(run.id)


def _refused(run: Run, row: sqlite3.Row) -> str:
    """Why the run is not begun at all; empty where it is."""
    if run.attempt > ATTEMPTS:
        return f"given up after {ATTEMPTS} attempts"
    if run.revision is not None and run.revision != row["revision"]:
        return "revision: the consultation has moved on"
    if run.action != "start" and (row["outcome"] or row["head"] is None):
        return "consultation: it is over" if row["outcome"] else "consultation: it has not begun"
    return ""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where the graph came to: the state and the checkpoint it stands in."""

    state: State
    checkpoint: str


async def _run_graph(recorder: Recorder, row: sqlite3.Row) -> Reached:
    run, engine = recorder.run, recorder.engine
    given, start = await _start(recorder, row)
    configurable = {"thread_id": run.consultation, "checkpoint_ns": "", **({"checkpoint_id": start} if start else {})}
    config = {"configurable": configurable, "metadata": {"run": run.id, "attempt": run.attempt}}
    durability: Literal["sync", "exit"] = "exit" if engine.resources.models is None else "sync"
    states: list[State] = []

    def reached(state: State) -> None:
        case = state.get("presentation")
        if case is not None and states and case is not states[-1].get("presentation"):
            check_size(case)  # which an act has added to
        states[:] = [state]

    engine.saver.written.pop(run.consultation, None)
    steps = pieces(given, engine.resources, graph=engine.graph, config=config, durability=durability, reached=reached)
    try:
        async with aclosing(steps):
            async for events in steps:
                for fields in events:
                    recorder.tell(fields)
    finally:
        checkpoint = engine.saver.written.pop(run.consultation, None)
    if checkpoint and states:
        return Reached(_of_state(states[-1]), checkpoint)
    found = await engine.saver.aget_tuple({"configurable": {"thread_id": run.consultation, "checkpoint_ns": ""}})
    if found is None or dict(found.metadata).get("run") != run.id:
        raise RuntimeError("the graph left no checkpoint")
    return Reached(state_of(found), found.checkpoint["id"])  # the lost attempt lacked nothing but its end


async def _start(recorder: Recorder, row: sqlite3.Row) -> tuple[Presentation | Review | None, str]:
    """What the graph is given, and the checkpoint it starts from; an empty one is the thread's newest.

    Only from the newest, and unnamed, does LangGraph go on within a step whose parts are done in part.
    """
    run, engine = recorder.run, recorder.engine
    paid = engine.resources.models is not None
    if paid and run.attempt > 1 and any(marks.get("run") == run.id for _, marks in await engine.saver.marks(run.consultation, 1)):
        return None, ""
    if head := row["head"]:
        await engine.saver.forget_steps(run.consultation, head)
    return _input(run), head or NOTHING


def _input(run: Run) -> Presentation | Review | None:
    """What the graph is given; a branch goes on from where it was cut, without anything new."""
    if not run.input:
        return None
    return Presentation.model_validate_json(run.input) if run.action == "start" else Review.model_validate_json(run.input)


def state_of(found: CheckpointTuple) -> State:
    """The state that a checkpoint holds."""
    return _of_state(found.checkpoint["channel_values"])


def _of_state(values: Mapping[str, Any]) -> State:
    return cast("State", {key: values[key] for key in State.__annotations__ if key in values})


def _result(recorder: Recorder, reached: Reached) -> bytes:
    """The whole consultation as JSON."""
    seconds = perf_counter() - recorder.began
    return assemble(recorder.run.consultation, reached.state, recorder.engine.resources, seconds).model_dump_json().encode()


async def _finish(recorder: Recorder, row: sqlite3.Row, reached: Reached, result: bytes) -> None:
    run, engine = recorder.run, recorder.engine
    outcome = reached.state.get("outcome", "")
    packed = await asyncio.to_thread(zlib.compress, result, 1)
    await recorder.settle()
    shown, rest = recorder.rest(ending(reached.state))

    def end(db: sqlite3.Connection) -> None:
        now = time()
        check(db, recorder.lease)
        store.add_events(db, run.id, [*shown, *rest])
        store.add_version(db, run, row["revision"] + 1, reached.checkpoint, packed, now)
        store.end_run(db, run, "done", now)
        store.advance(db, run.consultation, reached.checkpoint, outcome)
        store.settle(db, run.consultation, "finished" if outcome else "paused", now)
        engine.ended(db, run, "done")

    await engine.database.write(end)
    recorder.feed.publish(rest)
    _count(recorder, "finished" if outcome else "paused")


async def _fail(recorder: Recorder, row: sqlite3.Row, reason: str, how: store.RunStatus) -> None:
    """End a run that came to nothing; the consultation is where it was before."""
    run, engine = recorder.run, recorder.engine
    await recorder.settle()
    shown, rest = recorder.rest([{"type": "run.failed", "reason": reason}])
    status = _as_before(row, how)

    def end(db: sqlite3.Connection) -> None:
        now = time()
        check(db, recorder.lease)
        store.add_events(db, run.id, [*shown, *rest])
        store.end_run(db, run, how, now)
        store.settle(db, run.consultation, status, now)
        engine.ended(db, run, how)

    await engine.database.write(end)
    recorder.feed.publish(rest)
    _count(recorder, how)


def _count(recorder: Recorder, how: str) -> None:
    kind: Literal["embedded", "model"] = "embedded" if recorder.engine.resources.models is None else "model"
    recorder.engine.figures.run_ended(how, kind, perf_counter() - recorder.began)


def _as_before(row: sqlite3.Row, how: store.RunStatus) -> Status:
    if row["outcome"]:
        return "finished"
    if row["revision"]:
        return "paused"
    return "cancelled" if how == "cancelled" else "failed"
