"""Cards when a record is opened: red flags, current drugs, monitoring."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.cds.calls import Json, about, answered, bundle, call, coded, condition, days, order, result, statement, topics
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.words import Language
from yingzhi.service.cds import Card

VISIT = {"category": [{"coding": [{"code": "encounter-diagnosis"}]}]}


def opened(resources: Resources, lang: Language = "en", **prefetch: Any) -> list[Card]:
    return answered(call("patient-view", **prefetch), resources, lang)


def vital(code: str, value: float, unit: str, ago: float = 0) -> Json:
    observed = {"code": coded(code), "valueQuantity": {"value": value, "unit": unit}, "effectiveDateTime": days(ago)}
    return {"resourceType": "Observation", "status": "final", **observed}


def pressure(systolic: float, diastolic: float) -> Json:
    parts = [{"code": coded(c), "valueQuantity": {"value": v, "unit": "mmHg"}} for c, v in (("8480-6", systolic), ("8462-4", diastolic))]
    return {"resourceType": "Observation", "status": "final", "code": coded("85354-9"), "component": parts, "effectiveDateTime": days(0)}


def test_a_record_with_nothing_wrong_gives_no_card(resources: Resources) -> None:
    assert opened(resources, conditions=bundle(condition("Psoriasis")), statements=bundle(statement("loratadine"))) == []


@pytest.mark.parametrize(("lang", "words"), [("en", "Purpura"), ("zh", "紫癜")])
def test_fever_measured_today_with_purpura_is_critical(resources: Resources, lang: Language, words: str) -> None:
    card = about(
        opened(resources, lang, conditions=bundle(condition(words, **VISIT)), vitals=bundle(vital("8310-5", 39.6, "Cel"))), "red-flag"
    )
    assert card.indicator == "critical"
    assert words in (card.detail or ""), "the words it was read from are shown"


def test_a_fever_of_last_week_is_not_a_fever_of_today(resources: Resources) -> None:
    record = bundle(condition("Purpura", **VISIT))
    assert "red-flag" not in topics(opened(resources, conditions=record, vitals=bundle(vital("8310-5", 39.6, "Cel", ago=7))))
    assert "red-flag" in topics(opened(resources, conditions=record, vitals=bundle(vital("8310-5", 103.3, "degF"))))


def test_low_pressure_in_components_is_read(resources: Resources) -> None:
    cards = opened(resources, conditions=bundle(condition("Urticaria", **VISIT)), vitals=bundle(pressure(70, 40)))
    assert "red-flag" in topics(cards)
    assert "red-flag" not in topics(opened(resources, conditions=bundle(condition("Urticaria", **VISIT)), vitals=bundle(pressure(120, 80))))


def test_what_the_patient_takes_is_judged_and_no_order_can_be_removed_from_here(resources: Resources) -> None:
    cards = opened(resources, requests=bundle(order("methotrexate")), statements=bundle(statement("trimethoprim")))
    assert about(cards, "interaction").indicator == "critical"
    assert all(c.suggestions is None for c in cards)


@pytest.mark.parametrize("status", ["stopped", "completed", "entered-in-error", "cancelled", "draft"])
def test_an_order_that_is_not_in_force_is_not_taken(resources: Resources, status: str) -> None:
    cards = opened(resources, requests=bundle(order("methotrexate", status=status)), statements=bundle(statement("trimethoprim")))
    assert "interaction" not in topics(cards)


def test_a_statement_that_has_ended_is_not_taken(resources: Resources) -> None:
    over = statement("methotrexate", effectivePeriod={"start": days(300), "end": days(20)})
    assert "interaction" not in topics(opened(resources, statements=bundle(over, statement("trimethoprim"))))


BLOOD = [("Hemoglobin", 13, "g/dL"), ("Alanine aminotransferase", 20, "U/L"), ("Creatinine", 0.7, "mg/dL")]


def test_overdue_monitoring_is_told_with_how_long_ago(resources: Resources) -> None:
    taken = bundle(order("methotrexate", authoredOn=days(700)))
    old = bundle(*(result(*one, ago=200) for one in BLOOD))
    card = about(opened(resources, requests=taken, laboratory=old), "monitoring")
    assert (card.indicator, card.summary) == ("warning", "Monitoring overdue: Methotrexate")
    assert "last 200 days ago" in (card.detail or "")
    assert card.source.label != "yingzhi (rules; the doctor decides)", "the schedule names its source"


def test_monitoring_in_time_is_not_told(resources: Resources) -> None:
    taken = bundle(order("methotrexate", authoredOn=days(700)))
    assert "monitoring" not in topics(opened(resources, requests=taken, laboratory=bundle(*(result(*one, ago=30) for one in BLOOD))))
    assert "monitoring" not in topics(opened(resources, requests=bundle(order("methotrexate", authoredOn=days(3)))))


def test_monitoring_that_a_first_page_cannot_tell_is_not_checked_and_not_overdue(resources: Resources) -> None:
    page = bundle(result("CRP", 1, "mg/L", ago=10), link=[{"relation": "next", "url": "https://ehr.example/2"}])
    cards = opened(resources, requests=bundle(order("methotrexate", authoredOn=days(700))), laboratory=page)
    assert "monitoring" not in topics(cards)
    assert any("Methotrexate: monitoring" in c.summary for c in cards)


def test_drugs_on_the_skin_are_not_monitored(resources: Resources) -> None:
    cream = order("tacrolimus ointment", authoredOn=days(700), dosageInstruction=[{"route": {"text": "topical"}}])
    assert "monitoring" not in topics(opened(resources, requests=bundle(cream)))
