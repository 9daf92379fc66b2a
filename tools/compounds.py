"""Findings that a clause says in parts: "violet, puffy upper lids" is the heliotrope rash, "ulcers on the tongue" an oral ulcer.

A rule names the parts; each may be said by a more specific finding. All have to stand close together in one clause, be there and be the
patient's. The parts stay findings of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def experiencer(self) -> str: ...
    @property
    def temporality(self) -> str: ...


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
    ("facial-oedema", ("face", "skin-oedema")),
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
    ("umbilicated-papule", ("papule", "depressed-lesion|dimple-sign")),
)
"""A finding, and the parts that make it: alternatives parted by `|`."""


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
    found: list[Compound] = []
    for name, parts in PARTS:
        if name not in terms or any(name in kinds[m.id] for m in there):
            continue
        choices = [[m for m in there if not kinds[m.id].isdisjoint(part.split("|"))] for part in parts]
        nearest = min(
            (c for c in product(*choices) if len({m.start for m in c}) == len(c) and _together(text, c)),
            key=lambda c: max(m.end for m in c) - min(m.start for m in c),
            default=None,
        )
        if nearest:
            found.append(Compound(name, min(m.start for m in nearest), max(m.end for m in nearest)))
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
