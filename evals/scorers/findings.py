"""Findings: whether what the note says was read, with the right status and at the right place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.finding import Finding
from yingzhi.evals.cases import GoldCase, GoldFinding
from yingzhi.evals.score import Score
from yingzhi.evals.scorers.diagnosis import given
from yingzhi.evals.trace import Trace


@dataclass(frozen=True, slots=True)
class Findings:
    """F1 over the gold findings. Right: read with this status, from words that overlap the gold's. Wrong: another status or place."""

    name: str = "findings"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Name what was not read and what was read wrong."""
        history = given(trace).history
        read = {f.id: f for f in history.findings if f.experiencer == "patient"} if history else {}
        missed, wrong, right = [], [], 0
        for wanted in gold.expected.findings:
            found = read.get(wanted.finding)
            if found is None:
                missed.append(wanted.finding)
            elif found.status != wanted.status:
                wrong.append(f"{wanted.finding} is {wanted.status}, read {found.status}")
            elif not _there(wanted, found, trace):
                wrong.append(f"{wanted.finding} elsewhere")
            else:
                right += 1
        why = "; ".join([*([f"missed: {', '.join(missed)}"] if missed else []), *wrong])
        value = 2 * right / (2 * right + len(wrong) * 2 + len(missed))  # one read wrong is one missed and one invented
        return Score(value=value, why=why, parts={"right": right, "wrong": len(wrong), "missed": len(missed)})


def _there(wanted: GoldFinding, found: Finding, trace: Trace) -> bool:
    """Whether it was read from words that overlap the gold's; what was concluded without words has no place."""
    if wanted.words is None or not found.spans:
        return True
    words, text = wanted.words.say(trace.lang), trace.presentation.text
    places, at = list[int](), text.find(words)
    while at >= 0:
        places.append(at)
        at = text.find(words, at + 1)
    return any(s.source != "note" or any(s.start < p + len(words) and p < s.end for p in places) for s in found.spans)
