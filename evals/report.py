"""Runs as one HTML file that asks for nothing from outside: verdict, tables, matrix, plots, and what changed since the first run."""

from __future__ import annotations

import gc
import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from yingzhi.clinical.words import Language
from yingzhi.evals.compare import Change, Comparison, Difference, compare
from yingzhi.evals.judge_agreement import Judging, doubt, judging
from yingzhi.evals.judge_grades import grades_file, judged_with, read_grades
from yingzhi.evals.matrix import Part, matrix
from yingzhi.evals.plots import calibration_plot, cloud_of, cost_plot, intervals_of, intervals_plot
from yingzhi.evals.promote import REPORTED, reasons_against
from yingzhi.evals.report_words import glosses, words
from yingzhi.evals.runs import Run, Scored, scores_of, traces_of
from yingzhi.evals.score import Score, Scorer
from yingzhi.evals.summary import Mean
from yingzhi.evals.tables import ALL, Row, Summary, parities, summarise
from yingzhi.knowledge.load import write_atomically


@dataclass(frozen=True, slots=True)
class View:
    """One run, read once."""

    run: Run
    rows: list[Scored]
    pairs: Mapping[str, Score]
    summary: Summary
    judging: Judging

    @property
    def id(self) -> str:
        """Name of the run."""
        return self.run.manifest.id

    @property
    def judged_with(self) -> tuple[str, str]:
        """Names of the judges and references of their rubrics."""
        return judged_with(self.run.folder)

    @property
    def expected(self) -> int:
        """Traces that a finished run has."""
        m = self.run.manifest
        return len(m.cases) * len(m.languages) * m.epochs


@dataclass(frozen=True, slots=True)
class Scores:
    """One scorer over one slice: of each run the mean, and of each but the first the difference from the first."""

    row: Row
    means: Sequence[Mean | None]
    differences: Sequence[Difference | None]


@dataclass(frozen=True, slots=True)
class Table:
    """The scorers over one slice."""

    label: str
    cases: int
    scores: Sequence[Scores]
    unscored: Sequence[str]


def write_report(runs: Sequence[Run], scorers: Sequence[Scorer], out: Path, slices: Sequence[str] = (), lang: Language = "en") -> None:
    """Write the report of one run, or of several of which each is compared with the first.

    Raises:
        GoldError: A run was never scored.
        SettingsError: The extra `evals` is not installed.
    """
    write_atomically(out, report(runs, scorers, slices, lang).encode())


def report(runs: Sequence[Run], scorers: Sequence[Scorer], slices: Sequence[str] = (), lang: Language = "en") -> str:
    """The report as HTML. Everything that comes from a run is escaped, and a policy in the page forbids every request.

    Args:
        runs: Scored; at least one.
        scorers: That were used.
        slices: Labels like `age:child`, or their first part, that get tables of their own.
        lang: Of the report's own words.

    Raises:
        GoldError: A run was never scored.
        SettingsError: The extra `evals` is not installed.
    """
    from jinja2 import Environment, StrictUndefined

    t, better = words(lang), {s.name: s.better for s in scorers}
    with _no_collector():
        views = [_view(run, scorers, slices) for run in runs]
        comparisons = [compare(runs[0], run, scorers, slices) for run in runs[1:]]
        changed = {x.case for c in comparisons for x in c.changes if x.scorer not in REPORTED}
        curves = [(v.id, v.summary.calibration) for v in views if v.summary.calibration]
        style, script = _file("report.css"), _file("report.js")
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        environment.filters |= {"figure": figure, "signed": signed}
        return environment.from_string(_file("report.html.j2")).render(
            t=t,
            lang=lang,
            glosses=glosses(lang),
            better=better,
            slices=slices,
            views=views,
            tables=[_table(label, views, comparisons) for label in dict.fromkeys(row.label for v in views for row in v.summary.rows)],
            matrix=matrix([Part(v.id, v.rows, v.pairs, v.summary.breaches) for v in views], scorers, changed),
            comparisons=comparisons,
            against=[reasons_against(c) for c in comparisons],
            changes=[_by_case(c, better) for c in comparisons],
            costs=[[x for x in c.changes if x.scorer in REPORTED] for c in comparisons],
            intervals=[_intervals(c, i, better, t) for i, c in enumerate(comparisons)],
            calibration=calibration_plot(curves, t) if curves else "",
            cost_plots=_cost_plots(views, scorers, t),
            moved=moved,
            doubt=doubt,
            style=Markup(style),
            script=Markup(script),
            digest=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )


