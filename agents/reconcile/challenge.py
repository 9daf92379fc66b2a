"""Challenge: the devil's advocate speaks, and nothing changes but what the doctor reads and is asked."""

from __future__ import annotations

from yingzhi.agents.proposals import Challenge, RemarkForm
from yingzhi.agents.reconcile.common import Ground, remarks
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.remark import Remark
from yingzhi.clinical.words import Language

CLOSE = 2.0
"""The top two are close when the first is less than this many times as likely as the second."""
LIVE = 0.05
"""A must-not-miss diagnosis that does not lead is live from this probability."""


def worth_challenging(d: Differential) -> bool:
    """Whether the leading diagnosis is close to the next, or a dangerous one is live behind it."""
    if d.confidence == "none" or len(d.diagnoses) < 2:
        return False
    first, second = d.diagnoses[0], d.diagnoses[1]
    close = second.probability > 0.02 and first.probability < CLOSE * second.probability
    return close or any(x.id in d.must_not_miss and x.probability >= LIVE for x in d.diagnoses[1:])


def reconcile_challenge(proposal: Challenge, language: Language, ground: Ground) -> list[Remark]:
    """What the devil's advocate holds against the leading diagnosis, and what it would ask."""
    knowledge = ground.resources.knowledge
    forms = [RemarkForm(about=d.disease, stance="against", text=d.text, citations=d.citations) for d in proposal.doubts]
    doubts = remarks(forms, ground, knowledge.diseases.keys())
    for i in dict.fromkeys(proposal.ask):
        term = knowledge.findings.get(i)
        if term is None:
            ground.drop("ask", i, "unknown id")
        elif len(doubts) < 16:
            words = term.ask or term.names
            doubts.append(
                Remark(specialist=ground.specialist, about=i, stance="note", text=words.zh if language == "zh" else words.en, by=ground.by)
            )
            ground.taken += 1
    return doubts
