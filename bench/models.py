"""What a language model costs in time beside its own: `python bench/models.py`. The provider is a fake one on loopback, 50 ms a call.

Critical path: the calls that wait for one another, each from the request to the end of its answer as the client sees it.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from run import machine, report

from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.settings import checked
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.resources import open_resources
from yingzhi.graphs.run import consult, for_run
from yingzhi.tools.intake import read_case

DELAY = 0.05
SIDE_BY_SIDE = ("workup", "pharmacology", "challenge")
EXAMPLES = ("zoster.zh.txt", "sjs.en.txt", "psoriasis.en.txt")


async def one(case: Presentation, resources: Resources, graph: Any) -> tuple[float, float, float]:
    """Wall time, critical path, and first words after the provider's, in seconds."""
    spent: dict[str, float] = {}
    first_call = first_words = 0.0
    began = perf_counter()
    async for events in graph.astream({"presentation": case, "version": 1}, context=for_run(resources), stream_mode="custom"):
        for event in events:
            if event["type"] == "model.called" and not first_call:
                first_call = perf_counter()
            elif event["type"] == "model.delta" and not first_words:
                first_words = perf_counter()
            elif event["type"] == "model.returned":
                spent[event["specialist"]] = spent.get(event["specialist"], 0.0) + event["milliseconds"] / 1000
    wall = perf_counter() - began
    path = sum(spent.get(n, 0.0) for n in ("history", "differential", "documentation")) + max(spent.get(n, 0.0) for n in SIDE_BY_SIDE)
    return wall, path, first_words - first_call - DELAY


async def measure(rounds: int, url: str) -> None:
    """Print the figures."""
    folder = Path(__file__).parent.parent / "examples"
    cases = [read_case((folder / name).read_bytes(), name) for name in EXAMPLES]
    models = Models(checked({"model": "fake", "base_url": url, "tools": "native", "json_mode": "object"}, {}))
    resources = dataclasses.replace(open_resources(), models=models)
    graph = build_graph()
    for case in cases:
        await one(case, resources, graph)
    rows = [await one(case, resources, graph) for _ in range(rounds) for case in cases]
    ratio = [wall / path for wall, path, _ in rows]
    report("wall time / critical path of the calls", ratio, "", "median <= 1.08")
    report("wall time / bare 4 x 50 ms of the provider", [wall / (4 * DELAY) for wall, _, _ in rows], "", "")
    report("overhead over the critical path", [(wall - path) * 1000 for wall, path, _ in rows], "ms", "p95 <= 60 ms")
    report("first words after the provider's", [f * 1000 for _, _, f in rows], "ms", "<= 30 ms")
    began = perf_counter()
    results = await asyncio.gather(*(consult(cases[i % 3], resources, graph=graph) for i in range(100)))
    wrong = [r.status for r in results if r.status != "complete"]
    print(f"{'100 consultations at once':44} all in {perf_counter() - began:.2f} s, {len(wrong)} not complete  (0)")
    await models.aclose()


def main() -> None:
    """Start the provider in its own process, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    print(machine())
    command = [sys.executable, str(Path(__file__).parent / "provider.py"), str(DELAY)]
    provider = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert provider.stdout is not None
        asyncio.run(measure(rounds, provider.stdout.readline().strip()))
    finally:
        provider.terminate()
        provider.wait(10)


if __name__ == "__main__":
    main()
