"""What a note says that only drug rules ask for."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.tools.drug_note import read_note, read_qtc
from yingzhi.tools.formulary import load_formulary

FORMULARY = load_formulary()


def present(text: str) -> set[str]:
    return set(read_note(text, 40, FORMULARY).present)


@pytest.mark.parametrize(("text", "condition"), [
    ("A 40-year-old truck driver.", "driving"),
    ("患者为货车司机。", "driving"),
    ("Works as a roofer.", "outdoor-work"),
    ("环卫工，常年日晒。", "outdoor-work"),
    ("She is trying to conceive.", "fertility-wish"),
    ("备孕中。", "fertility-wish"),
    ("Myasthenia gravis since 2015.", "myasthenia-gravis"),
    ("重症肌无力病史。", "myasthenia-gravis"),
    ("Peptic ulcer in 2019.", "peptic-ulcer"),
    ("既往十二指肠溃疡。", "peptic-ulcer"),
    ("G6PD缺乏。", "g6pd-deficiency"),
    ("Known G6PD deficiency.", "g6pd-deficiency"),
])  # fmt: skip
def test_a_condition_is_read_in_either_language(text: str, condition: str) -> None:
    assert condition in present(text)


@pytest.mark.parametrize("text", [
    "A retired truck driver.",
    "退休司机。",
    "Not a driver.",
    "非司机。",
    "His father is a truck driver.",
    "父亲是货车司机。",
    "Her mother has myasthenia gravis.",
    "其母患重症肌无力。",
    "No myasthenia gravis, no peptic ulcer.",
    "无重症肌无力。",
    "Check G6PD before dapsone.",
    "查G6PD。",
])  # fmt: skip
def test_what_is_over_denied_anothers_or_only_a_test_is_no_condition(text: str) -> None:
    assert present(text) == set()


def test_a_test_is_not_denied_by_words() -> None:
    found = read_note("No G6PD deficiency in the family history he knows of, no retinopathy.", 40, FORMULARY)
    assert "g6pd-deficiency" not in found.absent
    assert "retinal-disease" in found.absent


@pytest.mark.parametrize(("text", "kilograms"), [
    ("Weight 62 kg.", 62.0),
    ("He weighs 140 lb.", 63.5),
    ("体重62kg", 62.0),
    ("體重 62 公斤", 62.0),
    ("体重120斤", 60.0),
    ("体重下降5kg", None),
    ("Weight loss of 5 kg", None),
    ("Birth weight 3.2 kg", None),
    ("体重6.2kg", None),
    ("体重62kg，2年前体重80kg", None),
])  # fmt: skip
def test_the_weight_is_read_if_it_can_only_be_the_adults_own(text: str, kilograms: float | None) -> None:
    assert read_note(text, 40, FORMULARY).weight_kg == kilograms


def test_a_childs_weight_may_be_low() -> None:
    assert read_note("体重9.5kg", 1, FORMULARY).weight_kg == 9.5


def test_the_longest_qtc_is_read() -> None:
    assert read_qtc("QTc 440 ms, later QTcF 490ms") == 490
    assert read_qtc("QTc间期500毫秒") == 500
    assert read_qtc("QT 490 ms") is None


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet=st.sampled_from("司机无否认 driver no. ,，。体重6kg QTc490"), max_size=60))
def test_any_words_are_read_without_a_fault_and_no_condition_is_both_there_and_denied(text: str) -> None:
    found = read_note(text, None, FORMULARY)
    assert not set(found.present) & set(found.absent)
