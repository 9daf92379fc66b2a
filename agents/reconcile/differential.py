"""Differential: a model's opinion shifts probabilities within a bound; the lane, the confidence and the evidence stay."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log

from yingzhi.agents.proposals import DifferentialProposal
from yingzhi.agents.reconcile.common import MODEL, Ground, remarks, trusted, wording
from yingzhi.clinical.differential import Diagnosis, Differential
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.remark import Remark
from yingzhi.knowledge.models import Disease
from yingzhi.tools.differential import build_differential
from yingzhi.tools.observations import rank_record
from yingzhi.tools.ranking import TEMPERATURE
from yingzhi.tools.rare import known_diseases, rank_jointly, with_rare

PLACES = (1.0, 0.8, 0.6, 0.4, 0.2)
"""Share of the trust that a place in the model's order earns."""


def reconcile_differential(
    base: Differential, proposal: DifferentialProposal, case: Presentation, history: History, ground: Ground, trust: float
) -> Differential:
    """The playbook's differential, shifted by the model's opinion.

    All that a model thinks of a diagnosis - its opinion and the findings that only it read - counts as one piece of evidence for it,
    with a likelihood ratio of at most `trust`; nothing of it counts against one. Everything that gates or warns - the lane, confidence,
    convergence - stays as the playbook has it.

    Args:
        base: The playbook's result, from the record alone.
        proposal: The model's.
        case: The case.
        history: The reconciled history.
        ground: What it is held against.
        trust: Largest likelihood ratio of the opinion, >= 1.
    """
    known = known_diseases(base.diagnoses, ground.resources.knowledge.diseases)
    order = _order(proposal, known, ground)
    opinion = {d: log(trust) * share for d, share in zip(order, PLACES, strict=False)}
    shown = {d.id for d in base.diagnoses}
    read = any(f.derived_from == MODEL and f.status == "uncertain" for f in history.findings)
    if read or any(d not in shown for d in opinion):
        shifted, lane, other = _ranked_again(base, opinion, case, history, ground, trust)
    else:
        (shifted, other), lane = _reweighed(base, opinion), base.must_not_miss
    added = [r for form in proposal.add if (r := _reason(form.disease, form.why, ground)) is not None]
    said = [*added, *remarks(proposal.remarks, ground, known.keys())]
    return base.model_copy(update={"diagnoses": shifted, "must_not_miss": lane, "other": other, "remarks": said})


def _order(proposal: DifferentialProposal, known: Mapping[str, Disease], ground: Ground) -> list[str]:
    wanted = list(dict.fromkeys([*proposal.ranking, *(a.disease for a in proposal.add)]))
    order: list[str] = []
    for disease in wanted:
        if disease not in known:
            ground.drop("ranking", disease, "unknown id")
        elif len(order) < len(PLACES):
            order.append(disease)
            ground.taken += 1
    return order


def _reason(disease: str, why: str, ground: Ground) -> Remark | None:
    if disease not in ground.resources.knowledge.diseases or not why:
        return None
    text = wording(why, ground, "add", disease)
    return Remark(specialist=ground.specialist, about=disease, stance="for", text=text, by=ground.by) if text else None


def _reweighed(base: Differential, opinion: dict[str, float]) -> tuple[list[Diagnosis], float]:
    """Closed form: each shown probability times its factor, over the new total; what is not shown keeps the factor one."""
    if not opinion:
        return base.diagnoses, base.other
    factor = {d.id: exp(opinion.get(d.id, 0.0) / TEMPERATURE) for d in base.diagnoses}
    rest = max(0.0, 1.0 - sum(d.probability for d in base.diagnoses))
    total = rest + sum(d.probability * factor[d.id] for d in base.diagnoses)
    moved = [d.model_copy(update={"probability": min(1.0, round(d.probability * factor[d.id] / total, 4))}) for d in base.diagnoses]
    return sorted(moved, key=lambda d: -d.probability), round(base.other / total, 4)


def _ranked_again(
    base: Differential, opinion: dict[str, float], case: Presentation, history: History, ground: Ground, trust: float
) -> tuple[list[Diagnosis], list[str], float]:
    r = ground.resources
    own = trusted(history)
    alone = rank_record(r.model, own, case.setting)
    suspected = [f for f in history.findings if f.derived_from != MODEL or f.status == "uncertain"]
    with_all = rank_record(r.model, history.model_copy(update={"findings": suspected}), case.setting)
    gain = with_all.score - alone.score
    raised = {d: min(log(trust), max(0.0, float(gain[i])) + opinion.get(d, 0.0)) for d, i in r.model.row.items()}
    ranking = rank_record(r.model, own, case.setting, {d: up for d, up in raised.items() if up > 0})
    given = bool(case.phenotypes.present or case.phenotypes.absent)
    joint = rank_jointly(r.rare, r.model, ranking, own, given)
    ranking = joint.ranking if joint else ranking
    fresh = build_differential(r.model, ranking, r.knowledge.diseases, r.knowledge.findings, own.findings)
    if r.rare and joint:
        fresh = with_rare(fresh, joint, r.rare)
    there = {d.id for d in fresh.diagnoses}
    lost = [
        d.model_copy(update={"probability": round(float(ranking.probability[r.model.row[d.id]]), 4)})
        for d in base.diagnoses
        if d.id in base.must_not_miss and d.id not in there
    ]
    diagnoses = sorted([*fresh.diagnoses, *lost], key=lambda d: -d.probability)
    return diagnoses, list(dict.fromkeys([*base.must_not_miss, *fresh.must_not_miss])), fresh.other
