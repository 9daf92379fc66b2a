"""Differential (鉴别诊断矩阵): ranks the diagnoses and lays out what speaks for and against each."""

from __future__ import annotations

from yingzhi.agents.specialist import Desk, Specialist, View
from yingzhi.clinical.citation import Citation
from yingzhi.clinical.differential import Differential, SystemicLink
from yingzhi.clinical.errors import ToolError
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.tools.chart import chart_of
from yingzhi.tools.citations import cite_hit
from yingzhi.tools.decision_path import decision_path
from yingzhi.tools.differential import LIVE, build_differential
from yingzhi.tools.done_tests import done_tests
from yingzhi.tools.observations import rank_record
from yingzhi.tools.rare import rank_jointly, with_rare
from yingzhi.tools.systemic import systemic_links
from yingzhi.tools.together import find_pairs

SEARCHED = 3
"""For how many of the leading diagnoses the evidence is searched."""
PASSAGES = 2
"""How many passages are kept for each."""


def weigh(view: View, desk: Desk) -> Differential:
    """The playbook: rank, build the matrix, see whether two at once explain more, search the evidence for what leads."""
    case: Presentation = view["presentation"]
    history: History = view["history"]
    r = desk.resources
    ranking = desk.call(rank_record, r.model, history, case.setting)
    given = bool(case.phenotypes.present or case.phenotypes.absent)
    joint = desk.call(rank_jointly, r.rare, r.model, ranking, history, given) if r.rare else None
    ranking = joint.ranking if joint else ranking
    raised = [r.knowledge.red_flags[a.id] for a in history.red_flags if a.id in r.knowledge.red_flags]
    alarming = {disease for rule in raised for disease in rule.points_to}
    result = desk.call(
        build_differential, r.model, ranking, r.knowledge.diseases, r.knowledge.findings, history.findings,
        before=view.get("differential"), alarming=alarming,
    )  # fmt: skip
    links = link(result, case, history, desk)
    together = [] if joint and joint.rare_leads else find_pairs(r.model, ranking, r.knowledge.diseases, r.knowledge.findings, case.setting)
    if r.rare and joint:
        result = with_rare(result, joint, r.rare, view.get("differential"))
    path = decision_path(history, result, r.knowledge, links)
    evidence, searched = search_evidence(result, desk)
    more = {"systemic_links": links, "decision_path": path, "evidence": evidence, "evidence_searched": searched, "together": together}
    return result.model_copy(update=more)


def link(result: Differential, case: Presentation, history: History, desk: Desk) -> list[SystemicLink]:
    """What of the rest of the body bears, by the leading diagnoses, those that the note names, and what was found."""
    r = desk.resources
    k = r.knowledge
    chart = chart_of(history, r.model.ancestors, r.formulary)
    done = done_tests(history, case.reports, chart, k.investigations, k.findings, r.shown_by)
    return desk.call(systemic_links, result.diagnoses, result.confidence != "none", history.named_diagnoses, chart, done, r.links)


def search_evidence(result: Differential, desk: Desk) -> tuple[list[Citation], bool]:
    """Passages for the leading diagnoses from the built-in corpus and what the site has ingested."""
    r = desk.resources
    if not r.retrievers or result.confidence == "none":
        return [], False
    found: dict[str, Citation] = {}
    try:
        for diagnosis in [d for n, d in enumerate(result.diagnoses[:SEARCHED]) if n == 0 or d.probability >= LIVE]:
            query = f"{diagnosis.en} {diagnosis.zh}"  # the names alone: a passage has to cover the words of a query to count as found
            for retriever in r.retrievers:
                for collection in retriever.collections():
                    evidence = desk.call_about(
                        [diagnosis.id], retriever.search, query, collection=collection, tenant=r.tenant, k=PASSAGES, expand=False
                    )
                    found |= {hit.source_id: cite_hit(hit) for hit in evidence.hits if hit.source_id not in found}
    except ToolError:
        return list(found.values()), False
    return list(found.values()), True


DIFFERENTIAL = Specialist(
    name="differential",
    zh="鉴别诊断",
    result=Differential,
    reads=("presentation", "history", "differential"),
    tools=(rank_record, rank_jointly, build_differential, systemic_links),
    playbook=weigh,
)
