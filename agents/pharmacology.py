"""Pharmacology (安全用药评估): current drugs and treatment options, judged for this patient."""

from __future__ import annotations

from yingzhi.agents.specialist import Desk, Specialist, View
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.history import History
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.tools.treatment import judged_drugs, review_treatment


def assess_medication(view: View, desk: Desk) -> TreatmentReview:
    """The playbook: check what the patient takes, then every option for the leading diagnoses against this patient."""
    history: History = view["history"]
    differential: Differential = view["differential"]
    r = desk.resources
    about = judged_drugs(history, differential, r.knowledge.diseases, r.formulary)
    return desk.call_about(about, review_treatment, history, differential, r.knowledge.diseases, r.formulary)


PHARMACOLOGY = Specialist(
    name="pharmacology",
    zh="用药评估",
    result=TreatmentReview,
    reads=("history", "differential"),
    tools=(review_treatment,),
    playbook=assess_medication,
)
