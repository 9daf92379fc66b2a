"""Orders and statements as drugs of a case: which substance, by which route, since when, and whether it is taken at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from yingzhi.clinical.presentation import Medication
from yingzhi.service.cds.dosing import dose_words
from yingzhi.service.cds.fhir import (
    NO_CONCEPT,
    Concept,
    DrugResource,
    RequestResource,
    StatementResource,
    contained_drugs,
    day_of,
    plain,
)
from yingzhi.service.cds.observations import days_ago
from yingzhi.tools.doses import split_dose
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.formulary import Formulary

ATC = "whocc.no/atc"
LONGEST = 200
TAKEN_STATEMENT = frozenset({"", "active", "intended", "on-hold", "unknown"})
TAKEN_REQUEST = frozenset({"", "active", "on-hold", "unknown"})
ORDERS = frozenset({"", "order", "original-order", "reflex-order", "filler-order", "instance-order"})
ID = re.compile(r"[A-Za-z0-9._~|:-]{1,128}")
"""Wider than FHIR's own; what is not like this is no id that a client could act on."""
RXNORM = re.compile(r"\s*\[[^\]]*\]|\b\d+\s*(?:HR|hour)\b|\b(?:extended|delayed|immediate)[ -]release\b", re.IGNORECASE)
"""What names of RxNorm and of order catalogues add: a brand in brackets, how slowly it is let go."""


@dataclass(frozen=True, slots=True)
class Order:
    """A drug, and the resource that names it (`MedicationRequest/103`; empty where that has no id)."""

    medication: Medication
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """The drugs of a list, and how many entries name none."""

    orders: tuple[Order, ...] = ()
    nameless: int = 0


def taken(
    requests: Iterable[RequestResource],
    statements: Iterable[StatementResource],
    known: Mapping[str, Concept],
    today: date,
    formulary: Formulary,
) -> Listed:
    """What the patient takes: orders in force and statements that it is taken.

    Args:
        requests: Orders.
        statements: Statements.
        known: Medication resources by reference.
        today: The day of the visit.
        formulary: The formulary.
    """
    current = [r for r in requests if r.status in TAKEN_REQUEST and r.intent in ORDERS and not r.doNotPerform]
    said = [s for s in statements if s.status in TAKEN_STATEMENT]
    return _listed([*said, *current], known, today, formulary)


def drafted(requests: Iterable[RequestResource], known: Mapping[str, Concept], today: date, formulary: Formulary) -> Listed:
    """The drafts of an ordering session, whatever their status: an order that is signed again is judged again."""
    return _listed(
        [r for r in requests if r.status not in {"entered-in-error", "cancelled"} and not r.doNotPerform], known, today, formulary
    )


def _listed(
    resources: list[StatementResource | RequestResource], known: Mapping[str, Concept], today: date, formulary: Formulary
) -> Listed:
    orders: list[Order] = []
    nameless = 0
    for one in resources:
        name = drug_name(_concept(one, known), formulary)
        if not name:
            nameless += 1
            continue
        dosages = one.dosageInstruction if isinstance(one, RequestResource) else one.dosage
        started, ended = _days(one, today)
        medication = Medication(
            name=name[:LONGEST],
            dose=dose_words(dosages)[:LONGEST],
            route=next((d.route.words() for d in dosages if d.route.words()), "")[:LONGEST],
            started_days_ago=started,
            stopped_days_ago=ended,
        )
        orders.append(Order(medication, f"{one.KIND}/{one.id}" if ID.fullmatch(one.id) else ""))
    return Listed(tuple(orders), nameless)


def _days(one: StatementResource | RequestResource, today: date) -> tuple[float | None, float | None]:
    if isinstance(one, RequestResource):
        return days_ago(one.authoredOn, today), None
    period = one.effectivePeriod
    ended = period.end if period and period.end and day_of(period.end) < today else None
    return days_ago(period.start if period else one.effectiveDateTime, today), days_ago(ended, today)


def _concept(one: DrugResource, known: Mapping[str, Concept]) -> Concept:
    if one.medicationCodeableConcept is not None:
        return one.medicationCodeableConcept
    reference = one.medicationReference
    if reference is None:
        return NO_CONCEPT
    found = {**known, **contained_drugs(one.contained)}.get(reference.reference)
    return found if found is not None and (found.words() or found.coding) else Concept(text=reference.display)


def drug_name(concept: Concept, formulary: Formulary) -> str:
    """The wording of a concept that the formulary knows; else its first wording, else an empty string."""
    wordings = [w for w in map(plain, (concept.text, *(c.display for c in concept.coding))) if w]
    for words in wordings:
        for name in (words, RXNORM.sub(" ", words).strip()):
            if name and resolve_drug(name, formulary) is not None:
                return name
    codes = {c.code for c in concept.coding if ATC in c.system}
    return _by_atc(codes, formulary) or next(iter(wordings), "")


def substance(medication: Medication, formulary: Formulary) -> str:
    """Id of the drug that an order is for, as the drug check understands its name; empty where that is not certain."""
    match = resolve_drug(medication.name, formulary)
    if match is None and not medication.dose:
        match = resolve_drug(split_dose(medication.name)[0], formulary)
    return match.drug if match else ""


def _by_atc(codes: set[str], formulary: Formulary) -> str:
    """The drug that alone has one of the codes of substances (7 signs)."""
    found = [i for i, d in formulary.drugs.items() if len(d.atc) == 7 and d.atc in codes]
    return formulary.display[found[0]].en if len(found) == 1 else ""
