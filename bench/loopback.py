"""A `yingzhi serve` of its own on loopback, and a client that follows its streams, for the benchmarks of the service."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
EXAMPLES = [(ROOT / "examples" / name).read_text(encoding="utf-8") for name in ("zoster.zh.txt", "sjs.en.txt", "psoriasis.en.txt")]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Service:
    """A server process on a home folder; started again after each kill."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home, self.port, self.process = home, free_port(), None
        self.environment = {**os.environ, "YINGZHI_HOME": str(home), "YINGZHI_MODEL": "", **environment}
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = home / "server.log"

    def start(self) -> float:
        """Start and wait until it is ready; gives the seconds it took."""
        began = time.perf_counter()
        self.home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "yingzhi", "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
        while time.perf_counter() - began < 120:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended: {self.log.read_text(encoding='utf-8')[-800:]}")
            try:
                if httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return time.perf_counter() - began
            except httpx.TransportError:
                time.sleep(0.02)
        raise SystemExit("the server did not get ready")

    def kill(self) -> None:
        """kill -9, with all its workers."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> float:
        """SIGTERM; gives the seconds until it is gone."""
        assert self.process is not None
        began = time.perf_counter()
        self.process.terminate()
        self.process.wait(60)
        return time.perf_counter() - began

    def rss(self) -> float:
        """Resident memory in MB, its workers with it."""
        assert self.process is not None
        return sum(_rss(pid) for pid in [self.process.pid, *_children(self.process.pid)])

    def cpu(self) -> float:
        """Seconds of processor that the server and its workers have used so far."""
        assert self.process is not None
        return sum(_cpu(pid) for pid in [self.process.pid, *_children(self.process.pid)])


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


def _children(pid: int) -> list[int]:
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]


async def heard(client: httpx.AsyncClient, path: str, **options: Any) -> AsyncIterator[dict[str, Any]]:
    """The events of a stream as they come."""
    async with client.stream("GET", path, **options) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                yield json.loads(line[6:])


async def admitted(client: httpx.AsyncClient, text: str, **options: Any) -> str:
    """Id of a new consultation."""
    answer = await client.post("/api/v1/consultations", json={"case": {"text": text}}, **options)
    answer.raise_for_status()
    return str(answer.json()["id"])
