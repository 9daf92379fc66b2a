"""The matrix of case by scorer: what each cell shows, how good it is, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from yingzhi.clinical.words import Language
from yingzhi.evals.runs import Scored
from yingzhi.evals.score import Score, Scorer
from yingzhi.evals.scorers.parity import NAME as PARITY
from yingzhi.evals.tables import Breach

STEPS = 5
"""Colours between worst and best; the best has one of its own."""


@dataclass(frozen=True, slots=True)
class Part:
    """What of a run the matrix is made from."""

    run: str
    rows: Sequence[Scored]
    pairs: Mapping[str, Score]
    breaches: Sequence[Breach]


@dataclass(frozen=True, slots=True)
class Column:
    """A scorer, with the languages in which it has a cell; none of them = one cell for the pair."""

    name: str
    gate: bool
    better: str
    languages: tuple[Language, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A score of one case: mean of its epochs."""

    shown: str
    look: str
    broken: bool
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """One run of a case."""

    run: str
    mean: float | None
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Case:
    """A case: a line a run."""

    id: str
    labels: str
    broken: bool
    changed: bool
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Columns, and cases from the worst."""

    columns: Sequence[Column]
    cases: Sequence[Case]


def quality(row: Scored, scorers: Iterable[Scorer]) -> float | None:
    """The mean of all scores of a trace of which more is better, None if there is none."""
    values = [row.scores[s.name].value for s in scorers if s.better == "higher" and s.name in row.scores]
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known else None


def matrix(parts: Sequence[Part], scorers: Sequence[Scorer], changed: Iterable[str] = ()) -> Matrix:
    """Every case of every run against every scorer that scored anything.

    Args:
        parts: The runs; cases are sorted by the last one: first those with most broken gates, then by the mean score.
        scorers: That were used.
        changed: Cases in which something changed between the runs, to be marked.
    """
    languages: tuple[Language, ...] = tuple(lang for lang in ("zh", "en") if any(r.lang == lang for p in parts for r in p.rows))
    used = {name for p in parts for r in p.rows for name, score in r.scores.items() if score.value is not None or score.why}
    scored = {name for p in parts for r in p.rows for name, score in r.scores.items() if score.value is not None}
    broken = {(i, b.scorer, b.case, b.lang, b.epoch) for i, p in enumerate(parts) for b in p.breaches}
    kept = [s for s in scorers if s.name in scored or (s.name in used and any(b[1] == s.name for b in broken))]
    columns = [Column(s.name, s.gate, s.better, languages) for s in kept]
    if any(p.pairs for p in parts):
        columns.append(Column(PARITY, False, "higher", ()))
    by_case = [_by_case(p.rows) for p in parts]
    tops = {c.name: _top(c.name, parts) for c in columns}
    marked = set(changed)
    found: list[tuple[tuple[int, float, str], Case]] = []
    for case in sorted({c for rows in by_case for c in rows}):
        present = [(i, rows[case]) for i, rows in enumerate(by_case) if case in rows]
        lines = [
            Line(
                parts[i].run,
                _mean([quality(r, scorers) for r in rows]),
                [cell for c in columns for cell in _cells(c, i, parts[i], rows, broken, tops[c.name])],
            )
            for i, rows in present
        ]
        last, rows = lines[-1], present[-1][1]
        count = sum(cell.broken for cell in last.cells)
        labels = " ".join(dict.fromkeys(label for r in rows for label in r.labels))
        mean = 1.0 if last.mean is None else last.mean
        found.append(((-count, mean, case), Case(case, labels, count > 0, case in marked, lines)))
    return Matrix(columns, [case for _, case in sorted(found, key=lambda pair: pair[0])])


def _by_case(rows: Iterable[Scored]) -> dict[str, list[Scored]]:
    found: dict[str, list[Scored]] = {}
    for row in sorted(rows, key=lambda r: (r.case, r.lang, r.epoch)):
        found.setdefault(row.case, []).append(row)
    return found


def _top(name: str, parts: Sequence[Part]) -> float:
    """The greatest value of a scorer, at least 1: what is over that is a figure, not a share."""
    values = (r.scores[name].value for p in parts for r in p.rows if name in r.scores)
    return max([1.0, *(v for v in values if v is not None)])


def _cells(
    column: Column, number: int, part: Part, rows: Sequence[Scored], broken: set[tuple[int, str, str, str, int]], top: float
) -> Iterable[Cell]:
    if not column.languages:
        pair = part.pairs.get(rows[0].case)
        yield _cell(f"{rows[0].case} · {column.name} · {part.run}", [(1, pair)] if pair else [], column, False, top)
    for lang in column.languages:
        mine = [r for r in rows if r.lang == lang]
        scores = [(r.epoch, r.scores[column.name]) for r in mine if column.name in r.scores]
        gone = any((number, column.name, r.case, lang, r.epoch) in broken for r in mine)
        yield _cell(f"{rows[0].case}.{lang} · {column.name} · {part.run}", scores, column, gone, top)


def _cell(name: str, scores: Sequence[tuple[int, Score]], column: Column, gone: bool, top: float) -> Cell:
    value = _mean([s.value for _, s in scores])
    told = [
        (f"{epoch}. " if len(scores) > 1 else "") + ("–" if s.value is None else f"{s.value:,.6g}") + (f": {s.why}" if s.why else "")
        for epoch, s in scores
    ]
    return Cell(_short(value), _look(value, column.better, top), gone, "\n".join([name, *told]))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known else None


def _short(value: float | None) -> str:
    if value is None:
        return "–"
    if value > 1:
        return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"
    return f"{value:.0f}" if value in {0.0, 1.0} else min(f"{value:.2f}", "0.99")[1:]


def _look(value: float | None, better: str, top: float) -> str:
    """The class of a cell: s0 (worst) to s5 (best) for shares, c0 (little) to c4 (most) for figures, none."""
    if value is None:
        return "none"
    if better == "neither" or top > 1:
        return f"c{min(int(value / top * STEPS), STEPS - 1)}"
    good = value if better == "higher" else 1 - value
    return f"s{STEPS if round(good, 2) >= 1 else max(0, min(int(good * STEPS), STEPS - 1))}"
