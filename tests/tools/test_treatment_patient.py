"""A note's facts reach the drug rules, in both languages."""

from __future__ import annotations

import pytest

from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.presentation import Medication, Patient, Presentation
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.tools.treatment import review_treatment
from yingzhi.tools.treatment_patient import drug_patient

NOBODY = Differential(diagnoses=[], must_not_miss=[], other=1.0, confidence="none", converged=False)


def reviewed(case: Presentation, r: Resources) -> TreatmentReview:
    history = read_record({"presentation": case}, Desk(r))
    return review_treatment(history, NOBODY, r.knowledge.diseases, r.formulary, case=case)


def warned(text: str, r: Resources) -> dict[str, str]:
    """Kind and drugs of every rule alert, with its severity."""
    return {f"{a.kind} {'+'.join(a.drugs)}": a.severity for a in reviewed(Presentation(text=text), r).current.alerts}


def patient(text: str, r: Resources) -> DrugPatient:
    case = Presentation(text=text)
    return drug_patient(read_record({"presentation": case}, Desk(r)), r.formulary, case)


@pytest.mark.parametrize("text", [
    "A 70-year-old woman with psoriasis takes methotrexate 10 mg weekly. Creatinine 250 µmol/L.",
    "A 70-year-old woman with psoriasis takes methotrexate 10 mg weekly. Creatinine 2.83 mg/dL.",
    "女，70岁，银屑病，口服甲氨蝶呤10mg 每周一次。肌酐250 μmol/L。",
])  # fmt: skip
def test_creatinine_with_its_unit_stops_methotrexate(resources: Resources, text: str) -> None:
    assert warned(text, resources)["renal methotrexate"] == "contraindicated"


@pytest.mark.parametrize("text", [
    "A 70-year-old woman with psoriasis takes methotrexate 10 mg weekly. Creatinine 250.",
    "女，70岁，银屑病，口服甲氨蝶呤10mg 每周一次。肌酐 5。",
])  # fmt: skip
def test_a_creatinine_that_cannot_be_read_for_certain_is_never_taken_for_a_good_kidney(resources: Resources, text: str) -> None:
    found = reviewed(Presentation(text=text), resources)
    settled = any(a.kind == "renal" for a in found.current.alerts)
    assert settled or any("eGFR" in t.en for t in found.not_checked)


@pytest.mark.parametrize("text", [
    "A 52-year-old man with psoriasis on methotrexate 10 mg daily.",
    "男，52岁，银屑病，口服甲氨蝶呤10mg 每日一次。",
])  # fmt: skip
def test_methotrexate_by_the_day_is_a_stop(resources: Resources, text: str) -> None:
    found = reviewed(Presentation(text=text), resources)
    (alert,) = [a for a in found.alerts if a.id == "medication:dose-methotrexate"]
    assert alert.level == "critical"


@pytest.mark.parametrize("text", [
    "A 52-year-old man with psoriasis on methotrexate 15 mg weekly and folic acid 5 mg daily.",
    "男，52岁，银屑病，每周口服甲氨蝶呤15mg，叶酸5mg qd。",
])  # fmt: skip
def test_methotrexate_by_the_week_is_none(resources: Resources, text: str) -> None:
    assert "dose methotrexate" not in warned(text, resources)


@pytest.mark.parametrize("text", [
    "A 40-year-old taxi driver with hives takes chlorphenamine 4 mg three times a day.",
    "出租车司机，男，40岁，风团，服氯苯那敏4mg 每日3次。",
])  # fmt: skip
def test_a_driver_is_warned_of_a_sedating_antihistamine(resources: Resources, text: str) -> None:
    assert warned(text, resources)["condition chlorphenamine"] == "moderate"
    quiet = text.replace("chlorphenamine 4 mg three times a day", "fexofenadine").replace("氯苯那敏4mg 每日3次", "非索非那定")
    assert "condition fexofenadine" not in warned(quiet, resources)


@pytest.mark.parametrize("text", [
    "A farmer, 45-year-old man, with rosacea takes doxycycline 100 mg twice daily.",
    "男，45岁，农民，玫瑰痤疮，服多西环素100mg bid。",
])  # fmt: skip
def test_who_works_in_the_sun_is_warned_of_doxycycline(resources: Resources, text: str) -> None:
    assert warned(text, resources)["condition doxycycline"] == "moderate"
    assert "condition doxycycline" not in warned(text.replace("A farmer", "A clerk").replace("农民", "会计"), resources)


@pytest.mark.parametrize("text", [
    "A 50-year-old man takes methotrexate 15 mg weekly. ALT 210 U/L. He drinks heavily, a bottle of spirits a day.",
    "男，50岁，口服甲氨蝶呤15mg 每周一次。ALT 210 U/L。长期大量饮酒，酗酒。",
])  # fmt: skip
def test_alcohol_and_transaminases_reach_the_rules(resources: Resources, text: str) -> None:
    found = patient(text, resources)
    assert any(lab.name == "alt" and lab.value == 210 for lab in found.labs)
    assert warned(text, resources)["condition methotrexate"] in {"major", "contraindicated"}


