"""Benchmarks of the embedded engine: `make bench`. Each line: what, n, median, p95, and the bar it has to meet."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(p for p in (ROOT / "examples").iterdir() if p.suffix in {".txt", ".json"})


def machine() -> str:
    """CPU, cores, memory, Python."""
    info = Path("/proc/cpuinfo")
    model = (
        next((line.split(":")[1].strip() for line in info.read_text(encoding="utf-8").splitlines() if line.startswith("model name")), "?")
        if info.exists()
        else platform.processor()
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, load {os.getloadavg()[0]:.2f}"


def report(what: str, values: list[float], unit: str, bar: str) -> None:
    """One line of figures."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    print(f"{what:<44} n={len(values):<4} median={statistics.median(ordered):.4g} {unit}  p95={p95:.4g} {unit}  ({bar})")


def warm(rounds: int, home: Path) -> None:
    """Full graph with retrieval and text documents, one core."""
    from yingzhi.graphs.build import build_graph
    from yingzhi.graphs.resources import open_resources
    from yingzhi.graphs.run import consult
    from yingzhi.graphs.settings import Settings
    from yingzhi.tools.intake import read_case

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})
    resources, graph = open_resources(Settings(home=home)), build_graph()
    cases = [read_case(p.read_bytes(), p.stem) for p in EXAMPLES]

    async def run() -> list[float]:
        times = []
        for n in range(rounds + 1):
            for case in cases:
                began = perf_counter()
                await consult(case, resources, graph=graph)
                if n:  # the first round warms up
                    times.append((perf_counter() - began) * 1000)
        return times

    report("warm consultation, one core", asyncio.run(run()), "ms", "median <= 100 ms")


def cold(rounds: int, home: Path) -> None:
    """`yingzhi consult` from nothing: wall time and peak memory of the process."""
    command = [str(ROOT / ".venv/bin/yingzhi"), "consult", str(ROOT / "examples/zoster.zh.txt")]
    environment = {**os.environ, "YINGZHI_HOME": str(home)}
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    walls, peaks = [], []
    for _ in range(rounds):
        began = perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        walls.append(perf_counter() - began)
        peaks.append(usage.ru_maxrss / 1024)
    report("cold `yingzhi consult`, wall", walls, "s", "<= 3.5 s")
    report("cold `yingzhi consult`, peak memory", peaks, "MiB", "<= 350 MB")


def batch(cases: int, home: Path) -> None:
    """Steady rate of a batch with two worker processes: the time of the second half of the cases."""
    from yingzhi.tools.intake import read_case

    notes = [read_case(p.read_bytes(), p.stem) for p in EXAMPLES if p.suffix == ".txt"]
    environment = {**os.environ, "YINGZHI_HOME": str(home)}
    times = []
    for size in (cases // 4, cases):
        with tempfile.TemporaryDirectory() as folder:
            source, out = Path(folder) / "in.jsonl", Path(folder) / "out.jsonl"
            source.write_text(
                "".join(json.dumps({"id": f"{i}", "text": notes[i % len(notes)].text}) + "\n" for i in range(size)), encoding="utf-8"
            )
            began = perf_counter()
            subprocess.run(
                [str(ROOT / ".venv/bin/yingzhi"), "batch", str(source), "--out", str(out), "--workers", "2"],
                env=environment,
                check=True,
                stderr=subprocess.DEVNULL,
            )
            times.append(perf_counter() - began)
    rate = (cases - cases // 4) / (times[1] - times[0])
    print(f"{'batch, two workers, steady':<44} n={cases:<4} {rate:.1f} cases/s  whole run {cases / times[1]:.1f} cases/s  (>= 20 cases/s)")


def first_use() -> None:
    """The first consultation of a fresh installation, which compiles the knowledge and its index."""
    with tempfile.TemporaryDirectory() as home:
        began = perf_counter()
        subprocess.run(
            [str(ROOT / ".venv/bin/yingzhi"), "consult", str(ROOT / "examples/zoster.zh.txt")],
            env={**os.environ, "YINGZHI_HOME": home},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        print(f"{'first consultation, compiles the knowledge':<44} n=1    {perf_counter() - began:.2f} s")


def main() -> None:
    """Run all or the named benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", nargs="*", metavar="cold|batch|first|warm", help="which to run; all without one")
    parser.add_argument("--rounds", type=int, default=12)
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        todo: dict[str, Callable[[], None]] = {
            "cold": lambda: cold(arguments.rounds, home),
            "batch": lambda: batch(400, home),
            "first": first_use,
            "warm": lambda: warm(arguments.rounds, home),
        }
        if unknown := set(arguments.which) - todo.keys():
            parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(todo)}")
        for name in arguments.which or todo:
            todo[name]()
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB", file=sys.stderr)


if __name__ == "__main__":
    main()
