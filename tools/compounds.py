"""Findings that a clause says in parts: "violet, puffy upper lids" is the heliotrope rash, "ulcers on the tongue" an oral ulcer.

A rule names the parts; each may be said by a more specific finding. All have to stand close together in one clause, be there and be the
patient's. The parts stay findings of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Protocol

from yingzhi.knowledge.models import FindingTerm

FAR = {"en": 64, "zh": 22}
"""Characters from the first part to the end of the last."""
BETWEEN = re.compile(r"[。；;!?！？\n:：]|\.(?=\s|$)|\b(?:but|however|without|no|not|and then|later|elsewhere)\b|[但无未没]|之后|后来|另")
"""What parts a clause, or turns it, so that its halves don't belong together."""


class Placed(Protocol):
    """A finding with its place in a text."""

    @property
    def id(self) -> str:
        """Which finding."""
        ...

    @property
    def status(self) -> str:
        """Present, absent, uncertain."""
        ...

    @property
    def start(self) -> int:
        """Where it begins."""
        ...

    @property
    def end(self) -> int:
        """Where it ends."""
        ...

    @property
    def experiencer(self) -> str:
        """Whose it is."""
        ...

    @property
    def temporality(self) -> str:
        """When it was."""
        ...


@dataclass(frozen=True, slots=True)
class Compound:
    """A finding made of parts that a clause names."""

    id: str
    start: int
    end: int


MOUTH = "oral-mucosa|tongue|gingiva"
FINGERS = "finger|hand|toe|acral"
WHITE = "white-colour|white-depigmented|pallor|hypopigmentation"
PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("elbows-and-knees", ("elbow", "knee")),
    ("gottron-papules", ("knuckle", "papule|plaque", "violaceous|dusky-red")),
    ("purple-lilac-eyelids", ("eyelid|periorbital", "violaceous")),
    ("oral-white-lace", (MOUTH, "reticulate", WHITE)),
    ("oral-white-plaque", (MOUTH, "plaque|patch", WHITE)),
    ("oral-ulcer", (MOUTH, "ulcer")),
    ("oral-erosion", (MOUTH, "erosion")),
    ("genital-ulcer", ("genital", "ulcer")),
    ("raynaud", (FINGERS, f"{WHITE}|blue-grey", "cold-exposure|worse-with-cold")),
    ("crops-yellow-papules", ("crops-of-lesions", "yellow", "papule")),
    ("yellow-eyelid-plaque", ("eyelid", "yellow", "plaque|papule|patch")),
    ("net-like-heat-pigmentation", ("reticulate", "heat-source-exposure", "brown|hyperpigmentation|red")),
    ("sensory-loss-in-lesion", ("numbness", "patch|macule|hypopigmentation|plaque")),
    ("follicular-pustule", ("pustule", "follicular-distribution")),
    ("scarring-alopecia", ("hair-loss", "scar|atrophy")),
    ("digital-ulcer-pitting", ("ulcer", "fingertip")),
    ("facial-oedema", ("=face", "=skin-oedema")),  # a puffy lid is no swollen face, an oedematous erythema no oedema of it
    ("eyelid-swelling", ("eyelid", "skin-oedema")),
    ("palmoplantar-keratoderma", ("palms-and-soles|palm|sole", "hyperkeratosis|skin-thickening|callus")),
    ("angular-cheilitis", ("mouth-corner", "fissure|erosion|maceration")),
    ("cheilitis", ("lip", "fissure|scale")),
    ("livedo", ("reticulate", "violaceous", "limbs|lower-limb|trunk")),
    ("palpable-purpura", ("purpura", "raised-lesion")),
    ("longitudinal-melanonychia", ("nail", "linear", "brown|black|hyperpigmentation")),
    ("nail-thickening", ("nail", "skin-thickening")),
    ("nail-discolouration", ("nail", "yellow|brown|black|green-nail")),
    ("nail-fold-swelling", ("periungual", "skin-oedema|red-swollen")),
    ("inguinal-lymphadenopathy", ("groin", "lymphadenopathy")),
    ("axillary-lymphadenopathy", ("axilla", "lymphadenopathy")),
    ("cervical-lymphadenopathy", ("neck", "lymphadenopathy")),
    ("occipital-nodes", ("retroauricular", "lymphadenopathy")),
    ("nail-pitting", ("nail", "surface-pits")),
    ("freckling-axillary", ("axilla", "freckles")),
    ("haemorrhagic-crust", ("crust", "bleeding-easily")),
    ("translucent-cyst", ("translucent-lesion|pearly-papule", "clear-fluid-blister|cyst")),
    ("periocular-translucent-cyst", ("translucent-lesion|pearly-papule|cyst", "clear-fluid-blister|cyst", "eyelid|periorbital")),
    ("umbilicated-papule", ("papule", "depressed-lesion|dimple-sign")),
)
"""A finding, and the parts that make it: alternatives parted by `|`; of one after `=` no more specific finding counts."""


