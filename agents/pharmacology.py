"""Pharmacology (安全用药评估): current drugs and treatment options, judged for this patient."""

from __future__ import annotations

from yingzhi.agents.specialist import Desk, Specialist, View
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.tools.rare import known_diseases
from yingzhi.tools.treatment import judged_drugs, review_treatment
from yingzhi.tools.treatment_options import shelf_of


def assess_medication(view: View, desk: Desk) -> TreatmentReview:
    """The playbook: check what the patient takes, then every option for the leading diagnoses against this patient."""
    case: Presentation = view["presentation"]
    history: History = view["history"]
    differential: Differential = view["differential"]
    r = desk.resources
    k = r.knowledge
    diseases = known_diseases(differential.diagnoses, k.diseases)
    about = judged_drugs(history, differential, diseases, r.formulary)
    shelf = shelf_of(k.packs.values(), k.measure_rules, k.sources, r.clock().date())
    return desk.call_about(about, review_treatment, history, differential, diseases, r.formulary, shelf, case, case.acknowledged)


PHARMACOLOGY = Specialist(
    name="pharmacology",
    zh="用药评估",
    result=TreatmentReview,
    reads=("presentation", "history", "differential"),
    tools=(review_treatment,),
    playbook=assess_medication,
)
