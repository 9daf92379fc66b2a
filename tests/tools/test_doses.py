"""Doses as written, and their limits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.medication import DrugPatient, MedicationReview
from yingzhi.clinical.presentation import Medication
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.doses import read_dose, split_dose
from yingzhi.tools.formulary import load_formulary

FORMULARY = load_formulary()


def review(name: str, dose: str, patient: DrugPatient | None = None, **more: float) -> MedicationReview:
    return review_medications([], [Medication(name=name, dose=dose, **more)], patient, FORMULARY)  # type: ignore[arg-type]


def dose_alerts(found: MedicationReview) -> list[tuple[str, str]]:
    return [(a.id.rsplit(":", 1)[1], a.severity) for a in found.alerts if a.kind == "dose"]


@pytest.mark.parametrize(
    ("written", "amount", "every"),
    [
        ("15 mg weekly", 15, 7),
        ("15mg qd", 15, 1),
        ("每周一次，每次15mg", 15, 7),
        ("10mg 每日1次", 10, 1),
        ("0.3g 每日三次", 300, 1 / 3),
        ("20 mg twice daily", 20, 0.5),
        ("300mg 每2周1次", 300, 14),
        ("2.5mg*3片 每周一次", 7.5, 7),
        ("2.5 mg q12h x3 weekly", 7.5, 7),
        ("每周一 15mg", 15, 7),
        ("0.5g 2日1次", 500, 2),
        ("40 mg every other day", 40, 2),
        ("10-20 mg qd", 20, 1),
        ("4mg tid x 7 days", 4, 1 / 3),
        ("400 mg daily for 5 days", 400, 1),
        ("100 mcg qd", 0.1, 1),
        ("twice weekly 50 mg", 50, 3.5),
        ("１０ｍｇ　ｑｄ", 10, 1),
    ],
)
def test_a_dose_is_read_as_it_is_meant(written: str, amount: float, every: float) -> None:
    dose = read_dose(written)
    assert not isinstance(dose, str)
    assert dose.amount == pytest.approx(amount)
    assert dose.every_days == pytest.approx(every)


def test_an_amount_of_a_day_is_told_from_an_amount_at_once() -> None:
    day, once = read_dose("5 mg/kg/d"), read_dose("0.5 mg/kg bid")
    assert not isinstance(day, str)
    assert not isinstance(once, str)
    assert (day.daily, day.per_kg) == (5, True)
    assert (once.daily, once.single) == (1, 0.5)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("", "empty"),
        ("一日三次", "no-amount"),
        ("-5 mg qd", "impossible"),
        ("0 mg qd", "impossible"),
        ("10 kg", "unit"),
        ("5 cm qd", "unit"),
        ("10mg 周一至周五", "ambiguous"),
        ("15 mg weekly, daily", "ambiguous"),
    ],
)
def test_a_dose_that_is_not_certain_is_not_read(written: str, fault: str) -> None:
    assert read_dose(written) == fault


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    dose = read_dose(text)
    assert isinstance(dose, str) or dose.amount > 0
    name, _ = split_dose(text)
    assert len(name) <= max(len(text) * 4, 4)


@given(st.sampled_from(["mg", "g", "µg", "毫克"]), st.floats(0.1, 900), st.sampled_from(["qd", "bid", "每日3次", "weekly", "隔日"]))
@settings(max_examples=100, deadline=None)
def test_more_often_is_never_less_a_day(unit: str, amount: float, often: str) -> None:
    once, dose = read_dose(f"{amount:.2f}{unit} monthly"), read_dose(f"{amount:.2f}{unit} {often}")
    assert not isinstance(once, str)
    assert not isinstance(dose, str)
    assert (dose.daily or 0) > (once.daily or 0)


def test_a_dose_may_follow_the_name() -> None:
    assert split_dose("甲氨蝶呤10mg qd") == ("甲氨蝶呤", "10mg qd")
    assert split_dose("维生素B12 0.5mg tid") == ("维生素B12", "0.5mg tid")
    assert split_dose("0.1% tacrolimus ointment") == ("0.1% tacrolimus ointment", "")
    assert dose_alerts(review_medications([], ["methotrexate 10 mg daily"], None, FORMULARY)) == [
        ("methotrexate-weekly", "contraindicated")
    ]


@pytest.mark.parametrize("written", ["7.5 mg daily", "10mg qd", "2.5mg bid", "10毫克 每天", "每日1次 10mg", "15 mg every other day"])
def test_methotrexate_more_often_than_weekly_is_stopped(written: str) -> None:
    found = review("methotrexate", written)
    assert dose_alerts(found) == [("methotrexate-weekly", "contraindicated")]


@pytest.mark.parametrize("written", ["15 mg weekly", "每周一次 10mg", "2.5 mg q12h x3 weekly", "12.5 mg/week", "每周三 15mg", "15mg q2w"])
def test_methotrexate_once_a_week_raises_nothing(written: str) -> None:
    assert dose_alerts(review("methotrexate", written)) == []


def test_a_missing_or_unreadable_dose_of_methotrexate_is_listed() -> None:
    for written in ("", "15 mg", "两片", "10 kg qd", "15mg 周一至周五"):
        found = review("methotrexate", written)
        assert any(n.check == "dose" and n.drug == "methotrexate" for n in found.not_checked), written
        assert dose_alerts(found) == []


def test_an_impossible_dose_of_any_drug_is_listed() -> None:
    assert any(n.check == "dose" for n in review("cetirizine", "-10 mg qd").not_checked)
    assert any(n.check == "dose" for n in review("cetirizine", "10 kg qd").not_checked)
    assert not any(n.check == "dose" for n in review("cetirizine", "").not_checked)


def test_a_slip_of_the_unit_is_said_outright() -> None:
    found = review("methotrexate", "150 mg weekly")
    assert "slip" not in found.alerts[0].why.en
    assert dose_alerts(review("methotrexate", "15 g weekly")) == [("methotrexate-week", "contraindicated")]
    assert "slip of the unit" in review("methotrexate", "15 g weekly").alerts[0].why.en


def test_weight_turns_an_amount_into_one_per_kilogram() -> None:
    light, heavy = DrugPatient(sex="male", age=30, weight_kg=50), DrugPatient(sex="male", age=30, weight_kg=90)
    assert ("hydroxychloroquine-day", "moderate") in dose_alerts(review("hydroxychloroquine", "200 mg bid", light))
    assert dose_alerts(review("hydroxychloroquine", "200 mg bid", heavy)) == []
    assert any(n.check == "weight" for n in review("hydroxychloroquine", "200 mg bid", DrugPatient(sex="male", age=30)).not_checked)


def test_the_cumulative_dose_of_isotretinoin_is_counted() -> None:
    patient = DrugPatient(sex="male", age=20, weight_kg=60)
    assert dose_alerts(review("isotretinoin", "40 mg qd", patient, started_days_ago=240)) == [("isotretinoin-total", "moderate")]
    assert dose_alerts(review("isotretinoin", "40 mg qd", patient, started_days_ago=120)) == []


def test_age_and_kidney_lower_a_limit() -> None:
    assert dose_alerts(review("hydroxyzine", "25 mg tid", DrugPatient(sex="male", age=80))) == [("hydroxyzine-old", "major")]
    assert dose_alerts(review("hydroxyzine", "25 mg tid", DrugPatient(sex="male", age=40))) == []
    assert ("upadacitinib-kidney", "major") in dose_alerts(review("upadacitinib", "30 mg qd", DrugPatient(sex="male", age=40, egfr=20)))
    assert any(n.check == "renal" for n in review("upadacitinib", "30 mg qd", DrugPatient(sex="male", age=40)).not_checked)


def test_grams_of_a_superpotent_steroid_are_counted_on_the_skin() -> None:
    found = review_medications([], [Medication(name="丙酸氯倍他索乳膏", dose="60g 每周", route="外用")], None, FORMULARY)
    assert dose_alerts(found) == [("superpotent-steroid-week", "moderate")]


def test_how_a_dose_was_read_is_shown() -> None:
    reading = review("methotrexate", "15 mg weekly").doses[0]
    assert (reading.weekly, reading.every_days, reading.unit) == (15, 7, "mg")
