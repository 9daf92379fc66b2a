"""Two runs side by side: only what changed, case by case with the reason, whether it is more than chance, and how the prompts differ."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from yingzhi.clinical.words import Record
from yingzhi.evals.judge_grades import judged_with
from yingzhi.evals.runs import Run, Scored, kept_prompts, scores_of, traces_of
from yingzhi.evals.score import Scorer
from yingzhi.evals.scorers.parity import NAME as PARITY
from yingzhi.evals.summary import Mean, mean_of, paired
from yingzhi.evals.tables import ALL, Breach, Values, breaches, by_case, parities

SMALL = 1e-9
Verdict = Literal["better", "worse", "no difference", "within chance", "reported"]


class Difference(Record):
    """One scorer over one slice in both runs."""

    scorer: str
    gate: bool
    label: str
    before: Mean | None
    after: Mean | None
    difference: Mean | None = Field(description="After minus before over the cases that both have, with its interval.")
    verdict: Verdict


class Change(Record):
    """A score that is not what it was."""

    scorer: str
    case: str
    lang: str
    epoch: int
    before: float | None
    after: float | None
    why: str = Field(description="The reason of the worse of the two, said of which run it is.")


class Comparison(Record):
    """What changed from one run to the other."""

    before: str
    after: str
    differs: dict[str, tuple[str, str]] = Field(description="What the runs were made with, where it is not the same.")
    differences: list[Difference]
    changes: list[Change]
    lost: list[Breach] = Field(description="Gates that held before and do not now.")
    won: list[Breach] = Field(description="Gates that did not hold before and do now.")
    prompts: dict[str, str] = Field(description="Unified difference of every prompt that is not the same, by name and language.")
    only_before: list[str] = Field(description="Cases that the second run does not have.")
    only_after: list[str]


def compare(before: Run, after: Run, scorers: Sequence[Scorer], slices: Sequence[str] = ()) -> Comparison:
    """Compare two scored runs.

    Raises:
        GoldError: One of them was never scored.
    """
    first, second = scores_of(before), scores_of(after)
    pairs = _pairs(before), _pairs(after)
    labels = sorted({label for row in first for label in row.labels if label in slices or label.split(":")[0] in slices})
    differences = []
    for label in (ALL, *labels):
        for s in scorers:
            values = by_case(first, s.name, label), by_case(second, s.name, label)
            differences.append(_difference(s.name, s.gate, s.better, label, *values))
        if label == ALL and (pairs[0] or pairs[1]):
            differences.append(_difference(PARITY, False, "higher", label, *pairs))
    broken = {(b.scorer, b.case, b.lang, b.epoch): b for b in breaches(first, scorers)}
    now = {(b.scorer, b.case, b.lang, b.epoch): b for b in breaches(second, scorers)}
    cases = {r.case for r in first}, {r.case for r in second}
    return Comparison(
        before=before.manifest.id,
        after=after.manifest.id,
        differs=_differs(before, after),
        differences=differences,
        changes=_changes(first, second, scorers),
        lost=[b for key, b in now.items() if key not in broken],
        won=[b for key, b in broken.items() if key not in now and b.case in cases[1]],
        prompts=_prompts(before, after),
        only_before=sorted(cases[0] - cases[1]),
        only_after=sorted(cases[1] - cases[0]),
    )


def _pairs(run: Run) -> Values:
    return {case: [score.value] for case, score in parities(traces_of(run)).items()}


def _difference(name: str, gate: bool, better: str, label: str, before: Values, after: Values) -> Difference:
    shared = before.keys() & after.keys()
    change = paired(before, after)
    return Difference(
        scorer=name,
        gate=gate,
        label=label,
        before=mean_of({c: before[c] for c in sorted(shared)}),
        after=mean_of({c: after[c] for c in sorted(shared)}),
        difference=change,
        verdict=_verdict(change, better),
    )


def _verdict(change: Mean | None, better: str) -> Verdict:
    if change is None or better == "neither":
        return "reported"
    if abs(change.value) < SMALL and abs(change.low) < SMALL and abs(change.high) < SMALL:
        return "no difference"
    if change.low <= 0 <= change.high:
        return "within chance"
    return "better" if (change.value > 0) == (better == "higher") else "worse"


def _differs(before: Run, after: Run) -> dict[str, tuple[str, str]]:
    a, b = before.manifest, after.manifest
    panel, other = judged_with(before.folder), judged_with(after.folder)  # grades of other judges or by other rubrics are other scores
    told = {
        "code": (a.pins.code, b.pins.code),
        "knowledge": (a.pins.knowledge, b.pins.knowledge),
        "model": (a.pins.model or "embedded engine", b.pins.model or "embedded engine"),
        "gold": (a.gold, b.gold),
        "epochs": (str(a.epochs), str(b.epochs)),
        "languages": (", ".join(a.languages), ", ".join(b.languages)),
        "judges": (panel[0], other[0]),
        "rubrics": (panel[1], other[1]),
    }
    return {name: pair for name, pair in told.items() if pair[0] != pair[1]}


def _changes(first: Sequence[Scored], second: Sequence[Scored], scorers: Sequence[Scorer]) -> list[Change]:
    rows = {(r.case, r.lang, r.epoch): r for r in second}
    found = []
    for row in first:
        other = rows.get((row.case, row.lang, row.epoch))
        if other is None:
            continue
        for s in scorers:
            a, b = row.scores.get(s.name), other.scores.get(s.name)
            if a is None or b is None or a.value == b.value or s.name == "seconds":  # time never is the same twice
                continue
            sunk = b.value is None or (a.value is not None and (b.value < a.value) == (s.better == "higher"))
            why = f"now: {b.why}" if sunk and b.why else f"before: {a.why}" if a.why else ""
            found.append(Change(scorer=s.name, case=row.case, lang=row.lang, epoch=row.epoch, before=a.value, after=b.value, why=why))
    return found


def _prompts(before: Run, after: Run) -> dict[str, str]:
    a, b = kept_prompts(before), kept_prompts(after)
    found = {}
    for name in sorted(a.keys() | b.keys()):
        if a.get(name) != b.get(name):
            lines = difflib.unified_diff(
                a.get(name, "").splitlines(), b.get(name, "").splitlines(), before.manifest.id, after.manifest.id, lineterm="", n=1
            )
            found[name] = "\n".join(lines)
    return found


def as_text(c: Comparison, most: int = 40) -> str:
    """The comparison for a terminal: scorers that moved, gates, changed cases (up to `most`), prompts."""
    lines = [f"{c.before} -> {c.after}"]
    lines += [f"  {name}: {a} -> {b}" for name, (a, b) in c.differs.items()]
    if c.only_before or c.only_after:
        lines.append(f"  cases only before: {len(c.only_before)}, only after: {len(c.only_after)}; means are over those that both have")
    lines.append("")
    for d in c.differences:
        if d.before is None or d.after is None or d.difference is None or d.verdict == "no difference":
            continue
        name = d.scorer if d.label == ALL else f"{d.scorer} [{d.label}]"
        span = f"{d.difference.low:+.3f} to {d.difference.high:+.3f}"
        lines.append(f"{name:<34} {d.before.value:>8.3f} -> {d.after.value:<8.3f} {d.difference.value:+.3f} ({span})  {d.verdict}")
    if len(lines) and lines[-1] == "":
        lines.append("no score changed")
    for title, gates in (("gates lost", c.lost), ("gates won", c.won)):
        if gates:
            lines += ["", f"{title}: {len(gates)}"]
            lines += [f"  {b.scorer}: {b.case}.{b.lang}: {b.why}" for b in gates]
    if c.changes:
        lines += ["", f"changed scores: {len(c.changes)}" + (f", the first {most}" if len(c.changes) > most else "")]
        lines += [f"  {x.case}.{x.lang} {x.scorer}: {_figure(x.before)} -> {_figure(x.after)}  {x.why}".rstrip() for x in c.changes[:most]]
    for name, text in c.prompts.items():
        lines += ["", f"prompt {name}", text]
    return "\n".join(lines) + "\n"


def _figure(value: float | None) -> str:
    return "unscored" if value is None else f"{value:.3f}"