def figure(value: float | None) -> str:
    """A score with three decimals, a greater figure without."""
    return "–" if value is None else f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"


def signed(value: float) -> str:
    """The same with its sign."""
    return f"{value:+.3f}" if abs(value) < 10 else f"{value:+,.0f}"


def moved(change: Change, better: str) -> str:
    """Which way a changed score went; `changed` for what is only reported. No score any more is worse, a first score is better."""
    if better == "neither":
        return "changed"
    if change.before is None or change.after is None:
        return "worse" if change.after is None else "better"
    return "better" if (change.after > change.before) == (better == "higher") else "worse"


def _file(name: str) -> str:
    return files("yingzhi.evals").joinpath(name).read_text(encoding="utf-8")


@contextmanager
def _no_collector() -> Iterator[None]:
    """Reading many traces makes many objects and no cycles: looking for some takes longer than the reading."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _view(run: Run, scorers: Sequence[Scorer], slices: Sequence[str]) -> View:
    rows, pairs = scores_of(run), parities(traces_of(run))
    return View(run, rows, pairs, summarise(rows, scorers, pairs, slices), judging(read_grades(grades_file(run.folder))))


def _table(label: str, views: Sequence[View], comparisons: Sequence[Comparison]) -> Table:
    of_run = [{row.scorer: row for row in v.summary.rows if row.label == label} for v in views]
    of_pair = [{d.scorer: d for d in c.differences if d.label == label} for c in comparisons]
    rows = {name: row for found in of_run for name, row in found.items()}
    scores, unscored = [], []
    for name, row in rows.items():
        means = [found[name].mean if name in found else None for found in of_run]
        if any(means):
            scores.append(Scores(row, means, [found.get(name) for found in of_pair]))
        else:
            unscored.append(name)
    cases = {r.case for v in views for r in v.rows if label in {ALL, *r.labels}}
    return Table(label, len(cases), scores, unscored)


def _by_case(c: Comparison, better: Mapping[str, str]) -> list[tuple[str, list[Change]]]:
    """Changed scores by case: first those that lost gates, then by how much was lost; figures of cost are left to a list of their own."""
    lost = {b.case for b in c.lost}
    found: dict[str, list[Change]] = {}
    for x in c.changes:
        if x.scorer not in REPORTED:
            found.setdefault(x.case, []).append(x)

    def gain(changes: Iterable[Change]) -> float:
        return sum(abs((x.after or 0) - (x.before or 0)) * (1 if moved(x, better.get(x.scorer, "")) == "better" else -1) for x in changes)

    return sorted(found.items(), key=lambda pair: (pair[0] not in lost, gain(pair[1]), pair[0]))


def _cost_plots(views: Sequence[View], scorers: Sequence[Scorer], t: Mapping[str, str]) -> list[Markup]:
    """Price of the workup; and of a model its cost, or its tokens where it has no price."""
    found = {name: [c for v in views if (c := cloud_of(v.id, v.rows, name, scorers))] for name in ("workup-price", "model-cost", "tokens")}
    priced = any(p.cost > 0 for c in found["model-cost"] for p in c.points)
    chosen = ("workup-price", "model-cost" if priced else "tokens")
    return [cost_plot(found[name], name, t[name], t) for name in chosen if found[name]]


def _intervals(c: Comparison, number: int, better: Mapping[str, str], t: Mapping[str, str]) -> tuple[Markup | str, str]:
    """The plot of one comparison, and the scorers that are not in it."""
    shares, figures, same = intervals_of(c, better, t)
    left_out = ", ".join(same) or t["nothing"]
    if not shares and not figures:
        return "", left_out
    named = {"run": c.after, "first": c.before}
    panels = [(t["intervals_x"].format(**named), shares), (t["intervals_cost_x"].format(**named), figures)]
    return intervals_plot(panels, f"intervals-{number}", f"{t['intervals']}: {t['of'].format(**named)}"), left_out
