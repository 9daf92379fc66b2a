"""A call's FHIR resources as a case: the patient, what is taken, what is drafted, what was measured, and what could not be had."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Text
from yingzhi.service.cds.drugs import Listed, Order, drafted, taken
from yingzhi.service.cds.fhir import (
    AllergyResource,
    Concept,
    ConditionResource,
    MedicationResource,
    ObservationResource,
    PatientResource,
    R,
    RequestResource,
    Resource,
    StatementResource,
    is_paged,
    read_as,
    resources_of,
)
from yingzhi.service.cds.observations import Measured, Result, Social, is_social, read_observations, read_social
from yingzhi.service.cds.services import LIMITED, QUIET, SOUGHT, Offer
from yingzhi.service.cds.wire import CdsRequest
from yingzhi.tools.allergies import read_allergies
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.intake.fhir import from_bundle

KINDS: dict[str, type[Resource]] = {
    k.KIND: k
    for k in (
        PatientResource,
        ConditionResource,
        AllergyResource,
        ObservationResource,
        MedicationResource,
        RequestResource,
        StatementResource,
    )
}
NOBODY = {"display": "-"}
GONE = frozenset({"inactive", "resolved"})
UNTRUE = frozenset({"refuted", "entered-in-error"})
NOT_DRUGS = frozenset({"food", "environment"})
NO_ALLERGY = re.compile(
    r"\bno (?:known )?(?:drug |food |medication |environmental )?allerg|\bnkda\b|\bnka\b|无.{0,4}过敏|否认.{0,6}过敏", re.IGNORECASE
)
LACTATING = re.compile(r"breast.?feeding|lactat|哺乳", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chart:
    """The case, and what the cards need beside it.

    Attributes:
        case: The patient, the visit's words, the results that count now; its medications are what the patient takes.
        current: What is taken.
        drafts: The orders of the session.
        focus: The drafts to speak of: all of them, or those just selected.
        results: Every laboratory result, newest first.
        results_known: Whether the client supplied results at all.
        results_whole: Whether those are all there are, as far as the client knows.
        social: Occupation and alcohol.
        nameless: Drafts that name no drug.
        gaps: What was not supplied or could not be read, in words.
    """

    case: Presentation
    current: tuple[Order, ...]
    drafts: tuple[Order, ...]
    focus: tuple[Order, ...]
    results: tuple[Result, ...]
    results_known: bool
    results_whole: bool
    social: Social
    nameless: int
    gaps: tuple[Text, ...]


def read_chart(offer: Offer, request: CdsRequest, formulary: Formulary, today: date) -> Chart:
    """Read a call.

    Raises:
        CaseError: A resource is not as FHIR has it, in a place that is read; the message names the path.
    """
    found, gaps = _prefetched(offer, request)
    drafts, known = _drafts(request) if offer.hook != "patient-view" else ([], {})
    known = {**known, **{f"Medication/{m.id}": m.code for m in _of(found, MedicationResource) if m.id}}
    ordered = drafted(drafts, known, today, formulary)
    again = {o.reference for o in ordered.orders} - {""}
    requests = [r for r in _of(found, RequestResource) if f"{r.KIND}/{r.id}" not in again]
    current = taken(requests, _of(found, StatementResource), known, today, formulary)
    observations = _of(found, ObservationResource)
    measured = read_observations([o for o in observations if not is_social(o)], today)
    bundle, wordless = _bundle(found, measured, formulary)
    case = from_bundle(bundle, "cds")
    patient = case.patient.model_copy(update={"height_cm": measured.height_cm, "lactating": _lactating(case)})
    selections = request.context.selections if request.hook == "order-select" else ()
    laboratory = request.prefetch.get("laboratory")
    return Chart(
        case=case.model_copy(update={"patient": patient, "medications": [o.medication for o in current.orders]}),
        current=current.orders,
        drafts=ordered.orders,
        focus=_selected(ordered.orders, selections),
        results=measured.results,
        results_known="laboratory" in request.prefetch,
        results_whole=not (laboratory and is_paged(laboratory)),
        social=read_social(filter(is_social, observations), today),
        nameless=ordered.nameless,
        gaps=(*gaps, *_unread(ordered, current, measured, wordless)),
    )


def _selected(orders: tuple[Order, ...], selections: tuple[str, ...]) -> tuple[Order, ...]:
    """The drafts that were just selected; all of them where it can't be told which. A selected blood test selects no drug."""
    chosen = tuple(
        o
        for o in orders
        if any(s == o.reference or o.reference.endswith(f"/{s}") or s.endswith(f"/{o.reference}") for s in selections if o.reference)
    )
    others = bool(selections) and all("/" in s and RequestResource.KIND not in s for s in selections)
    return chosen if chosen or others else orders


Found = Mapping[str, list[Resource]]


def _of(found: Found, kind: type[R]) -> list[R]:
    return [r for r in found.get(kind.KIND, []) if isinstance(r, kind)]


