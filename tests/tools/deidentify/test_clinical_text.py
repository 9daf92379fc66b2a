from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.tools.deidentify import Masker

TOLERATED = 1 / 500
"""Share of names that may be taken for a person in a sentence; if a new term goes over it, add its beginning to words_zh.py."""
CHINESE_FRAMES = ("患者{}。", "患者{}明显，无发热。", "其母亲{}病史", "{}，男，45岁。", "医生考虑{}，予观察")
ENGLISH_FRAMES = ("Patient with {} today.", "{}, a 45-year-old man", "Diagnosis: {}", "Past medical history: {}. No fever.")


def names(resources: Resources, language: str) -> Iterator[str]:
    knowledge = resources.knowledge
    for disease in knowledge.diseases.values():
        yield getattr(disease.names, language)
        yield from getattr(disease.aliases, language)
    for finding in knowledge.findings.values():
        yield getattr(finding.names, language)
        yield from getattr(finding.forms, language)
        yield from getattr(finding.absent_forms, language)
    for investigation in knowledge.investigations.values():
        yield getattr(investigation.names, language)
        yield from getattr(investigation.aliases, language)


def masked_among(texts: set[str]) -> list[str]:
    """The texts that a mask changes: put together line by line, because that is quicker."""
    lines = sorted(texts)
    blocks = [lines[at : at + 100] for at in range(0, len(lines), 100)]
    return [
        line
        for block in blocks
        if Masker("block").mask("\n".join(block)) != "\n".join(block)
        for line in block
        if Masker("line").mask(line) != line
    ]


def drug_names(value: object) -> Iterator[str]:
    """Every string among the drugs: names, classes, advice."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from drug_names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from drug_names(inner)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_name_of_the_knowledge_passes_unchanged(resources: Resources, language: str) -> None:
    assert not masked_among(set(names(resources, language)))


def test_every_drug_name_and_advice_passes_unchanged(resources: Resources) -> None:
    texts = {t for t in drug_names(resources.knowledge.drugs.model_dump(mode="json", exclude={"sources"})) if "://" not in t}
    assert not masked_among(texts)


@pytest.mark.parametrize("frame", CHINESE_FRAMES)
def test_chinese_names_of_the_knowledge_stay_in_a_sentence_about_a_patient(resources: Resources, frame: str) -> None:
    texts = {frame.format(name) for name in names(resources, "zh")}
    changed = masked_among(texts)
    assert len(changed) <= len(texts) * TOLERATED, changed


@pytest.mark.parametrize("frame", ENGLISH_FRAMES)
def test_english_names_of_the_knowledge_stay_in_a_sentence_about_a_patient(resources: Resources, frame: str) -> None:
    texts = {frame.format(name) for name in names(resources, "en")}
    changed = masked_among(texts)
    assert len(changed) <= len(texts) * TOLERATED, changed


@pytest.mark.parametrize("name", ["pemphigoid.zh-Hant.txt", "psoriasis.en.txt", "sjs.en.txt", "zoster.zh.txt"])
def test_a_note_without_identifiers_is_left_as_it_is(examples: Path, name: str) -> None:
    note = (examples / name).read_text(encoding="utf-8")
    assert Masker("examples").mask(note) == note


def test_every_example_comes_back_from_its_mask(examples: Path) -> None:
    for path in sorted(examples.iterdir()):
        text = path.read_text(encoding="utf-8")
        masker = Masker(path.name)
        assert masker.unmask(masker.mask(text)) == text
