"""`yingzhi serve` as a process: started by one command, killed, stopped, with workers, and what it writes down."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.conftest import BLISTERS, ZOSTER, acted, consulted, listen
from yingzhi.agents.specialist import Resources
from yingzhi.client import Client
from yingzhi.clinical.consultation import Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.testing import FakeProvider


class Process:
    """A server process on a home folder."""

    def __init__(self, home: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.home, self.url = home, f"http://127.0.0.1:{self.port}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("YINGZHI_")}
        self.environment = {**kept, "YINGZHI_HOME": str(home), "YINGZHI_SERVE_REQUESTS_PER_SECOND": "10000", **environment}
        self.errors = home / "stderr.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Process:
        """Start and wait until it is ready."""
        with self.errors.open("ab") as errors:
            command = [sys.executable, "-m", "yingzhi", "serve", "--port", str(self.port)]
            self.process = subprocess.Popen(command, env=self.environment, stdout=errors, stderr=errors, start_new_session=True)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert self.process.poll() is None, self.errors.read_text(encoding="utf-8")[-2000:]
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return self
            time.sleep(0.05)
        raise AssertionError("it did not get ready")

    def kill(self) -> None:
        """kill -9, with its workers."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    def client(self) -> httpx.AsyncClient:
        """A caller on this machine."""
        return httpx.AsyncClient(base_url=self.url, timeout=60)


