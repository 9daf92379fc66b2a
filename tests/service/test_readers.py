"""Readers of streams: who leaves, who comes late, who is many."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.service.conftest import BLISTERS, Issuer, Running, consulted, listen, run_server, settings_in
from tests.service.test_runs import CASE, ended, modelled, process, until
from yingzhi.agents.specialist import Resources
from yingzhi.service.app import create_app
from yingzhi.service.context import Context
from yingzhi.service.identity import DEV
from yingzhi.testing import FakeProvider


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
