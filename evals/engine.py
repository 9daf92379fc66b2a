"""Runs cases and keeps their traces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.errors import GoldError, SettingsError
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Language
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.runs import Run, Scored, traces_of, write_scores
from yingzhi.evals.scorers import standard
from yingzhi.evals.trace import KEPT, Trace, write_traces
from yingzhi.graphs.build import Graph, build_graph
from yingzhi.graphs.result import assemble
from yingzhi.graphs.run import for_run, untraced
from yingzhi.tools.intake import check_presentation


async def run_case(case: str, presentation: Presentation, lang: Language, resources: Resources, graph: Graph, epoch: int = 1) -> Trace:
    """One consultation on a case; an error ends the run of this case only, and its kind is kept."""
    at, began = datetime.now(UTC), perf_counter()
    events: list[dict[str, Any]] = []
    state: Any = None
    try:
        check_presentation(presentation)
        own = for_run(resources)
        with untraced():
            async for mode, piece in graph.astream(
                {"presentation": presentation, "version": 1}, context=own, stream_mode=["custom", "values"]
            ):
                if mode == "values":
                    state = piece
                else:
                    events += [kept_event(e, began, resources) for e in piece if e["type"] in KEPT]  # type: ignore[index, arg-type]
        seconds = perf_counter() - began
        consultation = assemble(case, state, own, seconds)
    except Exception as error:  # one case's fault must not end the run of the others
        return Trace(
            case=case, lang=lang, epoch=epoch, presentation=presentation, consultation=None, began=at, seconds=perf_counter() - began,
            error=type(error).__name__, events=events,
        )  # fmt: skip
    return Trace(
        case=case, lang=lang, epoch=epoch, presentation=presentation, consultation=consultation, events=events, began=at,
        seconds=round(seconds, 4),
    )  # fmt: skip


def kept_event(event: Mapping[str, Any], began: float, resources: Resources) -> dict[str, Any]:
    """An event as a trace keeps it: plain values, its time from the start, and of what it is about only what the knowledge knows.

    Args:
        event: As the graph tells it; `at` is a reading of `perf_counter`.
        began: The same clock's reading at the start.
        resources: Whose knowledge says what is an id: nothing else gets through, least of all words of the case.
    """
    out: dict[str, Any] = {k: v for k, v in event.items() if isinstance(v, str | int | float)}
    if "at" in out:
        out["at"] = round(max(0.0, out["at"] - began), 4)
    k = resources.knowledge
    tables = (k.findings, k.diseases, resources.formulary.drugs, k.investigations, k.analytes)
    if about := [i for i in event.get("about", ()) if any(i in table for table in tables)]:
        out["about"] = about
    return out


def run_gold(run: Run, cases: Sequence[GoldCase], resources: Resources, at_once: int) -> list[Scored]:
    """Run what a run has no trace of yet, under Inspect, and score all.

    Raises:
        SettingsError: Inspect is not installed.
        GoldError: A trace of before is of another version, or not every case was run: the rest is kept, and the same command goes on.
    """
    try:
        from inspect_ai import eval as inspect
    except ImportError:
        raise SettingsError("the evals need an extra: pip install 'yingzhi[evals]'") from None

    from yingzhi.evals.tasks import gold_task

    graph, kept = build_graph(), traces_of(run)
    total = len(cases) * len(run.manifest.languages) * run.manifest.epochs
    rows: list[Scored] = []
    with progress(total, len(kept)) as step:

        async def runner(case: GoldCase, lang: Language, epoch: int) -> Trace:
            before = kept.get(f"{case.id}.{lang}.{epoch}")
            if before is not None and not before.error:
                return before
            trace = await run_case(case.id, case.presentation(lang), lang, resources, graph, epoch)
            write_traces(run.traces, [trace])
            return trace

        def keep(row: Scored) -> None:
            rows.append(row)
            step()

        task = gold_task(cases, run.manifest.languages, runner, standard(resources.lexicon), keep, run.manifest.epochs)
        inspect(task, model=None, log_dir=str(run.folder / "logs"), display="none", max_samples=at_once, log_level="warning")
    if len(rows) < total:
        raise GoldError(f"{run.manifest.id}: {len(rows)} of {total} were run; start it again under its name to go on")
    write_scores(run, rows)
    return rows


@contextmanager
def progress(total: int, done: int, what: str = "gold cases") -> Iterator[Callable[[], None]]:
    """A bar on the terminal's error stream; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        if done:
            bar.console.print(f"{done} of {total} were run before")
        yield lambda: bar.advance(task)
