"""A whole list of drugs in one patient: names, pairs, three together, the patient, allergies, doses, duplicates, and what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from yingzhi.tools.allergies import Allergen, check_allergies, read_allergies
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
from yingzhi.tools.problems import fastest, sum_up

MEANT = Text(en="Which drug or group is meant", zh="明确所指药物或类别")


@dataclass(slots=True)
class Listed:
    """The drugs of a list that are known, each once, and how each is taken."""

    matches: dict[str, DrugMatch] = field(default_factory=dict)
    routes: dict[str, str] = field(default_factory=dict)
    records: dict[str, list[Medication]] = field(default_factory=dict)
    unknown: dict[str, UnknownDrug] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Regimen:
    """A list of drugs in one patient, read once, so that it can be judged as it is and with one drug more."""

    listed: Listed
    patient: DrugPatient | None
    state: PatientState | None
    """None where there is no patient."""
    allergens: tuple[Allergen, ...] = ()
    unread: tuple[str, ...] = ()
    """Entries of the allergies that mean nothing to the formulary."""


@dataclass(frozen=True, slots=True)
class Addition:
    """What one drug more brings: every alert and every gap in which it stands, the worst first."""

    drug: str
    alerts: tuple[DrugAlert, ...]
    not_checked: tuple[NotChecked, ...]


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
    return review_regimen(read_regimen(current, proposed, patient, formulary), formulary)


def read_regimen(
    current: Sequence[Medication | str], proposed: Sequence[Medication | str], patient: DrugPatient | None, formulary: Formulary
) -> Regimen:
    """Read names, doses, routes, the patient and the allergies; the arguments are those of `review_medications`."""
    recorded = patient.medications if patient else []
    named = {m.name for m in recorded}
    given = [*recorded, *(_record(m) for m in current if not (isinstance(m, str) and m in named)), *(_record(m) for m in proposed)]
    listed = _resolve([m for m in given if m.stopped_days_ago is None], formulary)
    if patient is None:
        return Regimen(listed, None, None)
    allergens, unread = read_allergies(patient.allergies, formulary)
    return Regimen(listed, patient, patient_state(patient, formulary), tuple(allergens), tuple(unread))


def review_regimen(regimen: Regimen, formulary: Formulary) -> MedicationReview:
    """Judge a list that was read; see `review_medications`."""
    listed, routes = regimen.listed, regimen.listed.routes
    drugs = list(listed.matches)
    duplicates = check_duplicates(listed.records, routes, formulary)
    doubled = {tuple(a.drugs): a for a in duplicates}
    judged = [judge_pair(a, b, formulary, routes[a], routes[b]) for a, b in pairs_of(drugs)]
    acting = [one for one in judged if one.verdict.severity != "none"]
    alerts = [_pair_alert(one, doubled, formulary) for one in acting if one.verdict.severity != "minor"]
    alerts += check_combined([d for d in drugs if not stays_local(d, routes[d], formulary)], formulary)
    alerts += duplicates
    gaps = [NotChecked(drug=u, check="name", needs=_name_needed(one)) for u, one in listed.unknown.items()]
    gaps += [NotChecked(drug=entry, check="allergy", needs=MEANT) for entry in regimen.unread]
    gaps += regimen.state.gaps if regimen.state else ()
    own: list[DrugAlert] = []
    doses: list[DoseReading] = []
    for drug in sorted(drugs):
        against, missing, readings = _alone(drug, listed, regimen, formulary)
        own += against
        gaps += missing
        doses += readings
    alerts += _once(own)
    return MedicationReview(
        drugs=list(listed.matches.values()),
        unknown=list(listed.unknown.values()),
        alerts=_ranked(alerts),
        interactions=sorted((one.verdict for one in acting), key=lambda i: (ORDER[i.severity], i.drug_a, i.drug_b)),
        not_checked=_by_gravity(gaps),
        problems=sum_up(alerts, formulary),
        doses=doses,
    )


def review_addition(drug: Medication, regimen: Regimen, formulary: Formulary) -> Addition | None:
    """Judge one drug more beside a list, without judging the list again.

    Args:
        drug: The drug; one that stands in the list already is judged as it stands there.
        regimen: The list.
        formulary: The formulary.

    Returns:
        The alerts and gaps of `review_medications` in which the drug stands; None if its name is not certain.
    """
    match = resolve_drug(drug.name, formulary)
    if match is None:
        return None
    new = match.drug
    listed = regimen.listed if new in regimen.listed.matches else _with(regimen.listed, drug, match)
    routes = listed.routes
    alerts: list[DrugAlert] = []
    for other in (d for d in listed.matches if d != new):
        a, b = (new, other) if new < other else (other, new)
        twice = [d for d in check_duplicates({a: listed.records[a], b: listed.records[b]}, routes, formulary) if len(d.drugs) > 1]
        one = judge_pair(a, b, formulary, routes[a], routes[b])
        if one.verdict.severity not in ("none", "minor"):
            alerts.append(_pair_alert(one, {tuple(d.drugs): d for d in twice}, formulary))
        alerts += twice
    alerts += [d for d in check_duplicates({new: listed.records[new]}, routes, formulary) if d.drugs == [new]]
    if not stays_local(new, routes[new], formulary):
        systemic = [d for d in listed.matches if not stays_local(d, routes[d], formulary)]
        alerts += check_combined(systemic, formulary, new)
    own, missing, _ = _alone(new, listed, regimen, formulary)
    return Addition(new, tuple(_ranked([*alerts, *_once(own)])), tuple(_by_gravity(missing)))


def _with(listed: Listed, one: Medication, match: DrugMatch) -> Listed:
    more = Listed(dict(listed.matches), dict(listed.routes), dict(listed.records), listed.unknown)
    _add(more, one, match)
    return more


def _alone(
    drug: str, listed: Listed, regimen: Regimen, formulary: Formulary
) -> tuple[list[DrugAlert], list[NotChecked], list[DoseReading]]:
    """What a drug meets by itself: its dose, the patient, the allergies."""
    alerts: list[DrugAlert] = []
    gaps: list[NotChecked] = []
    doses: list[DoseReading] = []
    weight = None if regimen.patient is None else regimen.patient.weight_kg
    for record in listed.records[drug]:
        against, missing, reading = check_dose(Taking(drug, record, listed.routes[drug], weight), regimen.state, formulary)
        alerts += against
        gaps += missing
        doses += [reading] if reading else []
    if regimen.state is None:
        return alerts, gaps, doses
    against, missing = check_patient(drug, regimen.state, formulary, listed.routes[drug])
    alerts += [*against, *check_allergies(drug, regimen.allergens, formulary)]
    return alerts, gaps + missing, doses


def _ranked(alerts: Iterable[DrugAlert]) -> list[DrugAlert]:
    return sorted(alerts, key=lambda a: (ORDER[a.severity], a.kind, a.id))


def _by_gravity(gaps: Iterable[NotChecked]) -> list[NotChecked]:
    return sorted(gaps, key=lambda g: (g.check != "name", ORDER[g.worst], g.drug, g.needs.en))


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
        onset=fastest(m.onset for m in telling),
        sources=sorted({s for m in telling for s in m.sources}),
        problem=problem,
    )
