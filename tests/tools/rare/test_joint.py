"""One ranking from common to rare: it is a probability, common stays common, and what is rare is shown whole."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.differential import weigh
from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.presentation import Patient, Phenotypes, Presentation
from yingzhi.graphs.run import consult
from yingzhi.knowledge.hpo import SOURCE
from yingzhi.tools.observations import rank_record
from yingzhi.tools.rare import rank_jointly
from yingzhi.tools.rare.stand_in import GENETIC_TEST

COCKAYNE = ["HP:0000252", "HP:0000992", "HP:0000407", "HP:0000490", "HP:0000518", "HP:0001249", "HP:0004322", "HP:0000670", "HP:0000580"]
"""Microcephaly, photosensitivity, deafness, deep-set eyes, cataract, disability, short stature, caries, pigmentary retinopathy."""
IN_WORDS = {
    "en": "A 6-year-old boy with cutaneous photosensitivity, short stature, microcephaly, cataract, deep-set eyes, "
    "intellectual disability, carious teeth and sensorineural hearing impairment.",
    "zh": "男孩，6岁，光敏，身材矮小，小头畸形，白内障，眼窝深陷，智力障碍，龋齿，感音神经性耳聋。",
}


def ranked(resources: Resources, case: Presentation) -> Differential:
    """The differential of a case, without the search for evidence."""
    desk = Desk(resources)
    return weigh({"presentation": case, "history": read_record({"presentation": case}, desk)}, desk)


@pytest.fixture(scope="module")
def cockayne(resources: Resources) -> Presentation:
    return Presentation(patient=Patient(age=6, sex="male"), phenotypes=Phenotypes(present=COCKAYNE, absent=["HP:0001945"]))


async def test_a_patient_in_hpo_terms_is_given_the_rare_disease_first(resources: Resources, cockayne: Presentation) -> None:
    result = await consult(cockayne, resources)
    first = result.differential[0]
    assert result.status == "complete"
    assert first.en == "Cockayne syndrome"
    assert {"OMIM:216400", "OMIM:133540"} <= set(first.xrefs)
    assert first.commonness == "rare"
    assert len(result.differential) >= 10


async def test_a_rare_diagnosis_is_shown_whole(resources: Resources, cockayne: Presentation) -> None:
    result = await consult(cockayne, resources)
    first = result.differential[0]
    assert all(re.fullmatch(r"(OMIM|ORPHA|DECIPHER):\d+", x) for x in first.xrefs)
    assert {c.effect for c in first.cells} >= {"supports", "not-asked"}
    assert {c.source for c in first.cells} == {SOURCE}
    assert all(c.spans for c in first.cells if c.effect != "not-asked")
    assert first.summary is not None
    assert "ERCC" in first.summary.en
    assert first.sources == [SOURCE]
    cited = next(s for s in result.sources if s.id == SOURCE)
    assert cited.version
    assert cited.grade == "database"


async def test_a_likely_rare_disease_leads_to_a_gene_test_and_a_centre(resources: Resources, cockayne: Presentation) -> None:
    result: Consultation = await consult(cockayne, resources)
    assert result.workup is not None
    assert any(t.id == GENETIC_TEST for rung in result.workup.rungs for t in rung.tests)
    assert result.referral is not None
    assert result.referral.level == "tertiary"


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_the_drafts_name_the_rare_disease_and_what_was_coded(resources: Resources, cockayne: Presentation, lang: str) -> None:
    result = await consult(cockayne.model_copy(update={"lang": lang}), resources)
    said = " ".join(s.text for d in result.documents for part in d.sections for s in part.sentences)
    assert result.differential[0].xrefs[0] in said
    assert "HP:0000490" in said
    assert "ICD-10 )" not in said
    assert "ICD-10 ）" not in said


def test_a_note_in_either_language_has_the_same_rare_disease_first(resources: Resources) -> None:
    firsts = {lang: ranked(resources, Presentation(text=text)).diagnoses[0].id for lang, text in IN_WORDS.items()}
    assert firsts["en"] == firsts["zh"]
    assert ranked(resources, Presentation(text=IN_WORDS["en"])).diagnoses[0].commonness == "rare"


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("Well-demarcated red plaques with silvery scale on elbows and knees for two years.", "psoriasis-vulgaris"),
        ("双肘、双膝边界清楚的红色斑块，覆银白色鳞屑2年。", "psoriasis-vulgaris"),
        ("Painful grouped vesicles in a band on the left chest that stop at the midline.", "herpes-zoster"),
    ],
)
def test_a_common_disease_is_not_crowded_out(resources: Resources, text: str, leads: str) -> None:
    result = ranked(resources, Presentation(text=text))
    assert result.diagnoses[0].id == leads
    assert all(d.id in resources.knowledge.diseases for d in result.diagnoses[:5])


def test_a_disease_that_both_arms_know_stands_there_once(resources: Resources) -> None:
    pigmenti = Phenotypes(present=["HP:0008066", "HP:0000953", "HP:0001596", "HP:0000698", "HP:0001250", "HP:0000486", "HP:0001880"])
    result = ranked(resources, Presentation(patient=Patient(sex="female", age=2), phenotypes=pigmenti))
    ids = [x for d in result.diagnoses for x in d.xrefs]
    assert len(ids) == len(set(ids))
    assert result.diagnoses[0].id == "incontinentia-pigmenti"
    assert {"OMIM:308300", "ORPHA:464"} <= set(result.diagnoses[0].xrefs)


def test_without_a_finding_nothing_is_sure(resources: Resources) -> None:
    result = ranked(resources, Presentation(text="The patient came today."))
    assert result.confidence == "none"
    assert all(d.id in resources.knowledge.diseases for d in result.diagnoses)


def test_one_vague_term_leads_to_no_confident_ranking(resources: Resources) -> None:
    result = ranked(resources, Presentation(phenotypes=Phenotypes(present=["HP:0000951"])))
    assert result.confidence in {"none", "low"}
    assert result.diagnoses[0].probability < 0.3


@settings(max_examples=20, deadline=None)
@given(numbers=st.lists(st.integers(0, 10**9), min_size=1, max_size=7), absent=st.lists(st.integers(0, 10**9), max_size=3))
def test_the_joint_ranking_is_a_probability(resources: Resources, numbers: list[int], absent: list[int]) -> None:
    assert resources.rare is not None
    index = resources.rare.index
    usable = np.flatnonzero(np.diff(index.up_ptr))
    terms = [index.term_id(int(usable[n % len(usable)])) for n in numbers]
    others = [t for n in absent if (t := index.term_id(int(usable[n % len(usable)]))) not in terms]
    case = Presentation(phenotypes=Phenotypes(present=terms, absent=others))
    history = read_record({"presentation": case}, Desk(resources))
    joint = rank_jointly(resources.rare, resources.model, rank_record(resources.model, history, case.setting), history, True)
    assert joint is not None
    total = float(joint.ranking.probability.sum()) + joint.ranking.other + joint.joint.mass
    assert total == pytest.approx(1.0, abs=1e-6)
    assert sum(c.probability for c in joint.joint.rare) <= joint.joint.mass + 1e-9
    shown = ranked(resources, case)
    assert [d.probability for d in shown.diagnoses] == sorted((d.probability for d in shown.diagnoses), reverse=True)


def test_a_new_version_says_how_a_rare_disease_moved(resources: Resources, cockayne: Presentation) -> None:
    desk = Desk(resources)
    few = cockayne.model_copy(update={"phenotypes": Phenotypes(present=COCKAYNE[:3])})
    before = weigh({"presentation": few, "history": read_record({"presentation": few}, desk)}, desk)
    after = weigh({"presentation": cockayne, "history": read_record({"presentation": cockayne}, desk), "differential": before}, desk)
    moved = {c.diagnosis: c for c in after.changes}
    first = after.diagnoses[0]
    assert moved[first.id].after == first.probability
    assert all(c.after > 0 for c in after.changes if c.diagnosis in {d.id for d in after.diagnoses if d.probability >= 0.03})
