"""Adjectives that share one noun: "oral, ocular or genital lesions" names three kinds of lesion."""

from __future__ import annotations

from yingzhi.tools.lexicon import Entry, Lexicon, Match
from yingzhi.tools.text import Token

NOUNS = frozenset(
    [
        "lesion",
        "ulcer",
        "sore",
        "erosion",
        "involvement",
        "mucosa",
        "symptom",
        "lymphadenopathy",
        "node",
        "edema",
        "swelling",
        "weakness",
        "pain",
        "itch",
        "blister",
    ]
)
JOINERS = frozenset({",", "and", "or", "nor", "/"})
FARTHEST = 9
"""Tokens before the noun within which its adjectives stand."""


def shared_nouns(tokens: list[Token], lexicon: Lexicon) -> list[Match]:
    """Wordings `adjective noun` whose noun stands once at the end of a list of adjectives."""
    found: list[Match] = []
    for end, token in enumerate(tokens):
        if token.text in NOUNS:
            found += _with_noun(tokens, end, lexicon)
    return found


def _with_noun(tokens: list[Token], end: int, lexicon: Lexicon) -> list[Match]:
    """Walk back from the noun over `adjective joiner adjective joiner adjective`."""
    found: list[Match] = []
    place, joined = end - 1, False
    while place >= max(0, end - FARTHEST) and tokens[place].text.isalpha() and tokens[place].text not in JOINERS:
        if joined:
            found += [Match(entry, place, place) for entry in _entries(f" {tokens[place].text} {tokens[end].text} ", lexicon)]
        place -= 1
        joined = False
        while place >= 0 and tokens[place].text in JOINERS:
            place -= 1
            joined = True
        if not joined:
            break
    return found


def _entries(wording: str, lexicon: Lexicon) -> tuple[Entry, ...]:
    """What a whole wording stands for."""
    kept = lexicon.automaton.get(wording, None)
    return () if kept is None else tuple(kept[1])
