"""Workup: first things first, what it costs, and no gate passed."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import Literal

from yingzhi.clinical.workup import Workup
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.score import Score, share, unscored
from yingzhi.evals.scorers.diagnosis import given
from yingzhi.evals.trace import Trace


def recommended(workup: Workup | None) -> list[str]:
    """Tests that are recommended now, in the order of the ladder."""
    return [t.id for r in workup.rungs for t in r.tests if t.status == "recommended"] if workup else []


@dataclass(frozen=True, slots=True)
class FirstTests:
    """Share of the first tests of the case that are recommended, or done already."""

    name: str = "first-tests"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """List what is missing."""
        workup = given(trace).workup
        there = {t.id for r in workup.rungs for t in r.tests if t.status in {"recommended", "done"}} if workup else set[str]()
        return share({t: t in there for t in gold.expected.first_tests}, "first test")


@dataclass(frozen=True, slots=True)
class WorkupOrder:
    """How early the first tests come among those recommended: discounted gain against the best order (nDCG)."""

    name: str = "workup-order"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Tests that are done already count no more."""
        workup = given(trace).workup
        done = {t.id for r in workup.rungs for t in r.tests if t.status == "done"} if workup else set[str]()
        wanted = set(gold.expected.first_tests) - done
        if not wanted:
            return unscored("the case expects no first test")
        order = recommended(workup)
        gain = sum(1 / log2(n + 1) for n, t in enumerate(order, 1) if t in wanted)
        best = sum(1 / log2(n + 1) for n in range(1, len(wanted) + 1))
        places = ", ".join(f"{t} at {order.index(t) + 1}" if t in order else f"{t} not there" for t in sorted(wanted))
        return Score(value=gain / best, why="" if gain == best else places)


@dataclass(frozen=True, slots=True)
class Gates:
    """No forbidden test is recommended, and none behind a shut gate."""

    name: str = "gates"
    gate: bool = True
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Any breach makes it 0."""
        workup = given(trace).workup
        if workup is None:
            return unscored("there is no workup")
        early = [t for t in recommended(workup) if t in gold.forbidden.tests]
        behind = [t.id for r in workup.rungs if not r.open for t in r.tests if t.status == "recommended"]
        why = "; ".join([*(f"{t} is too early" for t in early), *(f"{t} stands behind a shut gate" for t in behind)])
        return Score(value=0.0 if why else 1.0, why=why)


@dataclass(frozen=True, slots=True)
class WorkupPrice:
    """What the recommended tests cost together, in CNY."""

    name: str = "workup-price"
    gate: bool = False
    better: Literal["lower"] = "lower"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """The sum that the consultation states."""
        workup = given(trace).workup
        return Score(value=workup.price_now) if workup else unscored("there is no workup")
