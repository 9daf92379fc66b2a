"""Documentation: a model may add sentences for the doctor; the drafts and the level of care are the playbook's."""

from __future__ import annotations

from yingzhi.agents.proposals import DocumentationProposal
from yingzhi.agents.reconcile.common import Ground, remarks
from yingzhi.clinical.document import Documentation
from yingzhi.clinical.words import CARE_LEVELS, URGENCIES
from yingzhi.clinical.workup import Referral


def reconcile_documentation(base: Documentation, proposal: DocumentationProposal, ground: Ground) -> Documentation:
    """The playbook's drafts, and beside them what the model says; its words stand in no draft that is signed."""
    k = ground.resources.knowledge
    known = {*k.diseases, *k.findings, *k.investigations, *ground.resources.formulary.drugs}
    return base.model_copy(update={"remarks": remarks(proposal.remarks, ground, known)})


def graver(a: Referral, b: Referral) -> Referral:
    """The higher level and the greater haste of two; the reasons of both, and what the second says of the site."""
    level = CARE_LEVELS[max(CARE_LEVELS.index(a.level), CARE_LEVELS.index(b.level))]
    urgency = URGENCIES[min(URGENCIES.index(a.urgency), URGENCIES.index(b.urgency))]  # the most urgent stands first
    seen = {r.en for r in a.reasons}
    reasons = [*a.reasons, *(r for r in b.reasons if r.en not in seen)]
    return b.model_copy(update={"level": level, "urgency": urgency, "refer": a.refer or b.refer, "reasons": reasons})
