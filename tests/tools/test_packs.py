"""The pack of a drug for one patient."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from yingzhi.cli.packs import app
from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.pack import PatientPack
from yingzhi.clinical.presentation import Medication
from yingzhi.clinical.words import Text
from yingzhi.knowledge.pack_load import read_packs
from yingzhi.knowledge.pack_models import Limit, Rhythm
from yingzhi.tools.formulary import load_formulary
from yingzhi.tools.pack_calendar import after, due_days
from yingzhi.tools.pack_labs import Reading, met
from yingzhi.tools.packs import Record, When, patient_pack

PACKS = {drug: pack for pack in read_packs() for drug in pack.drugs}
FORMULARY = load_formulary()
START = date(2026, 1, 31)
WOMAN = DrugPatient(sex="female", age=28, egfr=95)
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))
RHYTHMS = st.builds(
    Rhythm,
    weeks=st.lists(st.integers(0, 40).map(float), max_size=4).map(tuple),
    months=st.lists(st.integers(0, 70), max_size=2).map(tuple),
    every_weeks=st.none() | st.integers(1, 60).map(float),
    until_months=st.none() | st.integers(1, 80),
) | st.builds(Rhythm, months=st.lists(st.integers(0, 70), max_size=2).map(tuple), every_months=st.none() | st.integers(1, 24))


def fitted(
    drug: str, patient: DrugPatient = WOMAN, when: When | None = None, record: Record | None = None, taken: bool = False
) -> PatientPack:
    return patient_pack(PACKS[drug], drug, patient, FORMULARY, when or When(START, None, START), record or Record(), taken=taken)


def days_of(pack: PatientPack, words: str) -> list[date]:
    return [v.day for v in pack.calendar if v.day and any(words in d.text.en for d in v.due)]


def test_a_month_after_the_thirty_first_is_its_last_day() -> None:
    assert after(date(2026, 1, 31), months=1) == date(2026, 2, 28)
    assert after(date(2028, 1, 31), months=1) == date(2028, 2, 29)
    assert after(date(2026, 3, 31), months=-1, weeks=1) == date(2026, 3, 7)


@given(RHYTHMS, DAYS, st.integers(-400, 4000))
@settings(max_examples=300, deadline=None)
def test_due_days_are_in_order_none_before_the_start_and_only_one_is_past(rhythm: Rhythm, start: date, offset: int) -> None:
    today = start + timedelta(days=offset)
    horizon = after(max(start, today), months=12)
    days = due_days(rhythm, start, today, horizon)
    assert days == sorted(set(days))
    assert all(day >= start for day in days)
    assert sum(day < today for day in days) <= 1
    assert sum(day > horizon for day in days) <= 1


@given(st.integers(1, 60), DAYS, st.integers(0, 3000))
@settings(max_examples=200, deadline=None)
def test_an_interval_leaves_no_gap_wider_than_itself(weeks: int, start: date, offset: int) -> None:
    today = start + timedelta(days=offset)
    days = due_days(Rhythm(every_weeks=float(weeks)), start, today, after(today, months=12))
    to_come = [day for day in days if day >= today]
    assert to_come
    assert to_come[0] - today <= timedelta(weeks=weeks) or to_come[0] == start + timedelta(weeks=weeks)
    assert all(b - a == timedelta(weeks=weeks) for a, b in pairwise(to_come))


@given(st.sampled_from(sorted(PACKS)), st.integers(5, 120), st.integers(1, 95), st.sampled_from(["female", "male", "unknown"]))
@settings(max_examples=150, deadline=None)
def test_no_fact_of_the_patient_makes_a_check_later(drug: str, egfr: int, age: int, sex: str) -> None:
    plain = fitted(drug, DrugPatient(sex="male", age=30, egfr=100, medications=[Medication(name="emollient")]))
    other = fitted(drug, DrugPatient(sex=sex, age=age, egfr=egfr, medications=[Medication(name="emollient")]))  # type: ignore[arg-type]
    first = {d.text.en: v.weeks for v in reversed(plain.calendar) for d in v.due}
    sooner = {d.text.en: v.weeks for v in reversed(other.calendar) for d in v.due}
    assert all(sooner[words] <= weeks for words, weeks in first.items() if words in sooner)


@pytest.mark.parametrize("drug", sorted(PACKS))
def test_every_pack_can_be_fitted_with_nothing_known_and_names_its_sources(drug: str) -> None:
    pack = fitted(drug, DrugPatient(), When())
    assert all(v.day is None for v in pack.calendar)
    assert pack.cited()
    assert pack.counsel


def test_the_calendar_has_the_days_of_this_patient() -> None:
    assert days_of(fitted("hydroxychloroquine"), "Retina") == [date(2031, 1, 31)]
    assert fitted("acitretin", when=When(START, date(2026, 6, 30), START)).conception[0].until == date(2029, 6, 30)
    assert fitted("acitretin").conception[0].begin == date(2025, 12, 31)
    assert [v.latest for v in fitted("rituximab").vaccines if not v.live] == [date(2026, 1, 3)]


def test_a_weak_kidney_brings_the_retina_forward_by_four_years_and_says_why() -> None:
    weak = fitted("hydroxychloroquine", DrugPatient(sex="female", age=28, egfr=45))
    assert days_of(weak, "Retina")[0] == date(2027, 1, 31)
    assert any(d.because is not None and "eGFR" in d.because.en for v in weak.calendar for d in v.due)


def test_tamoxifen_brings_it_forward_only_when_it_is_swallowed_and_still_taken() -> None:
    taking = DrugPatient(sex="female", age=50, egfr=95, medications=[Medication(name="tamoxifen")])
    stopped = DrugPatient(sex="female", age=50, egfr=95, medications=[Medication(name="tamoxifen", stopped_days_ago=30)])
    assert days_of(fitted("hydroxychloroquine", taking), "Retina")[0] == date(2027, 1, 31)
    assert days_of(fitted("hydroxychloroquine", stopped), "Retina")[0] == date(2031, 1, 31)


def test_an_unknown_kidney_function_keeps_the_usual_calendar_and_is_named() -> None:
    unknown = fitted("hydroxychloroquine", DrugPatient(sex="female", age=28))
    assert days_of(unknown, "Retina") == [date(2031, 1, 31)]
    assert any("eGFR" in t.en for t in unknown.not_known)


def test_pregnancy_tests_are_for_those_who_may_bear_children() -> None:
    assert days_of(fitted("isotretinoin"), "Pregnancy test")
    assert not days_of(fitted("isotretinoin", DrugPatient(sex="male", age=28)), "Pregnancy test")
    assert not days_of(fitted("isotretinoin", DrugPatient(sex="female", age=70)), "Pregnancy test")
    assert days_of(fitted("isotretinoin", DrugPatient()), "Pregnancy test")


def test_each_sex_is_told_its_own_rule_and_an_unknown_sex_both() -> None:
    assert [c.text.en.partition(":")[0] for c in fitted("griseofulvin").conception] == ["Woman"]
    assert [c.months_after for c in fitted("griseofulvin", DrugPatient(sex="male", age=30)).conception] == [6]
    assert len(fitted("griseofulvin", DrugPatient()).conception) == 2


def test_a_line_for_one_drug_of_a_group_is_not_shown_for_another() -> None:
    assert [c.weeks_after for c in fitted("ixekizumab").conception] == [10]
    assert [c.weeks_after for c in fitted("secukinumab").conception] == [20]
    assert not days_of(fitted("doxycycline"), "lupus")
    assert days_of(fitted("minocycline"), "lupus")


def test_tests_already_there_are_done_and_the_others_are_not() -> None:
    pack = fitted("methotrexate", record=Record(done={"blood-count", "liver-function"}))
    states = {line.text.en: line.state for line in pack.screen}
    assert states["Full blood count"] == "done"
    assert states["Hepatitis B and C"] == "to-do"


def reading(value: float, unit: str = "10^9/L", upper: float | None = None, comparator: str = "") -> Reading:
    return Reading(Text(en="x", zh="甲"), value, unit, upper, comparator)  # type: ignore[arg-type]


def test_a_result_meets_a_rule_only_on_its_far_side() -> None:
    limit = Limit(analyte="wbc", below=3.5)
    assert met(limit, {"wbc": reading(3.4)}) is not None
    assert met(limit, {"wbc": reading(3.5)}) is None
    assert met(limit, {}) is None
    assert met(limit, {"wbc": reading(3.0, comparator=">")}) is None


def test_a_multiple_of_the_upper_limit_is_not_judged_without_one() -> None:
    limit = Limit(analyte="alt", times_upper=3.0)
    assert met(limit, {"alt": reading(130, "U/L", 40)}) is not None
    assert met(limit, {"alt": reading(119, "U/L", 40)}) is None
    assert met(limit, {"alt": reading(500, "U/L")}) is None


def test_rules_that_a_result_meets_come_first_and_those_for_the_start_are_not_for_one_who_takes_it() -> None:
    record = Record(labs={"platelets": reading(120)})
    proposed, taken = fitted("abrocitinib", record=record), fitted("abrocitinib", record=record, taken=True)
    assert proposed.stop[0].kind == "do-not-begin"
    assert proposed.stop[0].met_by is not None
    assert all(line.met_by is None for line in taken.stop)


def test_past_visits_shrink_to_the_last_one() -> None:
    pack = fitted("ciclosporin", when=When(date(2020, 1, 1), None, START), taken=True)
    assert [v.state for v in pack.calendar].count("next") == 1
    by_item: dict[str, int] = {}
    for visit in pack.calendar:
        for line in visit.due:
            by_item[line.text.en] = by_item.get(line.text.en, 0) + (visit.state == "past")
    assert max(by_item.values()) == 1


def test_the_command_prints_dates_marks_and_numbered_sources(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("pack") / "patient.json"
    file.write_text('{"sex": "male", "age": 70, "egfr": 40, "labs": [{"name": "WBC", "value": 2.9, "unit": "10^9/L"}]}', encoding="utf-8")
    result = CliRunner().invoke(app, ["甲氨蝶呤", "--patient", str(file), "--start", "2190-01-05"])
    assert result.exit_code == 0, result.output
    assert "2190-01-12" in result.stdout
    assert "现已达到" in result.stdout
    assert "[1]" in result.stdout
    assert "较密" in result.stdout


@pytest.mark.parametrize(("arguments", "words"), [
    (["nosuchdrug"], "no drug is known"),
    (["methotrexate", "--start", "2026-13-01"], "--start"),
    (["methotrexate", "--start", "1024-01-01"], "--start"),
    (["methotrexate", "--start", "2026-02-01", "--end", "2026-01-01"], "--end"),
    (["metformin"], "there is no pack"),
    (["methotrexate", "--lang", "fr"], "--lang"),
    (["methotrexate", "--patient", "missing.json"], "--patient"),
])  # fmt: skip
def test_bad_input_ends_in_one_sentence_naming_the_field(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert not result.stdout
