"""What a chart holds of the patient reaches the drug rules: structured doses, weight, work, alcohol, results."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.cds.calls import Json, about, answered, bundle, call, coded, days, order, patient, result, topics
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.words import Language
from yingzhi.service.cds import Card
from yingzhi.service.cds.dosing import dose_words
from yingzhi.service.cds.fhir import Dosage
from yingzhi.tools.doses import read_dose


def dosage(value: float, unit: str, **repeat: Any) -> Json:
    return {"doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}], "timing": {"repeat": repeat}}


def signed(resources: Resources, draft: Json, lang: Language = "en", **prefetch: Any) -> list[Card]:
    return answered(call("order-sign", [draft], **prefetch), resources, lang)


def social(code: str, words: str, **more: Any) -> Json:
    kind = {"category": [{"coding": [{"code": "social-history"}]}], "effectiveDateTime": days(30)}
    return {"resourceType": "Observation", "status": "final", "code": coded(code), "valueCodeableConcept": {"text": words}, **kind, **more}


@pytest.mark.parametrize(("parts", "daily"), [
    (dosage(10, "mg", frequency=1, period=1, periodUnit="d"), 10.0),
    (dosage(10, "mg", frequency=1, period=1, periodUnit="wk"), 10 / 7),
    (dosage(4, "mg", frequency=3, period=1, periodUnit="d"), 12.0),
    (dosage(300, "mg", frequency=1, period=4, periodUnit="wk"), 300 / 28),
    (dosage(500, "mg", frequency=1, period=8, periodUnit="h"), 1500.0),
    ({"doseAndRate": [{"doseRange": {"high": {"value": 20, "code": "mg"}}}], "timing": {"code": {"coding": [{"code": "BID"}]}}}, 40.0),
    ({"text": "10 mg daily", **dosage(10, "mg", frequency=1, period=1, periodUnit="wk")}, 10.0),
    ({"text": "as directed", **dosage(10, "mg", frequency=1, period=1, periodUnit="wk")}, 10 / 7),
])  # fmt: skip
def test_a_structured_dose_is_read_where_no_text_says_it(parts: Json, daily: float) -> None:
    dose = read_dose(dose_words([Dosage.model_validate(parts)]))
    assert not isinstance(dose, str)
    assert dose.daily == pytest.approx(daily)


@pytest.mark.parametrize("parts", [
    {"doseAndRate": {"doseQuantity": {"value": 5}}}, {"doseAndRate": [None, {"doseQuantity": []}]},
    {"doseAndRate": [{"doseQuantity": {"value": True}}]},
    {"timing": [], "doseAndRate": "x"}, {"timing": {"repeat": {"frequency": "1"}, "code": {"coding": "x"}}},
    {"doseAndRate": [{"doseQuantity": {"value": 5, "unit": 3}}], "timing": {"repeat": {"period": None, "periodUnit": "d"}}},
])  # fmt: skip
def test_slips_in_a_structured_dose_say_nothing_and_break_nothing(parts: Json) -> None:
    assert isinstance(read_dose(dose_words([Dosage.model_validate(parts)])), str)


@pytest.mark.parametrize(("lang", "word"), [("en", "every day"), ("zh", "每日1次")])
def test_methotrexate_by_the_day_in_structured_parts_is_critical(resources: Resources, lang: Language, word: str) -> None:
    daily = order("methotrexate", "d1", "draft", dosageInstruction=[dosage(10, "mg", frequency=1, period=1, periodUnit="d")])
    card = about(signed(resources, daily, lang), "dose")
    assert card.indicator == "critical"
    assert word in card.summary
    weekly = order("methotrexate", "d1", "draft", dosageInstruction=[dosage(10, "mg", frequency=1, period=1, periodUnit="wk")])
    assert "dose" not in topics(signed(resources, weekly, lang))


def test_weight_makes_a_dose_by_weight_judged(resources: Resources) -> None:
    draft = order("hydroxychloroquine", "d1", "draft", dosageInstruction=[{"text": "200 mg twice daily"}])

    def weighing(kilograms: float) -> Json:
        measured = {"valueQuantity": {"value": kilograms, "unit": "kg"}, "effectiveDateTime": days(5)}
        return bundle({"resourceType": "Observation", "status": "final", "code": coded("29463-7"), **measured})

    assert "dose" in topics(signed(resources, draft, body=weighing(50)))
    assert "dose" not in topics(signed(resources, draft, body=weighing(95)))


@pytest.mark.parametrize(
    ("words", "warned"), [("Truck driver", True), ("货车司机", True), ("Retired truck driver", False), ("Teacher", False)]
)
def test_a_driver_is_warned_of_a_sedating_drug(resources: Resources, words: str, warned: bool) -> None:
    cards = signed(resources, order("chlorphenamine", "d1", "draft"), social=bundle(social("11341-5", words)))
    assert any("Drowsiness at the wheel" in (c.detail or "") for c in cards) is warned


@pytest.mark.parametrize(("words", "warned"), [
    ("Heavy drinker", True), ("长期大量饮酒", True), ("Occasional drinker", False),
    ("Former heavy drinker", False), ("已戒酒，曾酗酒", False),
])  # fmt: skip
def test_heavy_drinking_counts_if_it_is_said_outright_and_lasts(resources: Resources, words: str, warned: bool) -> None:
    cards = signed(resources, order("methotrexate", "d1", "draft"), social=bundle(social("11331-6", words)))
    assert any("Alcohol misuse" in c.summary for c in cards) is warned


def test_the_social_history_is_no_laboratory_result(resources: Resources) -> None:
    cards = signed(
        resources, order("loratadine", "d1", "draft"), laboratory=bundle(social("11341-5", "Teacher"), social("72166-2", "Never smoker"))
    )
    assert cards == []


def test_a_result_with_its_unit_reaches_the_rules(resources: Resources) -> None:
    draft = order("spironolactone", "d1", "draft")
    card = about(signed(resources, draft, laboratory=bundle(result("Potassium", 6.1, "mmol/L"))), "condition")
    assert card.indicator == "critical"
    assert "condition" not in topics(signed(resources, draft, laboratory=bundle(result("Potassium", 4.1, "mmol/L"))))


@pytest.mark.parametrize(("lang", "onset", "instead"), [
    ("en", "Sets in", "Neighbours that no rule speaks against"), ("zh", "起效", "同类中规则未见不利者"),
])  # fmt: skip
def test_a_card_says_how_fast_and_what_instead(resources: Resources, lang: Language, onset: str, instead: str) -> None:
    man = patient(gender="male")
    cards = signed(resources, order("simvastatin", "d1", "draft"), lang, requests=bundle(order("itraconazole")), patient=man)
    card = about(cards, "interaction")
    assert onset in (card.detail or "")
    assert instead in (card.detail or "")


def test_monitoring_goes_by_the_pack_of_the_drug(resources: Resources) -> None:
    pack = resources.knowledge.packs["ciclosporin"]
    kidney = next(w for w in pack.watch if "renal-function" in w.tests)
    taken = bundle(order("ciclosporin", authoredOn=days(200)))
    late = answered(call("patient-view", requests=taken, laboratory=bundle(result("Creatinine", 0.7, "mg/dL", ago=120))), resources, "en")
    assert kidney.what.en in (about(late, "monitoring").detail or "")
    fresh = answered(call("patient-view", requests=taken, laboratory=bundle(result("Creatinine", 0.7, "mg/dL", ago=10))), resources, "en")
    assert all(kidney.what.en not in (c.detail or "") for c in fresh)


def test_a_drug_without_a_pack_is_not_monitored(resources: Resources) -> None:
    taken = bundle(order("loratadine", authoredOn=days(700)))
    assert "monitoring" not in topics(answered(call("patient-view", requests=taken), resources, "en"))
