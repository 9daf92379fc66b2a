"""From a name as written to a drug of the formulary. Only a certain match is taken; likeness is shown, never used."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from yingzhi.clinical.medication import DrugMatch, DrugSuggestion, NameMatch, UnknownDrug
from yingzhi.tools.text import simplify

if TYPE_CHECKING:
    from yingzhi.tools.formulary import Formulary

_GAPS = re.compile(r"[\s\-‐-―_/·・,，、.'’()（）\[\]®™+&]+")
_STRENGTH = re.compile(
    r"\d+(?:\.\d+)?\s*(?:%|mg|g|ml|µg|μg|ug|mcg|iu|毫克|克|毫升|微克|单位|万单位)(?:\s*/\s*(?:ml|g|kg|d|day|毫升|克))?",
    re.IGNORECASE,
)
_SALTS_EN = re.compile(
    r"\b(?:hydrochloride|hcl|sodium|potassium|calcium|sulfate|sulphate|phosphate|acetate|maleate|fumarate|succinate|tartrate|citrate|"
    r"mesylate|mesilate|besylate|besilate|nitrate|hydrobromide|dihydrate|monohydrate|disoproxil|axetil|"
    r"tablets?|tab|capsules?|cap|cream|ointment|gel|lotion|solution|injection|syrup|suspension|drops?|spray|foam|shampoo|oral|topical|for|"
    r"xr|er|sr|cr|mr|ec)\b",
    re.IGNORECASE,
)
_SALTS_ZH_HEAD = re.compile(
    r"^(?:注射用|外用|口服|盐酸"
    r"|硫酸|磷酸|醋酸|马来酸|富马酸|琥珀酸|酒石酸|枸橼酸|柠檬酸|甲磺酸|苯磺酸|硝酸|氢溴酸|门冬氨酸|乳酸)+"
)
_FORMS_ZH_TAIL = re.compile(
    r"(?:肠溶|缓释|控释|分散|咀嚼|泡腾|口腔崩解|薄膜衣|软|硬)?"
    r"(?:片|胶囊|颗粒|丸|乳膏|软膏|凝胶|霜|洗剂|搽剂|溶液|口服液|口服溶液|注射液|注射剂|针|糖浆|混悬液|滴眼液|滴剂|喷雾剂|泡沫剂|贴剂|栓|散|粉针)+$"
)
_SALTS_ZH_TAIL = re.compile(r"(?:钠|钾|钙)$")


def fold(name: str) -> str:
    """A name without what spelling leaves open: case, width, accents, spaces, hyphens, punctuation, traditional characters."""
    spread = simplify(unicodedata.normalize("NFKD", name.lower()).lower())
    return _GAPS.sub("", "".join(c for c in spread if not unicodedata.combining(c)))


def resolve_drug(name: str, formulary: Formulary) -> DrugMatch | None:
    """The drug a name stands for, or None if that is not certain.

    Args:
        name: Generic, brand, synonym or id, Chinese or English, with or without salt, strength and dosage form.
        formulary: The formulary.

    Returns:
        The match and how it came about; None for a name that is not known (see `suggest_drugs`).
    """
    for how, candidate in _candidates(name):
        found = formulary.names.get(candidate)
        if found is not None:
            exact = _how(candidate, found, formulary) if how == "name" else how
            return DrugMatch(name=name, drug=found, names=formulary.display[found], how=exact)
    return None


def _how(folded: str, drug: str, formulary: Formulary) -> NameMatch:
    names = formulary.display[drug]
    if folded == fold(drug):
        return "id"
    return "name" if folded in (fold(names.en), fold(names.zh)) else "alias"


def _candidates(name: str) -> list[tuple[NameMatch, str]]:
    """Foldings to try, the plainest first. No step changes a letter of the substance."""
    plain = simplify(unicodedata.normalize("NFKC", name)).strip()
    out: list[tuple[NameMatch, str]] = [("name", fold(plain))]
    bare = _STRENGTH.sub(" ", plain).strip()
    out.append(("form", fold(bare)))
    english = _SALTS_EN.sub(" ", bare)
    out.append(("form", fold(english)))
    folded = fold(bare)
    tailless = _FORMS_ZH_TAIL.sub("", folded)
    out.append(("form", tailless))
    headless = _SALTS_ZH_HEAD.sub("", tailless)
    out.append(("form", headless))
    out.append(("form", _SALTS_ZH_TAIL.sub("", headless)))
    return [(how, word) for how, word in out if word]


def suggest_drugs(name: str, formulary: Formulary, limit: int = 3, least: float = 75.0) -> tuple[DrugSuggestion, ...]:
    """Drugs spelt like a name that is not known, for a person to choose from.

    Args:
        name: The name as written.
        formulary: The formulary.
        limit: How many at most.
        least: Least likeness, 0-100.

    Returns:
        Suggestions, the most alike first; none if nothing is near.
    """
    from rapidfuzz import fuzz, process  # only needed when a name is unknown

    best: dict[str, float] = {}
    for word, score, _ in process.extract(fold(name), list(formulary.names), scorer=fuzz.ratio, limit=limit * 4, score_cutoff=least):
        drug = formulary.names[word]
        best[drug] = max(score, best.get(drug, 0.0))
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))[:limit]
    return tuple(DrugSuggestion(drug=i, names=formulary.display[i], alike=round(score, 1)) for i, score in ranked)


def unknown_drug(name: str, formulary: Formulary) -> UnknownDrug:
    """What can be said of a name that is not known."""
    return UnknownDrug(name=name, suggestions=list(suggest_drugs(name, formulary)))
