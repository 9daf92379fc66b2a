from __future__ import annotations

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.presentation import Medication, Presentation
from yingzhi.clinical.workup import TestAdvice
from yingzhi.graphs.run import consult

PURPURA = "A 30-year-old man has palpable purpura on both shins for three days."
BULLAE = "An 80-year-old woman with itch for months, urticarial plaques and tense blisters on the thighs and belly."


async def advised(resources: Resources, text: str, *drugs: str) -> dict[str, TestAdvice]:
    case = Presentation(text=text, medications=[Medication(name=d) for d in drugs])
    result = await consult(case, resources)
    assert result.workup is not None
    return {t.id: t for rung in result.workup.rungs for t in rung.tests}


async def test_a_cut_under_warfarin_asks_for_an_inr_first_and_only_while_there_is_none(resources: Resources) -> None:
    without = await advised(resources, BULLAE)
    assert "coagulation" not in without
    asked = await advised(resources, BULLAE, "warfarin")
    assert asked["coagulation"].status == "recommended"
    assert asked["coagulation"].why.en.startswith("Before: ")
    known = await advised(resources, BULLAE + " INR 2.4.", "warfarin")
    assert "coagulation" not in known or known["coagulation"].status == "done"


async def test_another_anticoagulant_asks_for_no_inr(resources: Resources) -> None:
    assert "coagulation" not in await advised(resources, BULLAE, "rivaroxaban")


@pytest.mark.parametrize(
    "text",
    [
        "A 4-month-old girl has a strawberry haemangioma on the chin and jaw, and noisy breathing for two days.",
        "A 60-year-old diabetic: dusky painful leg, pain out of proportion, crepitus, since yesterday.",
        "发热、紫癜6小时，嗜睡，19岁男性。",
    ],
)
async def test_an_emergency_asks_for_vital_signs(resources: Resources, text: str) -> None:
    result = await consult(Presentation(text=text), resources)
    assert any(a.level == "critical" for a in result.alerts)
    assert (await advised(resources, text))["vital-signs"].status in {"recommended", "done"}


async def test_a_drug_that_may_have_set_it_off_asks_for_the_drug_list(resources: Resources) -> None:
    text = "A 50-year-old man with silvery scaly plaques on elbows and knees for three months, well demarcated."
    review = (await advised(resources, text, "lithium"))["medication-review"]
    assert "Lithium" in review.why.en
    plain = (await advised(resources, text, "paracetamol")).get("medication-review")
    assert plain is None or "set it off" not in plain.why.en


async def test_a_strong_link_asks_for_its_harmless_and_blood_tests_and_for_no_wound(resources: Resources) -> None:
    result = await consult(Presentation(text=PURPURA), resources)
    assert result.workup is not None
    strong = {c.id for link in result.systemic_links if link.strength == "strong" for c in link.checks if c.kind == "test"}
    beyond = [t for rung in result.workup.rungs for t in rung.tests if t.why.en.startswith("Beyond the skin")]
    assert {t.id for t in beyond} <= strong
    assert all(t.tier in {"ask-examine", "non-invasive", "blood"} for t in beyond)
