"""Documentation (文书生成): drafts in which every sentence is traced, and the level of care."""

from __future__ import annotations

from yingzhi.agents.specialist import Desk, Resources, Specialist, View
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.document import Documentation
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.tools.documents import Material, build_documents
from yingzhi.tools.observations import implied
from yingzhi.tools.rare import known_diseases
from yingzhi.tools.referral import Place, refer
from yingzhi.tools.text import is_chinese


def draft(view: View, desk: Desk) -> Documentation:
    """The playbook: the level of care, then all drafts in the language of the case."""
    case: Presentation = view["presentation"]
    history: History = view["history"]
    differential: Differential = view["differential"]
    r = desk.resources
    diseases = known_diseases(differential.diagnoses, r.knowledge.diseases)
    referral = desk.call(
        refer,
        differential,
        history.findings,
        history.red_flags,
        diseases,
        r.knowledge.red_flags,
        r.model.ancestors,
        case.setting,
        view.get("workup"),
        place_of(r),
    )
    material = Material(
        presentation=case,
        history=history,
        differential=differential,
        workup=view.get("workup"),
        medication=view.get("pharmacology"),
        referral=referral,
        diseases=diseases,
        language=case.lang or ("zh" if is_chinese(case.text) else "en"),
        implied=implied(history.findings, r.model.ancestors),
    )
    return Documentation(documents=desk.call(build_documents, material), referral=referral)


def place_of(r: Resources) -> Place | None:
    """The site with what the referral has to know of it; None without a profile."""
    if r.site is None:
        return None
    return Place(r.site, r.knowledge.sites, r.knowledge.specialists, r.formulary)


DOCUMENTATION = Specialist(
    name="documentation",
    zh="文书生成",
    result=Documentation,
    reads=("presentation", "history", "differential", "workup", "pharmacology"),
    tools=(refer, build_documents),
    playbook=draft,
)
