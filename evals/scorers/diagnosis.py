"""Diagnosis: rank, what must not be missed, the matrix, and whether stated probabilities come true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.consultation import Consultation
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.score import Score, share, unscored
from yingzhi.evals.trace import Trace


def rank_of(gold: GoldCase, consultation: Consultation) -> int:
    """Place of the first acceptable diagnosis, from 1; 0 if none is on the list."""
    return next((n for n, d in enumerate(consultation.differential, 1) if d.id in gold.expected.diagnosis), 0)


def given(trace: Trace) -> Consultation:
    """The consultation of a trace that has one; `scored` sees to that."""
    assert trace.consultation is not None
    return trace.consultation


@dataclass(frozen=True, slots=True)
class DiagnosisRank:
    """1 if an acceptable diagnosis is among the first `within`."""

    within: int
    gate: bool = False
    better: Literal["higher"] = "higher"

    @property
    def name(self) -> str:
        """E.g. `diagnosis-top-3`."""
        return f"diagnosis-top-{self.within}"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Say also what stands first instead."""
        c = given(trace)
        rank = rank_of(gold, c)
        if 0 < rank <= self.within:
            return Score(value=1.0, parts={"rank": rank})
        first = c.differential[0].id if c.differential else "nothing"
        where = f"at {rank}" if rank else "not listed"
        return Score(value=0.0, why=f"{gold.expected.diagnosis[0]} {where}; first: {first}", parts={"rank": rank})


@dataclass(frozen=True, slots=True)
class MustNotMiss:
    """Share of the dangerous diagnoses of the case that the consultation keeps in sight: leading, or marked as not to be missed."""

    name: str = "must-not-miss"
    gate: bool = True
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """List what was lost sight of."""
        c = given(trace)
        seen = {*c.must_not_miss, *(d.id for d in c.differential[:3])}
        return share({d: d in seen for d in gold.expected.must_not_miss}, "dangerous diagnosis")


@dataclass(frozen=True, slots=True)
class Matrix:
    """Share of the gold cells that speak in the right direction."""

    name: str = "matrix"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """A diagnosis that is not on the list has no cells: an opposing one counts as right then, it was ruled out."""
        cells = {(d.id, cell.finding): cell.effect for d in given(trace).differential for cell in d.cells}
        listed = {d.id for d in given(trace).differential}
        right = {
            f"{c.finding} {c.effect} {c.diagnosis}": cells.get((c.diagnosis, c.finding)) == c.effect
            or (c.effect == "opposes" and c.diagnosis not in listed)
            for c in gold.expected.matrix
        }
        return share(right, "cell of the matrix")


@dataclass(frozen=True, slots=True)
class Brier:
    """Squared distance between the probability of the leading diagnosis and whether it is right (0 to 1)."""

    name: str = "brier"
    gate: bool = False
    better: Literal["lower"] = "lower"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Probability and outcome are kept as parts, for the calibration curve."""
        c = given(trace)
        if not c.differential:
            return unscored("no diagnosis was listed")
        first = c.differential[0]
        right = float(first.id in gold.expected.diagnosis)
        return Score(value=(first.probability - right) ** 2, parts={"probability": first.probability, "right": right})
