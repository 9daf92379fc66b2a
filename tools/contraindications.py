"""A whole list of drugs in one patient: names, pairs, three together, the patient, allergies, doses, duplicates, and what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from yingzhi.clinical.medication import (
    TIER_OF,
    DoseReading,
    DrugAlert,
    DrugMatch,
    DrugPatient,
    MedicationReview,
    NotChecked,
    UnknownDrug,
)
from yingzhi.clinical.presentation import Medication
from yingzhi.clinical.words import Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES
from yingzhi.tools.allergies import check_allergies, read_allergies
from yingzhi.tools.dose_rules import Taking, check_dose
from yingzhi.tools.doses import split_dose
from yingzhi.tools.drug_names import resolve_drug, unknown_drug
from yingzhi.tools.drug_patient import PatientState, patient_state, route_of
from yingzhi.tools.drug_rules import ORDER
from yingzhi.tools.drug_spelling import fold
from yingzhi.tools.duplicates import check_duplicates
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.interactions import Judged, check_combined, judge_pair, pairs_of, stays_local
from yingzhi.tools.patient_rules import check_patient
from yingzhi.tools.problems import sum_up


@dataclass(slots=True)
class Listed:
    """The drugs of a list that are known, each once, and how each is taken."""

    matches: dict[str, DrugMatch] = field(default_factory=dict)
    routes: dict[str, str] = field(default_factory=dict)
    records: dict[str, list[Medication]] = field(default_factory=dict)
    unknown: dict[str, UnknownDrug] = field(default_factory=dict)


def review_medications(
    current: Sequence[Medication | str], proposed: Sequence[Medication | str], patient: DrugPatient | None, formulary: Formulary
) -> MedicationReview:
    """Judge every drug of two lists against each other and against the patient.

    Args:
        current: What the patient takes, besides `patient.medications`; drugs that were stopped are left out. A bare name that
            stands in `patient.medications` adds nothing: what is recorded there (route, stopped) holds. A dose may follow the
            name where no dose is recorded: `methotrexate 15 mg weekly`.
        proposed: What the doctor thinks of giving; names or records.
        patient: The patient; None = no patient facts, only names, doses and interactions are judged.
        formulary: The formulary.

    Returns:
        The review. A name that is not certain is listed as unknown and as not checked; the other drugs are still judged.
        Interactions of grade `minor` stand in `interactions` and raise no alert.
    """
    recorded = patient.medications if patient else []
    named = {m.name for m in recorded}
    given = [*recorded, *(_record(m) for m in current if not (isinstance(m, str) and m in named)), *(_record(m) for m in proposed)]
    listed = _resolve([m for m in given if m.stopped_days_ago is None], formulary)
    drugs, routes = list(listed.matches), listed.routes
    duplicates = check_duplicates(listed.records, routes, formulary)
    doubled = {tuple(a.drugs): a for a in duplicates}
    judged = [judge_pair(a, b, formulary, routes[a], routes[b]) for a, b in pairs_of(drugs)]
    acting = [one for one in judged if one.verdict.severity != "none"]
    alerts = [_pair_alert(one, doubled, formulary) for one in acting if one.verdict.severity != "minor"]
    alerts += check_combined([d for d in drugs if not stays_local(d, routes[d], formulary)], formulary)
    alerts += duplicates
    gaps = [NotChecked(drug=u, check="name", needs=_name_needed(one)) for u, one in listed.unknown.items()]
    state = None if patient is None else patient_state(patient, formulary)
    more, missing, doses = _one_by_one(listed, patient, state, formulary)
    alerts += more
    return MedicationReview(
        drugs=list(listed.matches.values()),
        unknown=list(listed.unknown.values()),
        alerts=sorted(alerts, key=lambda a: (ORDER[a.severity], a.kind, a.id)),
        interactions=sorted((one.verdict for one in acting), key=lambda i: (ORDER[i.severity], i.drug_a, i.drug_b)),
        not_checked=sorted([*gaps, *missing], key=lambda g: (g.check != "name", ORDER[g.worst], g.drug, g.needs.en)),
        problems=sum_up(alerts, formulary),
        doses=doses,
    )


def _one_by_one(
    listed: Listed, patient: DrugPatient | None, state: PatientState | None, formulary: Formulary
) -> tuple[list[DrugAlert], list[NotChecked], list[DoseReading]]:
    """What each drug meets by itself: its dose, the patient, the allergies."""
    alerts: list[DrugAlert] = []
    gaps: list[NotChecked] = []
    doses: list[DoseReading] = []
    weight = None if patient is None else patient.weight_kg
    for drug in sorted(listed.matches):
        for record in listed.records[drug]:
            against, missing, reading = check_dose(Taking(drug, record, listed.routes[drug], weight), state, formulary)
            alerts += against
            gaps += missing
            doses += [reading] if reading else []
    if patient is None or state is None:
        return _once(alerts), gaps, doses
    allergens, unread = read_allergies(patient.allergies, formulary)
    meant = Text(en="Which drug or group is meant", zh="明确所指药物或类别")
    gaps += [NotChecked(drug=entry, check="allergy", needs=meant) for entry in unread] + list(state.gaps)
    for drug in sorted(listed.matches):
        against, missing = check_patient(drug, state, formulary, listed.routes[drug])
        alerts += [*against, *check_allergies(drug, allergens, formulary)]
        gaps += missing
    return _once(alerts), gaps, doses


def _once(alerts: list[DrugAlert]) -> list[DrugAlert]:
    return list({a.id: a for a in alerts}.values())


def _record(drug: Medication | str) -> Medication:
    return Medication(name=drug) if isinstance(drug, str) else drug


def _name_needed(one: UnknownDrug) -> Text:
    if one.means is not None:
        return one.means
    return {
        "ambiguous": Text(en="Which of several drugs is meant", zh="名称可指多种药物，请明确"),
        "misspelt": Text(en="The name as the formulary spells it", zh="名称疑似有误，请核对"),
    }.get(one.reason, Text(en="A name that the formulary knows", zh="处方集内的药名"))


def _resolve(taken: Sequence[Medication], formulary: Formulary) -> Listed:
    listed = Listed()
    for written in taken:
        one = written
        match = resolve_drug(one.name, formulary)
        if match is None and not one.dose:
            name, dose = split_dose(one.name)
            match = resolve_drug(name, formulary) if dose else None
            one = one.model_copy(update={"dose": dose}) if match else one
        elif match is not None and not one.dose and match.how == "form":
            one = one.model_copy(update={"dose": split_dose(one.name)[1]})
        if match is None:
            listed.unknown.setdefault(one.name, unknown_drug(one.name, formulary))
            continue
        _add(listed, one, match)
    return listed


def _add(listed: Listed, one: Medication, match: DrugMatch) -> None:
    route = route_of(one)
    if match.drug in listed.matches and listed.routes[match.drug] in LOCAL_ROUTES:
        listed.routes[match.drug] = route  # once on the skin and once by mouth: the systemic use counts
    listed.matches.setdefault(match.drug, match)
    listed.routes.setdefault(match.drug, route)
    records = listed.records.setdefault(match.drug, [])
    if all((fold(r.name), r.dose, r.route) != (fold(one.name), one.dose, one.route) for r in records):
        records.append(one)


def _pair_alert(judged: Judged, doubled: dict[tuple[str, ...], DrugAlert], formulary: Formulary) -> DrugAlert:
    one = judged.verdict
    a, b = formulary.display[one.drug_a], formulary.display[one.drug_b]
    telling = [m for m in one.mechanisms if m.severity != "minor"]
    double = doubled.get((one.drug_a, one.drug_b))
    problem = judged.problem
    if double is not None and ORDER[one.severity] >= ORDER["moderate"]:
        problem = double.problem  # two of a class: what they share is the same problem
    elif double is not None:
        double.problem = problem
    return DrugAlert(
        id=f"interaction:{one.drug_a}+{one.drug_b}",
        kind="interaction",
        tier=TIER_OF[one.severity],
        severity=one.severity,
        drugs=[one.drug_a, one.drug_b],
        title=Text(en=f"{a.en} + {b.en}", zh=f"{a.zh}＋{b.zh}"),
        why=Text(en=" ".join(m.mechanism.en for m in telling), zh="".join(m.mechanism.zh for m in telling)),
        act=one.mechanisms[0].management,
        sources=sorted({s for m in telling for s in m.sources}),
        problem=problem,
    )
