"""FHIR R4B Bundles: Patient, Condition, Observation, MedicationStatement, AllergyIntolerance, DiagnosticReport, Composition."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from pydantic import ValidationError

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.presentation import Medication, Patient, Presentation, Report
from yingzhi.clinical.report import ReportKind

TAG = re.compile(r"<[^>]+>")
KINDS: dict[str, ReportKind] = {
    "LAB": "laboratory",
    "HM": "laboratory",
    "CH": "laboratory",
    "SP": "pathology",
    "PAT": "pathology",
    "MB": "microbiology",
    "RAD": "imaging",
    "IMM": "immunofluorescence",
}


def from_bundle(document: dict[str, Any], name: str) -> Presentation:
    """A case from a FHIR R4B Bundle (or one Patient with contained resources).

    The whole Bundle is validated first, so that a slip is named by its path.

    Raises:
        CaseError: Not a Bundle, or not valid FHIR; the message names the path.
    """
    if document.get("resourceType") != "Bundle":
        raise CaseError("a FHIR Bundle is expected", "resourceType")
    validate(document)
    entries = [e.get("resource", {}) for e in document.get("entry", [])]
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for resource in entries:
        by_kind.setdefault(str(resource.get("resourceType")), []).append(resource)
    patients = by_kind.get("Patient", [])
    if len(patients) > 1:
        raise CaseError("one patient is expected", "entry")
    observations = by_kind.get("Observation", [])
    labs = [line for o in observations for line in [_lab_line(o)] if line]
    reports = [*_reports(by_kind.get("DiagnosticReport", []))]
    if labs:
        reports.append(Report(kind="laboratory", text="\n".join(labs)))
    try:
        return Presentation(
            id=str(document.get("id") or name),
            text=_narrative(by_kind, observations),
            patient=_patient(patients[0] if patients else {}, by_kind, observations),
            medications=[*_medications([*by_kind.get("MedicationStatement", []), *by_kind.get("MedicationRequest", [])])],
            reports=reports,
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise CaseError(first["msg"], ".".join(str(p) for p in first["loc"])) from None


def validate(document: dict[str, Any]) -> None:
    """Check a Bundle against FHIR R4B.

    Raises:
        CaseError: Naming the path of the first slip.
    """
    from fhir.resources.R4B.bundle import Bundle

    try:
        Bundle.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise CaseError(f"not valid FHIR R4B: {first['msg']}", ".".join(str(p) for p in first["loc"]) or "Bundle") from None


def _words(concept: Any) -> str:
    if not isinstance(concept, dict):
        return ""
    return str(concept.get("text") or next((c["display"] for c in concept.get("coding", []) if c.get("display")), ""))


def _code(resource: dict[str, Any]) -> set[str]:
    return {str(c.get("code")) for c in resource.get("code", {}).get("coding", [])}


def _patient(patient: dict[str, Any], by_kind: dict[str, list[dict[str, Any]]], observations: list[dict[str, Any]]) -> Patient:
    born = str(patient.get("birthDate") or "")
    age = None
    if born:
        padded = born + "-01-01"[len(born) - 4 :] if len(born) < 10 else born
        age = max(0.0, (datetime.now(UTC).date() - date.fromisoformat(padded)).days / 365.25)
    weight = next((o["valueQuantity"]["value"] for o in observations if "29463-7" in _code(o) and "valueQuantity" in o), None)
    pregnant = next((_words(o.get("valueCodeableConcept")).lower() for o in observations if "82810-3" in _code(o)), "")
    sex = patient.get("gender")
    return Patient(
        sex=sex if sex in {"female", "male"} else "unknown",
        age=age,
        weight_kg=float(weight) if weight is not None else None,
        pregnant=None if not pregnant else not pregnant.startswith("not") and "未" not in pregnant,
        allergies=[w for a in by_kind.get("AllergyIntolerance", []) for w in [_words(a.get("code"))] if w],
        conditions=[w for c in by_kind.get("Condition", []) if _background(c) for w in [_words(c.get("code"))] if w],
    )


def _background(condition: dict[str, Any]) -> bool:
    """Whether a Condition is another disease of the patient and not the problem the visit is about."""
    categories = {str(c.get("code")) for k in condition.get("category", []) for c in k.get("coding", [])}
    return "encounter-diagnosis" not in categories


def _narrative(by_kind: dict[str, list[dict[str, Any]]], observations: list[dict[str, Any]]) -> str:
    parts = [_plain(s.get("text", {}).get("div", "")) for c in by_kind.get("Composition", []) for s in c.get("section", [])]
    parts += [
        str(n.get("text", ""))
        for i in by_kind.get("ClinicalImpression", [])
        for n in [{"text": i.get("description", "")}, *i.get("note", [])]
    ]
    parts += [
        str(n.get("text", ""))
        for c in by_kind.get("Condition", [])
        if not _background(c)
        for n in [{"text": _words(c.get("code"))}, *c.get("note", [])]
    ]
    parts += [str(n.get("text", "")) for e in by_kind.get("Encounter", []) for n in [{"text": _words(r)} for r in e.get("reasonCode", [])]]
    parts += [str(o["valueString"]) for o in observations if o.get("valueString")]
    for d in by_kind.get("DocumentReference", []):
        for content in d.get("content", []):
            a = content.get("attachment", {})
            if str(a.get("contentType", "")).startswith("text/plain") and a.get("data"):
                parts.append(base64.b64decode(a["data"]).decode("utf-8", errors="replace"))
    return "\n".join(p.strip() for p in parts if p and p.strip())


def _plain(div: str) -> str:
    return html.unescape(TAG.sub(" ", div)).strip()


def _lab_line(observation: dict[str, Any]) -> str:
    quantity = observation.get("valueQuantity")
    name = _words(observation.get("code"))
    if not quantity or not name or "29463-7" in _code(observation):
        return ""
    limits: dict[str, Any] = next(iter(observation.get("referenceRange", [])), {})
    low, high = limits.get("low", {}).get("value"), limits.get("high", {}).get("value")
    interval = f" ({low}-{high})" if low is not None and high is not None else ""
    return f"{name} {quantity.get('comparator', '')}{quantity.get('value')} {quantity.get('unit', '')}{interval}"


def _reports(reports: list[dict[str, Any]]) -> Iterator[Report]:
    for report in reports:
        codes = [str(c.get("code")) for k in report.get("category", []) for c in k.get("coding", [])]
        text = "\n".join(
            w for w in [_words(report.get("code")), str(report.get("conclusion") or ""), _plain(report.get("text", {}).get("div", ""))] if w
        )
        if text:
            known: list[ReportKind] = [KINDS[c] for c in codes if c in KINDS]
            kind: ReportKind = known[0] if known else "other"
            yield Report(kind=kind, text=text)


def _medications(statements: list[dict[str, Any]]) -> Iterator[Medication]:
    today = datetime.now(UTC).date()
    for statement in statements:
        name = _words(statement.get("medicationCodeableConcept"))
        if name and statement.get("status") not in {"entered-in-error", "not-taken", "cancelled"}:
            dose = next((str(d.get("text", "")) for d in [*statement.get("dosage", []), *statement.get("dosageInstruction", [])]), "")
            period = statement.get("effectivePeriod", {})
            started = str(period.get("start") or statement.get("authoredOn") or "")[:10]
            ended = str(period.get("end") or "")[:10]
            yield Medication(
                name=name,
                dose=dose,
                started_days_ago=float((today - date.fromisoformat(started)).days) if len(started) == 10 else None,
                stopped_days_ago=float((today - date.fromisoformat(ended)).days) if len(ended) == 10 else None,
            )
