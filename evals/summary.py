"""Means with their intervals, and how well stated probabilities come true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from yingzhi.clinical.words import Record

RESAMPLES = 2000
SEED = 20260101
"""Of the bootstrap: the same values give the same interval."""
BINS = 10

Values = NDArray[np.float64]


class Mean(Record):
    """A mean over cases, with a 95 % interval from resampling cases."""

    value: float
    low: float
    high: float
    n: int = Field(ge=1, description="Cases that were scored.")
    unscored: int = Field(default=0, ge=0)


def mean_of(by_case: Mapping[str, Sequence[float | None]]) -> Mean | None:
    """The mean of the scored values, None if there are none.

    Args:
        by_case: Values of each case: its languages and epochs are no independent cases, so whole cases are resampled.
    """
    scored = {c: [v for v in values if v is not None] for c, values in by_case.items()}
    missing = sum(len(v) for v in by_case.values()) - sum(map(len, scored.values()))
    groups = [np.array(v) for v in scored.values() if v]
    if not groups:
        return None
    totals, sizes = np.array([g.sum() for g in groups]), np.array([len(g) for g in groups], dtype=np.float64)
    low, high = interval(totals, sizes)
    return Mean(value=float(totals.sum() / sizes.sum()), low=low, high=high, n=int(sizes.sum()), unscored=missing)


def interval(totals: Values, sizes: Values) -> tuple[float, float]:
    """The 95 % percentile interval of the ratio of sums, cases resampled with replacement."""
    if len(totals) == 1:
        value = float(totals[0] / sizes[0])
        return value, value
    picks = np.random.default_rng(SEED).integers(0, len(totals), (RESAMPLES, len(totals)))
    means = totals[picks].sum(axis=1) / sizes[picks].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, J Am Stat Assoc, 1927); 0 to 1 of nothing."""
    if not of:
        return 0.0, 1.0
    p, z = right / of, 1.96
    middle, half = p + z * z / (2 * of), z * ((p * (1 - p) + z * z / (4 * of)) / of) ** 0.5
    return max(0.0, (middle - half) / (1 + z * z / of)), min(1.0, (middle + half) / (1 + z * z / of))


def paired(before: Mapping[str, Sequence[float | None]], after: Mapping[str, Sequence[float | None]]) -> Mean | None:
    """The mean difference over the cases that both have scored, with its interval (paired bootstrap)."""
    differences: dict[str, list[float | None]] = {}
    for case in before.keys() & after.keys():
        pairs = [(a, b) for a, b in zip(before[case], after[case], strict=False) if a is not None and b is not None]
        if pairs:
            differences[case] = [b - a for a, b in pairs]
    return mean_of(dict(sorted(differences.items())))


class Bin(Record):
    """Leading diagnoses of about the same probability."""

    low: float
    high: float
    stated: float = Field(description="Mean of the stated probabilities.")
    right: float = Field(description="Share of those that were right.")
    n: int


def calibration(probabilities: Sequence[float], right: Sequence[float]) -> tuple[list[Bin], float]:
    """Bins of equal width, and the expected calibration error: the mean distance of stated and right, by the size of the bins."""
    p, r = np.asarray(probabilities, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if not len(p):
        return [], 0.0
    at = np.minimum((p * BINS).astype(int), BINS - 1)
    bins = [
        Bin(low=i / BINS, high=(i + 1) / BINS, stated=float(p[at == i].mean()), right=float(r[at == i].mean()), n=int((at == i).sum()))
        for i in range(BINS)
        if (at == i).any()
    ]
    return bins, float(sum(b.n * abs(b.stated - b.right) for b in bins) / len(p))
