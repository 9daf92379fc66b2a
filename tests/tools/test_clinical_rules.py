from __future__ import annotations

from pathlib import Path

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Medication, Patient, Presentation
from yingzhi.clinical.words import TIERS
from yingzhi.graphs.run import consult
from yingzhi.tools.intake import read_case


async def work_up(resources: Resources, text: str, **fields: object) -> Consultation:
    return await consult(Presentation.model_validate({"text": text, **fields}), resources)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("患儿，女，3岁，发热1天，下肢出现压之不褪色的紫癜，精神差。", "fever-with-purpura"),
        (
            "A 60-year-old man with diabetes has leg pain out of proportion to the mild redness, fever 39.2 C and crepitus.",
            "necrotising-infection",
        ),
        ("青霉素注射后10分钟全身风团，喘鸣、呼吸困难、血压下降。", "anaphylaxis"),
        ("2岁男孩，高热6天，双眼结膜充血，口唇皲裂，杨梅舌，躯干皮疹，指端脱皮。", "kawasaki-pattern"),
        ("A dark mole on the back has grown and changed colour over three months, with an irregular border.", "changing-pigmented-lesion"),
    ],
)
async def test_a_red_flag_is_raised_in_either_language(resources: Resources, text: str, rule: str) -> None:
    result = await work_up(resources, text)
    assert rule in {a.id for a in result.alerts}


async def test_an_emergency_goes_to_a_higher_level_now(resources: Resources, examples: Path) -> None:
    result = await consult(read_case((examples / "sjs.en.txt").read_bytes()), resources)
    assert result.differential[0].id == "sjs-ten"
    assert result.referral is not None
    assert (result.referral.level, result.referral.urgency, result.referral.refer) == ("tertiary", "emergency", True)
    assert "referral-letter" in {d.kind for d in result.documents}
    assert "culprit-carbamazepine" in {a.id for a in result.alerts}


async def test_a_harmless_disease_stays_where_it_is(resources: Resources) -> None:
    result = await work_up(
        resources, "A 16-year-old boy has comedones and a few inflamed papules on the face for a year.", setting="primary"
    )
    assert result.differential[0].id == "acne-vulgaris"
    assert result.referral is not None
    assert not result.referral.refer


async def test_an_option_that_would_harm_this_patient_is_not_offered_as_fit(resources: Resources) -> None:
    text = "A 28-year-old woman with severe nodular acne, comedones, papules and pustules on the face, for three years."
    plain = await work_up(resources, text)
    pregnant = await work_up(resources, text, patient=Patient(sex="female", pregnant=True))
    assert plain.medication is not None
    assert pregnant.medication is not None
    offered = {o.drug: o.suitable for o in pregnant.medication.options}
    assert offered.get("isotretinoin") == "no"
    assert {o.drug: o.suitable for o in plain.medication.options}.get("isotretinoin") != "no"


async def test_a_drug_that_is_not_in_the_formulary_reads_not_checked(resources: Resources) -> None:
    result = await work_up(resources, "Itchy weals for two days.", medications=[Medication(name="xyzzymab")])
    assert result.medication is not None
    assert any("xyzzymab" in n.en for n in result.medication.not_checked)


async def test_the_ladder_has_five_tiers_with_prices_and_reasons(resources: Resources) -> None:
    result = await work_up(resources, "An 80-year-old woman with itch for months and tense blisters on the thighs and belly.")
    assert result.workup is not None
    assert tuple(r.tier for r in result.workup.rungs) == TIERS
    assert all(r.why.en and r.why.zh for r in result.workup.rungs)
    recommended = [t for r in result.workup.rungs for t in r.tests if t.status == "recommended"]
    assert recommended
    assert result.workup.price_now == pytest.approx(sum(t.price for t in recommended))
    assert all(t.risk.zh and t.why.zh for t in recommended)


async def test_a_biopsy_says_that_anticoagulants_raise_its_risk(resources: Resources) -> None:
    text = "An 80-year-old woman with itch for months, urticarial plaques and tense blisters on the thighs and belly. She takes warfarin."
    result = await work_up(resources, text)
    assert result.workup is not None
    biopsies = [t for r in result.workup.rungs for t in r.tests if "biopsy" in t.id]
    assert biopsies
    assert all(any("nticoag" in risk.en for risk in t.patient_risks) for t in biopsies)


async def test_a_relatives_disease_raises_no_alert_for_the_patient(resources: Resources) -> None:
    result = await work_up(resources, "A 20-year-old man with dandruff. His father had melanoma.")
    assert "melanoma" not in [d.id for d in result.differential[:3]]
