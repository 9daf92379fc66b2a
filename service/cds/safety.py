"""The drug check as notes: what speaks against the drugs in focus, what is given twice, and what could not be checked."""

from __future__ import annotations

from collections.abc import Sequence

from yingzhi.clinical.medication import DrugPatient, DrugProblem, MedicationReview, NotChecked, UnknownDrug
from yingzhi.clinical.words import Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES
from yingzhi.service.cds.drugs import Order, substance
from yingzhi.service.cds.notes import Note, bullets, drug_problem, watch_list
from yingzhi.tools.alternatives import problem_alternatives
from yingzhi.tools.contraindications import Regimen, read_regimen, review_regimen
from yingzhi.tools.drug_patient import route_of
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.problems import sum_up

URGENT = ("stop", "decide")
GRAVE = frozenset({"contraindicated", "major"})


def check(
    current: Sequence[Order], drafts: Sequence[Order], focus: Sequence[Order], patient: DrugPatient, formulary: Formulary
) -> list[Note]:
    """Judge the drugs in focus against all the others and against the patient.

    Args:
        current: What is taken.
        drafts: The orders of the session; empty when a record is opened.
        focus: Those of either list that are spoken of.
        patient: The patient, without medications.
        formulary: The formulary.
    """
    regimen = read_regimen([o.medication for o in current], [o.medication for o in drafts], patient, formulary)
    review = review_regimen(regimen, formulary)
    ids = _by_substance(focus, formulary)
    removable = _by_substance([o for o in focus if o in drafts and o.reference], formulary)
    twice = _twice(current, drafts, focus, formulary)
    told = {f"duplicate:same:{drug}" for drug in twice}
    problems = sum_up([a for a in review.alerts if ids.keys() & set(a.drugs) and a.id not in told], formulary)
    urgent = [p for p in problems if p.tier in URGENT]
    notes = [
        drug_problem(
            p,
            [(o.reference, formulary.display[d]) for d in p.drugs for o in removable.get(d, ()) if p.tier == "stop"],
            _instead(p, regimen, formulary),
        )
        for p in urgent
    ]
    notes += [*twice.values(), *watch_list([p for p in problems if p not in urgent])]
    named = {o.medication.name for o in focus}
    notes += [unlisted(u) for u in [*review.unknown, *_overlooked(focus, review, formulary)] if u.name in named]
    notes += _others([u for u in review.unknown if u.name not in named])
    return notes + _gaps(review, set(ids), formulary)


def _instead(problem: DrugProblem, regimen: Regimen, formulary: Formulary) -> list[Text]:
    """For each drug of a problem its neighbours that no rule speaks against beside the rest of the list."""
    found: dict[str, list[Text]] = {}
    for one in problem_alternatives(problem, regimen, formulary):
        found.setdefault(one.instead_of, []).append(one.names)
    named = [(formulary.display[drug], names) for drug, names in found.items()]
    return [Text(en=f"{n.en}: {', '.join(x.en for x in xs)}", zh=f"{n.zh}：{'、'.join(x.zh for x in xs)}") for n, xs in named]


def _by_substance(orders: Sequence[Order], formulary: Formulary) -> dict[str, list[Order]]:
    found: dict[str, list[Order]] = {}
    for order in orders:
        if order.medication.stopped_days_ago is None and (drug := substance(order.medication, formulary)):
            found.setdefault(drug, []).append(order)
    return found


def _overlooked(focus: Sequence[Order], review: MedicationReview, formulary: Formulary) -> list[UnknownDrug]:
    """Drugs in focus that neither the check nor this module could name: what is not known to be checked counts as not checked."""
    unknown = {u.name for u in review.unknown}
    running = [o.medication for o in focus if o.medication.stopped_days_ago is None]
    return [UnknownDrug(name=m.name) for m in running if m.name not in unknown and not substance(m, formulary)]


