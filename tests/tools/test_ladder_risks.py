from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Patient, Presentation, Report
from yingzhi.clinical.workup import TestAdvice
from yingzhi.graphs.run import consult
from yingzhi.tools.cautions import HARM, cautions_of, harm_of, held_by
from yingzhi.tools.chart import Chart

PEMPHIGOID = "An 80-year-old woman with itch for months, urticarial plaques and tense blisters on the thighs and belly."
BARE = Chart(
    found=frozenset(), there=frozenset(), absent=frozenset(), results=frozenset(), labs={}, drugs={}, recorded=0, age=None, sex="unknown",
    pregnant=False, allergies=(),
)  # fmt: skip


async def work_up(resources: Resources, text: str, **fields: object) -> Consultation:
    return await consult(Presentation.model_validate({"text": text, **fields}), resources)


def advised(c: Consultation) -> dict[str, TestAdvice]:
    assert c.workup is not None
    return {t.id: t for rung in c.workup.rungs for t in rung.tests}


def warned(resources: Resources, test: str, chart: Chart) -> list[str]:
    return [c.id for c in cautions_of(resources.knowledge.investigations[test], held_by(chart, resources.knowledge.test_risks))]


def drugs(resources: Resources, *names: str) -> dict[str, frozenset[str]]:
    return {n: frozenset({n, *resources.formulary.profiles[n].levels}) for n in names}


@pytest.mark.parametrize(
    ("test", "there", "labs", "taken", "allergies", "pregnant", "caution"),
    [
        ("skin-biopsy-histology", ["anticoagulant-use"], {}, [], (), False, "cutting-on-anticoagulant"),
        ("skin-biopsy-histology", [], {}, ["warfarin"], (), False, "cutting-on-anticoagulant"),
        ("skin-biopsy-histology", [], {"inr": 4.1}, ["warfarin"], (), False, "cutting-with-high-inr"),
        ("skin-biopsy-histology", [], {}, ["clopidogrel"], (), False, "cutting-on-antiplatelet"),
        ("skin-biopsy-histology", ["thrombocytopenia"], {}, [], (), False, "cutting-with-few-platelets"),
        ("excision-biopsy", ["cardiac-device"], {}, [], (), False, "electrosurgery-with-cardiac-device"),
        ("brain-mri", ["cardiac-device"], {}, [], (), False, "magnet-with-cardiac-device"),
        ("skin-biopsy-histology", [], {}, [], ("利多卡因",), False, "local-anaesthetic-allergy"),
        ("shave-biopsy", [], {}, ["isotretinoin"], (), False, "cutting-on-isotretinoin"),
        ("abdominal-pelvic-ct", [], {"egfr": 22.0}, [], (), False, "contrast-with-kidney-failure"),
        ("abdominal-pelvic-ct", [], {"egfr": 22.0}, ["metformin"], (), False, "contrast-on-metformin"),
        ("abdominal-pelvic-ct", [], {}, ["metformin"], (), False, "contrast-with-unknown-kidney"),
        ("brain-mri", ["dialysis"], {}, [], (), False, "gadolinium-with-kidney-failure"),
        ("brain-mri", [], {}, [], (), True, "gadolinium-in-pregnancy"),
        ("chest-ct", [], {}, [], (), True, "radiation-in-pregnancy"),
        ("patch-test", [], {}, ["prednisone"], (), False, "patch-test-under-immunosuppression"),
        ("skin-prick-test", [], {}, ["propranolol"], (), False, "prick-test-with-beta-blocker"),
    ],
)
def test_what_makes_a_test_riskier_in_this_patient_is_named(
    resources: Resources,
    test: str,
    there: list[str],
    labs: dict[str, float],
    taken: list[str],
    allergies: tuple[str, ...],
    pregnant: bool,
    caution: str,
) -> None:
    chart = replace(
        BARE,
        there=frozenset(there),
        found=frozenset(there),
        labs=labs,
        drugs=drugs(resources, *taken),
        allergies=allergies,
        pregnant=pregnant,
    )
    assert caution in warned(resources, test, chart)
    assert caution not in warned(resources, test, BARE)


def test_a_known_kidney_value_silences_the_question_for_it(resources: Resources) -> None:
    chart = replace(BARE, drugs=drugs(resources, "metformin"), labs={"egfr": 88.0})
    assert warned(resources, "abdominal-pelvic-ct", chart) == ["contrast-on-metformin"]


RISKS = st.frozensets(st.sampled_from(["anticoagulant-use", "thrombocytopenia", "cardiac-device", "dialysis", "local-anaesthetic-allergy"]))


