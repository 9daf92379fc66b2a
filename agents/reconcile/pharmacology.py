"""Pharmacology: a model may have more drugs checked and add notices; verdicts are the rules' alone."""

from __future__ import annotations

from yingzhi.agents.proposals import PharmacologyProposal
from yingzhi.agents.reconcile.common import Ground, remarks, trusted, wording
from yingzhi.agents.reconcile.history import find_quote
from yingzhi.clinical.alert import ALERT_LEVELS, Alert
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.words import Text
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.extraction import Mention
from yingzhi.tools.medications import STOPPED, is_allergy
from yingzhi.tools.treatment import LEVEL, drug_patient, unchecked


def reconcile_pharmacology(
    base: TreatmentReview, proposal: PharmacologyProposal, case: Presentation, history: History, ground: Ground
) -> TreatmentReview:
    """The playbook's review with more drugs checked by the rules, and the model's notices at the end.

    A drug is checked as well only if the record names it. No option changes its verdict.
    """
    formulary = ground.resources.formulary
    listed = {d.drug for d in base.current.drugs}
    more: list[str] = []
    for name in dict.fromkeys(proposal.check):
        match = resolve_drug(name, formulary)
        if match is None:
            ground.drop("check", name, "not in the formulary")
        elif match.drug not in listed and not _taken(name, case):
            ground.drop("check", match.drug, "the record does not say that it is taken")
        elif match.drug not in listed:
            more.append(name)
            listed.add(match.drug)
            ground.taken += 1
    alerts, gaps = list(base.alerts), list(base.not_checked)
    if more:
        review = review_medications([], more, drug_patient(trusted(history)), formulary)
        fresh = review.alerts
        told = {t.en for t in gaps}
        gaps += [t for t in unchecked(review, formulary) if t.en not in told]
        have = {a.id for a in alerts}
        alerts += [
            Alert(id=a.id, kind="medication", level=LEVEL[a.tier], title=a.title, why=a.why, act=a.act, sources=a.sources)
            for a in fresh
            if a.id not in have
        ]
        alerts.sort(key=lambda a: ALERT_LEVELS.index(a.level))
    notices = [n for i, form in enumerate(proposal.alerts[:5]) if (n := _notice(form.drug, form.title, form.why, i, ground)) is not None]
    return base.model_copy(
        update={
            "alerts": [*alerts, *notices],
            "not_checked": gaps,
            "remarks": remarks(proposal.remarks, ground, {*formulary.drugs, *ground.resources.knowledge.diseases}),
        }
    )


def _taken(name: str, case: Presentation) -> bool:
    """Whether the note names the drug, and neither as an allergy nor as one that was stopped."""
    span = find_quote(name, case)
    if span is None or span.source != "note":
        return False
    around = case.text[max(0, span.start - 30) : span.end + 30]
    return not is_allergy(case.text, Mention(name, "present", span.start, span.end)) and not STOPPED.search(around)


def _notice(drug: str, title: str, why: str, number: int, ground: Ground) -> Alert | None:
    match = resolve_drug(drug, ground.resources.formulary)
    if match is None:
        ground.drop("alert", drug, "not in the formulary")
        return None
    head, body = wording(title, ground, "alert", match.drug, limit=120), wording(why, ground, "alert", match.drug, limit=300)
    if not head or not body:
        return None
    ground.taken += 1
    return Alert(id=f"model-drug-{number}", kind="model", level="notice", title=Text(en=head, zh=head), why=Text(en=body, zh=body))
