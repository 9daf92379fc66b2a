"""Pregnancy, nursing and a wish for a child as a note tells them: of now, of another time, of another person."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.presentation import Patient, Presentation
from yingzhi.graphs.run import consult
from yingzhi.tools.pregnancy import is_elsewhere, says_pregnant
from yingzhi.tools.treatment_patient import drug_patient


def read(text: str, r: Resources, who: Patient | None = None) -> DrugPatient:
    case = Presentation(text=text, patient=who or Patient())
    return drug_patient(read_record({"presentation": case}, Desk(r)), r.formulary, case)


@pytest.mark.parametrize("text", [
    "女，40岁，10年前妊娠，痤疮。",
    "女，35岁，孕2产1，痤疮。",
    "女，36岁，G3P2，荨麻疹。",
    "女，35岁，有妊娠史，黄褐斑。",
    "女，35岁，曾妊娠两次，痤疮。",
    "女，36岁，既往妊娠2次，体健，痤疮。",
    "女，38岁，黄褐斑，第一胎妊娠时出现，10年前。",
    "女，35岁，上次妊娠时发生妊娠疱疹。",
    "女，36岁，曾于妊娠期出现类似皮疹。",
    "女，36岁，2年前妊娠8周自然流产，系统性红斑狼疮。",
    "女，30岁，产后3月，孕期曾出现瘙痒。",
    "女，30岁，有怀孕计划，银屑病。",
    "女，30岁，妊娠试验：阴性，痤疮。",
    "女，30岁，痤疮，拟用异维A酸，需行妊娠试验。",
    "女，30岁，妊娠期禁用药物已告知。",
    "女，55岁，停经5年，潮红。",
    "女，35岁，停避孕3月，痤疮。",
    "女，35岁，不孕3年，痤疮。",
    "女，31岁，银屑病，第一胎孕8月时有过类似皮疹。",
    "患儿女，3月，母孕期体健，湿疹。",
    "男，30岁，妻子怀孕，银屑病，服甲氨蝶呤。",
    "A 28-year-old woman collapsed with hives, BP 72/40.",
    "A 40-year-old woman with acne. 3 years ago she was pregnant.",
    "A 35-year-old woman, G2P1, acne.",
    "A 40-year-old woman, gravida 3, rosacea.",
    "A 35-year-old woman with acne; previous pregnancies were normal.",
    "A 38-year-old woman who had two pregnancies, acne.",
    "A 35-year-old woman: melasma appeared during her last pregnancy.",
    "A 38-year-old woman; melasma began 8 years ago during pregnancy.",
    "A 30-year-old woman was pregnant in 2012, acne.",
    "Itching began when she was pregnant. A 32-year-old woman.",
    "A 30-year-old woman with acne. A pregnancy test is needed.",
    "A 30-year-old woman with acne who wants to become pregnant.",
    "A 30-year-old woman with acne; advised to avoid pregnancy.",
    "A girl of 5 with eczema; mother was pregnant at that time.",
    "A 3-month-old girl, born at 34 weeks of gestation, eczema.",
    "A 30-year-old man with psoriasis; his wife is pregnant.",
])  # fmt: skip
def test_a_pregnancy_of_another_time_or_person_is_none_of_now(resources: Resources, text: str) -> None:
    found = read(text, resources)
    assert found.pregnant is not True
    assert "pregnancy" not in found.conditions


@pytest.mark.parametrize("text", [
    "女，30岁，孕12周，痤疮。",
    "女，28岁，孕34+2周，瘙痒。",
    "女，30岁，妊娠28周，瘙痒。",
    "女，28岁，怀孕3个月，痤疮。",
    "女，28岁，G2P1，孕30周，瘙痒。",
    "女，30岁，停经8周、hCG阳性，痤疮。",
    "女，28岁，早孕，痤疮。",
    "女，28岁，妊娠试验阳性，痤疮。",
    "女，28岁，现妊娠，银屑病3年前起病。",
    "女，28岁，10年前患银屑病，现怀孕5月。",
    "女，28岁，曾流产1次，现孕10周。",
    "女，28岁，先兆流产，孕8周，荨麻疹。",
    "女，28岁，第二次妊娠，皮疹。",
    "女，28岁，银屑病10年，妊娠后加重。",
    "A 30-year-old woman, 34 weeks pregnant, itching.",
    "A 30-year-old woman, G2P1 at 30 weeks, itching.",
    "A 28-year-old woman, G3P2, 32 weeks, itchy.",
    "29F G1P0, 34+2/40. Itch for 10 days.",
    "A 28-year-old woman at 20 weeks' gestation with rash.",
    "A 30-year-old woman, currently pregnant, acne.",
    "A 30-year-old woman who was 12 weeks pregnant presented with itch.",
    "A 28-year-old woman with psoriasis diagnosed 3 years ago is now pregnant.",
    "A 28-year-old woman had one previous pregnancy; she is 12 weeks pregnant.",
    "A 28-year-old woman became pregnant 5 months ago; psoriasis.",
    "A 28-year-old woman with a positive pregnancy test, acne.",
    "A 28-year-old woman, pregnancy test positive, acne.",
    "This is her second pregnancy; a 28-year-old woman with itching at 30 weeks.",
])  # fmt: skip
def test_a_pregnancy_of_now_reaches_the_drug_rules(resources: Resources, text: str) -> None:
    assert read(text, resources).pregnant is True


@pytest.mark.parametrize("text", [
    "女，28岁，孕20+周，痤疮。", "女，30岁，G1P0，34周，瘙痒。", "女，30岁，验孕棒两条杠。",
    "A 30-year-old primigravida at 32 weeks with itching.", "A 30-year-old woman, G3P1A1, 28 wks, itching.",
    "A 30-year-old woman in week 20 of pregnancy.", "A 30-year-old woman who conceived 8 weeks ago.",
    "A 30-year-old woman with SLE diagnosed 5 years ago, pregnant at 12 weeks.",
])  # fmt: skip
def test_the_short_forms_of_weeks_are_a_pregnancy_of_now(resources: Resources, text: str) -> None:
    assert read(text, resources).pregnant is True


@pytest.mark.parametrize("text", ["女，30岁，产检正常，孕20周。", "女，30岁，妊娠正常，孕20周。", "女，30岁，孕期顺利，孕30周瘙痒。"])
def test_a_pregnancy_without_trouble_is_not_denied(resources: Resources, text: str) -> None:
    assert read(text, resources).pregnant is True


@pytest.mark.parametrize(("text", "now"), [
    ("女，30岁，要求终止妊娠。", True), ("A 30-year-old woman considering termination of pregnancy at 6 weeks.", True),
    ("女，30岁，终止妊娠1次，痤疮。", False), ("A 30-year-old woman requested termination of pregnancy 5 years ago.", False),
])  # fmt: skip
def test_a_pregnancy_that_is_yet_to_be_ended_lasts(resources: Resources, text: str, now: bool) -> None:
    found = read(text, resources)
    assert (found.pregnant is True or "pregnancy" in found.conditions) is now


@pytest.mark.parametrize("text", [
    "女，30岁，备孕，痤疮。", "女，30岁，计划怀孕，痤疮。",
    "A 30-year-old woman with acne, trying to conceive.", "A 30-year-old woman with acne who is planning a pregnancy.",
])  # fmt: skip
def test_a_wish_for_a_child_is_a_wish_and_no_pregnancy(resources: Resources, text: str) -> None:
    found = read(text, resources)
    assert found.planning_pregnancy is True
    assert found.pregnant is not True


@pytest.mark.parametrize(("text", "nursing"), [
    ("女，30岁，哺乳期，痤疮。", True),
    ("女，30岁，产后2月，哺乳中，痤疮。", True),
    ("A 30-year-old woman, breastfeeding, acne.", True),
    ("女，30岁，已停止哺乳，痤疮。", False),
    ("女，40岁，10年前哺乳期乳腺炎，痤疮。", False),
    ("A 30-year-old woman, no longer breastfeeding, acne.", False),
    ("女，30岁，产后3月，脱发。", False),
    ("A 30-year-old woman, 3 months postpartum, hair loss.", False),
])  # fmt: skip
def test_nursing_counts_while_it_lasts(resources: Resources, text: str, nursing: bool) -> None:
    found = read(text, resources)
    assert (found.lactating is True) is nursing
    assert found.pregnant is not True


@pytest.mark.parametrize("text", ["女，30岁，产后3月，脱发。", "A 30-year-old woman, 3 months postpartum, hair loss."])
def test_the_time_after_birth_stays_a_finding(resources: Resources, text: str) -> None:
    found = read_record({"presentation": Presentation(text=text)}, Desk(resources)).findings
    assert any(f.id == "postpartum" and f.status == "present" for f in found)


@pytest.mark.parametrize(("past", "now"), [
    ("女，36岁，孕2产1，痤疮，口服异维A酸20mg qd。", "女，36岁，孕12周，痤疮，口服异维A酸20mg qd。"),
    ("A 36-year-old woman, G2P1, with acne takes isotretinoin 20 mg daily.",
     "A 36-year-old woman, 34 weeks pregnant, with acne takes isotretinoin 20 mg daily."),
])  # fmt: skip
async def test_only_a_pregnancy_of_now_stops_a_drug_and_an_old_one_leaves_the_question_open(
    resources: Resources, past: str, now: str
) -> None:
    before, today = [await consult(Presentation(text=t), resources) for t in (past, now)]
    assert before.medication is not None
    assert today.medication is not None
    assert any(a.kind == "pregnancy" and a.severity == "contraindicated" for a in today.medication.current.alerts)
    assert not any(a.kind == "pregnancy" for a in before.medication.current.alerts)
    assert any(g.check == "pregnancy" for g in before.medication.current.not_checked)


def test_what_the_record_says_goes_before_the_note(resources: Resources) -> None:
    assert read("女，30岁，孕12周，痤疮。", resources, Patient(pregnant=False)).pregnant is False
    assert read("女，30岁，10年前妊娠，痤疮。", resources, Patient(pregnant=True)).pregnant is True


@given(st.text(alphabet="孕妊娠停经怀周月年前曾0123G P,，。 pregnantweksago", max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_the_reading(text: str) -> None:
    assert says_pregnant(text) in (True, False)


@given(st.sampled_from(["rash", "diabetes", "red patch"]), st.text(alphabet="abc years ago ,.", max_size=40))
@settings(max_examples=50, deadline=None)
def test_words_of_other_things_are_never_taken_for_pregnancy(named: str, around: str) -> None:
    assert not is_elsewhere(f" {around} ", f" {named} ", f" {around} ")