@pytest.fixture
def folder(tmp_path: Path, resources: Resources) -> Path:
    """A home folder in which the knowledge is compiled already."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "cache").symlink_to(resources.home / "cache")
    return folder


@pytest.fixture
def process(folder: Path) -> Iterator[Process]:
    """A server process, not started yet; killed at the end."""
    made = Process(folder)
    yield made
    made.kill()


async def test_one_command_serves_and_a_stopped_server_has_drained(process: Process) -> None:
    process.start()
    async with process.client() as client:
        consultation = await consulted(client)
        answer = await client.get(f"/api/v1/consultations/{consultation}")
        assert "development" in answer.headers["yingzhi-mode"]
        late = (await client.post("/api/v1/consultations", json={"case": {"text": ZOSTER}})).json()["id"]
    began = time.monotonic()
    assert process.stop() in {0, -signal.SIGTERM}
    assert time.monotonic() - began < 20
    process.start()
    async with process.client() as client:
        assert (await listen(client, f"/api/v1/consultations/{late}/events"))[-1].type == "run.paused"
    assert "DEVELOPMENT MODE" in process.errors.read_text(encoding="utf-8")


async def test_a_server_that_is_killed_loses_nothing_and_does_nothing_twice(process: Process) -> None:
    process.start()
    chance = random.Random(7)
    async with process.client() as client:
        reference = await consulted(client)
        await acted(client, reference, review={"action": "answer", "note": "Fever."}, revision=1)
        straight = (await client.get(f"/api/v1/consultations/{reference}")).json()["result"]
    taken: list[str] = []
    for _ in range(3):
        async with process.client() as client:
            for _ in range(4):
                answer = await client.post("/api/v1/consultations", json={"case": {"text": BLISTERS}})
                taken.append(answer.json()["id"])
                act = {"review": {"action": "answer", "note": "Fever."}, "if_busy": "enqueue"}
                assert (await client.post(f"/api/v1/consultations/{taken[-1]}/acts", json=act)).status_code == 202
            await asyncio.sleep(chance.uniform(0, 0.2))
            process.kill()
        process.start()
    async with process.client() as client:
        for consultation in taken:
            await listen(client, f"/api/v1/consultations/{consultation}/events")
            view = (await client.get(f"/api/v1/consultations/{consultation}")).json()
            assert (view["status"], view["revision"]) == ("paused", 2)
            same = {k: v for k, v in view["result"].items() if k not in {"id", "seconds"}}
            assert same == {k: straight[k] for k in same}
    with contextlib.closing(sqlite3.connect(process.home / "service" / "service.sqlite")) as db:
        for (run,) in db.execute("SELECT id FROM run").fetchall():
            events = db.execute("SELECT seq, type FROM event WHERE run = ? ORDER BY seq", (run,)).fetchall()
            assert [seq for seq, _ in events] == list(range(1, len(events) + 1))
            assert sum(kind in {"run.paused", "run.failed", "run.finished"} for _, kind in events) == 1
        assert db.execute("SELECT max(attempt) FROM run").fetchone()[0] > 1, "no kill met a run"


async def test_two_workers_share_the_work_and_either_shows_what_the_other_does(folder: Path) -> None:
    process = Process(folder, YINGZHI_SERVE_WORKERS="2")
    try:
        process.start()
        ids = []
        for _ in range(6):  # a connection each, so that both workers are met
            async with process.client() as client:
                ids.append((await client.post("/api/v1/consultations", json={"case": {"text": BLISTERS}})).json()["id"])
        for consultation in ids:
            for _ in range(2):
                async with process.client() as client:
                    heard = await listen(client, f"/api/v1/consultations/{consultation}/events")
                    assert heard[-1].type == "run.paused"
                    assert [int(h.id) for h in heard] == list(range(1, len(heard) + 1))
        async with process.client() as client:
            acts = [
                client.post(f"/api/v1/consultations/{ids[0]}/acts", json={"review": {"action": "sign"}, "revision": 1}) for _ in range(8)
            ]
            assert sorted(a.status_code for a in await asyncio.gather(*acts)) == [202] + [409] * 7
    finally:
        process.kill()


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"YINGZHI_SERVE_HOST": "0.0.0.0"}, "YINGZHI_SERVE_HOST"),
        ({"YINGZHI_SERVE_PORT": "notaport"}, "YINGZHI_SERVE_PORT"),
        ({"YINGZHI_SERVE_ISSUER": "https://issuer.example"}, "YINGZHI_SERVE_"),
    ],
)
def test_a_server_that_is_set_up_wrongly_says_so_in_one_sentence(folder: Path, environment: dict[str, str], says: str) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("YINGZHI_")}
    given = {**kept, "YINGZHI_HOME": str(folder), **environment}
    done = subprocess.run([sys.executable, "-m", "yingzhi", "serve"], env=given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def identifiers(count: int) -> list[str]:
    """Invented names, numbers, phones and addresses, none of which can stand in a log by chance."""
    chance = random.Random(20261130)
    family, given = "欧阳司徒上官诸葛", "靖瑾曦珩菡翊霖筠"
    made = []
    for n in range(count):
        made.append(
            (
                f"{chance.choice(family)}{chance.choice(given)}{chance.choice(given)}{n:03d}",
                f"MRN{chance.randrange(10**9):09d}",
                f"Zebulon{n:03d} Quackenbush",
                f"138{chance.randrange(10**8):08d}",
                f"row{n:03d}@clinic.invalid",
            )[n % 5]
        )
    return made


async def test_three_hundred_identifiers_pushed_through_every_path_are_in_no_log_and_no_metric(process: Process) -> None:
    marks = identifiers(300)
    process.start()
    async with process.client() as client:
        consultation = await consulted(client)
        path = f"/api/v1/consultations/{consultation}"
        for n, mark in enumerate(marks):
            ways: list[tuple[str, str, dict[str, Any]]] = [
                ("POST", "/api/v1/consultations", {"json": {"case": {"text": f"{mark}，男，45岁，红斑", "patient": {"age": 5}}}}),
                ("GET", f"/api/v1/consultations/{mark}", {}),
                ("GET", "/api/v1/consultations", {"params": {"patient": mark}}),
                ("POST", f"{path}/acts", {"json": {"review": {"action": "reject", "reason": mark}, "revision": 99}}),
                ("POST", "/api/v1/drugs/check", {"json": {"proposed": [{"name": mark}], "current": [{"name": "methotrexate"}]}}),
                ("POST", "/v1/chat/completions", {"json": {"model": "yingzhi", "messages": [{"role": "user", "content": mark}]}}),
                (
                    "POST",
                    "/cds-services/yingzhi-patient-view",
                    {"json": {"hook": mark, "hookInstance": mark, "context": {"patientId": mark}}},
                ),
                (
                    "GET",
                    f"/{mark}",
                    {"headers": {"X-Patient": mark.encode().hex(), "User-Agent": "x", "X-Request-Id": mark.encode().hex()}},
                ),
                ("POST", "/ag-ui", {"json": {"threadId": mark, "runId": mark, "messages": [{"role": "user", "content": mark}]}}),
                ("POST", "/mcp/", {"content": mark.encode(), "headers": {"Content-Type": "application/json"}}),
            ]
            method, where, options = ways[n % len(ways)]
            answer = await client.request(method, where, **options)
            assert answer.status_code < 500, (method, where)
        figures = (await client.get("/metrics")).text
    process.stop()
    written = process.errors.read_text(encoding="utf-8")
    assert written.count("\n") > 250, "the requests were not logged at all"
    for mark in marks:
        for form in {mark, mark.encode().hex(), json.dumps(mark)[1:-1]}:
            assert form not in written
            assert form not in figures


async def test_the_client_speaks_with_the_server_and_goes_on_where_a_stream_broke(process: Process) -> None:
    process.start()
    async with Client(process.url) as client:
        patient = await client.add_patient()
        result = await client.consult(Presentation(text=BLISTERS), patient_id=patient)
        assert result.differential
        page = await client.page(patient=patient)
        consultation = page.items[0].id
        admitted = await client.act(consultation, Review(action="answer", note="Fever."), revision=1)
        kinds = [e.type async for e in client.events(consultation, admitted.run)]
        assert kinds[-1] == "run.paused"
        process.kill()
        again = asyncio.get_running_loop().run_in_executor(None, process.start)
        seen = [e.seq async for e in client.events(consultation, admitted.run, after=3)]
        await again
        assert seen == list(range(4, len(kinds) + 1))
        assert (await client.get(consultation)).revision == 2
        assert (await client.document(consultation, "soap-note")).status == "draft"
        assert await client.delete_patient(patient) == 1


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_server_that_is_told_to_stop_ends_open_streams_in_time_and_goes_on_with_the_run_after(folder: Path, workers: str) -> None:
    async with FakeProvider(always="hang") as provider:
        settings = folder / "model.yaml"
        settings.write_text(f"model: fake\nbase_url: {provider.url}\ntools: none\njson_mode: object\nprobe: false\n", encoding="utf-8")
        process = Process(
            folder,
            YINGZHI_MODEL=str(settings),
            YINGZHI_SERVE_DRAIN_SECONDS="1",
            YINGZHI_SERVE_HEARTBEAT="0.2",
            YINGZHI_SERVE_WORKERS=workers,
        )
        try:
            await asyncio.to_thread(process.start)
            async with process.client() as client:
                consultation = (await client.post("/api/v1/consultations", json={"case": {"text": BLISTERS}})).json()["id"]
                path = f"/api/v1/consultations/{consultation}/events"
                readers = [asyncio.create_task(listen(client, path, params={"on_disconnect": "cancel"})) for _ in range(5)]
                for _ in range(200):
                    if provider.requests:
                        break
                    await asyncio.sleep(0.05)
                began = time.monotonic()
                assert await asyncio.to_thread(process.stop) in {0, -signal.SIGTERM}
                assert time.monotonic() - began < 12
                for heard in await asyncio.gather(*readers):
                    assert not any(h.type.startswith("run.") and h.type != "run.started" for h in heard)
            provider.always = None
            await asyncio.to_thread(process.start)
            async with process.client() as client:
                heard = await listen(client, path)
                assert [h.data["attempt"] for h in heard if h.type == "run.started"] == [1, 2]
                assert heard[-1].type == "run.paused"
        finally:
            process.kill()