def _prefetched(offer: Offer, request: CdsRequest) -> tuple[Found, list[Text]]:
    """The resources of the prefetch by kind, and what is missing of it. Null is an answer: the client looked, and there is none."""
    found: dict[str, list[Resource]] = {}
    gaps: list[Text] = []
    for key in offer.prefetch:
        value = request.prefetch.get(key)
        if key not in request.prefetch:
            gaps += [] if key in QUIET else [_gap(key, Text(en="not supplied", zh="未提供"))]
            continue
        if value is None and key == "patient":
            gaps.append(_gap(key, Text(en="not on record", zh="无记录")))
        failed = False
        for resource, path in resources_of(value, f"prefetch.{key}") if value else ():
            kind = KINDS.get(str(resource["resourceType"]))
            if kind is not None:
                found.setdefault(kind.KIND, []).append(read_as(kind, resource, path))
            failed = failed or _is_failure(resource)
        if failed:
            gaps.append(_gap(key, Text(en="the client could not fetch it", zh="调用方未能取得")))
        elif value and is_paged(value) and key not in LIMITED:
            gaps.append(_gap(key, Text(en="only the first page was supplied", zh="仅提供了第一页")))
    _check_patient(found, request)
    return found, gaps


def _check_patient(found: Found, request: CdsRequest) -> None:
    """One patient, and the one whom the call is about.

    Raises:
        CaseError: Otherwise.
    """
    patients = _of(found, PatientResource)
    if len(patients) > 1:
        raise CaseError("one patient is expected", "prefetch.patient")
    asked = request.context.patient_id.removeprefix("Patient/")
    if patients and patients[0].id and patients[0].id != asked:
        raise CaseError("is not the patient of the context", "prefetch.patient.id")


def _gap(key: str, why: Text) -> Text:
    what = SOUGHT[key]
    return Text(en=f"{what.en}: {why.en}", zh=f"{what.zh}：{why.zh}")


def _is_failure(resource: Mapping[str, Any]) -> bool:
    issues = resource.get("issue")
    return resource["resourceType"] == "OperationOutcome" and (
        not isinstance(issues, list) or any(isinstance(i, dict) and i.get("severity") in {"fatal", "error"} for i in issues)
    )


def _drafts(request: CdsRequest) -> tuple[list[RequestResource], dict[str, Concept]]:
    drafts: list[RequestResource] = []
    known: dict[str, Concept] = {}
    for resource, path in resources_of(request.context.draft_orders, "context.draftOrders") if request.context.draft_orders else ():
        if resource["resourceType"] == RequestResource.KIND:
            drafts.append(read_as(RequestResource, resource, path))
        elif resource["resourceType"] == MedicationResource.KIND:
            one = read_as(MedicationResource, resource, path)
            known[f"Medication/{one.id}"] = one.code
    return drafts, known


def _bundle(found: Found, measured: Measured, formulary: Formulary) -> tuple[dict[str, Any], int]:
    """What `tools.intake.fhir` makes a case of, with only what is true now; and how many diagnoses have no words."""
    patients = _of(found, PatientResource)[:1]
    resources: list[dict[str, Any]] = [
        {"resourceType": "Patient"} | {k: v for k, v in (("gender", p.gender), ("birthDate", (p.birthDate or "")[:10])) if v}
        for p in patients
    ]
    true = [c for c in _of(found, ConditionResource) if not (c.clinicalStatus.codes() & GONE or c.verificationStatus.codes() & UNTRUE)]
    for one in true:
        if one.code.words():
            visit = any("encounter-diagnosis" in k.codes() for k in one.category)
            category = {"category": [{"coding": [{"code": "encounter-diagnosis"}]}]} if visit else {}
            resources.append({"resourceType": "Condition", "subject": NOBODY, "code": {"text": one.code.words()}, **category})
    for allergy in _allergies(found, formulary):
        resources.append({"resourceType": "AllergyIntolerance", "patient": NOBODY, "code": {"text": allergy}})
    entries = [{"resource": r} for r in (*resources, *measured.current)]
    wordless = sum(1 for c in true if not c.code.words())
    return {"resourceType": "Bundle", "type": "collection", **({"entry": entries} if entries else {})}, wordless


def _allergies(found: Found, formulary: Formulary) -> list[str]:
    """Entries that hold; a food or a pollen only where the formulary has a drug by that name."""
    held = []
    for one in _of(found, AllergyResource):
        words = one.code.words()
        if not words or NO_ALLERGY.search(words) or one.clinicalStatus.codes() & GONE or one.verificationStatus.codes() & UNTRUE:
            continue
        if one.category and set(one.category) <= NOT_DRUGS and not read_allergies([words], formulary)[0]:
            continue
        held.append(words)
    return list(dict.fromkeys(held))


def _lactating(case: Presentation) -> bool | None:
    said = case.patient.sex != "male" and any(LACTATING.search(c) for c in case.patient.conditions)
    return True if said else None


def _unread(ordered: Listed, current: Listed, measured: Measured, wordless: int) -> list[Text]:
    counted = (
        (ordered.nameless, "draft orders without a drug's name", "条拟开医嘱没有药名"),
        (current.nameless, "current drugs without a name", "种在用药物没有药名"),
        (wordless, "diagnoses that have only a code", "条诊断只有编码"),
        (measured.unnamed, "results that have only a code", "条检验结果只有编码"),
    )
    return [Text(en=f"{n} {en}", zh=f"{n}{zh}") for n, en, zh in counted if n]
