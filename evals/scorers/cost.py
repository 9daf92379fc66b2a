"""What a run cost, and what of it was of use: reported, never a gate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from yingzhi.evals.cases import GoldCase
from yingzhi.evals.score import Score, unscored
from yingzhi.evals.scorers.diagnosis import given
from yingzhi.evals.trace import Trace

Figure = Literal["seconds", "model-calls", "tokens", "model-cost"]


@dataclass(frozen=True, slots=True)
class Cost:
    """One figure of a run: wall time in seconds, calls, tokens in and out, or cost by the price table."""

    name: Figure
    gate: bool = False
    better: Literal["lower"] = "lower"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Unscored where no model was used, but for the time."""
        if self.name == "seconds":
            return Score(value=trace.seconds)
        use = given(trace).model_use
        if not use:
            return unscored("no model was used")
        figures = {
            "model-calls": float(sum(u.calls for u in use)),
            "tokens": float(sum(u.tokens_in + u.tokens_out for u in use)),
            "model-cost": sum(u.cost for u in use),
        }
        return Score(value=figures[self.name])


@dataclass(frozen=True, slots=True)
class Degraded:
    """1 if every part worked; a specialist whose model failed is named with the reason."""

    name: str = "whole"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """By the faults of the consultation."""
        faults = given(trace).faults
        return Score(value=0.0 if faults else 1.0, why="; ".join(f"{f.specialist}: {f.reason}" for f in faults))


@dataclass(frozen=True, slots=True)
class DroppedProposals:
    """How many of a model's proposals the reconciling code dropped: unknown ids, words that the record does not have, and so on."""

    name: str = "dropped-proposals"
    gate: bool = False
    better: Literal["lower"] = "lower"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """The reason counts them by kind; unscored where no model was used."""
        use = given(trace).model_use
        if not use:
            return unscored("no model was used")
        dropped = Counter(f"{d.what.partition(' ')[0]}, {d.why}" for u in use for d in u.dropped)
        taken = sum(u.taken for u in use)
        why = "; ".join(f"{n} x {what}" for what, n in dropped.most_common())
        return Score(value=float(dropped.total()), why=why, parts={"taken": taken, "dropped": dropped.total()})
