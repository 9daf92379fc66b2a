from __future__ import annotations

import re

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.differential import SystemicLink
from yingzhi.clinical.presentation import Medication, Presentation
from yingzhi.graphs.run import consult

SYSTEMS = {"malignancy", "endocrine", "gut", "liver", "kidney", "blood", "rheumatic", "infectious", "neurological", "drug"}
PUBLISHED = {"guideline", "consensus", "review", "textbook"}


async def links(resources: Resources, text: str, **fields: object) -> dict[str, SystemicLink]:
    result = await consult(Presentation.model_validate({"text": text, **fields}), resources)
    return {link.id: link for link in result.systemic_links}


def test_at_least_eighty_links_over_ten_systems_say_what_to_check_why_how_strongly_and_from_where(resources: Resources) -> None:
    k = resources.knowledge
    assert len(k.systemic) >= 80
    assert {r.system for r in k.systemic.values()} >= SYSTEMS
    for rule in k.systemic.values():
        assert rule.why.en
        assert rule.why.zh
        assert rule.act.en
        assert rule.act.zh
        assert rule.tests or rule.look_for or rule.drugs, rule.id
        assert all(s in k.sources for s in rule.sources)


def test_a_link_rests_on_a_source_that_can_be_looked_up(resources: Resources) -> None:
    k = resources.knowledge
    for rule in k.systemic.values():
        found = [k.sources[s] for s in rule.sources]
        assert any(s.pmid or s.doi or s.url or s.grade in PUBLISHED or re.search(r"\d+:\d+", s.body) for s in found), rule.id


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            "A 58-year-old woman has velvety dark thickening of the neck and armpits for three months, itchy, and lost 9 kg.",
            "acanthosis-nigricans-cancer",
        ),
        ("45岁男性，颈部、腋下皮肤天鹅绒样增厚发黑2年，肥胖。", "acanthosis-nigricans-insulin"),
        ("A 70-year-old man itches all over for four months; there is no rash.", "itch-without-rash-iron-blood"),
        ("全身瘙痒半年，无皮疹，67岁男性。", "itch-without-rash-liver"),
        ("A 30-year-old man has palpable purpura on both shins for three days.", "palpable-purpura-kidney"),
        ("上睑紫红斑伴指关节伸侧Gottron丘疹1月，男，55岁。", "dermatomyositis-signs-lung"),
        (
            "A 40-year-old woman with dilated nail fold capillaries noticed on examination and itchy dry hands.",
            "nail-fold-vessels-connective-tissue",
        ),
        ("A 71-year-old man: sudden eruption of seborrheic keratoses within two months, itchy.", "leser-trelat-cancer"),
        ("色素脱失斑3年，近来乏力、怕冷，女，33岁。", "vitiligo-with-symptoms-autoimmune"),
        ("A 55-year-old man has clubbing of the fingers and a cough.", "clubbing-lung"),
        ("Umbilicated papules on the face with fever and weight loss in a 30-year-old man.", "umbilicated-papules-with-fever"),
    ],
)
async def test_a_finding_brings_its_link_whatever_diagnosis_leads(resources: Resources, text: str, rule: str) -> None:
    found = await links(resources, text)
    said_by = resources.knowledge.systemic[rule].said_by
    assert rule in found or any(link.disease in said_by for link in found.values()), sorted(found)


async def test_a_disease_that_the_note_names_brings_its_links(resources: Resources) -> None:
    found = await links(resources, "Dermatomyositis known since May; now a wart on the finger.")
    assert "dermatomyositis-0" in found
    assert "dermatomyositis-0" not in await links(resources, "His mother had dermatomyositis; now a wart on the finger.")


async def test_a_relatives_finding_brings_no_link(resources: Resources) -> None:
    found = await links(resources, "A 25-year-old man with dandruff. His father has palpable purpura of the legs.")
    assert "palpable-purpura-kidney" not in found


async def test_every_link_that_is_shown_has_a_source_record_and_says_what_was_checked(resources: Resources) -> None:
    for text in (
        "A 30-year-old man has palpable purpura on both shins for three days. Urine protein 2+.",
        "62岁男性，全身瘙痒无皮疹3月，消瘦、盗汗。肌酐 88 μmol/L。",
        "45-year-old man with silvery scaly plaques on the elbows for years, worse for two months.",
    ):
        result = await consult(Presentation(text=text), resources)
        assert result.systemic_links
        records = {s.id for s in result.sources}
        for link in result.systemic_links:
            assert link.references
            assert {r.id for r in link.references} <= records
            assert all(r.title and r.body and r.year and r.jurisdiction and r.grade for r in link.references)
            assert link.checked.en
            assert link.checked.zh


async def test_a_result_of_the_record_turns_an_open_check_into_one_that_speaks(resources: Resources) -> None:
    text = "A 30-year-old man has palpable purpura on both shins for three days."
    before = (await links(resources, text))["palpable-purpura-kidney"]
    after = (await links(resources, text + " Urine protein 2+."))["palpable-purpura-kidney"]
    assert next(c.state for c in before.checks if c.id == "urinalysis") == "open"
    assert next(c.state for c in after.checks if c.id == "urinalysis") == "for"
    assert "Speaks for it" in after.checked.en


async def test_a_drug_of_the_patient_that_sets_the_disease_off_is_named(resources: Resources) -> None:
    text = "A 50-year-old man with silvery scaly plaques on elbows and knees for three months, well demarcated."
    taken = await links(resources, text, medications=[Medication(name="metoprolol")])
    assert [c.id for c in taken["psoriasis-drugs"].checks if c.kind == "drug"] == ["metoprolol"]
    other = await links(resources, text, medications=[Medication(name="paracetamol")])
    assert "None of the recorded drugs" in other["psoriasis-drugs"].checked.en
    none = await links(resources, text)
    assert "No drug is recorded" in none["psoriasis-drugs"].checked.en


async def test_both_languages_of_one_case_bring_the_same_finding_links(resources: Resources) -> None:
    en = await links(resources, "A 30-year-old man has palpable purpura on both lower legs for three days, with joint pain.")
    zh = await links(resources, "男，30岁，双小腿可触性紫癜3天，伴关节痛。")
    assert {i for i, x in en.items() if x.findings} == {i for i, x in zh.items() if x.findings}


async def test_a_record_that_says_nothing_has_no_link(resources: Resources) -> None:
    result: Consultation = await consult(Presentation(text="A man."), resources)
    assert result.systemic_links == []
