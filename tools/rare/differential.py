"""The rare arm in the differential: the joint ranking, and the rare diagnoses among the curated ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from yingzhi.clinical.differential import Change, Confidence, Diagnosis, Differential
from yingzhi.clinical.history import History, Phenotype
from yingzhi.tools.differential import SHOWN, confidence_from, converged_from
from yingzhi.tools.inference import DiagnosisModel
from yingzhi.tools.ranking import Ranking
from yingzhi.tools.rare.arm import RareArm
from yingzhi.tools.rare.diagnosis import catalogue_ids, rare_diagnosis
from yingzhi.tools.rare.join import Joint, join_rankings
from yingzhi.tools.rare.likelihood import Terms
from yingzhi.tools.rare.ranking import rank_rare

FEWEST = 2
"""Present terms below which a plain note says nothing about eleven thousand rare diseases."""
MOVED = 0.03
"""A change of probability that is worth telling."""


@dataclass(frozen=True, slots=True)
class JointRanking:
    """The joint posterior, and what the rare part of it rests on."""

    joint: Joint
    terms: Terms
    phenotypes: tuple[Phenotype, ...]

    @property
    def ranking(self) -> Ranking:
        """The curated diseases, with the probabilities of the joint posterior."""
        return self.joint.ranking

    @property
    def rare_leads(self) -> bool:
        """Whether a disease of the catalogue alone is likelier than every curated one."""
        best = max((c.probability for c in self.joint.rare), default=0.0)
        return best > float(self.joint.ranking.probability.max())


def rank_jointly(arm: RareArm | None, model: DiagnosisModel, ranking: Ranking, history: History, given: bool) -> JointRanking | None:
    """Rank common and rare diseases together; None where the record has too little for the rare ones.

    Args:
        arm: The rare arm; None works without.
        model: The curated model.
        ranking: Its ranking of the record.
        history: The record as HPO terms, among all else.
        given: Whether the case came with HPO terms.
    """
    present = [p for p in history.phenotypes if p.status == "present"]
    if arm is None or not present or (not given and len(present) < FEWEST):
        return None
    links = arm.links
    curated = np.isin(arm.index.disease_of, [d for same in links.same.values() for d in same])
    groups = frozenset(np.flatnonzero(curated & (np.diff(arm.index.member_ptr) > 0)).tolist())
    rare = rank_rare(arm.index, history.phenotypes, history.patient.age, history.patient.sex, groups)
    if not rare.terms.present:
        return None
    read = {at for f in history.findings if f.status == "present" and (at := links.terms.get(f.id)) is not None}
    unread = sum(1 for t in rare.terms.present if t not in read)
    joint = join_rankings(model, ranking, rare, links.same, given=given, unread=unread)
    return JointRanking(joint, rare.terms, tuple(history.phenotypes))


def with_rare(result: Differential, ranked: JointRanking, arm: RareArm, before: Differential | None = None) -> Differential:
    """The curated differential with the rare diagnoses in their places, and the catalogue ids of those that both arms know.

    Args:
        result: Built from `ranked.ranking`.
        ranked: The joint ranking.
        arm: The rare arm.
        before: The previous version, to say how the rare ones moved.
    """
    curated = [_with_ids(d, ranked.joint, arm) for d in result.diagnoses]
    lane = set(result.must_not_miss)
    room = sorted((d.probability for d in curated), reverse=True)[:SHOWN]
    least = room[-1] if len(room) == SHOWN else 0.0
    rare = [rare_diagnosis(arm, c, ranked.terms, ranked.phenotypes) for c in ranked.joint.rare[:SHOWN] if c.probability > least]
    was = {d.id: d.probability for d in before.diagnoses if d.icd10 == ""} if before else {}
    if not rare and not was:
        return result.model_copy(update={"diagnoses": curated})
    merged = sorted([*curated, *rare], key=lambda d: -d.probability)
    shown = [d for n, d in enumerate(merged) if n < SHOWN or d.id in lane]
    changes = _changes(result.changes, was, rare) if before else result.changes
    return result.model_copy(update={"diagnoses": shown, "changes": changes, **_sureness(ranked)})


def _changes(curated: Sequence[Change], was: Mapping[str, float], rare: Sequence[Diagnosis]) -> list[Change]:
    """The curated arm knows nothing of the rare ones: what it takes for gone may have stayed."""
    now = {d.id: d.probability for d in rare}
    moved = [Change(diagnosis=d, before=was.get(d, 0.0), after=now.get(d, 0.0)) for d in dict.fromkeys([*was, *now])]
    kept = [c for c in curated if c.diagnosis not in was]
    return sorted([*kept, *(c for c in moved if abs(c.after - c.before) >= MOVED)], key=lambda c: -abs(c.after - c.before))


def _with_ids(diagnosis: Diagnosis, joint: Joint, arm: RareArm) -> Diagnosis:
    same = joint.same.get(diagnosis.id, ())
    more = [x for d in same for x in catalogue_ids(arm.index, d) if x not in diagnosis.xrefs]
    return diagnosis.model_copy(update={"xrefs": [*diagnosis.xrefs, *more]}) if more else diagnosis


def _sureness(ranked: JointRanking) -> dict[str, Confidence | bool]:
    """Confidence and convergence over both arms: as the curated one has them, counted over all that leads."""
    best: list[float] = sorted([*ranked.ranking.probability.tolist(), *(c.probability for c in ranked.joint.rare)], reverse=True)
    informative = max(sum(1 for o in ranked.ranking.observed if o.strength > 0), len(ranked.terms.present))
    return {"confidence": confidence_from(informative, best[0], ranked.ranking.other), "converged": converged_from(informative, best)}
