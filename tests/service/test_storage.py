"""What the databases do when they are slow, full or looked into."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from pathlib import Path

from tests.service.conftest import BLISTERS
from tests.service.inside import CONTRADICTS
from tests.service.test_runs import CASE, ended, modelled, process, until
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.service.app import forget_keys
from yingzhi.service.identity import DEV
from yingzhi.service.problems import problem_of
from yingzhi.service.store import leases
from yingzhi.service.wire import Act, Admitted, Branch, NewConsultation
from yingzhi.testing import FakeProvider


def test_a_database_that_cannot_be_written_now_is_said_to_be_unavailable() -> None:
    problem = problem_of(sqlite3.OperationalError("database is locked"))
    assert (problem.status, problem.headers) == (503, {"Retry-After": "5"})


async def test_no_statement_reads_a_whole_table(resources: Resources, tmp_path: Path) -> None:
    said: set[str] = set()
    async with process(tmp_path, resources) as context:
        database, records = context.database, context.records

        def listen_in(db: sqlite3.Connection) -> None:
            db.set_trace_callback(said.add)
            time.sleep(0.05)  # so that each reader gets one

        await asyncio.gather(database.write(listen_in), *(database.read(listen_in) for _ in range(4)))
        patient = await records.add_patient(DEV)
        case = NewConsultation(case=Presentation(text=BLISTERS), patient_id=patient)
        first = await context.consultations.create(DEV, case, key="a key")
        await ended(context, first.id)
        await context.consultations.act(DEV, first.id, Act(review=Review(action="answer", note="More."), revision=1))
        await ended(context, first.id)
        await records.branch(DEV, first.id, Branch(revision=1))
        await context.consultations.cancel(DEV, first.id)
        failed = await context.consultations.create(DEV, CONTRADICTS)
        await ended(context, failed.id)
        await context.consultations.retry(DEV, failed.id)
        first_page = await records.page(DEV, patient=None, status=None, after=None, limit=1)
        for after in (None, first_page.next):
            await records.page(DEV, patient=patient, status=None, after=after, limit=1)
            await records.page(DEV, patient=None, status="failed", after=after, limit=1)
        await context.consultations.runner._sweep()
        await database.write(lambda db: leases.renew(db, context.consultations.runner.owner, time.time()))
        await database.write(forget_keys)
        await records.erase_patient(DEV, patient)
        await records.erase_noted()
        ours = [s for s in said if s.split(" ", 1)[0] in {"SELECT", "UPDATE", "DELETE", "WITH", "INSERT"} and "audit_" not in s]
        plans = await database.read(lambda db: {s: [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {s}")] for s in ours})
    assert len(ours) > 30
    large = re.compile(r"SCAN (consultation|run|event|version|idempotency|[a-z])\b(?! USING (COVERING )?INDEX run_open)")
    assert [(s, p) for s, plan in plans.items() for p in plan if large.match(p)] == []


async def test_a_disk_that_is_full_for_a_while_costs_no_run(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        await ended(context, (await context.consultations.create(DEV, CASE)).id)
        connection = context.consultations.runner.engine.saver.conn
        connection.execute("PRAGMA max_page_count = 1")  # as many as there are: SQLite says that the disk is full
        context.consultations.runner._stopping = True
        admitted = await context.consultations.create(DEV, CASE)
        await context.database.write(lambda db: db.execute("UPDATE run SET attempt = 15 WHERE status = 'queued'").close())
        context.consultations.runner._stopping = False
        await asyncio.sleep(3.5)
        lost = "SELECT status, attempt FROM run WHERE id = ?"
        found = await context.database.read(lambda db: tuple(db.execute(lost, (admitted.run,)).fetchone()))
        assert found == ("queued", 16), "it is tried again, but not every second until it is given up"
        connection.execute("PRAGMA max_page_count = 1000000")
        await context.database.write(lambda db: db.execute("UPDATE run SET not_before = 0").close())
        assert (await ended(context, admitted.id))[-1] == "run.paused"


async def test_after_the_work_nothing_is_kept_in_memory(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        asked: list[Admitted] = [await context.consultations.create(DEV, case) for case in (CASE, CONTRADICTS, CASE)]
        await context.consultations.cancel(DEV, asked[2].id)
        for admitted in asked:
            await ended(context, admitted.id)
        await context.records.branch(DEV, asked[0].id, Branch(revision=1))
        runner, engine = context.consultations.runner, context.consultations.runner.engine
        await until(lambda: not runner.working)
        left = (
            runner._runs,
            runner._leases,
            runner._cancelled,
            runner._again,
            engine.feeds.by_run,
            engine.feeds._readers,
            engine.saver.written,
        )
        assert [len(one) for one in left] == [0] * len(left)
        assert runner.queued == 0


async def test_what_is_stored_is_nobody_elses_to_read(resources: Resources, tmp_path: Path) -> None:
    (tmp_path / "service").mkdir(mode=0o755)
    async with process(tmp_path, resources) as context:
        await ended(context, (await context.consultations.create(DEV, CASE)).id)
        files = list(context.settings.files.rglob("*.sqlite*"))
        assert len(files) >= 4
        assert {path.name: path.stat().st_mode & 0o077 for path in files} == dict.fromkeys((path.name for path in files), 0)