@pytest.mark.parametrize("text", [
    "A 60-year-old man takes spironolactone 50 mg daily. Potassium 6.1 mmol/L.",
    "男，60岁，服螺内酯50mg qd。血钾6.1 mmol/L。",
])  # fmt: skip
def test_a_high_potassium_stops_spironolactone(resources: Resources, text: str) -> None:
    assert warned(text, resources)["condition spironolactone"] == "contraindicated"


@pytest.mark.parametrize("text", [
    "A 45-year-old man, weight 50 kg, with lupus, takes hydroxychloroquine 200 mg twice daily.",
    "男，45岁，体重50kg，红斑狼疮，服羟氯喹0.2g 每日2次。",
])  # fmt: skip
def test_a_weight_in_the_note_makes_a_dose_by_weight_judged(resources: Resources, text: str) -> None:
    assert "dose hydroxychloroquine" in warned(text, resources)
    heavy = text.replace("50 kg", "95 kg").replace("50kg", "95kg")
    assert "dose hydroxychloroquine" not in warned(heavy, resources)


@pytest.mark.parametrize("text", [
    "A 30-year-old woman, breastfeeding, with acne takes doxycycline 100 mg daily. She plans nothing else.",
    "女，30岁，哺乳期，痤疮，服多西环素100mg qd。",
])  # fmt: skip
def test_breast_feeding_in_the_note_reaches_the_rules(resources: Resources, text: str) -> None:
    assert patient(text, resources).lactating is True


def test_a_past_pregnancy_is_no_pregnancy(resources: Resources) -> None:
    history = read_record({"presentation": Presentation(text="女，40岁，痤疮。")}, Desk(resources))
    past = Finding(id="pregnancy", en="pregnancy", zh="妊娠", kind="history", status="present", temporality="past")
    then = drug_patient(history.model_copy(update={"findings": [past]}), resources.formulary)
    now = drug_patient(history.model_copy(update={"findings": [past.model_copy(update={"temporality": "current"})]}), resources.formulary)
    assert "pregnancy" not in then.conditions
    assert "pregnancy" in now.conditions


def test_an_ointment_in_the_note_is_not_swallowed(resources: Resources) -> None:
    found = reviewed(Presentation(text="男，30岁，特应性皮炎，外用他克莫司软膏，口服酮康唑200mg qd。"), resources)
    assert not any(a.kind == "interaction" for a in found.current.alerts)
    swallowed = reviewed(Presentation(text="男，30岁，肾移植后，口服他克莫司1mg bid，口服酮康唑200mg qd。"), resources)
    assert any(a.kind == "interaction" for a in swallowed.current.alerts)


def test_one_swallowed_and_rubbed_in_counts_as_swallowed(resources: Resources) -> None:
    text = "男，30岁，外用他克莫司软膏。肾移植后口服他克莫司1mg bid，口服酮康唑200mg qd。"
    assert any(a.kind == "interaction" for a in reviewed(Presentation(text=text), resources).current.alerts)


def test_a_denial_in_words_settles_no_test(resources: Resources) -> None:
    found = reviewed(Presentation(text="男，50岁，否认结核。服甲氨蝶呤15mg 每周一次。"), resources)
    assert any("结核" in t.zh for t in found.not_checked)


def test_an_unknown_drug_and_missing_results_are_listed_in_both_languages(resources: Resources) -> None:
    case = Presentation(
        text="男，50岁，银屑病。",
        patient=Patient(sex="male", age=50),
        medications=[Medication(name="xyzzyplex"), Medication(name="甲氨喋令"), Medication(name="他汀"), Medication(name="methotrexate")],
    )
    found = reviewed(case, resources)
    by_drug = {t.en.split(":")[0]: t for t in found.not_checked if ":" in t.en}
    assert "not in the formulary" in by_drug["xyzzyplex"].en
    assert "不在药品知识库中" in by_drug["xyzzyplex"].zh
    assert "class" in by_drug["他汀"].en
    assert "类" in by_drug["他汀"].zh
    needs = next(t for t in found.not_checked if t.en.startswith("Methotrexate (needs"))
    assert "eGFR" in needs.en
    assert "eGFR" in needs.zh
    assert "Dose" in needs.en


def test_two_results_that_differ_are_listed_and_the_worse_kidney_counts(resources: Resources) -> None:
    found = patient("男，60岁，肌酐90 μmol/L，后复查肌酐250 μmol/L。", resources)
    assert found.creatinine_umol_l == 250
