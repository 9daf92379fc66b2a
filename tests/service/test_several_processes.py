"""Several processes on one home, some of them killed or hung."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.service.inside import as_of_now, copied, threads
from tests.service.test_runs import CASE, ended, modelled, process, until
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Review
from yingzhi.graphs.events import TERMINAL
from yingzhi.service.checkpoints import open_checkpoints
from yingzhi.service.context import Context
from yingzhi.service.identity import DEV
from yingzhi.service.problems import Problem
from yingzhi.service.store.leases import Owner
from yingzhi.service.wire import Act, Branch
from yingzhi.testing import FakeProvider


def test_owners_that_were_killed_leave_no_files_behind(tmp_path: Path) -> None:
    dead = Owner(tmp_path)
    dead._file.close()  # type: ignore[union-attr]  # as the kernel does
    one = Owner(tmp_path)
    other = Owner(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([one.name, other.name])
    assert one.lives(other.name)
    assert other.lives(one.name)
    one.close()
    other.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_process_that_hung_lets_go_of_what_another_took_over(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as one:
        provider.faults = {1: "hang"}
        admitted = await one.consultations.create(DEV, CASE)
        await until(lambda: len(provider.requests) > 1)
        await one.database.write(lambda db: db.execute("UPDATE consultation SET lease_until = 1").close())  # it hung for long
        async with process(tmp_path, with_model) as other:
            kinds = [e async for e in other.consultations.events(DEV, admitted.id)]
            assert kinds[-1].type == "run.paused"
            assert sum(isinstance(e, TERMINAL) for e in kinds) == 1
            await until(lambda: not one.consultations.runner.working, 3)
            assert (await other.consultations.view(DEV, admitted.id)).revision == 1
        with closing(sqlite3.connect(tmp_path / "service" / "service.sqlite")) as db:
            assert db.execute("SELECT status, attempt FROM run").fetchall() == [("done", 2)]


@pytest.mark.parametrize("paid", [False, True], ids=["embedded", "model"])
async def test_whenever_the_process_is_killed_every_run_comes_to_the_same_end_once(
    resources: Resources, tmp_path: Path, paid: bool
) -> None:
    left: list[Path] = []
    one_at_a_time = threading.Lock()

    def keep(context: Context) -> None:
        with one_at_a_time:
            left.append(copied(context, tmp_path / f"killed{len(left)}"))

    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model:
        used = with_model if paid else resources
        async with process(tmp_path / "straight", used) as context:
            connection = context.consultations.runner.engine.saver.conn
            context.database.observe = lambda _size, _seconds: keep(context)  # after each commit of the one file,
            connection.set_trace_callback(lambda s: keep(context) if s == "COMMIT" else None)  # before each of the other
            first = await context.consultations.create(DEV, CASE)
            await ended(context, first.id)
            for act in (Act(review=Review(action="answer", note="Fever."), revision=1), Act(review=Review(action="sign"), revision=2)):
                await context.consultations.act(DEV, first.id, act)
                await ended(context, first.id)
            context.database.observe = lambda _size, _seconds: None
            connection.set_trace_callback(None)
            straight = [(await context.consultations.view(DEV, first.id, n)).result for n in (1, 2, 3)]
        for home in left[:: 4 if paid else 1]:
            async with process(home, used) as context:
                runs = await context.database.read(lambda db: [row[0] for row in db.execute("SELECT id FROM run ORDER BY number")])
                for run in runs:
                    events = [e async for e in context.consultations.events(DEV, first.id, run)]
                    assert all(a.seq < b.seq for a, b in pairwise(events))
                    ends = [e for e in events if isinstance(e, TERMINAL)]
                    assert ends == [events[-1]]
                    assert events[-1].type != "run.failed", events[-1]
                if not runs:  # killed before anything was taken in
                    continue
                view = await context.consultations.view(DEV, first.id)
                assert view.revision == len(runs)
                expected = straight[len(runs) - 1]
                assert view.result is not None
                assert expected is not None
                assert as_of_now(view.result) == as_of_now(expected)
    assert len(left) > 20


async def test_a_checkpoint_that_was_broken_off_locks_no_other_process_out(tmp_path: Path) -> None:
    place: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}
    async with open_checkpoints(tmp_path / "checkpoints.sqlite") as saver, open_checkpoints(tmp_path / "checkpoints.sqlite") as other:
        other.conn.execute("PRAGMA busy_timeout = 500")
        for n in range(40):
            writing = asyncio.create_task(saver.aput_writes(place, [("channel", n)] * 50, f"cancelled{n}"))
            await asyncio.sleep(0.00002 * n)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            await other.aput_writes(place, [("channel", n)], f"other{n}")
        saver.conn.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError):  # the disk is full
            await saver.aput_writes(place, [("channel", "x" * 100_000)], "full")
        await other.aput_writes(place, [("channel", 0)], "after it")
        saver.conn.execute("PRAGMA max_page_count = 1000000")
        await saver.aput_writes(place, [("channel", 0)], "again")
    with closing(sqlite3.connect(tmp_path / "checkpoints.sqlite")) as db:
        tasks = {row[0] for row in db.execute("SELECT task_id FROM writes")}
        halves = db.execute("SELECT task_id FROM writes WHERE task_id LIKE 'c%' GROUP BY task_id HAVING count(*) <> 50").fetchall()
    assert halves == []
    assert {"again", "after it", *(f"other{n}" for n in range(40))} <= tasks
    assert "full" not in tasks


@dataclass(slots=True)
class Callers:
    """Callers of two processes who do whatever comes into their heads."""

    chance: random.Random
    consultations: list[str] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)

    async def act(self, context: Context) -> None:
        """One thing; that it is refused is as good as that it is done."""
        try:
            await self._act(context)
        except Problem as problem:
            if problem.status >= 500:
                raise

    async def _act(self, context: Context) -> None:
        do, one = self.chance.random(), self.chance.choice(self.consultations or [""])
        consultations, records = context.consultations, context.records
        if do < 0.25 or not one:
            self.consultations.append((await consultations.create(DEV, CASE)).id)
        elif do < 0.55:
            wait: Literal["reject", "enqueue"] = self.chance.choice(["reject", "enqueue"])
            await consultations.act(DEV, one, Act(review=Review(action="answer", note="More."), if_busy=wait))
        elif do < 0.62:
            revision = max(1, (await consultations.view(DEV, one)).revision)
            await consultations.act(DEV, one, Act(review=Review(action="sign"), revision=revision, if_busy="enqueue"))
        elif do < 0.75:
            await consultations.cancel(DEV, one)
        elif do < 0.8:
            await consultations.retry(DEV, one)
        elif do < 0.86:
            self.consultations.append((await records.branch(DEV, one, Branch(revision=1))).id)
        elif do < 0.9:
            await records.erase_consultation(DEV, one)
            self.deleted.add(one)
        else:
            await ended(context, one)


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_callers_of_two_processes_do_each_run_ends_once_and_nothing_is_left(
    resources: Resources, tmp_path: Path, seed: int
) -> None:
    callers = Callers(random.Random(seed))
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model:
        for _ in range(2):  # the first two are told to stop in the middle of it
            patience = callers.chance.choice([0.01, 0.3])
            async with (
                process(tmp_path, with_model, at_once=2, drain_seconds=patience) as one,
                process(tmp_path, with_model, at_once=2, drain_seconds=patience) as other,
            ):
                for _ in range(6):
                    async with asyncio.timeout(60):
                        await asyncio.gather(*(callers.act(callers.chance.choice([one, other])) for _ in range(6)))
        async with process(tmp_path, with_model) as last, asyncio.timeout(60):
            for run in await last.database.read(lambda db: db.execute("SELECT id, consultation FROM run").fetchall()):
                await ended(last, run["consultation"], run["id"])
            await last.records.erase_noted()
    with closing(sqlite3.connect(tmp_path / "service" / "service.sqlite")) as db:
        terminal = "(SELECT count(*) FROM event WHERE run = run.id AND type IN ('run.paused', 'run.finished', 'run.failed'))"
        branched = "(SELECT run FROM version WHERE action = 'branch')"
        for status, endings in db.execute(f"SELECT status, {terminal} FROM run WHERE id NOT IN {branched}"):
            assert (status in {"done", "failed", "cancelled"}, endings) == (True, 1)
        for consultation, revision, status, outcome, owner in db.execute(
            "SELECT id, revision, status, outcome, lease_owner FROM consultation"
        ).fetchall():
            versions = [row[0] for row in db.execute("SELECT revision FROM version WHERE consultation = ? ORDER BY 1", (consultation,))]
            assert versions == list(range(1, revision + 1))
            assert status in ({"finished"} if outcome else {"paused"} if revision else {"failed", "cancelled"})
            assert owner is None
        kept = {row[0] for row in db.execute("SELECT id FROM consultation")}
    assert not kept & callers.deleted
    assert threads(tmp_path) <= kept
