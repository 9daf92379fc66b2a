"""Precision and recall of the reader on annotated sentences: floors a little under the figures of docs/language.md."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.tools.sentences.score import LANGUAGES, Half, Language, Said, Sentence, compare, measure, parse, read, score, sentences
from yingzhi.agents.specialist import Resources
from yingzhi.knowledge.load import read_yaml

FLOORS: dict[tuple[Language, Half], tuple[float, float, float]] = {
    ("en", "development"): (0.89, 0.90, 0.90),
    ("en", "held-out"): (0.90, 0.85, 0.88),
    ("zh", "development"): (0.88, 0.92, 0.91),
    ("zh", "held-out"): (0.91, 0.86, 0.89),
}
"""Precision, recall, F1."""
FROZEN: dict[Language, str] = {
    "en": "6c9c62e0c4ffee1df62920fa78445dd1d97f5ea6c3e60941a900138da07b1671",
    "zh": "bfec144186b2c95cf928d3125d5d7d1b6d939f12a526299438858d74f6c64528",
}
"""Of the held-out lines as they were annotated before the reader saw them."""


@pytest.mark.parametrize("key", FLOORS)
def test_the_reader_keeps_its_precision_and_recall(key: tuple[Language, Half], resources: Resources) -> None:
    found = score([counts for _, counts in measure(resources)[key]])
    precision, recall, f1 = FLOORS[key]
    assert found.precision >= precision
    assert found.recall >= recall
    assert found.f1 >= f1
    assert found.low <= found.f1 <= found.high


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_held_out_half_is_what_was_written_down_at_the_start(lang: Language) -> None:
    lines = read_yaml(Path(__file__).parent / "sentences" / f"{lang}.yaml")
    assert isinstance(lines, list)
    held = [line for line in lines if parse(line).half == "held-out"]
    assert hashlib.sha256("\n".join(held).encode()).hexdigest() == FROZEN[lang]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_there_are_enough_sentences_and_every_finding_in_them_is_known(lang: Language, resources: Resources) -> None:
    written = sentences(lang)
    assert len(written) >= 150
    assert len({s.text for s in written}) == len(written)
    assert min(sum(1 for s in written if s.half == half) for half in ("development", "held-out")) >= 70
    assert {s.id for one in written for s in one.said} <= set(resources.knowledge.findings)
    statuses = {s.status for one in written for s in one.said}
    assert statuses == {"present", "absent", "uncertain", "past", "family"}


def test_a_false_finding_lowers_precision_and_a_missed_one_recall() -> None:
    sentence = parse("[Itchy](pruritus) [weals](weal), [no](-fever) [fever](-fever).")
    assert sentence.text == "Itchy weals, no fever."
    up = {"severe-pruritus": frozenset({"pruritus"})}
    right = [Said("pruritus", "present", ((0, 5),)), Said("weal", "present", ((6, 11),)), Said("fever", "absent", ((16, 21),))]
    assert score([compare(sentence, right, up)]).f1 == 1.0
    wrong = [*right[:2], Said("fever", "present", ((16, 21),))]
    counts = compare(sentence, wrong, up)
    assert counts.false == ("fever present",)
    assert counts.missed == ("fever absent",)
    finer = [Said("severe-pruritus", "present", ((0, 5),)), *right[1:]]
    assert not compare(sentence, finer, up).false
    assert not compare(sentence, finer, up).missed


def test_a_sentence_that_is_not_read_at_all_has_no_recall(resources: Resources) -> None:
    silent = [compare(s, [], resources.model.ancestors) for s in sentences("en")]
    assert score(silent).recall == 0.0
    unsaid = Sentence("A fine day.", ())
    assert compare(unsaid, read(unsaid.text, resources), resources.model.ancestors).false == ()
