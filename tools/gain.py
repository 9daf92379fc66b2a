"""Expected information gain: what a question, a look or a test would settle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yingzhi.tools.inference import Array, DiagnosisModel, binary_entropy

WIDTH = 40
"""How many of the leading diagnoses a question is weighed over."""


@dataclass(frozen=True, slots=True)
class Field:
    """The diagnoses that are still in question."""

    leading: NDArray[np.intp]
    """Rows of the model, the likeliest first."""
    prior: Array
    """Their probabilities with that of `other` last, made to sum to 1."""
    share: Array
    """[diagnoses + other, findings] probability of each finding."""
    unsure: Array
    """[diagnoses + other, findings] entropy of each finding, in bits."""
    bits: float
    """Entropy of the prior: all there is to know."""


def field_of(model: DiagnosisModel, probability: Array, other: float) -> Field:
    """The leading diagnoses of a ranking."""
    leading = np.argsort(-probability)[:WIDTH]
    weights = np.append(probability[leading], other)
    prior = weights / weights.sum()
    share, unsure = np.vstack([model.share[leading], model.leak]), np.vstack([model.unsure[leading], binary_entropy(model.leak)])
    return Field(leading, prior, share, unsure, float(entropy(prior[:, None])[0]))


def entropy(p: Array) -> Array:
    """Shannon entropy over the first axis, in bits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, -p * np.log2(p), 0.0)
    total: Array = terms.sum(axis=0)
    return total


def finding_gain(field: Field) -> Array:
    """Gain in bits, one for each finding, from learning whether it is there.

    Mutual information is the same from either side: how much the diagnosis takes from the doubt about the finding.
    """
    gain: Array = np.maximum(binary_entropy(field.prior @ field.share) - field.prior @ field.unsure, 0.0)
    return gain


def test_gain(model: DiagnosisModel, field: Field, yields: Sequence[str]) -> float:
    """Gain in bits from a test that may show any of `yields`.

    The outcome is the most telling finding that turns up, or none; telling findings come first, so the outcomes exclude
    one another and their probabilities sum to 1.
    """
    columns = np.array([model.column[y] for y in yields if y in model.column], dtype=np.intp)
    if not len(columns):
        return 0.0
    columns = columns[np.argsort(model.leak[columns])]
    share = field.share[:, columns]
    missed = np.cumprod(np.hstack([np.ones((len(share), 1)), 1 - share]), axis=1)
    joint = np.hstack([share * missed[:, :-1], missed[:, -1:]]) * field.prior[:, None]
    total = joint.sum(axis=0)
    after = float((total * entropy(joint / np.where(total > 0, total, 1))).sum())
    return max(field.bits - after, 0.0)


def movers(model: DiagnosisModel, field: Field, finding: str, most: int = 3) -> list[str]:
    """Ids of the diagnoses whose probability moves most with the finding's presence or absence."""
    share = field.share[:, model.column[finding]]
    yes = share * field.prior / (share * field.prior).sum()
    no = (1 - share) * field.prior / ((1 - share) * field.prior).sum()
    swing = np.abs(yes - no)[:-1]
    return [model.diseases[field.leading[i]] for i in np.argsort(-swing)[:most] if swing[i] > 0.01]


@dataclass(frozen=True, slots=True)
class Swing:
    """What a test would do to one diagnosis."""

    diagnosis: str
    finding: str
    now: float
    if_found: float
    if_not: float


LEADERS = 3
"""For how many of the leading diagnoses it is said what a test would do."""
TELLING = 0.05
"""Change of a probability from which on it is said."""


def outcomes(model: DiagnosisModel, field: Field, yields: Sequence[str]) -> list[Swing]:
    """For the leading diagnoses: the finding of the test that moves each most, and where each outcome would put it."""
    columns = [model.column[y] for y in yields if y in model.column]
    if not columns:
        return []
    share = field.share[:, columns]
    chance = field.prior @ share
    with np.errstate(divide="ignore", invalid="ignore"):
        yes = np.where(chance > 0, field.prior[:LEADERS, None] * share[:LEADERS] / chance, field.prior[:LEADERS, None])
        no = np.where(chance < 1, field.prior[:LEADERS, None] * (1 - share[:LEADERS]) / (1 - chance), field.prior[:LEADERS, None])
    best = np.abs(yes - no).argmax(axis=1)
    found = []
    for row, column in enumerate(best):
        if row < len(field.leading) and abs(float(yes[row, column] - no[row, column])) >= TELLING:
            now, there, not_there = (round(float(min(max(p, 0.0), 1.0)), 4) for p in (field.prior[row], yes[row, column], no[row, column]))
            found.append(Swing(model.diseases[field.leading[row]], model.findings[columns[column]], now, there, not_there))
    return found


test_gain.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it
