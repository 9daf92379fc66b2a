"""How well each rare disease explains what was found: a log-linear likelihood over the annotated profiles.

Four parts, each a law about records and not about any disease; docs/rare.md has the derivation and the figures.
- Present terms: the chance of the term in the disease over its chance in all. What the profile does not hold may still follow from
  something more general that it holds (true-path rule), the less the more special the term is, or is noise.
- Coverage: how much of the profile, weighted by share and information, the record accounts for.
- Silence: hallmarks that are neither there nor implied.
- Absent terms: hallmarks looked for and not found. They never speak for a disease, though records list what the suspected one has.

The weights were fitted as a conditional logit on simulated patients, drawn from the cohorts that the annotations cite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yingzhi.tools.rare.index import Floats, RareIndex

NOISE = 0.05
"""Chance that a finding has nothing to do with the disease, in units of how common it is."""
NEGLIGIBLE = 0.1
"""A more general term whose part would be below this share of the noise is left out."""
ABSENT_ASKED = 2.0
"""How much oftener a feature of the disease is looked for, and noted as absent, than any other."""
CERTAIN = 0.95
"""No share is taken to be higher when the term is absent: a record may be wrong."""
MENTIONED = 0.15
"""Chance that a record mentions a feature that is there, where nothing else of the kind is said."""
SHRINK = 20.0
"""Information that every profile is taken to have beside its own: covering a profile of one feature is no feat."""
DENIED = -1.5
"""Log weight of a present term that was looked for in the disease and found in none of many patients."""
W_PRESENT, W_COVERED, W_SILENT, W_ABSENT = 0.28, 1.2, 0.3, 0.15
"""Weights of the parts."""
W_SKIN, W_PAPERS = 0.7, 0.15
"""Before any finding: whoever is seen here has something on the skin, and what is often written about is seen more often."""
CONSIDERED = 300
"""Coverage and silence are counted for this many profiles, those that the other parts put first."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What was found, as positions of terms."""

    present: tuple[int, ...]
    absent: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Scores:
    """The result for the profiles that are worth looking at."""

    rows: NDArray[np.intp]
    """Profiles, in no order."""
    score: Floats
    """Log weight of each, up to one constant."""
    base: float
    """What a profile that explains nothing scores: the floor of all others."""


def score_profiles(index: RareIndex, terms: Terms, prior: Floats) -> Scores:
    """Score the profiles.

    Args:
        index: The profiles.
        terms: Findings; those implied by another are best left out (`most_specific`).
        prior: [R] log weight before any finding, e.g. from `weigh_patient`.
    """
    total = W_PRESENT * present_ratio(index, terms.present)
    total += W_ABSENT * absent_ratio(index, terms.absent)
    total += W_SKIN * index.skin + W_PAPERS * np.log1p(index.papers)[index.form] + prior
    few = min(CONSIDERED, index.profiles)
    rows = np.argpartition(-total, few - 1)[:few] if few else np.zeros(0, dtype=np.intp)
    covered, silent = profile_fit(index, terms.present, rows)
    score: Floats = (total[rows] + W_COVERED * len(terms.present) * covered + W_SILENT * silent).astype(np.float32)
    return Scores(rows, score, W_PRESENT * len(terms.present) * float(np.log(NOISE)))


def most_specific(index: RareIndex, present: Sequence[int], absent: Sequence[int]) -> Terms:
    """Without what another says already: a present term that a present one implies, an absent one that an absent one makes plain."""
    there, gone = dict.fromkeys(present), dict.fromkeys(absent)
    implied = {int(a) for t in there for a in index.implied(t) if a != t}
    plain = {int(d) for t in gone for d in index.implying(t) if d != t}
    return Terms(
        tuple(t for t in there if t not in implied and index.is_finding(t)),
        tuple(t for t in gone if t not in plain and t not in there and t not in implied and index.is_finding(t)),
    )


def present_ratio(index: RareIndex, present: Sequence[int]) -> Floats:
    """Sum over the present terms of log(chance in the disease / chance in all), for every profile."""
    total = np.full(index.profiles, len(present) * np.log(NOISE), dtype=np.float32)
    best = np.zeros(index.profiles, dtype=np.float32)
    for term in present:
        _chance(index, term, best)
        rows = np.flatnonzero(best)
        total[rows] += np.log(((1 - NOISE) * best[rows] / float(index.background[term]) + NOISE) / NOISE)
        best[rows] = 0
    rows, weights = _denied(index, present)
    np.add.at(total, rows, weights / W_PRESENT)
    return total


def _chance(index: RareIndex, term: int, best: Floats) -> None:
    """Fill `best` with the chance of the term in each profile that holds it or something more general."""
    common = float(index.background[term])
    for general in index.implied(term):
        special = 1.0 if general == term else min(common / float(index.background[general]), 1.0) ** 2
        if general != term and special < NEGLIGIBLE * NOISE * common:
            continue
        rows, share = index.holders(int(general))
        best[rows] = np.maximum(best[rows], share * np.float32(special))


def _denied(index: RareIndex, present: Sequence[int]) -> tuple[NDArray[np.intp], Floats]:
    """Profiles in which a present term was looked for and not found, and what that weighs: the more, the more patients."""
    part = np.isin(index.denied[0], np.array(present, dtype=np.int32)) if len(present) else np.zeros(index.denied.shape[1], dtype=bool)
    count = index.denied_count[part]
    return index.denied[1][part].astype(np.intp), (DENIED * count / (count + 5)).astype(np.float32)


def absent_ratio(index: RareIndex, absent: Sequence[int]) -> Floats:
    """Sum over the absent terms of the log chance that they are missing in the disease, at most 0."""
    total = np.zeros(index.profiles, dtype=np.float32)
    for term in absent:
        rows, share = index.holders(term)
        total[rows] += np.minimum(0, np.log(ABSENT_ASKED * (1 - CERTAIN * share.astype(np.float32))))
    return total


def profile_fit(index: RareIndex, present: Sequence[int], rows: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Coverage (0 to 1) and the log weight of silence, for these profiles."""
    reached = _reached(index, present)
    lengths = (index.direct_ptr[rows + 1] - index.direct_ptr[rows]).astype(np.intp)
    starts = np.repeat(index.direct_ptr[rows] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    cells = starts + np.arange(int(lengths.sum()))
    term, share = index.direct[cells].astype(np.intp), index.direct_share[cells].astype(np.float32)
    owner = np.repeat(np.arange(len(rows)), lengths)
    explained = np.bincount(owner, weights=share * reached[term], minlength=len(rows))
    missed = 1 - reached[term] / np.maximum(index.information[term], 1e-6)
    quiet = np.log((1 - MENTIONED * share) / (1 - MENTIONED * np.minimum(index.background[term], 0.9)))
    silent = np.bincount(owner, weights=missed * quiet, minlength=len(rows))
    return (explained / (index.full[rows] + SHRINK)).astype(np.float32), silent.astype(np.float32)


def _reached(index: RareIndex, present: Sequence[int]) -> Floats:
    """[T] information of the most special thing that each term has in common with any of the present ones."""
    general = np.unique(np.concatenate([index.implied(t) for t in present])) if len(present) else np.zeros(0, dtype=np.uint16)
    reached = np.zeros(len(index.term), dtype=np.float32)
    for term in general[np.argsort(index.information[general], kind="stable")]:
        reached[index.implying(int(term))] = index.information[term]
    return reached
