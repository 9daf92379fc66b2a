"""The compiled index: laws of the true-path rule, one disease one entry, and a cache that mends itself."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.errors import ToolError
from yingzhi.tools.rare import RareArm
from yingzhi.tools.rare.index import RareIndex, read_index, to_bytes
from yingzhi.tools.rare.names import chinese_name
from yingzhi.tools.rare.twins import name_key, series_name


@pytest.fixture(scope="module")
def arm(resources: Resources) -> RareArm:
    assert resources.rare is not None
    return resources.rare


def test_every_annotated_disease_is_there(arm: RareArm) -> None:
    assert arm.index.profiles > 12_600
    assert len(set(arm.index.id_list)) == arm.index.profiles


@settings(max_examples=60, deadline=None)
@given(number=st.integers(0, 10**9))
def test_what_a_term_implies_is_at_least_as_frequent_in_every_disease(arm: RareArm, number: int) -> None:
    index = arm.index
    held = np.flatnonzero(np.diff(index.column_ptr))
    term = int(held[number % len(held)])
    rows, share = index.holders(term)
    for general in index.implied(term):
        above, there = index.holders(int(general))
        at = np.searchsorted(above, rows)
        assert (above[at] == rows).all()
        assert (there[at] >= share).all()


def test_an_alternative_id_stands_where_the_current_one_does(arm: RareArm) -> None:
    assert arm.index.position("HP:0001019") is not None
    old = f"HP:{int(arm.index.old[0, 0]):07d}"
    assert arm.index.term_id(int(arm.index.old[1, 0])) != old
    assert arm.index.position(old) == int(arm.index.old[1, 0])


@pytest.mark.parametrize("given_id", ["HP:9999999", "HP:12", "0001019", "", "hp:0001019", "HP:00010190"])
def test_an_id_of_no_term_has_no_place(arm: RareArm, given_id: str) -> None:
    assert arm.index.position(given_id) is None


@pytest.mark.parametrize(
    ("omim", "orpha"),
    [("OMIM:256500", "ORPHA:634"), ("OMIM:301500", "ORPHA:324"), ("OMIM:308300", "ORPHA:464"), ("OMIM:124200", "ORPHA:218")],
)
def test_twins_of_the_two_catalogues_are_one_form(arm: RareArm, omim: str, orpha: str) -> None:
    row_of = {i: r for r, i in enumerate(arm.index.id_list)}
    assert arm.index.form[row_of[omim]] == arm.index.form[row_of[orpha]]


def test_two_numbers_of_one_catalogue_are_never_one_form(arm: RareArm) -> None:
    described = [(int(f), i.partition(":")[0]) for f, i in zip(arm.index.form, arm.index.id_list, strict=True)]
    assert len(described) == len(set(described))


def test_genetic_forms_that_differ_in_their_number_alone_are_one_disease_and_clinical_types_are_not(arm: RareArm) -> None:
    disease_of = dict(zip(arm.index.id_list, arm.index.disease.tolist(), strict=True))
    assert disease_of["OMIM:216400"] == disease_of["OMIM:133540"]  # Cockayne syndrome, types A and B
    assert disease_of["OMIM:163950"] == disease_of["OMIM:610733"]  # Noonan syndrome 1 and 4
    assert disease_of["OMIM:130050"] != disease_of["OMIM:130000"]  # Ehlers-Danlos syndrome, vascular and classic type
    assert disease_of["OMIM:162200"] != disease_of["OMIM:101000"]  # neurofibromatosis, types 1 and 2


@pytest.mark.parametrize(
    ("name", "series"),
    [
        ("Cutis laxa, autosomal recessive, type IA", "Cutis laxa, autosomal recessive, type I"),
        ("Noonan syndrome 4", "Noonan syndrome"),
        ("Trichothiodystrophy 3, photosensitive", "Trichothiodystrophy, photosensitive"),
        ("Xeroderma pigmentosum, complementation group C", "Xeroderma pigmentosum"),
        ("Ehlers-Danlos syndrome, vascular type", "Ehlers-Danlos syndrome, vascular type"),
        ("Hypotrichosis", "Hypotrichosis"),
    ],
)
def test_the_name_of_a_series_has_no_number_of_a_locus(name: str, series: str) -> None:
    assert series_name(name) == series


def test_a_group_is_made_of_other_forms(arm: RareArm) -> None:
    ptr = arm.index.member_ptr
    groups = np.flatnonzero(np.diff(ptr))
    assert len(groups) > 300
    for group in groups:
        assert group not in arm.index.member[ptr[group] : ptr[group + 1]]


def test_reading_gives_back_what_was_written(arm: RareArm, tmp_path: Path) -> None:
    path = tmp_path / "index.npz"
    path.write_bytes(to_bytes(arm.index))
    again = read_index(path)
    assert all(np.array_equal(getattr(again, f.name), getattr(arm.index, f.name)) for f in fields(RareIndex))


@pytest.mark.parametrize("damage", [b"", b"not an archive", b"PK\x03\x04"])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "index.npz").write_bytes(damage)
    with pytest.raises(ToolError, match="damaged"):
        read_index(tmp_path / "index.npz")


def test_a_damaged_cache_is_made_anew(arm: RareArm, resources: Resources, tmp_path: Path) -> None:
    (tmp_path / f"rare-{arm.key}.npz").write_bytes(b"half a file")
    mended = RareArm(resources.knowledge, tmp_path)
    assert mended.index.profiles == arm.index.profiles
    assert read_index(tmp_path / f"rare-{arm.key}.npz").profiles == arm.index.profiles


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Albinism, oculocutaneous, type V", "Oculocutaneous albinism type 5"),
        ("Behcet syndrome", "Behçet disease"),
        ("Epidermolysis bullosa simplex 2A", "epidermolysis bullosa, simplex, type 2a"),
    ],
)
def test_names_of_one_disease_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("name", "chinese"),
    [
        ("Cutis laxa, autosomal recessive, type IIB", "皮肤松弛症，常染色体隐性，IIB型"),
        ("Netherton syndrome", "Netherton综合征"),
        ("Trichothiodystrophy 3, photosensitive", "毛发硫营养不良3型，光敏型"),
        ("Nephrotic syndrome, type 13", "Nephrotic syndrome, type 13"),
        ("Some unheard-of disorder with many parts", "Some unheard-of disorder with many parts"),
    ],
)
def test_a_chinese_name_is_whole_or_is_not_given(arm: RareArm, name: str, chinese: str) -> None:
    assert chinese_name(name, arm.names) == chinese
