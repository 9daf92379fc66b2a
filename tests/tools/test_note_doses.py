"""How a drug that a note names is taken."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.presentation import Medication
from yingzhi.tools.doses import read_dose
from yingzhi.tools.note_doses import dose_beside, joined, route_beside

MTX = "methotrexate"


def beside(text: str, name: str, stop: str = "") -> str:
    start = text.index(name)
    return dose_beside(text, start, start + len(name), text.index(stop) if stop else len(text))


@pytest.mark.parametrize(("text", "name", "daily"), [
    ("on methotrexate 10 mg daily for psoriasis", MTX, 10.0),
    ("口服甲氨蝶呤10mg 每日一次", "甲氨蝶呤", 10.0),
    ("甲氨蝶呤每日5mg", "甲氨蝶呤", 5.0),
    ("methotrexate 5 mg/d", MTX, 5.0),
    ("prednisolone 30 mg a day", "prednisolone", 30.0),
    ("甲氨蝶呤每日3次，每次10mg", "甲氨蝶呤", 30.0),
    ("hydroxychloroquine 200 mg twice daily", "hydroxychloroquine", 400.0),
    ("羟氯喹0.2g 每日两次口服", "羟氯喹", 400.0),
    ("多西环素100mg bid", "多西环素", 200.0),
    ("methotrexate (15 mg once weekly)", MTX, 15 / 7),
    ("weekly methotrexate 15 mg and daily folic acid", MTX, 15 / 7),
    ("每周口服甲氨蝶呤15mg，叶酸", "甲氨蝶呤", 15 / 7),
    ("methotrexate 15 mg every Sunday for six years", MTX, 15 / 7),
    ("甲氨蝶呤15 mg每周日1次", "甲氨蝶呤", 15 / 7),
    ("甲氨蝶呤片 2.5mg×4片，每周一次", "甲氨蝶呤", 10 / 7),
])  # fmt: skip
def test_a_dose_beside_a_name_is_read(text: str, name: str, daily: float) -> None:
    dose = read_dose(beside(text, name))
    assert not isinstance(dose, str)
    assert dose.daily == pytest.approx(daily)


@pytest.mark.parametrize(("text", "name"), [
    ("methotrexate 15 mg, itching daily", MTX),
    ("prednisone 30 mg 3 days ago", "prednisone"),
    ("培哚普利8 mg、氨氯地平每日", "培哚普利"),
])  # fmt: skip
def test_what_belongs_to_other_words_says_nothing_of_how_often(text: str, name: str) -> None:
    dose = read_dose(beside(text, name))
    assert not isinstance(dose, str)
    assert dose.every_days is None


def test_a_dose_of_the_next_drug_or_sentence_is_not_this_drugs() -> None:
    assert beside("methotrexate and folic acid 5 mg daily", MTX, "folic") == ""
    assert beside("甲氨蝶呤。叶酸5mg qd", "甲氨蝶呤") == ""
    assert beside("methotrexate was begun. 10 mg daily of cetirizine", MTX) == ""


@pytest.mark.parametrize(("text", "name", "route"), [
    ("外用他克莫司软膏", "他克莫司", "topical"),
    ("0.1% tacrolimus ointment at night", "tacrolimus", "topical"),
    ("tacrolimus 2 mg twice daily", "tacrolimus", ""),
    ("口服他克莫司", "他克莫司", "oral"),
    ("他克莫司，外用润肤乳膏", "他克莫司", ""),
    ("tacrolimus and a cream", "tacrolimus", ""),
])  # fmt: skip
def test_the_route_is_that_of_the_words_right_beside_the_name(text: str, name: str, route: str) -> None:
    start = text.index(name)
    assert route_beside(text, start, start + len(name), ("oral", "topical")) == route


def test_of_two_doses_that_differ_the_greater_a_day_stands() -> None:
    weekly = Medication(name=MTX, dose="10 mg weekly")
    assert joined(weekly, "10 mg daily", "").dose == "10 mg daily"
    assert joined(Medication(name=MTX, dose="10 mg daily"), "10 mg weekly", "").dose == "10 mg daily"
    assert joined(Medication(name=MTX, dose="2.5 mg"), "10 mg weekly", "").dose == "10 mg weekly"
    assert joined(weekly, "", "").dose == "10 mg weekly"


@settings(max_examples=200, deadline=None)
@given(before=st.text(max_size=30), behind=st.text(max_size=60))
def test_whatever_stands_beside_a_name_a_dose_is_amount_and_time_or_nothing(before: str, behind: str) -> None:
    text = f"{before}{MTX}{behind}"
    dose = dose_beside(text, len(before), len(before) + len(MTX), len(text))
    assert dose == "" or read_dose(dose) not in ("empty", "no-amount", "impossible", "unit")
