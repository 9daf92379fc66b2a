"""Examples for the OpenAPI document."""

from __future__ import annotations

from fastapi import Body

from yingzhi.service.cds.reasons import REASONS_SYSTEM

HOOK = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"


def _order(name: str, identifier: str, status: str) -> dict[str, object]:
    resource = {
        "resourceType": "MedicationRequest",
        "id": identifier,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": {"text": name},
        "subject": {"reference": "Patient/1288992"},
    }
    return {"resource": resource}


PATIENT = {"resourceType": "Patient", "id": "1288992", "gender": "female", "birthDate": "1990-05-02"}
CALLS = Body(
    openapi_examples={
        "order-sign": {
            "summary": "Trimethoprim is drafted for a patient on methotrexate",
            "value": {
                "hook": "order-sign",
                "hookInstance": HOOK,
                "context": {
                    "userId": "Practitioner/example",
                    "patientId": "1288992",
                    "draftOrders": {"resourceType": "Bundle", "entry": [_order("trimethoprim 100 mg tablet", "draft-1", "draft")]},
                },
                "prefetch": {
                    "patient": PATIENT,
                    "requests": {"resourceType": "Bundle", "type": "searchset", "entry": [_order("methotrexate 15 mg", "m-1", "active")]},
                    "conditions": None,
                    "allergies": None,
                    "statements": None,
                    "laboratory": None,
                },
            },
        },
        "patient-view": {
            "summary": "A record is opened",
            "value": {
                "hook": "patient-view",
                "hookInstance": HOOK,
                "context": {"userId": "Practitioner/example", "patientId": "1288992"},
                "prefetch": {"patient": PATIENT, "conditions": None},
            },
        },
    }
)
FEEDBACK = Body(
    openapi_examples={
        "overridden": {
            "summary": "A card was set aside",
            "value": {
                "feedback": [
                    {
                        "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
                        "outcome": "overridden",
                        "overrideReason": {"reason": {"code": "will-monitor", "system": REASONS_SYSTEM}},
                        "outcomeTimestamp": "2026-03-02T08:15:00Z",
                    }
                ]
            },
        }
    }
)
