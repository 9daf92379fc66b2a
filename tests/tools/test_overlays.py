"""A site's own interaction table."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.errors import CaseError, KnowledgeError
from yingzhi.clinical.words import Severity
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.drug_rules import ORDER
from yingzhi.tools.formulary import load_formulary
from yingzhi.tools.interactions import check_pair, pair_severity
from yingzhi.tools.overlays import Entry, Overlay, disagreements, read_mapping, read_table, remove_overlay, save_overlay, with_overlays

FORMULARY = load_formulary()
DRUG = st.sampled_from(sorted(FORMULARY.drugs))
MAPPING = """
name: hospital
title: Table of the house
body: Pharmacy
year: 2025
columns: {drug_a: a, drug_b: b, level: level, mechanism: why}
levels: {Major: major, Moderate: moderate, Minor: minor, X: contraindicated}
ignore: [Unknown]
"""
TABLE = """a,b,level,why
Cetirizine,Amlodipine,Major,seen here
Methotrexate,Co-trimoxazole,Minor,
甲氨蝶呤,Wonderdrug,Major,
Warfarin,Fluconazole,Major,
Warfarin,Fluconazole,Moderate,
Warfarin,华法林,Major,
Warfarin,methotrexat,Major,
Aspirin,Iron,Unknown,
"""


def files(folder: Path, table: str = TABLE, mapping: str = MAPPING) -> tuple[Path, Path]:
    (folder / "t.csv").write_text(table, encoding="utf-8")
    (folder / "m.yaml").write_text(mapping, encoding="utf-8")
    return folder / "t.csv", folder / "m.yaml"


def test_a_table_raises_a_severity_and_never_lowers_one(tmp_path: Path) -> None:
    table, mapping = files(tmp_path)
    overlay, report = read_table(table, read_mapping(mapping), FORMULARY)
    save_overlay(overlay, tmp_path)
    formulary = with_overlays(FORMULARY, tmp_path)
    assert check_pair("cetirizine", "amlodipine", FORMULARY).severity == "none"
    raised = check_pair("cetirizine", "amlodipine", formulary)
    assert (raised.severity, raised.mechanisms[0].rule) == ("major", "overlay-hospital")
    assert raised.mechanisms[0].mechanism.en == "seen here"
    assert raised.mechanisms[0].sources == ["Pharmacy: Table of the house (2025)"]
    assert check_pair("methotrexate", "co-trimoxazole", formulary) == check_pair("methotrexate", "co-trimoxazole", FORMULARY)
    assert (report.pairs, report.worse, report.milder, report.agree) == (3, 1, 1, 1)


def test_what_was_not_taken_over_is_counted_and_named(tmp_path: Path) -> None:
    table, mapping = files(tmp_path)
    _, report = read_table(table, read_mapping(mapping), FORMULARY)
    assert (report.rows, report.unread_rows, report.ignored, report.same_drug, report.repeated) == (8, 2, 1, 1, 1)
    assert {u.name: u.reason for u in report.unread} == {"Wonderdrug": "unknown", "methotrexat": "misspelt"}


def test_disagreements_stand_side_by_side_with_both_sources(tmp_path: Path) -> None:
    table, mapping = files(tmp_path)
    overlay, _ = read_table(table, read_mapping(mapping), FORMULARY)
    found = {(d.drug_a, d.drug_b): d for d in disagreements(overlay, FORMULARY)}
    milder = found["co-trimoxazole", "methotrexate"]
    assert (milder.built_in, milder.table, milder.holds) == ("contraindicated", "minor", "contraindicated")
    assert milder.built_in_sources
    assert milder.table_source == overlay.source
    assert ("fluconazole", "warfarin") not in found


def test_an_alert_of_a_table_stands_in_the_review(tmp_path: Path) -> None:
    table, mapping = files(tmp_path)
    overlay, _ = read_table(table, read_mapping(mapping), FORMULARY)
    save_overlay(overlay, tmp_path)
    found = review_medications([], ["cetirizine", "amlodipine"], None, with_overlays(FORMULARY, tmp_path))
    assert [(p.severity, set(p.drugs)) for p in found.problems] == [("major", {"cetirizine", "amlodipine"})]


@given(DRUG, DRUG, st.sampled_from(["contraindicated", "major", "moderate", "minor"]))
@settings(max_examples=200, deadline=None)
def test_no_table_lowers_the_built_in_severity(a: str, b: str, said: Severity) -> None:
    import dataclasses

    if a == b:
        return
    overlay = Overlay("t", "T", "B", 2025, "0", {(min(a, b), max(a, b)): Entry(said)})
    formulary = dataclasses.replace(FORMULARY, overlays=(overlay,))
    bare, laid = check_pair(a, b, FORMULARY), check_pair(a, b, formulary)
    assert ORDER[laid.severity] <= ORDER[bare.severity]
    assert ORDER[laid.severity] in (ORDER[bare.severity], ORDER[said])
    assert laid.severity == check_pair(b, a, formulary).severity == pair_severity(a, b, formulary) == pair_severity(b, a, formulary)
    assert {m.rule for m in bare.mechanisms} <= {m.rule for m in laid.mechanisms}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("level: level", "level: grade"), "columns.level: the table has no column 'grade'"),
        (("X: contraindicated", "X: deadly"), "m.yaml: levels.X"),
        (("title: Table of the house\n", ""), "m.yaml: title"),
        (("Minor: minor, ", ""), "t.csv line 3: level 'Minor'"),
        (("name: hospital", "name: House Table"), "m.yaml: name"),
        (("year: 2025", "year: soon"), "m.yaml: year"),
    ],
)
def test_a_wrong_column_or_level_is_named_plainly(tmp_path: Path, change: tuple[str, str], words: str) -> None:
    table, mapping = files(tmp_path, mapping=MAPPING.replace(*change))
    with pytest.raises(CaseError) as refused:
        read_table(table, read_mapping(mapping), FORMULARY)
    assert str(refused.value).startswith(words)


def test_an_empty_cell_names_its_line(tmp_path: Path) -> None:
    table, mapping = files(tmp_path, table="a,b,level,why\nWarfarin,,Major,\n")
    with pytest.raises(CaseError, match=r"t\.csv line 2: b is empty"):
        read_table(table, read_mapping(mapping), FORMULARY)


def test_a_damaged_table_is_an_error_and_never_reads_as_none(tmp_path: Path) -> None:
    table, mapping = files(tmp_path)
    overlay, _ = read_table(table, read_mapping(mapping), FORMULARY)
    path = save_overlay(overlay, tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(KnowledgeError, match=r"hospital\.json: damaged"):
        with_overlays(FORMULARY, tmp_path)


def test_a_table_can_be_taken_away(tmp_path: Path) -> None:
    table, mapping = files(tmp_path)
    overlay, _ = read_table(table, read_mapping(mapping), FORMULARY)
    save_overlay(overlay, tmp_path)
    assert remove_overlay("hospital", tmp_path)
    assert not remove_overlay("hospital", tmp_path)
    assert not remove_overlay("../hospital", tmp_path)
    assert with_overlays(FORMULARY, tmp_path) is FORMULARY


def test_a_row_on_an_ingredient_holds_for_the_combination(tmp_path: Path) -> None:
    table, mapping = files(tmp_path, "a,b,level,why\nPseudoephedrine,Terbinafine,Major,\n")
    save_overlay(read_table(table, read_mapping(mapping), FORMULARY)[0], tmp_path)
    formulary = with_overlays(FORMULARY, tmp_path)
    assert check_pair("terbinafine", "ibuprofen-pseudoephedrine", formulary).severity == "major"
    assert pair_severity("ibuprofen-pseudoephedrine", "terbinafine", formulary) == "major"
    assert pair_severity("ibuprofen-pseudoephedrine", "terbinafine", FORMULARY) != "major"
