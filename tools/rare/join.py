"""One ranking from common to rare: the curated diseases and the rare ones as weights of one posterior.

Both arms weigh a disease by how much likelier it makes the record than chance does, so that their weights compare. What differs is the
prior: a clinic meets hundreds of common cases for one of all the eleven thousand rare diseases together. Whoever codes a patient in
HPO terms has a rare disease in mind, and there the prior is another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from yingzhi.tools.inference import Array, DiagnosisModel
from yingzhi.tools.ranking import TEMPERATURE, Ranking, stated
from yingzhi.tools.rare.likelihood import NOISE
from yingzhi.tools.rare.ranking import RareRanking

PRIOR_GIVEN, PRIOR_NOTED = -3.7, -12.5
"""Log weight of any one rare disease, before its evidence, against `other`: in a case coded in HPO terms, and in a plain note."""
UNCATALOGUED = 0.05
"""Share of patients with a rare disease whose disease is in no catalogue yet, or was described since the release: an estimate."""
LEAST = 1e-4
"""A rare disease below this probability is not shown."""
UNEXPLAINED = float(np.log(NOISE)) / TEMPERATURE
"""What a term that the lexicon has no word for costs all that is not a rare disease: there it is noise."""


@dataclass(frozen=True, slots=True)
class RareCandidate:
    """A rare disease that is in the ranking in its own right."""

    disease: int
    """In the index."""
    row: int
    """The profile that fits best."""
    probability: float


@dataclass(frozen=True, slots=True)
class Joint:
    """The joint posterior."""

    ranking: Ranking
    """That of the curated diseases, with the probabilities of the joint one."""
    rare: tuple[RareCandidate, ...]
    """The rare ones that are no curated disease, the likeliest first."""
    mass: float
    """Probability of all rare ones together, those that are not shown too."""
    same: Mapping[str, tuple[int, ...]]
    """Curated disease -> the diseases of the index that speak for it."""


def join_rankings(
    model: DiagnosisModel, ranking: Ranking, rare: RareRanking, same: Mapping[str, Sequence[int]], *, given: bool, unread: int = 0
) -> Joint:
    """Join the two rankings; a disease that both know is the curated one, with the evidence of both.

    Args:
        model: The curated model.
        ranking: Its posterior.
        rare: The ranking of the rare diseases.
        same: Curated disease -> diseases of the index that are the same.
        given: Whether the case came with HPO terms.
        unread: Present terms that no finding of the lexicon stands for.
    """
    curated = ranking.score / TEMPERATURE
    weight = rare.score.astype(np.float64) + (PRIOR_GIVEN if given else PRIOR_NOTED) - UNEXPLAINED * unread
    own, folded = _fold(model, curated, rare, weight, same)
    top = max(0.0, float(own.max(initial=0.0)), float(weight.max(initial=0.0)))
    alone = np.where(folded, 0.0, np.exp(weight - top)) * (1 - UNCATALOGUED)
    parts = np.exp(own - top)
    other = float(np.exp(-top)) + UNCATALOGUED / (1 - UNCATALOGUED) * float(alone.sum())
    total = float(parts.sum() + alone.sum()) + other
    seen = np.flatnonzero(alone >= LEAST * total)
    rest = max(0.0, float(alone.sum() - alone[seen].sum()))  # thousands of them: one by one, flattening would make them a crowd
    probability = stated(np.concatenate([parts, alone[seen], [other, rest]]) / total)
    own_part, rare_part = probability[: len(parts)], probability[len(parts) : -2]
    own_part.setflags(write=False)
    shown = [
        RareCandidate(int(rare.diseases[i]), int(rare.rows[i]), float(p)) for i, p in zip(seen.tolist(), rare_part.tolist(), strict=True)
    ]
    joint = replace(ranking, probability=own_part, other=float(probability[-2]))
    return Joint(joint, tuple(shown), float(rare_part.sum() + probability[-1]), {c: tuple(same[c]) for c in same})


def _fold(
    model: DiagnosisModel, curated: Array, rare: RareRanking, weight: Array, same: Mapping[str, Sequence[int]]
) -> tuple[Array, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    at = {d: i for i, d in enumerate(rare.diseases.tolist())}
    own, folded = curated.copy(), np.zeros(len(weight), dtype=bool)
    for disease, others in same.items():
        places = [at[o] for o in others if o in at]
        if disease in model.row and places:
            row = model.row[disease]
            own[row] = np.logaddexp(own[row], max(weight[p] for p in places))
            folded[places] = True
    return own, folded
