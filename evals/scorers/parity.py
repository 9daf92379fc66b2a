"""Language parity: the same patient in Chinese and in English has to come out the same."""

from __future__ import annotations

from yingzhi.clinical.consultation import Consultation
from yingzhi.evals.score import Score, unscored
from yingzhi.evals.scorers.workup import recommended
from yingzhi.evals.trace import Trace

NAME = "parity"
LEADING = 5


def parity(first: Trace, second: Trace) -> Score:
    """How alike the two runs of a pair are: mean of the leading diagnosis, the first five, alerts, tests, level of care, suitable drugs.

    Sets are compared by what they share of what either has (Jaccard).
    """
    a, b = first.consultation, second.consultation
    if a is None or b is None:
        return unscored("one of the two runs ended in an error")
    parts = {
        "leading diagnosis": float(_top(a, 1) == _top(b, 1)),
        "first five": _alike(set(_top(a, LEADING)), set(_top(b, LEADING))),
        "alerts": _alike(alerts_of(a), alerts_of(b)),
        "tests": _alike(set(recommended(a.workup)), set(recommended(b.workup))),
        "level of care": float(_care(a) == _care(b)),
        "suitable drugs": _alike(_options(a), _options(b)),
    }
    worst = [f"{name} {value:.2f}" for name, value in parts.items() if value < 1]
    return Score(value=sum(parts.values()) / len(parts), why=", ".join(worst), parts=parts)


def _alike(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 1.0


def _top(c: Consultation, k: int) -> list[str]:
    return [d.id for d in c.differential[:k]]


def alerts_of(c: Consultation) -> set[str]:
    """Id and level of each alert, those of a model left out."""
    return {f"{a.id} {a.level}" for a in c.alerts if a.kind != "model"}


def _care(c: Consultation) -> tuple[str, str] | None:
    return (c.referral.level, c.referral.urgency) if c.referral else None


def _options(c: Consultation) -> set[str]:
    return {f"{o.disease} {o.drug} {o.suitable}" for o in c.medication.options} if c.medication else set()