LASTS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "weal",
        "weal-over-24h",
        re.compile(
            r"\b(?:last|persist|remain|stay|take)\w*(?: for)?(?: about| up to)? (?:(?:more|longer) than (?:24 hours|a day|one "
            r"day|24 h)|over 24 hours"
            r"|(?:several|a few|two|three|2|3|2-3|two to three|2 to 3|many) days)|(?:超过|大于|持续)(?:24小时|一天|1天|1日|数天|"
            r"几天|2.?3天|两三天)|数(?:天|日)(?:才|后)?(?:消退|不退)"
            r"|24小时(?:以上|不退|不消)",
            re.IGNORECASE,
        ),
    ),
    (
        "weal",
        "evanescent-weal",
        re.compile(
            r"\b(?:less than|within|under|fewer than) (?:24 hours|a day|one day|24 h|a few hours|hours|an hour|minutes)\b|"
            r"\b(?:last|persist|resolve|fade|disappear|clear)\w*"
            r"(?: \w+){0,3} (?:minutes|hours|an hour|a few hours|several hours)\b|"
            r"(?:数|几|半|\d+(?:\s?[-~～至到]\s?\d+)?\s?)(?:个)?(?:小时|分钟)(?:之?内|后|左右)?(?:可|能|便|即)?(?:自行|自然|自动)?(?:消退|消失|缓解|隐退)|24小时内|不超过24小时|当天消退|次日消退",
            re.IGNORECASE,
        ),
    ),
)
"""A lesion, and what it is called when the same note tells how long each one lasts."""


@cache
def _parted() -> tuple[tuple[str, tuple[frozenset[str], ...]], ...]:
    return tuple((name, tuple(frozenset(part.split("|")) for part in parts)) for name, parts in PARTS)


def compounds(text: str, mentions: Iterable[Placed], terms: Mapping[str, FindingTerm]) -> list[Compound]:
    """Findings said in parts.

    Args:
        text: The note.
        mentions: What was read in it.
        terms: All findings by id, for what is a kind of what.

    Returns:
        One place a rule and pair of places; none whose finding the same words name already.
    """
    there = [m for m in mentions if m.status == "present" and m.experiencer == "patient" and m.temporality == "current"]
    kinds = {m.id: _lineage(m.id, terms) for m in there}
    said = set[str]().union(*kinds.values())
    found: list[Compound] = []
    for name, parts in _parted():
        if name not in terms or name in said:
            continue
        choices = [[m for m in there if f"={m.id}" in part or not kinds[m.id].isdisjoint(part)] for part in parts]
        if not all(choices):
            continue
        nearest = min(
            (c for c in product(*choices) if len({m.start for m in c}) == len(c) and _together(text, c)),
            key=lambda c: max(m.end for m in c) - min(m.start for m in c),
            default=None,
        )
        if nearest:
            found.append(Compound(name, min(m.start for m in nearest), max(m.end for m in nearest)))
    for lesion, name, lasting in LASTS:
        here = next((m for m in there if lesion in kinds[m.id]), None)
        told = lasting.search(text) if here and name in terms else None
        if (
            here
            and told
            and not any(name in kinds[m.id] for m in there)
            and not re.search(r"(?:\bnot|\bno|不|未)\s*$", text[: told.start()])
        ):
            found.append(Compound(name, told.start(), told.end()))
    return found


def _together(text: str, parts: tuple[Placed, ...]) -> bool:
    start, end = min(m.start for m in parts), max(m.end for m in parts)
    words = text[start:end]
    return len(words) <= FAR["en" if words.isascii() else "zh"] and not BETWEEN.search(words)


def _lineage(finding: str, terms: Mapping[str, FindingTerm]) -> set[str]:
    """The finding and all that it implies."""
    found: set[str] = set()
    layer = {finding}
    while layer:
        found |= layer
        layer = {p for f in layer if f in terms for p in terms[f].parents} - found
    return found
