"""The service under load, on loopback: `python bench/service.py`. Server, fake model and client share the machine's cores."""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import httpx
from loopback import EXAMPLES, Service, admitted, heard
from run import machine, report

STAMP = re.compile(r"@(\d+\.\d+)")


async def follow(client: httpx.AsyncClient, text: str, first: list[float], hops: list[float]) -> str:
    """One consultation, followed from its admission; gives its last event."""
    began, kind = perf_counter(), ""
    consultation = await admitted(client, text)
    async for event in heard(client, f"/api/v1/consultations/{consultation}/events"):
        now = perf_counter()
        if not kind:
            first.append(now - began)
        kind = event["type"]
        if kind == "model.delta":
            hops += [now - float(stamp) for stamp in STAMP.findall(event["text"])]
    return kind


async def streams(url: str, many: int, seconds: float) -> None:
    """So many streams open at once, begun evenly over some seconds."""
    first: list[float] = []
    hops: list[float] = []
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=180, limits=limits) as client:
        tasks = []
        for n in range(many):
            tasks.append(asyncio.create_task(follow(client, EXAMPLES[n % 3], first, hops)))
            await asyncio.sleep(seconds / many)
        still = sum(not t.done() for t in tasks)
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    wrong = [e for e in ends if e != "run.paused"]
    print(f"{'streams open at once, those that did not end well':44} {still} of {many}, {len(wrong)}  (200, 0) {wrong[:2] or ''}")
    report("first event after the request", [f * 1000 for f in first], "ms", "p95 <= 100 ms")
    report("word of the model to the client", [h * 1000 for h in hops], "ms", "p95 <= 50 ms")


async def throughput(service: Service, many: int, at_once: int) -> None:
    """Consultations through HTTP on the embedded engine: admitted, followed to the end, read."""
    url = service.url
    turn = asyncio.Semaphore(at_once)
    spent: list[float] = []
    async with httpx.AsyncClient(base_url=url, timeout=120) as client:

        async def one(n: int) -> None:
            async with turn:
                began = perf_counter()
                consultation = await admitted(client, EXAMPLES[n % 3])
                async for _ in heard(client, f"/api/v1/consultations/{consultation}/events"):
                    pass
                (await client.get(f"/api/v1/consultations/{consultation}")).raise_for_status()
                spent.append((perf_counter() - began) * 1000)

        await asyncio.gather(*(one(n) for n in range(20)))
        spent.clear()
        began, ours, theirs = perf_counter(), process_time(), service.cpu()
        await asyncio.gather(*(one(n) for n in range(many)))
        rate = many / (perf_counter() - began)
        ours, theirs = process_time() - ours, service.cpu() - theirs
    print(f"{'embedded engine through HTTP':44} {rate:.1f} consultations/s (n = {many}, {at_once} at once)  (>= 25/s)")
    print(f"{'processor a consultation: server, this client':44} {theirs / many * 1000:.0f} ms, {ours / many * 1000:.0f} ms")
    report("admitted to read, at that load", spent, "ms", "")


def main() -> None:
    """Measure and stop all that was started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--over", type=float, default=20.0, help="seconds over which the streams are begun")
    parser.add_argument("--words", type=int, default=20, help="words of each answer of the fake model")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two words")
    parser.add_argument("--consultations", type=int, default=400)
    parser.add_argument("--workers", default="1")
    given = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        limits = {"YINGZHI_SERVE_REQUESTS_PER_SECOND": "100000", "YINGZHI_SERVE_BURST": "100000", "YINGZHI_SERVE_WORKERS": given.workers}
        service = Service(Path(folder) / "home", **limits)
        print(f"{'start of the server, knowledge compiled / ready':44} {service.start():.1f} / ", end="")
        service.stop()
        print(f"{service.start():.1f} s")
        idle = asyncio.run(latency(service.url))
        report("one consultation alone, to its last event", idle, "ms", "")
        asyncio.run(throughput(service, given.consultations, 16))
        print(f"{'resident memory':44} {service.rss():.0f} MB")
        service.stop()
        command = [sys.executable, str(Path(__file__).parent / "drip.py"), str(given.words), str(given.pause)]
        model = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert model.stdout is not None
            address = model.stdout.readline().strip()
            settings = Path(folder) / "model.yaml"
            settings.write_text(
                f"model: fake\nbase_url: {address}\ntools: none\njson_mode: object\nconsultation_seconds: 600\nprobe: false\n"
            )
            service.environment["YINGZHI_MODEL"] = str(settings)
            service.start()
            asyncio.run(streams(service.url, given.streams, given.over))
            print(f"{'SIGTERM to gone':44} {service.stop():.1f} s  (<= 20 s)")
        finally:
            model.terminate()
            if service.process is not None and service.process.poll() is None:
                service.kill()


async def latency(url: str) -> list[float]:
    """Milliseconds of consultations one after the other."""
    spent = []
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for n in range(23):
            began = perf_counter()
            consultation = await admitted(client, EXAMPLES[n % 3])
            async for _ in heard(client, f"/api/v1/consultations/{consultation}/events"):
                pass
            spent.append((perf_counter() - began) * 1000)
    return spent[3:]


if __name__ == "__main__":
    main()
