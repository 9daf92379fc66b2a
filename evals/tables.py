"""Scores as tables: means by scorer and slice, the gates that broke, the pairs of languages, the calibration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pydantic import Field

from yingzhi.clinical.words import Record
from yingzhi.evals.runs import Scored
from yingzhi.evals.score import CRASHED, Score, Scorer
from yingzhi.evals.scorers.parity import NAME as PARITY
from yingzhi.evals.scorers.parity import parity
from yingzhi.evals.summary import Bin, Mean, calibration, mean_of
from yingzhi.evals.trace import Trace

ALL = "all"
Values = dict[str, list[float | None]]


class Row(Record):
    """One scorer over one slice."""

    scorer: str
    gate: bool = False
    better: str
    label: str = Field(default=ALL, description="The slice, e.g. `age:child`.")
    mean: Mean | None


class Breach(Record):
    """A case in which a gate did not hold."""

    scorer: str
    case: str
    lang: str
    epoch: int
    why: str


class Summary(Record):
    """What a run comes to."""

    rows: list[Row]
    breaches: list[Breach]
    calibration: list[Bin]
    calibration_error: float


def by_case(scored: Iterable[Scored], scorer: str, label: str = ALL) -> Values:
    """A scorer's values by case, in the order of language and epoch; only of a slice if one is named."""
    values: Values = {}
    for row in sorted(scored, key=lambda r: (r.case, r.lang, r.epoch)):
        if label in {ALL, *row.labels}:
            values.setdefault(row.case, []).append(row.scores[scorer].value if scorer in row.scores else None)
    return values


def parities(traces: Mapping[str, Trace]) -> dict[str, Score]:
    """The parity of each pair of languages, by case; of the first epoch."""
    zh = {t.case: t for t in traces.values() if t.lang == "zh" and t.epoch == 1}
    en = {t.case: t for t in traces.values() if t.lang == "en" and t.epoch == 1}
    return {case: parity(zh[case], en[case]) for case in sorted(zh.keys() & en.keys())}


def summarise(scored: Sequence[Scored], scorers: Sequence[Scorer], pairs: Mapping[str, Score], slices: Sequence[str] = ()) -> Summary:
    """Means over all and over each slice that is asked for, and every breach of a gate.

    Args:
        scored: Of a run.
        scorers: That were used, for their kinds.
        pairs: From `parities`.
        slices: Labels like `age:child`, or their first part (`age`) for all of it.
    """
    labels = sorted({label for row in scored for label in row.labels if label in slices or label.split(":")[0] in slices})
    rows = []
    for label in (ALL, *labels):
        rows += [
            Row(scorer=s.name, gate=s.gate, better=s.better, label=label, mean=mean_of(by_case(scored, s.name, label))) for s in scorers
        ]
        if pairs:
            inside = {r.case for r in scored if label in {ALL, *r.labels}}
            values: Values = {case: [score.value] for case, score in pairs.items() if case in inside}
            rows.append(Row(scorer=PARITY, better="higher", label=label, mean=mean_of(values)))
    briers = [r.scores["brier"].parts for r in scored if "brier" in r.scores and r.scores["brier"].parts]
    bins, error = calibration([p["probability"] for p in briers], [p["right"] for p in briers])
    return Summary(rows=rows, breaches=breaches(scored, scorers), calibration=bins, calibration_error=error)


def breaches(scored: Iterable[Scored], scorers: Iterable[Scorer]) -> list[Breach]:
    """Every case in which a gate did not hold; one whose scorer crashed does not hold, for nobody knows."""
    gates = [s.name for s in scorers if s.gate]
    return [
        Breach(scorer=g, case=r.case, lang=r.lang, epoch=r.epoch, why=r.scores[g].why)
        for g in gates
        for r in scored
        if g in r.scores and _broken(r.scores[g])
    ]


def _broken(score: Score) -> bool:
    return score.why.startswith(CRASHED) if score.value is None else score.value < 1


def as_text(summary: Summary) -> str:
    """The summary for a terminal."""
    lines: list[str] = []
    label = ""
    for row in summary.rows:
        if row.label != label:
            label = row.label
            lines += ["", f"{'all cases' if label == ALL else label:<22} {'mean':>9}  {'95 % interval':<19} {'n':>4}  unscored"]
        if row.mean is None:
            continue
        m = row.mean
        mark = "gate" if row.gate else {"lower": "less is better"}.get(row.better, "")
        span = f"{_figure(m.low)} to {_figure(m.high)}"
        lines.append(f"{row.scorer:<22} {_figure(m.value):>9}  {span:<19} {m.n:>4}  {m.unscored or '':<8}  {mark}".rstrip())
    if summary.calibration:
        lines += ["", f"calibration error {summary.calibration_error:.3f}: leading diagnosis, stated and right"]
        lines += [f"  {b.low:.1f} to {b.high:.1f}   stated {b.stated:.2f}   right {b.right:.2f}   n {b.n}" for b in summary.calibration]
    lines += ["", f"gates: {len(summary.breaches)} breaches" if summary.breaches else "gates: all hold"]
    lines += [f"  {b.scorer}: {b.case}.{b.lang}{f' epoch {b.epoch}' if b.epoch > 1 else ''}: {b.why}" for b in summary.breaches]
    return "\n".join(lines[1:] if lines and not lines[0] else lines) + "\n"


def _figure(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"