@given(few=RISKS, many=RISKS, data=st.data())
def test_a_further_risk_never_makes_a_test_less_harmful(
    resources: Resources, few: frozenset[str], many: frozenset[str], data: st.DataObject
) -> None:
    investigation = resources.knowledge.investigations[data.draw(st.sampled_from(sorted(resources.knowledge.investigations)))]
    rules = resources.knowledge.test_risks

    def harm(there: frozenset[str]) -> float:
        return harm_of(investigation, cautions_of(investigation, held_by(replace(BARE, there=there), rules)), 0)

    assert harm(few | many) >= harm(few) >= HARM[investigation.invasiveness]


async def test_gain_is_shown_by_money_and_by_harm(resources: Resources) -> None:
    result = advised(await work_up(resources, PEMPHIGOID))
    biopsy = result["biopsy-direct-immunofluorescence"]
    assert biopsy.gain_per_100_cny == pytest.approx(100 * biopsy.gain / biopsy.price, abs=1e-3)
    assert biopsy.gain_per_harm == pytest.approx(biopsy.gain / biopsy.harm, abs=1e-3)
    asked = result["history-and-examination"]
    assert asked.harm == 0
    assert asked.gain_per_harm is None


async def test_an_anticoagulant_raises_the_harm_of_a_biopsy_and_the_advice_is_not_to_stop_it(resources: Resources) -> None:
    plain = advised(await work_up(resources, PEMPHIGOID))["skin-biopsy-histology"]
    risky = advised(await work_up(resources, PEMPHIGOID + " She takes warfarin."))["skin-biopsy-histology"]
    assert risky.harm > plain.harm
    caution = next(c for c in risky.cautions if c.id == "cutting-on-anticoagulant")
    assert "Do not stop" in caution.act.en
    assert caution.sources
    assert caution.because


async def test_a_test_to_be_avoided_is_never_recommended(resources: Resources) -> None:
    result = await work_up(resources, PEMPHIGOID + " On dialysis. Allergic to contrast medium.")
    for t in advised(result).values():
        if any(c.level == "avoid" for c in t.cautions):
            assert t.status != "recommended"


async def test_a_biopsy_for_immunofluorescence_says_where_to_take_it_and_never_formalin(resources: Resources) -> None:
    advice = advised(await work_up(resources, PEMPHIGOID))["biopsy-direct-immunofluorescence"]
    assert advice.specimen is not None
    assert "perilesional" in advice.specimen.en
    assert "NEVER formalin" in advice.specimen.en
    assert "禁用甲醛" in advice.specimen.zh


async def test_a_result_of_the_record_is_not_asked_for_again_and_says_what_it_showed(resources: Resources) -> None:
    text = "A 30-year-old woman has diffuse hair loss from the whole scalp for three months, tired. Ferritin 8 ug/L."
    plain = advised(await work_up(resources, text.replace(" Ferritin 8 ug/L.", "")))
    known = advised(await work_up(resources, text))
    assert plain["ferritin"].status == "recommended"
    assert known["ferritin"].status == "done"
    assert any("low" in k.en for k in known["ferritin"].known)
    assert known["ferritin"].repeat is not None


async def test_an_inadequate_specimen_is_asked_for_again(resources: Resources) -> None:
    report = Report(kind="pathology", test="skin-biopsy-histology", text="病理报告：送检组织过少，标本不满意，无法诊断，建议重取。")
    result = advised(await work_up(resources, PEMPHIGOID, reports=[report]))
    again = result["skin-biopsy-histology"]
    assert again.status != "done"
    assert again.repeat is not None
    assert "repeated" in again.repeat.en


async def test_a_look_or_a_question_does_no_test(resources: Resources) -> None:
    result = advised(
        await work_up(resources, "A 40-year-old man with silvery scaly plaques on elbows and knees, and swollen joints for months.")
    )
    assert "hand-xray" not in result or result["hand-xray"].status != "done"


async def test_what_either_result_would_do_is_a_probability_on_either_side_of_the_present_one(resources: Resources) -> None:
    result = advised(await work_up(resources, "A 50-year-old woman with flaccid blisters and mouth erosions for two months."))
    outcomes = [o for t in result.values() for o in t.outcomes]
    assert outcomes
    for o in outcomes:
        assert min(o.if_found, o.if_not) - 1e-3 <= o.now <= max(o.if_found, o.if_not) + 1e-3


async def test_pregnancy_known_from_the_field_reaches_the_tests(resources: Resources) -> None:
    result = await work_up(
        resources,
        "A 30-year-old woman has tender red nodules on both shins for two weeks, fever and joint pain.",
        patient=Patient(sex="female", age=30, pregnant=True),
    )
    film = advised(result)["chest-xray"]
    assert "radiation-in-pregnancy" in {c.id for c in film.cautions}


async def test_a_finding_of_a_small_test_does_no_large_one(resources: Resources) -> None:
    result = advised(await work_up(resources, "A 30-year-old man has palpable purpura on both shins for three days. Urine protein 2+."))
    assert result["urinalysis"].status == "done"
    assert result["urine-protein-quantity"].status != "done"
    assert "kidney-biopsy" not in result or result["kidney-biopsy"].status != "done"
