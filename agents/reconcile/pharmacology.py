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
from yingzhi.tools.contraindications import read_regimen, review_regimen
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.extraction import Mention
from yingzhi.tools.medications import STOPPED, is_allergy
from yingzhi.tools.problems import sum_up
from yingzhi.tools.treatment_alerts import problem_alerts, reviewed, unchecked
from yingzhi.tools.treatment_patient import drug_patient

ALSO = "also:"
"""Begins the id of an alert on drugs that a model had checked as well: the same problem may have one on the current drugs."""


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
    if more:
        base = _checked_too(base, more, case, history, ground)
    notices = [n for i, form in enumerate(proposal.alerts[:5]) if (n := _notice(form.drug, form.title, form.why, i, ground)) is not None]
    return base.model_copy(
        update={
            "alerts": [*base.alerts, *notices],
            "remarks": remarks(proposal.remarks, ground, {*formulary.drugs, *ground.resources.knowledge.diseases}),
        }
    )


def _checked_too(base: TreatmentReview, more: list[str], case: Presentation, history: History, ground: Ground) -> TreatmentReview:
    """The review with what these drugs bring: problems and alerts of their own, beside those that stand, which stay as they are."""
    formulary = ground.resources.formulary
    regimen = read_regimen([], more, drug_patient(trusted(history), formulary, case), formulary)
    review = review_regimen(regimen, formulary)
    have = {a.id for a in base.current.alerts}
    fresh = reviewed(sum_up([a for a in review.alerts if a.id not in have], formulary), regimen, case.acknowledged, formulary)
    told = {t.en for t in base.not_checked}
    alerts = [*base.alerts, *problem_alerts(fresh, formulary, ALSO)]
    return base.model_copy(
        update={
            "also_checked": review,
            "problems": [*base.problems, *fresh],
            "alerts": sorted(alerts, key=lambda a: ALERT_LEVELS.index(a.level)),
            "not_checked": [*base.not_checked, *(t for t in unchecked(review, formulary) if t.en not in told)],
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
