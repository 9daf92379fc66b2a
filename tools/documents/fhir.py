"""The consultation as a FHIR R4B document Bundle: Composition, Patient, RiskAssessment, Observations, DetectedIssues."""

from __future__ import annotations

import html
import uuid
from datetime import datetime
from typing import Any

from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.differential import Diagnosis
from yingzhi.clinical.document import Document, DocumentKind
from yingzhi.clinical.finding import Finding

LOINC: dict[DocumentKind, tuple[str, str]] = {
    "outpatient-record": ("34131-3", "Outpatient Progress note"),
    "soap-note": ("34131-3", "Outpatient Progress note"),
    "referral-letter": ("57133-1", "Referral note"),
    "patient-leaflet": ("69730-0", "Instructions"),
    "test-request": ("11488-4", "Consult note"),
}
AI_ASSERTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "AIAST",
    "display": "Artificial Intelligence asserted",
}
ICD10 = "http://hl7.org/fhir/sid/icd-10"
SEVERITY = {"critical": "high", "warning": "moderate", "notice": "low"}
DIAGNOSES = 10


def document_bundle(consultation: Consultation, draft: Document, at: datetime) -> str:
    """The Bundle as JSON, validated against FHIR R4B before it is handed out.

    Args:
        consultation: The consultation.
        draft: Which draft becomes the Composition.
        at: Time of the document.
    """
    from fhir.resources.R4B.bundle import Bundle

    urns = {
        name: f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'yingzhi:{consultation.id}:{consultation.version}:{name}')}"
        for name in ("bundle", "composition", "patient", "device", "risk")
    }
    patient = {"reference": urns["patient"]}
    stamp = at.isoformat(timespec="seconds")
    observations = [
        (_urn(consultation, f"finding-{i}"), _observation(f, patient))
        for i, f in enumerate(consultation.history.findings if consultation.history else [])
        if f.experiencer == "patient" and f.status != "unknown"
    ]
    issues = [
        (_urn(consultation, f"alert-{i}"), _issue(a.level, a.title.say(consultation.lang), a.why.say(consultation.lang), patient))
        for i, a in enumerate(consultation.alerts)
    ]
    entries = [
        (urns["composition"], _composition(consultation, draft, stamp, urns, [u for u, _ in observations], [u for u, _ in issues])),
        (urns["patient"], _patient(consultation)),
        (
            urns["device"],
            {
                "resourceType": "Device",
                "deviceName": [{"name": "yingzhi", "type": "model-name"}],
                "version": [{"value": consultation.pins.code}],
            },
        ),
        (urns["risk"], _risk(consultation, patient, urns["device"])),
        *observations,
        *issues,
    ]
    bundle = Bundle.model_validate(
        {
            "resourceType": "Bundle", "type": "document", "timestamp": stamp, "meta": {"security": [AI_ASSERTED]},
            "identifier": {"system": "urn:ietf:rfc:3986", "value": urns["bundle"]},
            "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries],
        }
    )  # fmt: skip
    return str(bundle.model_dump_json())


def _urn(consultation: Consultation, name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'yingzhi:{consultation.id}:{consultation.version}:{name}')}"


def _composition(
    c: Consultation, draft: Document, stamp: str, urns: dict[str, str], observations: list[str], issues: list[str]
) -> dict[str, Any]:
    code, display = LOINC[draft.kind]
    sections: list[dict[str, Any]] = [
        {"title": s.title, "code": {"text": s.id}, "text": {"status": "generated", "div": _div([x.text for x in s.sentences])}}
        for s in draft.sections
    ]
    linked = [("Findings", "查体与症状", observations), ("Differential", "鉴别诊断", [urns["risk"]]), ("Alerts", "风险提示", issues)]
    sections += [{"title": zh if c.lang == "zh" else en, "entry": [{"reference": u} for u in urls]} for en, zh, urls in linked if urls]
    return {
        "resourceType": "Composition",
        "status": "final" if draft.status == "signed" else "preliminary",
        "language": "zh-CN" if c.lang == "zh" else "en",
        "meta": {"security": [AI_ASSERTED]},
        "type": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]},
        "subject": {"reference": urns["patient"]},
        "date": stamp,
        "author": [{"reference": urns["device"], "display": "yingzhi (AI draft)"}],
        "title": f"{draft.title} — {draft.label}", "section": sections,
    }  # fmt: skip


def _div(lines: list[str]) -> str:
    return '<div xmlns="http://www.w3.org/1999/xhtml">' + "".join(f"<p>{html.escape(line)}</p>" for line in lines) + "</div>"


def _patient(c: Consultation) -> dict[str, Any]:
    patient = c.history.patient if c.history else None
    resource: dict[str, Any] = {"resourceType": "Patient", "gender": patient.sex if patient else "unknown"}
    if patient and patient.age is not None:
        resource["extension"] = [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-age",
                "valueAge": {"value": round(patient.age, 2), "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"},
            }
        ]
    return resource


def _concept(d: Diagnosis, text: str) -> dict[str, Any]:
    """ICD-10 where the diagnosis has a code; a rare one goes by its catalogue id in the text."""
    if not d.icd10:
        return {"text": f"{text} ({d.code()})"}
    return {"coding": [{"system": ICD10, "code": d.icd10, "display": d.en}], "text": text}


def _risk(c: Consultation, patient: dict[str, str], device: str) -> dict[str, Any]:
    """The differential: each diagnosis an outcome with its probability and what speaks for and against it."""
    zh = c.lang == "zh"
    predictions = []
    for d in c.differential[:DIAGNOSES]:
        pro = ", ".join(x.zh if zh else x.en for x in d.cells if x.effect == "supports")
        con = ", ".join(x.zh if zh else x.en for x in d.cells if x.effect == "opposes")
        predictions.append(
            {
                "outcome": _concept(d, d.zh if zh else d.en),
                "probabilityDecimal": d.probability, "rationale": f"+ {pro or '-'} | - {con or '-'}",
            }
        )  # fmt: skip
    resource: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "status": "preliminary",
        "subject": patient,
        "performer": {"reference": device},
    }
    return {**resource, "prediction": predictions} if predictions else resource


def _observation(f: Finding, patient: dict[str, str]) -> dict[str, Any]:
    code: dict[str, Any] = {"coding": [{"system": "https://yingzhi.invalid/lexicon", "code": f.id, "display": f.en}], "text": f.en}
    value: dict[str, Any] = {"valueBoolean": f.status == "present"} if f.status in {"present", "absent"} else {"valueString": f.status}
    note = [{"text": s.text} for s in f.spans[:3]]
    resource = {"resourceType": "Observation", "status": "preliminary", "code": code, "subject": patient, **value}
    return {**resource, "note": note} if note else resource


def _issue(level: str, title: str, why: str, patient: dict[str, str]) -> dict[str, Any]:
    return {
        "resourceType": "DetectedIssue",
        "status": "preliminary",
        "severity": SEVERITY[level],
        "code": {"text": title},
        "detail": why,
        "patient": patient,
    }
