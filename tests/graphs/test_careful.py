"""Restraint and watchfulness: no wound without a live reason, dangerous mimics in sight, what vital signs raise."""

from __future__ import annotations

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Medication, Patient, Presentation
from yingzhi.graphs.run import consult


async def worked(text: str, resources: Resources, *drugs: str) -> Consultation:
    return await consult(Presentation(text=text, medications=[Medication(name=d) for d in drugs]), resources)


TYPICAL = {
    "en": "A 40-year-old man has had well-demarcated plaques with silvery scale on elbows, knees and scalp for ten years. Nail pitting, "
    "Auspitz sign positive. His father has psoriasis.",
    "zh": "男，40岁。双肘、双膝、头皮边界清楚的红色斑块，覆银白色鳞屑10年，点状出血征阳性，甲凹点。父亲有银屑病。",
}


@pytest.mark.parametrize("lang", TYPICAL)
async def test_a_typical_picture_needs_no_biopsy(lang: str, resources: Resources) -> None:
    c = await worked(TYPICAL[lang], resources)
    assert c.differential[0].id == "psoriasis-vulgaris"
    assert c.workup is not None
    assert not [t.id for r in c.workup.rungs for t in r.tests if "biops" in t.id and t.status == "recommended"]


async def test_a_dangerous_mimic_of_the_leading_diagnosis_stays_in_sight(resources: Resources) -> None:
    text = "女，70岁。左小腿红肿热痛3天，边界不清，逐渐扩大，体温38.3℃。小腿有抓伤。"
    c = await worked(text, resources)
    assert c.differential[0].id == "cellulitis"
    assert "necrotising-fasciitis" in c.must_not_miss


@pytest.mark.parametrize(
    "text", ["19 F. 39.8 °C, BP 86/50. Purpura on the shins for one hour.", "女，19岁。体温39.8℃，BP 86/50mmHg，双小腿紫癜1小时。"]
)
async def test_measured_fever_and_shock_with_purpura_raise_the_alarm(text: str, resources: Resources) -> None:
    c = await worked(text, resources)
    critical = {a.id for a in c.alerts if a.level == "critical"}
    assert {"fever-with-purpura", "purpura-with-meningism"} <= critical


async def test_an_ace_inhibitor_in_angioedema_is_reported(resources: Resources) -> None:
    c = await worked("A 60-year-old woman with sudden swelling of the lip, angioedema without weals.", resources, "enalapril")
    assert [a for a in c.alerts if a.kind == "medication" and any("enalapril" in i for i in a.sums) and a.level == "critical"]


def recommended(result: Consultation) -> set[str]:
    assert result.workup is not None
    return {t.id for r in result.workup.rungs for t in r.tests if t.status == "recommended"}


def verdict(result: Consultation, drug: str) -> set[str]:
    assert result.medication is not None
    return {o.suitable for o in result.medication.options if o.drug == drug}


async def test_tissue_is_not_taken_unasked(resources: Resources) -> None:
    text = (
        "A 30-year-old man has had itchy silvery scaly plaques on the elbows and knees for five years, sharply demarcated, "
        "with nail pitting."
    )
    result = await consult(Presentation(id="p", text=text), resources)
    asking = {t.test for d in result.differential if d.probability >= 0.05 for t in resources.knowledge.diseases[d.id].investigations}
    invasive = {i for i in recommended(result) if resources.knowledge.investigations[i].tier in {"minor-invasive", "invasive-or-costly"}}
    assert invasive <= asking


@pytest.mark.parametrize(
    "text",
    [
        "女，24岁，面部粉刺、炎性丘疹、脓疱3年，皮脂溢出，下颌为主。{more}",
        "A 24-year-old woman with comedones, inflamed papules and pustules of the face for three years, oily skin. {more}",
    ],
)
async def test_a_conditional_test_waits_for_its_condition(text: str, resources: Resources) -> None:
    more = {"zh": "月经不规则，多毛。", "en": "Her periods are irregular and she has hirsutism."}["zh" if "女" in text else "en"]
    without = await consult(Presentation(id="a", text=text.format(more="")), resources)
    given = await consult(Presentation(id="b", text=text.format(more=more)), resources)
    assert without.differential[0].id == given.differential[0].id == "acne-vulgaris"
    assert "sex-hormones" not in recommended(without)
    assert "sex-hormones" in recommended(given)
    pregnant = await consult(Presentation(id="c", text=text.format(more=more), patient=Patient(pregnant=True)), resources)
    assert "sex-hormones" not in recommended(pregnant)  # and says nothing there


async def test_a_patch_test_for_a_drug_eruption_waits_for_recovery(resources: Resources) -> None:
    text = "男，45岁，口服克拉霉素2天后高热，皱褶部位红斑上密集针尖大非毛囊性无菌性小脓疱，泛发全身，白细胞升高。"
    result = await consult(Presentation(id="g", text=text), resources)
    assert result.differential[0].id == "agep"
    assert "patch-test" not in recommended(result)


async def test_local_treatment_waits_for_tissue_while_a_tumour_is_live(resources: Resources) -> None:
    text = (
        "A 70-year-old farmer has had several rough scaly patches on the sun-damaged bald scalp for two years; one of them has become "
        "indurated and tender."
    )
    result = await consult(Presentation(id="t", text=text), resources)
    assert result.differential[0].id == "actinic-keratosis"
    assert "squamous-cell-carcinoma" in result.must_not_miss
    assert result.medication is not None
    local = [
        o
        for o in result.medication.options
        if o.drug and any(t.drug == o.drug and t.route == "topical" for t in resources.knowledge.diseases[o.disease].treatment)
    ]
    assert local
    assert all(o.suitable != "yes" for o in local)


@pytest.mark.parametrize("condition", ["organ transplant", "器官移植"])
async def test_checkpoint_inhibitors_are_not_for_a_patient_with_a_graft(condition: str, resources: Resources) -> None:
    text = (
        "A 60-year-old man has a fast growing firm ulcerated keratotic nodule with everted edge on the hand, sun-damaged skin, induration."
    )
    plain = await consult(Presentation(id="s", text=text), resources)
    grafted = await consult(Presentation(id="s", text=text, patient=Patient(conditions=[condition])), resources)
    assert plain.differential[0].id == grafted.differential[0].id == "squamous-cell-carcinoma"
    assert verdict(plain, "cemiplimab") == {"caution"}  # a later line
    assert verdict(grafted, "cemiplimab") == {"no"}


async def test_minoxidil_is_not_offered_in_pregnancy(resources: Resources) -> None:
    text = "女，30岁，头部突发2处圆形脱发斑，边界清楚，头皮光滑，见感叹号样发，拉发试验阳性，甲点状凹陷。"
    case = Presentation(id="m", text=text, patient=Patient(sex="female", pregnant=True))
    result = await consult(case, resources)
    assert result.differential[0].id == "alopecia-areata"
    assert verdict(result, "minoxidil") == {"caution"} or verdict(result, "minoxidil") == {"no"}


async def test_nothing_is_in_sight_when_nothing_is_known(resources: Resources) -> None:
    result = await consult(Presentation(id="n", text="复诊。"), resources)
    assert result.must_not_miss == []
