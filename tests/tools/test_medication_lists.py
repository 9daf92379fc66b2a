"""Whole lists with what a pharmacist has to say of them."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from yingzhi.knowledge.load import HERE, read_yaml
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.formulary import load_formulary


def _bench() -> Any:
    path = Path(__file__).parents[2] / "bench" / "drugs.py"
    spec = importlib.util.spec_from_file_location("bench_drugs", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_drugs"] = module
    spec.loader.exec_module(module)
    return module


BENCH = _bench()
FORMULARY = load_formulary()
LISTS = BENCH.load_lists()


def test_there_are_enough_lists_of_the_right_length() -> None:
    assert len(LISTS) >= 60
    assert all(4 <= len(row["drugs"]) <= 12 for row in LISTS)
    assert len({row["id"] for row in LISTS}) == len(LISTS)


def test_every_list_names_sources_that_are_there_and_drugs_of_the_formulary() -> None:
    known = {row["id"] for path in (HERE / "sources").glob("*.yaml") for row in read_yaml(path) or []}  # type: ignore[attr-defined]
    for row in LISTS:
        assert row["sources"], row["id"]
        assert set(row["sources"]) <= known, row["id"]
        for line in (*row.get("severe", []), *row.get("also", [])):
            for drug in BENCH.expected(line).drugs:
                match = resolve_drug(drug, FORMULARY)
                assert match is not None, (row["id"], line)
                assert match.drug == drug, (row["id"], line)


@pytest.mark.parametrize("half", [0, 1])
def test_severe_alerts_are_raised_and_false_ones_are_few(half: int) -> None:
    scores = BENCH.score_lists(FORMULARY)[half]
    assert scores.sensitivity >= 0.97, [(r.id, r.missed) for r in scores.rows if r.missed]
    assert scores.false_per_list <= 0.3, [(r.id, r.false) for r in scores.rows if r.false]


def test_names_that_have_to_be_asked_back_are_and_no_others() -> None:
    assert [(r.id, r.lost) for half in BENCH.score_lists(FORMULARY) for r in half.rows if r.lost] == []


def test_the_split_is_the_one_that_is_written_down() -> None:
    assert BENCH.pair_is_held("Warfarin", "aspirin ") == BENCH.pair_is_held("aspirin", "warfarin")
    held = sum(BENCH.is_held(row["id"]) for row in LISTS)
    assert 0.3 < held / len(LISTS) < 0.7
