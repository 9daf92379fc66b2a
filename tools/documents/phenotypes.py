"""HPO terms in a record: those that were given and that the lexicon has no finding for would otherwise be missing from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from yingzhi.clinical.document import Sentence
from yingzhi.clinical.history import History, Phenotype
from yingzhi.tools.text import lower_first

MOST = 30


def coded_findings(history: History, say: Callable[..., Sentence]) -> list[Sentence]:
    """What was given as HPO terms alone, present and absent, each with its id.

    Args:
        history: The record.
        say: Writes a sentence of one language from both wordings and the paths it rests on.
    """
    coded = [(n, p) for n, p in enumerate(history.phenotypes) if not p.finding and any(s.source.startswith("phenotypes.") for s in p.spans)]
    said = []
    for status, en, zh in (("present", "Also recorded", "另记录"), ("absent", "Looked for and not found", "已查未见")):
        chosen = [(n, p) for n, p in coded if p.status == status][:MOST]
        if chosen:
            names = [p for _, p in chosen]
            paths = [f"history.phenotypes.{n}" for n, _ in chosen]
            said.append(say(f"{en}: {_en(names)}.", f"{zh}：{_zh(names)}。", *paths))
    return said


def _en(phenotypes: Sequence[Phenotype]) -> str:
    return ", ".join(f"{lower_first(p.en)} ({p.id})" for p in phenotypes)


def _zh(phenotypes: Sequence[Phenotype]) -> str:
    return "、".join(f"{p.zh}（{p.id}）" for p in phenotypes)
