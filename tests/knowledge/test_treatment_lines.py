"""Claims about the treatment lines of the curated diseases."""

from __future__ import annotations

import re

from yingzhi.agents.specialist import Resources
from yingzhi.knowledge.load import Knowledge
from yingzhi.knowledge.models import Disease, Treatment

NUMBER = re.compile(r"\d+(?:\.\d+)?")
STUDIES = {"trial", "systematic-review", "review", "cohort", "case-series", "guideline"}


def lines(knowledge: Knowledge) -> list[tuple[Disease, Treatment]]:
    return [(disease, line) for disease in knowledge.diseases.values() for line in disease.treatment]


def test_every_disease_has_a_measure_that_is_not_a_drug(resources: Resources) -> None:
    bare = [disease.id for disease in resources.knowledge.diseases.values() if all(line.measure is None for line in disease.treatment)]
    assert bare == []


def test_an_efficacy_gives_the_same_figures_in_both_languages(resources: Resources) -> None:
    apart = [
        (disease.id, line.efficacy)
        for disease, line in lines(resources.knowledge)
        if line.efficacy and sorted(NUMBER.findall(line.efficacy.en)) != sorted(NUMBER.findall(line.efficacy.zh))
    ]
    assert apart == []


def test_an_efficacy_of_its_own_source_rests_on_a_study_and_never_on_a_textbook(resources: Resources) -> None:
    sources = resources.knowledge.sources
    loose = [
        (disease.id, line.efficacy_source)
        for disease, line in lines(resources.knowledge)
        if line.efficacy_source and sources[line.efficacy_source].grade not in STUDIES
    ]
    assert loose == []
