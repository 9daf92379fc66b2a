"""Ranks the rare diseases for a record.

Two profiles of one form are two descriptions of it: the better one counts. A group lends its weight to the forms it is made of. The
forms of one disease are different things of one name: their weights add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yingzhi.clinical.history import Phenotype
from yingzhi.clinical.words import Sex
from yingzhi.tools.rare.index import Floats, RareIndex
from yingzhi.tools.rare.likelihood import Terms, most_specific, score_profiles
from yingzhi.tools.rare.patient import weigh_patient

NOWHERE = -1e9


@dataclass(frozen=True, slots=True)
class RareRanking:
    """The rare diseases worth looking at, the likeliest first."""

    diseases: NDArray[np.intp]
    """Diseases of the index."""
    rows: NDArray[np.intp]
    """The profile of each that fits best: its form is the likeliest."""
    score: Floats
    """Log weight of each."""
    terms: Terms
    """What they were ranked by."""


def rank_rare(
    index: RareIndex, phenotypes: Sequence[Phenotype], age: float | None, sex: Sex, kept: frozenset[int] = frozenset()
) -> RareRanking:
    """Rank the rare diseases.

    Args:
        index: The profiles.
        phenotypes: The record as HPO terms; terms of onset and inheritance bear on the disease, not on the fit.
        age: Years.
        sex: Sex of the patient.
        kept: Groups (forms) that stand for themselves and lend nothing.
    """
    terms = terms_of(index, phenotypes)
    context = [p.id for p in phenotypes if p.status == "present"]
    scores = score_profiles(index, terms, weigh_patient(index, age, sex, context))
    best = np.full(index.forms, NOWHERE, dtype=np.float32)
    owner = index.form[scores.rows]
    np.maximum.at(best, owner, scores.score)
    row_of = np.full(index.forms, -1, dtype=np.intp)
    winning = scores.score == best[owner]
    row_of[owner[winning]] = scores.rows[winning]
    best = _lent(index, best, kept)
    listed = np.nonzero(best > NOWHERE / 2)[0]
    order = listed[np.argsort(-best[listed], kind="stable")]
    diseases, first = np.unique(index.disease_of[order], return_index=True)
    total = np.full(index.diseases, -np.inf)
    np.logaddexp.at(total, index.disease_of[order], best[order].astype(np.float64))
    by = np.argsort(-total[diseases], kind="stable")
    return RareRanking(diseases[by].astype(np.intp), row_of[order[first[by]]], total[diseases[by]].astype(np.float32), terms)


def terms_of(index: RareIndex, phenotypes: Sequence[Phenotype]) -> Terms:
    """The phenotypes as positions, without what others imply."""
    at = [(p.status, index.position(p.id)) for p in phenotypes]
    present, absent = ([t for s, t in at if s == side and t is not None] for side in ("present", "absent"))
    return most_specific(index, present, absent)


def _lent(index: RareIndex, best: Floats, kept: frozenset[int]) -> Floats:
    """A group of diseases is no disease beside them: its weight goes to its members, by their own."""
    groups = [g for g in np.nonzero((np.diff(index.member_ptr) > 0) & (best > NOWHERE / 2))[0].tolist() if g not in kept]
    if not groups:
        return best
    top = float(best.max())
    weight = np.where(best > NOWHERE / 2, np.exp(np.maximum(best - top, -80)), 0.0)
    for group in groups:
        members = index.member[index.member_ptr[group] : index.member_ptr[group + 1]]
        own = weight[members]
        if own.sum() > 0:
            weight[members] += weight[group] * own / own.sum()
            weight[group] = 0
    lent: Floats = np.where(weight > 0, np.log(np.maximum(weight, 1e-37)) + top, NOWHERE).astype(np.float32)
    return lent
