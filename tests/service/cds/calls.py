"""Calls as a clinical system makes them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from tests.service.cds import specification
from yingzhi.agents.specialist import Resources, now
from yingzhi.clinical.words import Language
from yingzhi.service.cds import Card, CdsRequest, cards_for

HOOK = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
Json = dict[str, Any]


def days(ago: float) -> str:
    """A FHIR date so many days back."""
    return (now() - timedelta(days=ago)).date().isoformat()


def bundle(*resources: Json, **more: Any) -> Json:
    """A searchset."""
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in resources], **more}


def order(name: str, identifier: str = "", status: str = "active", **more: Any) -> Json:
    """A MedicationRequest."""
    return {
        "resourceType": "MedicationRequest",
        "id": identifier or uuid.uuid5(uuid.NAMESPACE_URL, name).hex,
        "status": status,
        "intent": "order",
        "medicationCodeableConcept": {"text": name},
        "subject": {"reference": "Patient/p1"},
        **more,
    }


def statement(name: str, **more: Any) -> Json:
    """A MedicationStatement."""
    return {"resourceType": "MedicationStatement", "status": "active", "medicationCodeableConcept": {"text": name}, **more}


def patient(**more: Any) -> Json:
    """A woman of 36."""
    return {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": days(36 * 365.25), **more}


def condition(text: str, **more: Any) -> Json:
    """A Condition of the problem list."""
    return {"resourceType": "Condition", "code": {"text": text}, **more}


def allergy(text: str, **more: Any) -> Json:
    """An AllergyIntolerance."""
    return {"resourceType": "AllergyIntolerance", "code": {"text": text}, **more}


def result(name: str, value: float, unit: str, ago: float = 3, **more: Any) -> Json:
    """A laboratory Observation."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"code": "laboratory"}]}],
        "code": {"text": name},
        "valueQuantity": {"value": value, "unit": unit},
        "effectiveDateTime": days(ago),
        **more,
    }


def coded(code: str, display: str = "") -> Json:
    """A CodeableConcept in LOINC."""
    return {"coding": [{"system": "http://loinc.org", "code": code, **({"display": display} if display else {})}]}


NOTHING: Json = dict.fromkeys(("conditions", "allergies", "requests", "statements", "laboratory", "pregnancy"))
"""A client that looked and found nothing."""


def call(hook: str, drafts: list[Json] | None = None, selections: list[str] | None = None, **prefetch: Any) -> Json:
    """The body of a call; what is not given was looked for and not found."""
    context: Json = {"userId": "Practitioner/d1", "patientId": "p1"}
    if drafts is not None:
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": d} for d in drafts]}
    if selections is not None:
        context["selections"] = selections
    return {"hook": hook, "hookInstance": HOOK, "context": context, "prefetch": {"patient": patient(), **NOTHING, **prefetch}}


def answered(body: Json, resources: Resources, lang: Language = "en") -> list[Card]:
    """The cards, each held against the specification as it crosses the wire."""
    cards = cards_for(f"yingzhi-{body['hook']}", CdsRequest.model_validate(body), resources, lang)
    wire = [c.model_dump(mode="json", by_alias=True, exclude_none=True) for c in cards]
    specification.Response.model_validate({"cards": wire})
    return cards


def signed(resources: Resources, *drafts: str, lang: Language = "en", **prefetch: Any) -> list[Card]:
    """Cards for drafts at the moment of signing."""
    return answered(call("order-sign", [order(d, f"d{n}", "draft") for n, d in enumerate(drafts)], **prefetch), resources, lang)


def topics(cards: list[Card]) -> list[str]:
    """What the cards are about."""
    return [c.source.topic.code for c in cards if c.source.topic]


def about(cards: list[Card], topic: str) -> Card:
    """The one card of a topic."""
    found = [c for c in cards if c.source.topic and c.source.topic.code == topic]
    assert len(found) == 1, [c.summary for c in cards]
    return found[0]
