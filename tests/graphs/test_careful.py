"""Restraint and watchfulness: no wound without a live reason, dangerous mimics in sight, what vital signs raise."""

from __future__ import annotations

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Medication, Presentation
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
    assert [a for a in c.alerts if a.kind == "medication" and "enalapril" in a.id and a.level == "critical"]
