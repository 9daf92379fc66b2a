"""Hand-offs: what one specialist had and another needed, and whether it arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.consultation import Consultation
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.score import Score, share
from yingzhi.evals.scorers.diagnosis import given
from yingzhi.evals.trace import Trace


@dataclass(frozen=True, slots=True)
class Handoffs:
    """Share of the hand-offs that arrived.

    Every specialist gave a result; pharmacology reviewed each drug that history read, or said that it could not; the workup has a test
    for each dangerous diagnosis that is live; the drafts for the next reader name each critical alert; the reports were read.
    """

    name: str = "hand-offs"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Name giver, receiver and what was lost."""
        c = given(trace)
        return share({**_results(c), **_drugs(c), **_alerts(c, trace), **_reports(c, trace)}, "hand-off")


def _results(c: Consultation) -> dict[str, bool]:
    there = {"history": c.history, "workup": c.workup, "pharmacology": c.medication, "documentation": c.referral}
    return {f"{name} gave a result": part is not None for name, part in there.items()}


def _drugs(c: Consultation) -> dict[str, bool]:
    if c.history is None or c.medication is None:
        return {}
    current = c.medication.current
    known = {d.name.casefold() for d in current.drugs} | {u.name.casefold() for u in current.unknown}
    told = " ".join(t.en + t.zh for t in c.medication.not_checked).casefold()
    return {
        f"history to pharmacology: {m.name}": m.name.casefold() in known or m.name.casefold() in told
        for m in c.history.medications
        if m.stopped_days_ago is None
    }


def _alerts(c: Consultation, trace: Trace) -> dict[str, bool]:
    letters = [d for d in c.documents if d.kind in {"outpatient-record", "referral-letter", "soap-note"}]
    text = "\n".join(d.text() for d in letters)
    grave = [a for a in c.alerts if a.level == "critical" and a.kind in {"red-flag", "medication"}]
    return {f"{a.kind} to documentation: {a.id}": a.title.say(trace.lang) in text for a in grave} if letters else {}


def _reports(c: Consultation, trace: Trace) -> dict[str, bool]:
    if c.history is None:
        return {}
    read = len(c.history.reports)
    return {f"report {n} to history": n < read for n in range(len(trace.presentation.reports))}
