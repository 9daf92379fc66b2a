"""Trajectory: whether the tools were called that had to be called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from yingzhi.evals.cases import GoldCase, Step, Trajectory
from yingzhi.evals.score import Score, unscored
from yingzhi.evals.trace import Trace


@dataclass(frozen=True, slots=True)
class TrajectoryMatch:
    """How much of the expected way was taken, 0 to 1.

    `any_order`: share of the steps that were taken, each call used once. `in_order`: the longest run of steps taken in this order.
    `subset`: no step beside those of the list; share of the calls that are on it. `exact`: the same steps in the same order, with the
    share of the longer of both. A step with ids counts in part if only some of them were in the call.
    """

    name: str = "trajectory"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Compare with the calls of the trace."""
        wanted = gold.expected.trajectory
        if wanted is None:
            return unscored("the case expects no trajectory")
        calls = [e for e in trace.events if e.get("type") == "tool.called"]
        value = matched(wanted, calls)
        taken = {e["tool"] for e in calls}
        missing = [s.tool for s in wanted.steps if s.tool not in taken] if wanted.mode != "subset" else []  # which need not be called
        why = f"not called: {', '.join(missing)}" if missing else "" if value == 1 else f"not as {wanted.mode} wants it"
        return Score(value=value, why=why)


def matched(wanted: Trajectory, calls: Sequence[dict[str, Any]]) -> float:
    """The share of the way that was taken, by its mode."""
    steps = wanted.steps
    match wanted.mode:
        case "any_order":
            return _any_order(steps, calls) / len(steps)
        case "in_order":
            return _in_order(steps, calls) / len(steps)
        case "subset":
            return sum(max(_fit(s, c) for s in steps) for c in calls) / len(calls) if calls else 1.0
        case "exact":
            return _in_order(steps, calls) / max(len(steps), len(calls))


def _fit(step: Step, call: dict[str, Any]) -> float:
    if step.tool != call.get("tool") or step.specialist not in {"", call.get("specialist")}:
        return 0.0
    if not step.about:
        return 1.0
    about = set(call.get("about", ()))
    return 0.5 + 0.5 * sum(i in about for i in step.about) / len(step.about)  # the right tool is half of it


def _any_order(steps: Sequence[Step], calls: Sequence[dict[str, Any]]) -> float:
    left, total = list(calls), 0.0
    for step in sorted(steps, key=lambda s: -len(s.about)):  # the pickiest chooses first
        best = max(range(len(left)), key=lambda i: _fit(step, left[i]), default=None)
        if best is not None and (fit := _fit(step, left[best])):
            total += fit
            del left[best]
    return total


def _in_order(steps: Sequence[Step], calls: Sequence[dict[str, Any]]) -> float:
    """The weight of the longest common subsequence."""
    row = [0.0] * (len(calls) + 1)
    for step in steps:
        before, row = row, [0.0]
        for j, call in enumerate(calls, 1):
            row.append(max(before[j], row[j - 1], before[j - 1] + _fit(step, call)))
    return row[-1]
