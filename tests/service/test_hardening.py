"""What must hold when things come at the worst moment."""

from __future__ import annotations

import asyncio
import json
import random
import re
import sqlite3
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from fastapi import FastAPI

from tests.service.conftest import BLISTERS, Issuer, Running, consulted, listen, run_server, settings_in
from tests.service.test_runs import CASE, ended, modelled, process, until
from yingzhi.agents.specialist import Resources
from yingzhi.client import Client, Refused, Unreachable
from yingzhi.clinical.consultation import Consultation, Review
from yingzhi.clinical.presentation import Patient, Presentation, Report
from yingzhi.graphs.events import TERMINAL
from yingzhi.service.app import create_app, forget_keys
from yingzhi.service.checkpoints import open_checkpoints
from yingzhi.service.context import Context
from yingzhi.service.identity import DEV
from yingzhi.service.limits import LimitSettings
from yingzhi.service.problems import Problem, problem_of
from yingzhi.service.store import leases
from yingzhi.service.store.leases import Owner
from yingzhi.service.wire import Act, Admitted, Branch, NewConsultation
from yingzhi.testing import FakeProvider

CONTRADICTS = NewConsultation(case=Presentation(text="张三，男，45岁，红斑", patient=Patient(age=5)))
"""A case whose run fails."""


