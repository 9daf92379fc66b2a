"""Whether a passage bears a claim out, by its words: what it names, whether it affirms or denies it, and every number.

A cautious test without a model: it lets through only claims that the passage visibly speaks of. It can't see a wrong relation between
right words; a reader still has to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from yingzhi.tools.extraction import Extraction, extract
from yingzhi.tools.lexicon import Lexicon
from yingzhi.tools.text import tokenize

NUMBER = re.compile(r"\d+(?:\.\d+)?")
SHARED = 0.5
"""Share of a claim's named things, or of its other content words where it names one or none, that the passage must hold."""
COMMON = frozenset(
    [
        "this",
        "that",
        "with",
        "from",
        "have",
        "been",
        "were",
        "which",
        "when",
        "where",
        "than",
        "then",
        "also",
        "may",
        "might",
        "can",
        "could",
        "should",
        "would",
        "most",
        "more",
        "less",
        "often",
        "usually",
        "patient",
        "disease",
        "skin",
    ]
)


def supports(claim: str, passage: str, lexicon: Lexicon) -> bool:
    """Whether the passage bears the claim out.

    Args:
        claim: One sentence, either language.
        passage: The words that were retrieved.
        lexicon: For the findings, diseases and drugs that both name.
    """
    if not claim.strip() or not passage.strip():
        return False
    if not set(NUMBER.findall(claim)) <= set(NUMBER.findall(passage)):
        return False
    read = extract(claim, lexicon)
    said, known = _named(read), _named(extract(passage, lexicon))
    if any(i in known and not how & known[i] for i, how in said.items()):
        return False  # one affirms what the other denies
    if any(m.id not in known for m in (*read.diseases, *read.drugs)):
        return False  # the passage may say the same of another disease or drug
    places: dict[tuple[int, int], bool] = {}  # one word may name a drug and its class: it counts once
    for m in (*read.findings, *read.diseases, *read.drugs):
        places[m.start, m.end] = places.get((m.start, m.end), False) or m.id in known
    if len(places) > 1:
        return sum(places.values()) >= SHARED * len(places)
    others = _content(_without(claim, places))
    if not others:
        return any(places.values())
    return all(places.values()) and len(others & _content(passage)) >= SHARED * len(others)


def _named(e: Extraction) -> dict[str, set[bool]]:
    """Whether each named thing is affirmed, denied or, in different places, both."""
    named: dict[str, set[bool]] = {}
    for m in (*e.findings, *e.diseases, *e.drugs):
        named.setdefault(m.id, set()).add(m.status != "absent")
    return named


def _without(claim: str, places: Iterable[tuple[int, int]]) -> str:
    """The claim with its named things blotted out."""
    for start, end in places:
        claim = claim[:start] + "。" * (end - start) + claim[end:]
    return claim


def _content(text: str) -> set[str]:
    tokens = [t.text for t in tokenize(text)]
    latin = {t for t in tokens if len(t) > 3 and t.isascii() and t.isalpha() and t not in COMMON}
    han = [t if "一" <= t[:1] <= "鿿" else "" for t in tokens]
    return latin | {a + b for a, b in pairwise(han) if a and b}