def _twice(current: Sequence[Order], drafts: Sequence[Order], focus: Sequence[Order], formulary: Formulary) -> dict[str, Note]:
    """A draft of a substance that is taken already, or drafted twice; the skin and the mouth are two uses."""
    notes: dict[str, Note] = {}
    running, drafted = _by_substance(current, formulary), _by_substance(drafts, formulary)
    for drug, orders in _by_substance([o for o in focus if o in drafts], formulary).items():
        where = [_is_local(o) for o in orders]
        taken = [o for o in running.get(drug, ()) if _is_local(o) in where]
        again = [o for o in drafted[drug] if o not in orders and _is_local(o) in where]
        if not taken and not again and len(where) == len(set(where)):
            continue
        name = formulary.display[drug]
        why = (
            Text(en=f"{name.en} is already among the current drugs", zh=f"{name.zh}已在在用药物中")
            if taken
            else Text(en=f"{name.en} is drafted more than once", zh=f"{name.zh}被重复开具")
        )
        act = Text(en="Keep one order, unless the dose is meant to be split or changed.", zh="保留一条医嘱，除非有意分次给药或调整剂量。")
        head = Text(en=f"Same drug twice: {why.en}", zh=f"同药重复：{why.zh}")
        notes[drug] = Note(f"same-drug:{drug}", "duplicate", "warning", head, bullets([act]))
    return notes


def _is_local(order: Order) -> bool:
    return route_of(order.medication) in LOCAL_ROUTES


def unlisted(drug: UnknownDrug) -> Note:
    """A drug that the formulary does not have: nothing about it was checked, and a likeness is shown, never used."""
    lines = [
        Text(
            en="Nothing about it was checked: no interactions, diseases, pregnancy, kidney function or allergies.",
            zh="其相互作用、疾病禁忌、妊娠、肾功能、过敏均未核查。",
        )
    ]
    if drug.suggestions:
        near = Text(en=" / ".join(s.names.en for s in drug.suggestions), zh=" / ".join(s.names.zh for s in drug.suggestions))
        lines.append(Text(en=f"Spelt like: {near.en}. Was one of these meant?", zh=f"拼写相近：{near.zh}。是否指其中之一？"))
    if drug.reason in ("ambiguous", "class"):
        why = Text(en="the name may mean several drugs", zh="药名所指不唯一")
    else:
        why = Text(en="not in the formulary", zh="药品知识库中无此药")
    head = Text(en=f"Not checked: {why.en}: {drug.name}", zh=f"未核查：{why.zh}：{drug.name}")
    return Note("not-in-formulary", "not-checked", "info", head, bullets(lines))


def _others(drugs: Sequence[UnknownDrug]) -> list[Note]:
    """Current drugs that are not known: their interactions with a draft are not known either."""
    if not drugs:
        return []
    en, zh = ", ".join(d.name for d in drugs), "、".join(d.name for d in drugs)
    head = Text(
        en=f"Not checked against: current drugs that are not in the formulary: {en}", zh=f"未纳入核查：药品知识库中没有的在用药物：{zh}"
    )
    return [Note("not-in-formulary:current", "not-checked", "info", head, bullets(Text(en=d.name, zh=d.name) for d in drugs))]


def _gaps(review: MedicationReview, ids: set[str], formulary: Formulary) -> list[Note]:
    """Facts that are missing, in one note; grave where a drug might turn out to be contraindicated or seriously harmful."""
    gaps = [g for g in review.not_checked if g.check != "name" and (g.drug in ids or g.check == "allergy" or not g.drug)]
    if not gaps:
        return []
    by_drug: dict[str, list[NotChecked]] = {}
    for gap in gaps:
        by_drug.setdefault(gap.drug, []).append(gap)
    lines = [_missing(drug, facts, formulary) for drug, facts in by_drug.items()]
    grave = any(g.worst in GRAVE for g in gaps)
    head = Text(
        en=f"Not checked for want of facts: {'; '.join(x.en for x in lines)}", zh=f"因缺少信息未核查：{'；'.join(x.zh for x in lines)}"
    )
    return [Note("not-checked:facts", "not-checked", "warning" if grave else "info", head, bullets(lines))]


def _missing(drug: str, facts: Sequence[NotChecked], formulary: Formulary) -> Text:
    if any(f.check == "allergy" for f in facts):
        return Text(en=f"allergy entry not understood: {drug}", zh=f"过敏记录无法识别：{drug}")
    name = formulary.display.get(drug, Text(en=drug, zh=drug) if drug else Text(en="the whole list", zh="全部用药"))
    needs = list({f.needs.en: f.needs for f in facts}.values())
    return Text(en=f"{name.en} ({', '.join(n.en for n in needs)})", zh=f"{name.zh}（{'、'.join(n.zh for n in needs)}）")
