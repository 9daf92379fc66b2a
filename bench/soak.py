"""The service for long and under fire, on loopback: `make soak`. Memory, kill -9, readers that leave, SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
from loopback import EXAMPLES, Service, admitted, heard
from rich.progress import track
from run import machine

NOTE = "Fever since yesterday. 口腔黏膜有糜烂。"
TERMINAL = {"run.paused", "run.failed", "run.finished"}


def without(result: dict[str, Any]) -> str:
    """A result without what differs from run to run."""
    return json.dumps({k: v for k, v in result.items() if k not in {"id", "seconds"}}, sort_keys=True, ensure_ascii=False)


async def acted(client: httpx.AsyncClient, consultation: str) -> None:
    """Add to the record, in line behind what is at work."""
    act = {"review": {"action": "answer", "note": NOTE}, "if_busy": "enqueue"}
    (await client.post(f"/api/v1/consultations/{consultation}/acts", json=act)).raise_for_status()


async def settled(client: httpx.AsyncClient, consultation: str, revision: int) -> dict[str, Any]:
    """The consultation once it stands at a revision."""
    for _ in range(2400):
        view: dict[str, Any] = (await client.get(f"/api/v1/consultations/{consultation}")).json()
        if view["revision"] >= revision and view["status"] not in {"queued", "running"}:
            return view
        await asyncio.sleep(0.05)
    raise SystemExit(f"{consultation} did not come to revision {revision}: {view['status']} {view['revision']}")


async def kills(service: Service, many: int, seed: int) -> None:
    """kill -9 at random moments of consultations; afterwards everything admitted stands where an uninterrupted run ends."""
    chance = random.Random(seed)
    service.start()
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as client:
        straight = []
        for text in EXAMPLES:
            consultation = await admitted(client, text)
            first = without((await settled(client, consultation, 1))["result"])
            await acted(client, consultation)
            straight.append((first, without((await settled(client, consultation, 2))["result"])))
    taken: list[tuple[str, int, int]] = []
    for _ in track(range(many), "kill -9", disable=not sys.stderr.isatty()):
        async with httpx.AsyncClient(base_url=service.url, timeout=10) as client:
            tasks = [asyncio.create_task(_posted(client, chance.randrange(3), chance.random() < 0.5)) for _ in range(chance.randint(2, 8))]
            await asyncio.sleep(chance.uniform(0.0, 0.4))
            service.kill()
            for task in tasks:
                taken += await task
        service.start()
    lost = wrong = doubled = 0
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as client:
        for consultation, example, revision in taken:
            view = await settled(client, consultation, revision)
            lost += view["result"] is None
            wrong += view["result"] is not None and without(view["result"]) != straight[example][view["revision"] - 1]
    with sqlite3.connect(service.home / "service" / "service.sqlite") as db:
        for (run,) in db.execute("SELECT id FROM run"):
            kinds = [(s, k) for s, k in db.execute("SELECT seq, type FROM event WHERE run = ? ORDER BY seq", (run,))]
            doubled += sum(k in TERMINAL for _, k in kinds) != 1 or [s for s, _ in kinds] != list(range(1, len(kinds) + 1))
            doubled += db.execute("SELECT count(*) FROM version WHERE run = ?", (run,)).fetchone()[0] != 1
        attempts = db.execute("SELECT count(*) FROM run WHERE attempt > 1").fetchone()[0]
        open_leases = db.execute("SELECT count(*) FROM consultation WHERE lease_owner IS NOT NULL").fetchone()[0]
    service.stop()
    print(
        f"{'kill -9':44} {many} times, {len(taken)} admitted, {attempts} runs begun again: {lost} lost, {wrong} ended otherwise, "
        f"{doubled} runs with doubled or missing effects, {open_leases} leases left  (0, 0, 0, 0)"
    )


async def _posted(client: httpx.AsyncClient, example: int, more: bool) -> list[tuple[str, int, int]]:
    """(consultation, example, revision that it must come to), as far as the server said yes."""
    try:
        consultation = await admitted(client, EXAMPLES[example])
    except httpx.TransportError:
        return []
    if more:
        try:
            await acted(client, consultation)
        except httpx.TransportError:
            return [(consultation, example, 1)]
        return [(consultation, example, 2)]
    return [(consultation, example, 1)]


async def memory(service: Service, many: int) -> None:
    """Resident memory over many consultations."""
    service.start()
    turn = asyncio.Semaphore(8)
    sizes: list[float] = []
    began = perf_counter()
    async with httpx.AsyncClient(base_url=service.url, timeout=120) as client:

        async def one(n: int) -> None:
            async with turn:
                consultation = await admitted(client, EXAMPLES[n % 3])
                async for _ in heard(client, f"/api/v1/consultations/{consultation}/events"):
                    pass

        step = max(1, many // 10)
        for start in track(range(0, many + step, step), "memory", disable=not sys.stderr.isatty()):
            await asyncio.gather(*(one(n) for n in range(start, start + step)))
            sizes.append(service.rss())
    rate = (many + step) / (perf_counter() - began)
    growth = (sizes[-1] / sizes[0] - 1) * 100
    disk = sum(p.stat().st_size for p in (service.home / "service").glob("*.sqlite*")) / (many + step) / 1e3
    print(
        f"{'resident memory over consultations':44} {many} after the first {step}: {sizes[0]:.0f} to {sizes[-1]:.0f} MB, {growth:+.1f} %"
        f"  (< 5 %); {rate:.1f}/s, {disk:.0f} kB of disk each"
    )
    service.stop()


def leaving(service: Service, many: int) -> None:
    """Readers that leave in the middle and asked for the run to be cancelled: nothing is left."""
    command = [sys.executable, "-m", "yingzhi.testing.provider", "--fault", "hang"]
    provider = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=service.environment)
    try:
        assert provider.stdout is not None
        url = provider.stdout.readline().strip()
        service.home.mkdir(parents=True)
        settings = service.home / "model.yaml"
        fields = ("model: fake", f"base_url: {url}", "tools: none", "json_mode: object", "consultation_seconds: 600", "probe: false")
        settings.write_text("\n".join(fields) + "\n", encoding="utf-8")
        service.environment["YINGZHI_MODEL"] = str(settings)
        service.start()
        asyncio.run(_readers(service, url, many))
        print(f"{'SIGTERM to gone':44} {service.stop():.1f} s  (<= 20 s)")
    finally:
        provider.terminate()


async def _readers(service: Service, url: str, many: int) -> None:
    assert service.process is not None
    before, slowest, left = _sockets(service.process.pid), 0.0, 0
    for start in track(range(0, many, 50), "readers leave", disable=not sys.stderr.isatty()):
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as client:
            await asyncio.gather(*(_left(client, EXAMPLES[n % 3]) for n in range(start, min(start + 50, many))))
        began = perf_counter()
        for _ in range(500):
            if not (left := _connections(url)):
                break
            await asyncio.sleep(0.02)
        slowest = max(slowest, perf_counter() - began)
    await asyncio.sleep(1.0)
    async with httpx.AsyncClient(base_url=service.url) as client:
        ready = (await client.get("/readyz")).json()
    with sqlite3.connect(service.home / "service" / "service.sqlite") as db:
        leases = db.execute("SELECT count(*) FROM consultation WHERE lease_owner IS NOT NULL").fetchone()[0]
        still = db.execute("SELECT count(*) FROM run WHERE status IN ('queued', 'running')").fetchone()[0]
    sockets = _sockets(service.process.pid) - before
    print(
        f"{'readers that left':44} {many}: provider closed after {slowest:.2f} s at most (<= 1 s); left over: {left} connections to it,"
        f" {ready['working'] + ready['queued']} tasks, {still} open runs, {leases} leases, {sockets} sockets  (0)"
    )


async def _left(client: httpx.AsyncClient, text: str) -> None:
    consultation = await admitted(client, text)
    async for event in heard(client, f"/api/v1/consultations/{consultation}/events", params={"on_disconnect": "cancel"}):
        if event["type"] == "model.called":
            return


def _connections(url: str) -> int:
    """Established connections to the provider."""
    port = f":{int(url.rsplit(':', 1)[1].split('/')[0]):04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="utf-8").splitlines()[1:]]
    return sum(r[2].endswith(port) and r[3] == "01" for r in rows)


def _sockets(pid: int) -> int:
    found = 0
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found += os.readlink(fd).startswith("socket:")
        except OSError:
            continue
    return found


def main() -> None:
    """Run them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--consultations", type=int, default=5000)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(machine())
    limits = {"YINGZHI_SERVE_REQUESTS_PER_SECOND": "100000", "YINGZHI_SERVE_BURST": "100000"}
    with tempfile.TemporaryDirectory() as folder:
        soaks: dict[str, Callable[[Service], None]] = {
            "kills": lambda s: asyncio.run(kills(s, given.kills, given.seed)),
            "readers": lambda s: leaving(s, given.readers),
            "memory": lambda s: asyncio.run(memory(s, given.consultations)),
        }
        for name, soak in soaks.items():
            service = Service(Path(folder) / name, **limits)
            try:
                soak(service)
            finally:
                if service.process is not None and service.process.poll() is None:
                    service.kill()


if __name__ == "__main__":
    main()
