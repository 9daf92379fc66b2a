"""The gold cases as an Inspect task: our graph is the solver, our scorers the scorer. Inspect brings concurrency, limits, epochs, logs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from math import nan
from pathlib import Path

from inspect_ai import Epochs, Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Score as InspectScore
from inspect_ai.scorer import Scorer as InspectScorer
from inspect_ai.scorer import Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from yingzhi.clinical.words import Language
from yingzhi.evals.cases import GOLD, LANGUAGES, GoldCase, load_cases
from yingzhi.evals.runs import Scored, score_trace
from yingzhi.evals.score import Score, Scorer
from yingzhi.evals.tables import breaches
from yingzhi.evals.trace import Trace

Runner = Callable[[GoldCase, Language, int], Awaitable[Trace]]
"""Gives the trace of a case in a language and epoch: by running it, or from where it was kept."""


HEADLINES = ("diagnosis-top-1", "findings")
"""Scorers whose mean Inspect shows beside that of the gates. It takes a tenth of a millisecond over each value of each sample, so that the
28 of all our scorers would cost more than the rest of the harness; they stand in the score's metadata."""


def _number(score: Score) -> float:
    return nan if score.value is None else score.value  # Inspect leaves out what is not a number


def samples(cases: Sequence[GoldCase], languages: Sequence[Language]) -> list[Sample]:
    """One sample a case and language."""
    return [
        Sample(id=f"{c.id}.{lang}", input=c.note.say(lang), target=list(c.expected.diagnosis), metadata={"labels": c.labels(lang)})
        for c in cases
        for lang in languages
    ]


def split(sample: str | int) -> tuple[str, Language]:
    """Case and language of a sample's id."""
    case, _, lang = str(sample).rpartition(".")
    return case, "zh" if lang == "zh" else "en"


def gold_task(
    cases: Sequence[GoldCase],
    languages: Sequence[Language],
    runner: Runner,
    scorers: Sequence[Scorer],
    keep: Callable[[Scored], None] = lambda _row: None,
    epochs: int = 1,
) -> Task:
    """The task: a sample a case and language.

    Solver and scorer take no arguments: Inspect writes arguments into the log of every sample, and all cases are too many for that.
    """
    by_id, traces = {c.id: c for c in cases}, dict[tuple[str, int], Trace]()

    @solver(name="consultation")
    def consultation() -> Solver:
        """Run the graph. The state stays as it was: Inspect works out what a solver changed in it, which takes longer than all scorers."""

        async def solve(state: TaskState, generate: Generate) -> TaskState:
            case, lang = split(state.sample_id)
            traces[str(state.sample_id), state.epoch] = await runner(by_id[case], lang, state.epoch)
            return state

        return solve

    @scorer(metrics={"*": [mean(), stderr()]}, name="yingzhi")
    def clinical() -> InspectScorer:
        """All our scorers as one of Inspect's: the headlines are its values, all of them its metadata."""

        async def score(state: TaskState, target: Target) -> InspectScore:
            case, _ = split(state.sample_id)
            trace = traces.pop((str(state.sample_id), state.epoch))
            row = score_trace(by_id[case], trace, scorers)
            keep(row)
            broken = [b.scorer for b in breaches([row], scorers)]
            values = {"all-gates": 0.0 if broken else 1.0, **{n: _number(row.scores[n]) for n in HEADLINES if n in row.scores}}
            why = "\n".join(f"{name}: {s.why}" for name, s in row.scores.items() if s.why)
            leading = [f"{d.id} {d.probability:.2f}" for d in trace.consultation.differential[:5]] if trace.consultation else [trace.error]
            return InspectScore(
                value=values, answer="\n".join(leading), explanation=why, metadata={n: s.value for n, s in row.scores.items()}
            )

        return score

    return Task(
        name="gold",
        dataset=MemoryDataset(samples(cases, languages), name="gold"),
        solver=consultation(),
        scorer=clinical(),
        epochs=Epochs(epochs, "mean"),
    )


@lru_cache(maxsize=1)
def _engine() -> tuple[Runner, tuple[Scorer, ...]]:
    from yingzhi.evals.engine import run_case
    from yingzhi.evals.scorers import standard
    from yingzhi.graphs.build import build_graph
    from yingzhi.graphs.resources import open_resources

    resources, graph = open_resources(), build_graph()

    async def runner(case: GoldCase, lang: Language, epoch: int) -> Trace:
        return await run_case(case.id, case.presentation(lang), lang, resources, graph, epoch)

    return runner, standard(resources.lexicon)


@task
def gold(folder: str = "", lang: str = "") -> Task:
    """For `inspect eval evals/tasks.py`: the gold cases on the engine of the environment.

    Args:
        folder: Of other gold cases.
        lang: zh or en; both if empty.
    """
    runner, scorers = _engine()
    languages: tuple[Language, ...] = ("zh",) if lang == "zh" else ("en",) if lang == "en" else LANGUAGES
    return gold_task(load_cases(Path(folder) if folder else GOLD), languages, runner, scorers)
