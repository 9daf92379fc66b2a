"""Expected information gain: what a question, a look or a test would settle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from yingzhi.tools.inference import Array, DiagnosisModel

FIELD = 40
"""How many of the leading diagnoses a question is weighed over."""


def field_of(probability: Array, other: float) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Array]:
    """The leading diagnoses and their probabilities with `other` last, made to sum to 1."""
    leading = np.argsort(-probability)[:FIELD]
    weights = np.append(probability[leading], other)
    return leading, weights / weights.sum()


def entropy(p: Array) -> Array:
    """Shannon entropy over the first axis, in bits."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, -p * np.log2(p), 0.0)
    total: Array = terms.sum(axis=0)
    return total


def finding_gain(model: DiagnosisModel, probability: Array, other: float) -> Array:
    """Gain in bits, [F], from learning of each finding whether it is there."""
    leading, prior = field_of(probability, other)
    share = np.vstack([model.share[leading], model.leak])
    joint_yes = share * prior[:, None]
    joint_no = (1 - share) * prior[:, None]
    yes, no = joint_yes.sum(axis=0), joint_no.sum(axis=0)
    after = yes * entropy(joint_yes / yes) + no * entropy(joint_no / no)
    gain: Array = np.maximum(entropy(prior[:, None])[0] - after, 0.0)
    return gain


def test_gain(model: DiagnosisModel, probability: Array, other: float, yields: Sequence[str]) -> float:
    """Gain in bits from a test that may show any of `yields`.

    The outcome is the most telling finding that turns up, or none; telling findings come first, so the outcomes exclude
    one another and their probabilities sum to 1.
    """
    columns = np.array([model.column[y] for y in yields if y in model.column], dtype=np.intp)
    if not len(columns):
        return 0.0
    leading, prior = field_of(probability, other)
    share = np.vstack([model.share[np.ix_(leading, columns)], model.leak[columns]])
    order = np.argsort(model.leak[columns])
    share = share[:, order]
    missed = np.cumprod(np.hstack([np.ones((len(share), 1)), 1 - share]), axis=1)
    outcome = np.hstack([share * missed[:, :-1], missed[:, -1:]])
    joint = outcome * prior[:, None]
    total = joint.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        after = np.where(total > 0, total * entropy(joint / np.where(total > 0, total, 1)), 0.0).sum()
    return float(max(entropy(prior[:, None])[0] - after, 0.0))


def movers(model: DiagnosisModel, probability: Array, other: float, finding: str, most: int = 3) -> list[str]:
    """Ids of the diagnoses whose probability moves most with the finding's presence or absence."""
    leading, prior = field_of(probability, other)
    c = model.column[finding]
    share = np.append(model.share[leading, c], model.leak[c])
    yes = share * prior / (share * prior).sum()
    no = (1 - share) * prior / ((1 - share) * prior).sum()
    swing = np.abs(yes - no)[:-1]
    return [model.diseases[leading[i]] for i in np.argsort(-swing)[:most] if swing[i] > 0.01]


test_gain.__test__ = False  # type: ignore[attr-defined]  # pytest must not collect it
