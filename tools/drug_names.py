"""From a name as written to a drug of the formulary. Only a certain match is taken; likeness is shown, never used."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from yingzhi.clinical.medication import DrugMatch, DrugSuggestion, NameMatch, UnknownDrug
from yingzhi.clinical.words import Text
from yingzhi.tools.drug_spelling import candidates, fold, inn_spelling, partitions, pinyin_of, plain

if TYPE_CHECKING:
    from yingzhi.tools.formulary import Formulary

__all__ = ["fold", "resolve_drug", "suggest_drugs", "unknown_drug"]


def resolve_drug(name: str, formulary: Formulary) -> DrugMatch | None:
    """The drug a name stands for, or None if that is not certain.

    Args:
        name: Generic, brand, synonym, pinyin or id, Chinese or English, with or without salt, strength and dosage form.
        formulary: The formulary.

    Returns:
        The match and how it came about; None for a name that is not known or stands for several drugs (see `unknown_drug`).
    """
    found = _find(name, formulary)
    return None if found is None else DrugMatch(name=name, drug=found[0], names=formulary.display[found[0]], how=found[1])


def _find(name: str, formulary: Formulary) -> tuple[str, NameMatch] | None:
    written = plain(name)
    if (direct := _direct(written, formulary)) is not None:
        return direct
    if any(folded in formulary.ambiguous for _, folded in candidates(written)):
        return None
    if "(" not in written and (heard := _by_sound(written, formulary)) is not None:
        return heard
    return _agreed(written, formulary)


def _agreed(written: str, formulary: Formulary) -> tuple[str, NameMatch] | None:
    """The drug that all pieces of a name stand for, in the first way of cutting it in which each piece stands for one."""
    for pieces in partitions(written):
        found = [_direct(p, formulary) for p in pieces]
        if all(found):
            drugs = {f[0] for f in found if f}
            return (drugs.pop(), "form") if len(drugs) == 1 else None
    return None


def _direct(written: str, formulary: Formulary) -> tuple[str, NameMatch] | None:
    for how, folded in candidates(written):
        if folded in formulary.ambiguous:
            return None
        found = formulary.names.get(folded)
        if found is not None:
            return found, _how(folded, found, formulary) if how == "name" else how
    return None


def _how(folded: str, drug: str, formulary: Formulary) -> NameMatch:
    names = formulary.display[drug]
    if folded == fold(drug):
        return "id"
    return "name" if folded in (fold(names.en), fold(names.zh)) else "alias"


def _by_sound(written: str, formulary: Formulary) -> tuple[str, NameMatch] | None:
    """Older spellings and pinyin: taken only where one drug alone is spelt or sounds so."""
    spellings, sounds = _sound_index(formulary)
    for _, folded in candidates(written):
        if not folded.isascii():
            continue
        drugs = spellings.get(inn_spelling(folded), frozenset()) | sounds.get(folded.replace("v", "u"), frozenset())
        if len(drugs) == 1:
            (drug,) = drugs
            return drug, "spelling" if inn_spelling(folded) in spellings else "pinyin"
        if drugs:
            return None
    return None


@lru_cache(maxsize=4)
def _sound_index(formulary: Formulary) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Drugs by INN spelling, and by pinyin. Made when a name is first not found as written."""
    spellings: dict[str, set[str]] = {}
    sounds: dict[str, set[str]] = {}
    for folded, drug in formulary.names.items():
        if folded.isascii():
            spellings.setdefault(inn_spelling(folded), set()).add(drug)
        else:
            for sound in pinyin_of(folded):
                sounds.setdefault(sound, set()).add(drug)
    return {k: frozenset(v) for k, v in spellings.items()}, {k: frozenset(v) for k, v in sounds.items()}


def suggest_drugs(name: str, formulary: Formulary, limit: int = 3, least: float = 75.0) -> tuple[DrugSuggestion, ...]:
    """Drugs spelt or sounding like a name that is not known, for a person to choose from.

    Args:
        name: The name as written.
        formulary: The formulary.
        limit: How many at most.
        least: Least likeness, 0-100.

    Returns:
        Suggestions, the most alike first; none if nothing is near.
    """
    from rapidfuzz import process  # only needed when a name is unknown
    from rapidfuzz.distance import DamerauLevenshtein

    likeness = DamerauLevenshtein.normalized_similarity
    best: dict[str, float] = {}
    _, sounds = _sound_index(formulary)
    for _, folded in candidates(plain(name)):
        for word, score, _ in process.extract(folded, list(formulary.names), scorer=likeness, limit=limit * 4, score_cutoff=least / 100):
            drug = formulary.names[word]
            best[drug] = max(score, best.get(drug, 0.0))
        for sound in (folded.replace("v", "u"),) if folded.isascii() else pinyin_of(folded)[:4]:
            for word, score, _ in process.extract(sound, list(sounds), scorer=likeness, limit=limit * 2, score_cutoff=0.85):
                for drug in sounds[word]:
                    best[drug] = max(score * 0.99, best.get(drug, 0.0))  # the same characters count for a little more
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return tuple(DrugSuggestion(drug=i, names=formulary.display[i], alike=round(score * 100, 1)) for i, score in ranked)


def unknown_drug(name: str, formulary: Formulary) -> UnknownDrug:
    """What can be said of a name that is not taken: that it means several drugs, a whole class, or resembles some."""
    for _, folded in candidates(plain(name)):
        if (wide := formulary.ambiguous.get(folded)) is not None:
            means = Text(en=wide.means.en, zh=wide.means.zh)
            reason: Literal["ambiguous", "class"] = "ambiguous" if wide.drugs else "class"
            return UnknownDrug(name=name, reason=reason, means=means, suggestions=[_suggestion(d, formulary) for d in wide.drugs])
        if (group := formulary.class_names.get(folded)) is not None:
            names = formulary.classes[group].names
            means = Text(en=f"{names.en}: a whole class; which drug?", zh=f"{names.zh}：为一类药物，请写明具体品种")
            return UnknownDrug(name=name, reason="class", means=means)
    several = _several(name, formulary)
    if several:
        return UnknownDrug(name=name, reason="ambiguous", suggestions=[_suggestion(d, formulary) for d in several])
    suggestions = list(suggest_drugs(name, formulary))
    return UnknownDrug(name=name, reason="misspelt" if suggestions else "unknown", suggestions=suggestions)


def _several(name: str, formulary: Formulary) -> tuple[str, ...]:
    """The different drugs that the parts of a name, or its sound, stand for."""
    written = plain(name)
    drugs: set[str] = set()
    for pieces in partitions(written):
        found = [_direct(p, formulary) for p in pieces]
        if len(pieces) > 1 and all(found):
            drugs |= {f[0] for f in found if f}
    if not drugs:
        spellings, sounds = _sound_index(formulary)
        for _, folded in candidates(written):
            drugs |= spellings.get(inn_spelling(folded), frozenset()) | sounds.get(folded.replace("v", "u"), frozenset())
    return tuple(sorted(drugs)) if len(drugs) > 1 else ()


def _suggestion(drug: str, formulary: Formulary) -> DrugSuggestion:
    return DrugSuggestion(drug=drug, names=formulary.display[drug], alike=100.0)
