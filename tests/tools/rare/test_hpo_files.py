"""The ontology and its annotations as they are read: older ids, counts, denials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.knowledge.hpo import SOURCE, data_folder, data_version, ontology_from
from yingzhi.knowledge.hpo.annotations import Profile, patients, profiles_from

OBO = """format-version: 1.2

[Term]
id: HP:0000001
name: All
is_obsolete: false

[Term]
id: HP:0000118
name: Phenotypic abnormality
is_a: HP:0000001 ! All

[Term]
id: HP:0000002
name: Rash
alt_id: HP:0000090
synonym: "Eruption" EXACT layperson []
synonym: "Skin trouble" BROAD []
is_a: HP:0000118 ! Phenotypic abnormality

[Term]
id: HP:0000003
name: obsolete Old rash
is_obsolete: true
replaced_by: HP:0000004

[Term]
id: HP:0000004
name: obsolete Less old rash
is_obsolete: true
replaced_by: HP:0000002

[Term]
id: HP:0000005
name: obsolete Gone
is_obsolete: true
replaced_by: HP:0000006

[Term]
id: HP:0000006
name: obsolete Gone too
is_obsolete: true
replaced_by: HP:0000005

[Typedef]
id: part_of
name: part of
"""


def annotated(*rows: tuple[str, str, str]) -> Profile:
    """The profile of one disease from (term, qualifier, frequency) rows."""
    lines = [f"OMIM:1\tA disease\t{qualifier}\t{term}\tPMID:1\tPCS\t\t{frequency}\t\t\tP\tme\n" for term, qualifier, frequency in rows]
    return profiles_from(["#version: 2025-01-16\n", "database_id\tdisease_name\n", *lines], {"HP:0000090": "HP:0000002"})["OMIM:1"]


def test_an_older_id_leads_to_the_current_term_through_any_number_of_replacements() -> None:
    hpo = ontology_from(OBO.splitlines(keepends=True))
    assert [hpo.current(i) for i in ("HP:0000002", "HP:0000090", "HP:0000003", "HP:0000004")] == ["HP:0000002"] * 4


def test_a_ring_of_replacements_and_an_unheard_of_id_are_unknown() -> None:
    hpo = ontology_from(OBO.splitlines(keepends=True))
    assert [hpo.current(i) for i in ("HP:0000005", "HP:0000006", "HP:9999999")] == [None] * 3


def test_only_exact_synonyms_are_the_same_finding() -> None:
    assert ontology_from(OBO.splitlines(keepends=True)).terms["HP:0000002"].synonyms == ["Eruption"]


def test_counts_of_several_papers_are_pooled_and_one_of_one_is_no_certainty() -> None:
    pooled = annotated(("HP:0000002", "", "1/1"), ("HP:0000090", "", "2/6")).features["HP:0000002"]
    assert pooled.count == 7
    assert pooled.share == pytest.approx(3.5 / 8)


def test_a_feature_seen_in_none_is_a_denial_and_never_a_feature() -> None:
    profile = annotated(("HP:0000002", "", "0/4"), ("HP:0000007", "NOT", ""))
    assert profile.features == {}
    assert profile.denied == {"HP:0000002": 4, "HP:0000007": 10}


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_lies_strictly_between_0_and_1(seen: int, of: int) -> None:
    profile = annotated(("HP:0000002", "", f"{seen}/{of}"))
    if "HP:0000002" in profile.features:
        assert 0 < profile.features["HP:0000002"].share < 1


@given(st.text(max_size=12))
def test_a_frequency_field_of_any_form_is_read_or_left_out(field: str) -> None:
    read = patients(field)
    assert read is None or 0 <= read[0] <= read[1]


def test_the_source_record_names_the_release_that_is_installed(resources: Resources) -> None:
    assert resources.knowledge.sources[SOURCE].version == data_version(data_folder())
