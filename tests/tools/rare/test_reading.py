"""HPO terms of a case: given ids, findings of the lexicon, words of the note in both languages."""

from __future__ import annotations

import pytest

from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Phenotypes, Presentation


def read(resources: Resources, text: str = "", present: list[str] | None = None, absent: list[str] | None = None) -> History:
    """The history of a case."""
    case = Presentation(text=text, phenotypes=Phenotypes(present=present or [], absent=absent or []))
    return read_record({"presentation": case}, Desk(resources))


def status_of(history: History) -> dict[str, str]:
    """HPO id -> status."""
    return {p.id: p.status for p in history.phenotypes}


@pytest.mark.parametrize(
    ("text", "term", "status"),
    [
        ("He has blue sclerae and a high palate.", "HP:0000592", "present"),
        ("There is no hepatosplenomegaly.", "HP:0001433", "absent"),
        ("Examination showed sparse eyelashes.", "HP:0000653", "present"),
        ("患儿蓝巩膜，高腭弓。", "HP:0000592", "present"),
        ("患兒鞏膜發藍。", "HP:0000592", "present"),
        ("患儿无智力障碍。", "HP:0001249", "absent"),
        ("查体：关节过度活动，皮肤弹性过度。", "HP:0000974", "present"),
        ("先天性白内障，感音神经性耳聋。", "HP:0000407", "present"),
    ],
)
def test_a_term_is_read_in_both_languages_with_what_the_sentence_says_of_it(
    resources: Resources, text: str, term: str, status: str
) -> None:
    assert status_of(read(resources, text)).get(term) == status


@pytest.mark.parametrize("text", ["His mother has blue sclerae.", "患者母亲有蓝巩膜。"])
def test_a_relatives_feature_is_not_the_patients(resources: Resources, text: str) -> None:
    assert "HP:0000592" not in status_of(read(resources, text))


@pytest.mark.parametrize("text", ["Atopic dermatitis was considered.", "考虑特应性皮炎。"])
def test_the_name_of_a_common_disease_is_no_feature(resources: Resources, text: str) -> None:
    assert "HP:0001047" not in status_of(read(resources, text))


def test_the_words_stand_where_the_span_says(resources: Resources) -> None:
    text = "查体：蓝巩膜。Blue sclerae confirmed, 智力障碍明显。"
    spans = [s for p in read(resources, text).phenotypes for s in p.spans if s.source == "note"]
    assert spans
    assert all(text[s.start : s.end] == s.text for s in spans)


def test_a_finding_of_the_lexicon_stands_for_its_term_and_keeps_its_id(resources: Resources) -> None:
    found = {p.id: p for p in read(resources, "Severe pruritus for two weeks.").phenotypes}
    assert found["HP:0000989"].finding in resources.knowledge.findings


def test_a_general_word_beside_a_special_one_is_read_as_the_special_one(resources: Resources) -> None:
    assert status_of(read(resources, "Congenital bullous ichthyosiform erythroderma.")).get("HP:0007475") == "present"


def test_an_older_id_is_read_as_its_current_term(resources: Resources) -> None:
    assert resources.rare is not None
    index = resources.rare.index
    old = f"HP:{int(index.old[0, 5]):07d}"
    assert status_of(read(resources, present=[old])) == {index.term_id(int(index.old[1, 5])): "present"}


def test_an_unknown_id_is_named_and_the_rest_is_weighed(resources: Resources) -> None:
    history = read(resources, present=["HP:0000592", "HP:9999999", "HP:9999999"], absent=["HP:9999998"])
    assert history.unmapped_phenotypes == ["HP:9999999", "HP:9999998"]
    assert status_of(history) == {"HP:0000592": "present"}


def test_a_case_of_nothing_but_unknown_ids_is_refused_by_field(resources: Resources) -> None:
    with pytest.raises(CaseError, match=r"phenotypes\.absent\.0"):
        read(resources, absent=["HP:9999999"])


@pytest.mark.parametrize("bad", ["pruritus", "HP:12", "OMIM:256500", "", "HP:000098９"])
def test_what_is_no_id_is_refused_by_field(resources: Resources, bad: str) -> None:
    with pytest.raises(CaseError, match=r"phenotypes\.present\.1"):
        read(resources, present=["HP:0000989", bad])


def test_a_term_that_is_present_and_under_an_older_id_absent_is_refused(resources: Resources) -> None:
    assert resources.rare is not None
    index = resources.rare.index
    old, current = f"HP:{int(index.old[0, 5]):07d}", index.term_id(int(index.old[1, 5]))
    with pytest.raises(CaseError, match="both present and absent"):
        read(resources, present=[current], absent=[old])


def test_every_cross_reference_of_the_lexicon_leads_to_a_term(resources: Resources) -> None:
    arm = resources.rare
    assert arm is not None
    findings = resources.knowledge.findings
    assert [f.id for f in findings.values() if f.hpo and arm.index.position(f.hpo) is None] == []
    assert all(arm.index.position(term) is not None for term in arm.chinese)
    assert all(arm.index.is_finding(at) for at in arm.links.terms.values())


def test_no_chinese_wording_stands_for_two_terms(resources: Resources) -> None:
    assert resources.rare is not None
    wordings = [w for forms in resources.rare.chinese.values() for w in forms]
    assert sorted(w for w in set(wordings) if wordings.count(w) > 1) == []