async def test_an_act_that_follows_a_cancelled_one_is_the_one_that_is_carried_out(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        provider.always = "hang"
        asked = len(provider.requests)
        await context.consultations.act(DEV, first.id, Act(review=Review(action="answer", note="Withdrawn words."), revision=1))
        await until(lambda: len(provider.requests) > asked)
        await context.consultations.cancel(DEV, first.id)
        await ended(context, first.id)
        provider.always = None
        await context.consultations.act(DEV, first.id, Act(review=Review(action="sign"), revision=1))
        await ended(context, first.id)
        view = await context.consultations.view(DEV, first.id)
        assert view.result is not None
        assert view.result.review == "signed"
        assert view.result.version == 1


async def test_a_branch_knows_nothing_of_what_was_done_where_it_was_cut(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        await context.consultations.act(DEV, first.id, Act(review=Review(action="reject", reason="test"), revision=1))
        await ended(context, first.id)
        branch = await context.records.branch(DEV, first.id, Branch(revision=1))
        await context.consultations.act(DEV, branch.id, Act(review=Review(action="sign"), revision=1))
        await ended(context, branch.id)
        view = await context.consultations.view(DEV, branch.id)
        assert view.result is not None
        assert view.result.review == "signed"


async def test_a_consultation_that_is_begun_again_begins_from_nothing(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        straight = await context.consultations.create(DEV, CASE)
        await ended(context, straight.id)
        asked = len(provider.requests)
        provider.faults = {asked + 2: "hang"}
        again = await context.consultations.create(DEV, CASE)
        await until(lambda: len(provider.requests) >= asked + 3)
        await context.consultations.cancel(DEV, again.id)
        await ended(context, again.id)
        provider.faults = {}
        await context.consultations.retry(DEV, again.id)
        await ended(context, again.id)
        one, other = [(await context.consultations.view(DEV, c)).result for c in (straight.id, again.id)]
        assert one is not None
        assert other is not None
        assert [u.specialist for u in other.model_use] == [u.specialist for u in one.model_use]
        same = {"id", "seconds", "model_use"}
        assert other.model_dump(exclude=same) == one.model_dump(exclude=same)


async def test_what_a_model_has_answered_within_a_step_is_not_asked_for_again(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model:
        async with process(tmp_path / "straight", with_model) as context:
            await ended(context, (await context.consultations.create(DEV, CASE)).id)
        asked = len(provider.requests)
        provider.faults = {asked + 4: "hang"}  # the last of the three that are asked side by side
        async with process(tmp_path, with_model, drain_seconds=0.5) as context:
            admitted = await context.consultations.create(DEV, CASE)
            await until(lambda: len(provider.requests) >= asked + 5)
        async with process(tmp_path, with_model) as context:
            assert (await ended(context, admitted.id))[-1] == "run.paused"
    assert len(provider.requests) == 2 * asked + 1


async def test_a_tenant_with_a_long_line_keeps_nobody_else_waiting(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        note = Act(review=Review(action="answer", note="More."), if_busy="enqueue")
        many = [await context.consultations.act(DEV, first.id, note) for _ in range(20)]
        many += [await context.consultations.create(DEV, CASE) for _ in range(20)]
        other = replace(DEV, tenant="other")
        late = await context.consultations.create(other, CASE)
        assert [e async for e in context.consultations.events(other, late.id)][-1].type == "run.paused"
        waiting = "SELECT count(*) FROM run WHERE tenant = ? AND status = 'queued'"
        left = await context.database.read(lambda db: db.execute(waiting, (DEV.tenant,)).fetchone()[0])
        assert left > len(many) / 2


@pytest.mark.parametrize("committed", [990, 1000, 1001])
async def test_another_attempt_shares_no_number_with_words_that_were_shown_of_the_lost_one(
    resources: Resources, tmp_path: Path, committed: int
) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model:
        async with process(tmp_path, with_model) as context:
            context.consultations.runner._stopping = True
            admitted = await context.consultations.create(DEV, CASE)
            told = [(admitted.run, n, "model.delta", "{}") for n in range(1, committed + 1)]
            await context.database.write(lambda db: db.executemany("INSERT INTO event (run, seq, type, body) VALUES (?, ?, ?, ?)", told))
            await context.database.write(lambda db: db.execute("UPDATE run SET attempt = 1, status = 'running'"))
        async with process(tmp_path, with_model) as context:
            events = [e async for e in context.consultations.events(DEV, admitted.id, after=committed)]
    assert events[0].type == "run.started"
    assert events[0].seq > committed + 500, "the lost attempt may have shown some hundred words that it did not get to commit"


async def test_a_reader_who_leaves_ends_no_run_that_another_reads(resources: Resources, tmp_path: Path, issuer: Issuer) -> None:
    async with FakeProvider(always="hang") as provider, modelled(resources, provider.url) as with_model:
        for running in run_server(settings_in(tmp_path, issuer, at_once=1, drain_seconds=0.1), with_model, issuer):
            async with httpx.AsyncClient(base_url=running.url, headers=running.headers("doctor"), timeout=30) as client:
                ids = [(await client.post("/api/v1/consultations", json={"case": {"text": BLISTERS}})).json()["id"] for _ in range(2)]
                await until(lambda: len(provider.requests) > 0)
                path = ""
                for consultation in reversed(ids):  # one that waits, then the one at work
                    path = f"/api/v1/consultations/{consultation}"
                    async with client.stream("GET", f"{path}/events"):
                        async with client.stream("GET", f"{path}/events", params={"on_disconnect": "cancel"}):
                            await asyncio.sleep(0.1)
                        await asyncio.sleep(0.3)
                        wanted = "SELECT count(*) FROM run WHERE cancel = 0"
                        assert await in_database(running, wanted) == 2
                async with client.stream("GET", f"{path}/events", params={"on_disconnect": "cancel"}):
                    await asyncio.sleep(0.1)
                assert (await listen(client, f"{path}/events"))[-1].type == "run.failed"
            readers = running.context.consultations.runner.engine.feeds._readers
            await until(lambda left=readers: not left)  # type: ignore[misc]


async def in_database(running: Running, query: str, *values: object) -> Any:
    """The one value that a query gives."""
    return await running.context.database.read(lambda db: db.execute(query, values).fetchone()[0])


@asynccontextmanager
async def application(home: Path, issuer: Issuer, resources: Resources, **more: Any) -> AsyncIterator[tuple[FastAPI, Context]]:
    """The application in this event loop, without a server."""
    app = create_app(settings_in(home, issuer, **more), resources)
    async with app.router.lifespan_context(app):
        yield app, app.state.context


async def test_a_reader_who_is_gone_before_the_first_byte_holds_no_place_and_ends_the_run(
    resources: Resources, tmp_path: Path, issuer: Issuer
) -> None:
    async with (
        FakeProvider(always="hang") as provider,
        modelled(resources, provider.url) as with_model,
        application(tmp_path, issuer, with_model) as (app, context),
    ):
        who = replace(DEV, tenant="clinic")
        admitted = await context.consultations.create(who, CASE)
        path = f"/api/v1/consultations/{admitted.id}/events"
        token = f"Bearer {issuer.token('doctor')}".encode()
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"on_disconnect=cancel", "root_path": "", "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80), "headers": [(b"authorization", token)],
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        async def send(_message: Any) -> None:
            raise OSError("the line is broken")

        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the server is told
            await app(scope, receive, send)
        assert context.limits.streams.held("clinic") == 0
        assert [e.type async for e in context.consultations.events(who, admitted.id)][-1] == "run.failed"


async def test_four_hundred_readers_of_runs_that_wait_cost_next_to_nothing_and_hear_at_once(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        runner = context.consultations.runner
        runner._stopping = True
        admitted = await context.consultations.create(DEV, CASE)
        readers = [asyncio.create_task(ended(context, admitted.id)) for _ in range(400)]
        await asyncio.sleep(5)
        began = time.process_time()
        await asyncio.sleep(2)
        assert time.process_time() - began < 0.6, "seconds of the processor in two seconds"
        runner._stopping = False
        runner.submit(DEV.tenant, admitted.id)
        await asyncio.sleep(0)
        kinds = await asyncio.gather(*readers)
        assert all(k == kinds[0] for k in kinds)
        assert kinds[0][-1] == "run.paused"


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("POST", "branches", {"json": {"revision": 10**30}}, 422),
        ("POST", "acts", {"json": {"review": {"action": "sign"}, "revision": 10**30}}, 422),
        ("GET", "events", {"headers": {"Last-Event-ID": "1" * 5000}}, 422),
    ],
)
async def test_a_number_that_nothing_can_hold_is_refused(
    client: httpx.AsyncClient, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    consultation = await consulted(client)
    answer = await client.request(method, f"/api/v1/consultations/{consultation}/{path}", **options)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_who_reads_the_events_is_on_record(server: Running) -> None:
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers("doctor"), timeout=30) as client:
        consultation = await consulted(client)
        nurse = server.headers("nurse", subject="curious")
        await client.get(f"/api/v1/consultations/{consultation}/events", headers=nurse)
        behind = {**nurse, "Last-Event-ID": "1000000"}  # as a browser that comes again and again: nothing is shown
        await client.get(f"/api/v1/consultations/{consultation}/events", headers=behind)

    query = "SELECT count(*) FROM audit_entry WHERE body LIKE ? AND body LIKE '%consultation.read%' AND body LIKE '%curious%'"
    assert await in_database(server, query, f"%{consultation}%") == 1


def in_files(context: Context, mark: str) -> list[str]:
    """The files of the service that hold some words."""
    return [path.name for path in context.settings.files.rglob("*.sqlite*") if mark.encode() in path.read_bytes()]


async def test_nothing_of_a_patient_survives_in_a_branch_that_was_under_way_when_they_were_deleted(
    resources: Resources, tmp_path: Path
) -> None:
    mark = f"marker{uuid.uuid4().hex}"
    async with process(tmp_path, resources) as context:
        for moment in (0.0, 0.005, 0.02):
            patient = await context.records.add_patient(DEV)
            case = NewConsultation(case=Presentation(text=f"{BLISTERS} {mark}"), patient_id=patient)
            first = await context.consultations.create(DEV, case)
            await ended(context, first.id)
            branches = [asyncio.create_task(context.records.branch(DEV, first.id, Branch(revision=1))) for _ in range(8)]
            await asyncio.sleep(moment)
            await context.records.erase_patient(DEV, patient)
            for result in await asyncio.gather(*branches, return_exceptions=True):
                assert not isinstance(result, Exception) or (isinstance(result, Problem) and result.status == 404), result
            page = await context.records.page(DEV, patient=patient, status=None, after=None, limit=10)
            assert page.items == []
            await context.records.erase_noted()
            assert in_files(context, mark) == []


async def test_a_copy_that_nobody_knows_of_because_its_process_died_is_erased(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path / "one", resources) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        copies: list[Path] = []

        def keep(statement: str) -> None:
            if statement == "COMMIT":
                copies.append(copied(context, tmp_path / f"dead{len(copies)}"))

        context.consultations.runner.engine.saver.conn.set_trace_callback(keep)
        await context.records.branch(DEV, first.id, Branch(revision=1))
        context.consultations.runner.engine.saver.conn.set_trace_callback(None)
    home = copies[-1]  # the checkpoint is copied, the branch is not yet on record
    assert threads(home) > {first.id}
    async with process(home, resources) as context:
        await context.database.write(lambda db: db.execute("UPDATE erasure SET created = created - 1000").close())
        await context.records.erase_noted()
        assert threads(home) == {first.id}


def copied(context: Context, home: Path) -> Path:
    """The files of a process as they would be found, were it killed now."""
    (home / "service").mkdir(parents=True)
    for name in ("service.sqlite", "checkpoints.sqlite"):
        with closing(sqlite3.connect(context.settings.files / name)) as now, closing(sqlite3.connect(home / "service" / name)) as kept:
            now.backup(kept)
    (home / "audit.key").write_bytes((context.settings.engine.home / "audit.key").read_bytes())
    (home / "audit.key").chmod(0o600)
    return home


def threads(home: Path) -> set[str]:
    """Consultations that the checkpoint file has something of."""
    with closing(sqlite3.connect(home / "service" / "checkpoints.sqlite")) as db:
        return {row[0] for row in db.execute("SELECT thread_id FROM checkpoints UNION SELECT thread_id FROM writes")}


async def test_deleting_while_checkpoints_are_written_goes_well(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        context.consultations.runner._stopping = True
        saver = context.consultations.runner.engine.saver
        place: Any = {"configurable": {"thread_id": "other", "checkpoint_ns": "", "checkpoint_id": "a"}}

        async def write(task: str) -> None:
            while True:
                await saver.aput_writes(place, [("channel", task)], task)

        writers = [asyncio.create_task(write(f"{n}")) for n in range(4)]
        for _ in range(20):
            admitted = await context.consultations.create(DEV, CASE)
            await context.records.erase_consultation(DEV, admitted.id)
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)


async def test_a_consultation_can_be_deleted_before_anything_ever_ran(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        context.consultations.runner._stopping = True
        admitted = await context.consultations.create(DEV, CASE)
        await context.records.erase_consultation(DEV, admitted.id)


async def test_no_way_in_leads_past_the_limit_of_a_tenant(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources, limits=LimitSettings(running=1)) as context:
        failed = await context.consultations.create(DEV, CONTRADICTS)
        await ended(context, failed.id)
        context.consultations.runner._stopping = True
        await context.consultations.create(DEV, CASE)
        with pytest.raises(Problem) as refused:
            await context.consultations.retry(DEV, failed.id)
        assert refused.value.status == 429


async def test_a_list_of_checkpoints_reads_none_of_their_states(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        admitted = await context.consultations.create(DEV, CASE)
        await ended(context, admitted.id)
        before = await context.records.checkpoints(DEV, admitted.id)
        found = await context.records._checkpoint(admitted.id, before[0].id)
        assert abs(datetime.fromisoformat(before[0].created) - datetime.fromisoformat(found.checkpoint["ts"])) < timedelta(seconds=1)
        saver = context.consultations.runner.engine.saver
        saver.conn.execute("UPDATE checkpoints SET checkpoint = x'c1'")
        saver.conn.commit()
        assert await context.records.checkpoints(DEV, admitted.id) == before


async def test_what_an_earlier_version_was_made_with_is_told_as_it_was(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        admitted = await context.consultations.create(DEV, CASE)
        await ended(context, admitted.id)
        first = (await context.consultations.view(DEV, admitted.id)).result
        assert first is not None
    later = replace(resources, knowledge=replace(resources.knowledge, hash="0" * 16))
    async with process(tmp_path, later) as context:
        checkpoint = (await context.records.checkpoints(DEV, admitted.id))[0].id
        assert await context.records.at(DEV, admitted.id, checkpoint) == first
        branch = await context.records.branch(DEV, admitted.id, Branch(revision=1))
        assert (await context.consultations.view(DEV, branch.id)).result == first.model_copy(update={"id": branch.id})


async def test_a_branch_from_where_no_drafts_could_be_made_waits_for_the_doctor(resources: Resources, tmp_path: Path) -> None:
    broken = replace(resources, knowledge=replace(resources.knowledge, red_flags=None))  # type: ignore[arg-type]
    async with process(tmp_path, broken) as context:
        admitted = await context.consultations.create(DEV, CASE)
        await ended(context, admitted.id)
        view = await context.consultations.view(DEV, admitted.id)
        assert view.result is not None
        assert (view.status, view.result.documents) == ("paused", [])
        branch = await context.records.branch(DEV, admitted.id, Branch(revision=1))
        assert (branch.status, branch.revision) == ("paused", 1)


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


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ({"text": BLISTERS, "medications": [{"name": f"drug {n}"} for n in range(3000)]}, "case.medications"),
        ({"text": BLISTERS, "reports": [{"text": "x"}] * 1000}, "case.reports"),
        ({"text": BLISTERS, "answers": [{"finding": "itch", "status": "absent"}] * 30_000}, "case.answers"),
        ({"text": BLISTERS, "patient": {"allergies": ["penicillin"] * 10_000}}, "case.patient.allergies"),
        ({"text": BLISTERS, "reports": [{"text": "x" * 90_000}] * 10}, "case"),
        ({"text": BLISTERS, "medications": [{"name": "methotrexate", "dose": "x" * 2_000_000}]}, "case"),
    ],
)
async def test_a_case_that_would_keep_the_processor_from_all_others_is_refused(
    client: httpx.AsyncClient, case: dict[str, Any], field: str
) -> None:
    answer = await client.post("/api/v1/consultations", json={"case": case})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_an_act_that_brings_too_much_is_refused_and_so_is_too_much_in_many_acts(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        for review, field in (
            (Review(action="answer", note="x" * 150_000), "review.note"),
            (Review(action="answer", note="\x00\x01\x02\x03" * 10), "review.note"),
            (Review(action="answer", reports=[Report(text="x" * 150_000)]), "review.reports.0.text"),
            (Review(action="answer", reports=[Report(text="x")] * 500), "review.reports"),
        ):
            with pytest.raises(Problem) as refused:
                await context.consultations.act(DEV, first.id, Act(review=review, revision=1))
            assert (refused.value.status, refused.value.field) == (422, field)
        long = Review(action="answer", reports=[Report(text="No abnormality. " * 6000)])
        endings = []
        for _ in range(8):
            act = await context.consultations.act(DEV, first.id, Act(review=long))
            endings.append([e async for e in context.consultations.events(DEV, first.id, act.run)][-1])
        assert endings[0].type == "run.paused"
        assert (endings[-1].type, endings[-1].model_dump().get("reason")) == ("run.failed", "the case is larger than 600,000 bytes in all")
        assert (await context.consultations.view(DEV, first.id)).status == "paused"


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("sign", {"note": "Allergic to penicillin."}),
        ("edit", {"answers": [{"finding": "nikolsky-sign", "status": "present"}]}),
        ("reject", {"reports": [{"text": "DIF: negative."}]}),
        ("sign", {"acknowledged": [{"problem": "additive-qt", "fingerprint": "0", "reason": "no-alternative"}]}),
        ("answer", {"edits": [{"document": "soap-note", "section": "plan", "sentence": 0, "text": "x"}]}),
    ],
)
async def test_what_an_act_would_not_read_is_refused_instead_of_lost(client: httpx.AsyncClient, action: str, more: dict[str, Any]) -> None:
    consultation = await consulted(client)
    answer = await client.post(f"/api/v1/consultations/{consultation}/acts", json={"review": {"action": action, **more}, "revision": 1})
    assert (answer.status_code, answer.json()["field"]) == (422, f"review.{next(iter(more))}")


async def test_words_that_are_added_move_nothing_that_was_read_before(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        first = await context.consultations.create(DEV, NewConsultation(case=Presentation(text=f"  \n {BLISTERS}")))
        await ended(context, first.id)
        before = (await context.consultations.view(DEV, first.id)).result
        await context.consultations.act(DEV, first.id, Act(review=Review(action="answer", note="No fever."), revision=1))
        await ended(context, first.id)
        after = (await context.consultations.view(DEV, first.id)).result
        assert before is not None
        assert after is not None
        assert before.history is not None
        assert after.history is not None
        spans = {f.id: f.spans for f in after.history.findings}
        assert all(spans[f.id] == f.spans for f in before.history.findings)
        assert before.history.findings


async def test_a_key_that_a_caller_made_is_not_kept(client: httpx.AsyncClient, server: Running) -> None:
    mark = f"MRN{uuid.uuid4().hex}"
    answer = await client.post("/api/v1/consultations", json={"case": {"text": BLISTERS}}, headers={"Idempotency-Key": mark})
    again = await client.post("/api/v1/consultations", json={"case": {"text": BLISTERS}}, headers={"Idempotency-Key": mark})
    assert answer.json() == again.json()
    assert in_files(server.context, mark) == []


async def test_what_another_process_deletes_is_broken_off_here_and_its_provider_is_let_go(resources: Resources, tmp_path: Path) -> None:
    async with (
        FakeProvider(always="hang") as provider,
        modelled(resources, provider.url) as with_model,
        process(tmp_path, with_model) as one,
        process(tmp_path, with_model) as other,
    ):
        other.consultations.runner._stopping = True
        admitted = await one.consultations.create(DEV, CASE)
        await until(lambda: len(provider.requests) > 0)
        await other.records.erase_consultation(DEV, admitted.id)
        await until(lambda: provider.open == 0, 3)
        await until(lambda: not one.consultations.runner.working)
        await other.records.erase_noted()
        assert threads(tmp_path) == set()


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


def told(*events: tuple[int, str, dict[str, Any]]) -> httpx.Response:
    """A stream of events as a server sends it."""
    frames = [
        f"id: {seq}\nevent: {kind}\ndata: {json.dumps({'seq': seq, 'type': kind, **more}, ensure_ascii=False)}\n\n"
        for seq, kind, more in events
    ]
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content="".join(frames).encode())


def client_of(answer: Callable[[httpx.Request], httpx.Response]) -> Client:
    """A client whose server is a function."""
    return Client("", http=httpx.AsyncClient(base_url="http://service", transport=httpx.MockTransport(answer)))


async def test_the_client_reads_words_with_every_kind_of_line_break() -> None:
    words = "one\u2028two\u2029three\x85four\x0bfive\x1csix\r\nseven"
    delta = (1, "model.delta", {"specialist": "history", "text": words})
    async with client_of(lambda _: told(delta, (2, "run.paused", {"status": "complete"}))) as client:
        events = [e async for e in client.events("c_" + "0" * 32)]
    assert events[0].model_dump()["text"] == words


async def test_the_client_knows_that_nothing_comes_behind_the_last_event() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return told(*((2, "run.paused", {"status": "complete"}),) if int(request.url.params["after"]) < 2 else ())

    async with client_of(answer) as client, asyncio.timeout(5):
        assert [e async for e in client.events("c_" + "0" * 32, after=2)] == []


async def test_a_failed_run_is_refused_by_field_and_not_to_be_tried_again(server: Running) -> None:
    async with Client(server.url, server.token()) as client:
        with pytest.raises(Refused) as refused:
            await client.consult(CONTRADICTS.case)
    assert refused.value.field == "patient.age"


async def test_an_answer_that_is_not_the_services_own_is_told_by_its_status() -> None:
    for content in (b"[1]", b'"no"', b"null", b"<html>"):
        async with client_of(lambda _, content=content: httpx.Response(502, content=content)) as client:  # type: ignore[misc]
            with pytest.raises(Unreachable):
                await client.add_patient()


def as_of_now(result: Consultation) -> dict[str, Any]:
    """What has to be the same whenever the process was killed."""
    left = result.model_dump(exclude={"id", "seconds", "model_use"})
    return {**left, "asked": [(use.specialist, use.outcome) for use in result.model_use]}


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


async def test_a_branch_from_a_step_of_a_run_at_work_goes_on_by_itself(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        straight = await context.consultations.create(DEV, CASE)
        await ended(context, straight.id)
        asked = len(provider.requests)
        provider.faults = {asked + 2: "hang"}
        at_work = await context.consultations.create(DEV, CASE)
        await until(lambda: len(provider.requests) >= asked + 3)
        steps = await context.records.checkpoints(DEV, at_work.id)
        assert not any(step.counts for step in steps)
        branch = await context.records.branch(DEV, at_work.id, Branch(checkpoint=steps[0].id))
        assert (await ended(context, branch.id))[-1] == "run.paused"
        one, other = [(await context.consultations.view(DEV, c)).result for c in (straight.id, branch.id)]
        assert one is not None
        assert other is not None
        assert as_of_now(other) == as_of_now(one)
        assert (await context.consultations.view(DEV, at_work.id)).status == "running"
        with pytest.raises(Problem) as none:
            await context.records.branch(DEV, at_work.id, Branch(checkpoint=steps[-1].id))  # the input, before any step
        assert none.value.status == 404
        await context.consultations.cancel(DEV, at_work.id)
        assert (await ended(context, at_work.id))[-1] == "run.failed"


async def test_a_key_is_free_again_once_what_it_stood_for_is_deleted(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        first = await context.consultations.create(DEV, CASE, key="k")
        await context.records.erase_consultation(DEV, first.id)
        both = await asyncio.gather(*(context.consultations.create(DEV, CASE, key="k") for _ in range(5)))
        assert {a.id for a in both} == {both[0].id} != {first.id}


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


async def test_what_waits_is_cancelled_at_once_though_no_place_is_free(resources: Resources, tmp_path: Path) -> None:
    async with (
        FakeProvider() as provider,
        modelled(resources, provider.url) as with_model,
        process(tmp_path, with_model, at_once=1, drain_seconds=0.1) as context,
    ):
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        provider.always = "hang"
        busy = await context.consultations.create(DEV, CASE)
        await until(lambda: context.consultations.runner.working == 1)
        note = Act(review=Review(action="answer", note="More."), if_busy="enqueue")
        acts = [await context.consultations.act(DEV, first.id, note) for _ in range(3)]
        new = await context.consultations.create(DEV, CASE)
        async with asyncio.timeout(2):
            await context.consultations.cancel(DEV, first.id)
            await context.consultations.cancel(DEV, new.id)
            for consultation, run in (*((first.id, act.run) for act in acts), (new.id, new.run)):
                assert (await ended(context, consultation, run)) == ["run.failed"]
        assert (await context.consultations.view(DEV, first.id)).status == "paused"
        assert (await context.consultations.view(DEV, new.id)).status == "cancelled"
        assert (await context.consultations.view(DEV, busy.id)).status == "running"
        assert context.consultations.runner.working == 1


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
