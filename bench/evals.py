"""What the eval harness costs: `python bench/evals.py [RUN]`, with the name of a stored run of the whole gold set, or its folder.

Without one the gold set is run first, on the embedded engine.

Re-scoring: the run's traces, repeated under other epochs to a thousand, by every standard scorer. Overhead: samples a second of our
task with traces that are given, once with scorers that do nothing, so that the harness alone is measured, and once with the standard
scorers, against Inspect's own rate with a solver and a scorer that do nothing; all in turn in the same process, medians of the rounds.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Literal

from run import machine

from yingzhi.clinical.words import Language
from yingzhi.evals.cases import GOLD, LANGUAGES, GoldCase, load_cases
from yingzhi.evals.engine import run_gold
from yingzhi.evals.runs import open_run, score_trace, start_run, traces_of
from yingzhi.evals.score import Score, Scorer
from yingzhi.evals.scorers import standard
from yingzhi.evals.trace import Trace, read_traces, write_traces
from yingzhi.graphs.resources import open_resources
from yingzhi.graphs.result import pins
from yingzhi.graphs.settings import Settings

MANY = 1000
ROUNDS = 9


def settle() -> None:
    """What is there already is none of what is measured next: without this it is most of what the collector goes through."""
    gc.collect()
    gc.freeze()


def rescoring(stored: Path, cases: dict[str, GoldCase], scorers: Any) -> float:
    """Seconds to read a thousand stored traces and score them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "traces.jsonl"
        for epoch in range(1, 1 + MANY):  # rounds of the whole run, until there are enough
            write_traces(file, (t.model_copy(update={"epoch": epoch}) for t in read_traces(stored)))
            if file.read_bytes().count(b"\n") >= MANY:
                break
        began = perf_counter()
        for trace in islice(read_traces(file), MANY):
            score_trace(cases[trace.case], trace, scorers)
        return perf_counter() - began


@dataclass(frozen=True)
class Idle:
    """A scorer that does nothing."""

    name: str
    gate: bool
    better: Literal["higher", "lower", "neither"]

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Always 1."""
        return Score(value=1.0)


def rates(traces: list[Trace], cases: dict[str, GoldCase], scorers: Sequence[Scorer]) -> dict[str, float]:
    """Samples a second: of Inspect with nothing to do, of our task with idle scorers, and with ours."""
    from inspect_ai import Task
    from inspect_ai import eval as inspect
    from inspect_ai.dataset import MemoryDataset
    from inspect_ai.scorer import Score as InspectScore
    from inspect_ai.scorer import Target, mean, scorer
    from inspect_ai.solver import Generate, TaskState, solver

    from yingzhi.evals.tasks import gold_task, samples

    kept = {(t.case, t.lang): t for t in traces}
    whole = [c for c in cases.values() if (c.id, "zh") in kept and (c.id, "en") in kept]
    idle = [Idle(s.name, s.gate, s.better) for s in scorers]

    async def given(case: GoldCase, lang: Language, epoch: int) -> Trace:
        return kept[case.id, lang]

    @solver
    def nothing() -> Any:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            return state

        return solve

    @scorer(metrics=[mean()])
    def zero() -> Any:
        async def score(state: TaskState, target: Target) -> InspectScore:
            return InspectScore(value=0)

        return score

    tasks = {
        "nothing": lambda: Task(dataset=MemoryDataset(samples(whole, ("zh", "en"))), solver=nothing(), scorer=zero()),
        "idle": lambda: gold_task(whole, ("zh", "en"), given, idle),
        "ours": lambda: gold_task(whole, ("zh", "en"), given, scorers),
    }
    found: dict[str, list[float]] = {name: [] for name in tasks}
    settle()  # the given traces are ours, not the harness's
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            with tempfile.TemporaryDirectory() as folder:
                began = perf_counter()
                inspect(task(), model=None, display="none", log_dir=folder, max_samples=4, log_realtime=False)
                found[name].append(2 * len(whole) / (perf_counter() - began))
    return {name: median(values) for name, values in found.items()}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", default="")
    name = parser.parse_args().run
    print(machine())
    settings = Settings.from_environment({k: v for k, v in os.environ.items() if k != "YINGZHI_MODEL"})
    resources, cases = open_resources(settings), {c.id: c for c in load_cases(GOLD)}
    scorers = standard(resources.lexicon)
    with tempfile.TemporaryDirectory() as folder:
        if name:
            run = open_run(Path(name) if Path(name).exists() else settings.home / "evals" / name)
        else:
            began = perf_counter()
            run = start_run(Path(folder), "bench", list(cases.values()), LANGUAGES, resources, pins(resources))
            run_gold(run, list(cases.values()), resources, 4)
            print(f"{'the whole gold set':44} {perf_counter() - began:.1f} s for {2 * len(cases)} consultations  (< 60 s)")
        settle()
        print(f"{'re-scoring 1,000 stored traces':44} {min(rescoring(run.traces, cases, scorers) for _ in range(2)):.2f} s  (< 10 s)")
        rate = rates([t for t in traces_of(run).values() if t.case in cases], cases, scorers)
    for name, what, bar in (("idle", "harness / Inspect no-op", "  (>= 0.8)"), ("ours", "with all scorers / Inspect no-op", "")):
        print(f"{what:44} {rate[name]:.1f} / {rate['nothing']:.1f} samples/s = {rate[name] / rate['nothing']:.2f}{bar}")


if __name__ == "__main__":
    main()
