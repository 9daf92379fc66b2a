from __future__ import annotations

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.presentation import Medication, Patient, Presentation
from yingzhi.graphs.run import consult


async def conflicts(resources: Resources, text: str, **fields: object) -> set[str]:
    result = await consult(Presentation.model_validate({"text": text, **fields}), resources)
    for conflict in result.conflicts:
        assert len({s.source for s in conflict.sides}) == len(conflict.sides) >= 2
        assert conflict.because
        for side in conflict.sides:
            assert side.reference is not None
            assert side.reference.body
            assert side.reference.year
            assert side.reference.jurisdiction
            assert side.reference.grade
            assert side.says.en
            assert side.says.zh
        assert {s.source for s in conflict.sides} <= {s.id for s in result.sources}
    return {c.id for c in result.conflicts}


@pytest.mark.parametrize(
    ("text", "drug", "conflict"),
    [
        ("A 30-year-old woman with a scaly scarring plaque on the cheek.", "hydroxychloroquine", "hydroxychloroquine-eyes"),
        ("An 18-year-old man with comedones and nodules on the face.", "isotretinoin", "isotretinoin-laboratory"),
        ("A 50-year-old man with itch.", "methotrexate", "methotrexate-liver"),
    ],
)
async def test_a_drug_that_is_taken_brings_the_guidance_that_disagrees_on_it(
    resources: Resources, text: str, drug: str, conflict: str
) -> None:
    assert conflict in await conflicts(resources, text, medications=[Medication(name=drug)])


async def test_the_age_limit_of_tetracyclines_is_shown_for_a_child_only(resources: Resources) -> None:
    taken = [Medication(name="doxycycline")]
    assert "tetracycline-age" in await conflicts(resources, "A rash.", patient=Patient(age=7), medications=taken)
    assert "tetracycline-age" not in await conflicts(resources, "A rash.", patient=Patient(age=40), medications=taken)


async def test_a_case_without_drug_or_disease_of_the_table_shows_none(resources: Resources) -> None:
    assert await conflicts(resources, "A 25-year-old man with greasy scale of the scalp for years.") == set()


async def test_every_ranked_diagnosis_and_every_test_carries_its_sources_as_records(resources: Resources) -> None:
    result = await consult(
        Presentation(text="An 80-year-old woman with itch for months and tense blisters on the thighs and belly."), resources
    )
    assert result.workup is not None
    for d in result.differential:
        assert {r.id for r in d.references} >= set(d.sources)
        assert all(r.title and r.body and r.year and r.jurisdiction and r.grade for r in d.references)
    for t in (t for rung in result.workup.rungs for t in rung.tests):
        assert any(r.id == t.source for r in t.references)
        assert {s for c in t.cautions for s in c.sources} <= {r.id for r in t.references}
