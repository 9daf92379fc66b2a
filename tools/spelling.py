"""Slips of the pen in notes, set right only where that makes a wording of the lexicon.

English: a word of five letters or more that the lexicon does not know is read as the one word of a list that differs by one letter
(two from nine letters on, with the same end) and begins alike. A list of ordinary words near one of these stays as it is.
Chinese: a character of the same sound or shape is tried in its place; the result counts only where a whole wording comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from functools import lru_cache

from yingzhi.tools.slips import MISSPELT, ORDINARY, PLAIN, SAME_SOUND
from yingzhi.tools.text import Token, fold_word

SHORTEST = 5
LONG = 9
"""From this length on two letters may differ, if the word ends alike too."""
SLIPS: Mapping[str, str] = {wrong: group[0] for group in reversed(SAME_SOUND.split()) for wrong in group[1:]}
"""The character meant, by the one written."""
PLAIN_WORDS = re.compile("|".join(" ".join(word) for word in PLAIN.split()))


@lru_cache(maxsize=1)
def _shapes() -> Mapping[tuple[str, int], tuple[str, ...]]:
    """The words that a slip may stand for, by first letter and length."""
    shapes: dict[tuple[str, int], list[str]] = {}
    for word in sorted({fold_word(w) for w in MISSPELT.split()}):
        shapes.setdefault((word[0], len(word)), []).append(word)
    return {k: tuple(v) for k, v in shapes.items()}


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(fold_word(w) for w in (MISSPELT + ORDINARY).split())


def respell(tokens: list[Token], spelt: Container[str]) -> list[Token]:
    """Read misspelt English words as what they stand for; places stay those of the input.

    Args:
        tokens: Tokens of one text.
        spelt: Words that are no slips: those of the lexicon.
    """
    return [
        t._replace(text=_nearest(t.text) or t.text)
        if len(t.text) >= SHORTEST and t.text.isascii() and t.text.isalpha() and t.text not in spelt
        else t
        for t in tokens
    ]


@lru_cache(maxsize=20_000)
def _nearest(word: str) -> str:
    """The one word of the list that is near enough; empty if there is none or more than one."""
    from rapidfuzz.distance import OSA

    if word in _known():
        return ""
    reach = 2 if len(word) >= LONG else 1
    best, found = reach + 1, ""
    for size in range(max(SHORTEST, len(word) - reach), len(word) + reach + 1):
        for other in _shapes().get((word[0], size), ()):
            distance = OSA.distance(word, other, score_cutoff=best)
            if distance == 2 and word[-2:] != other[-2:]:
                continue
            if distance < best:
                best, found = distance, other
            elif distance == best <= reach and other != found:
                found = ""
    return found


def slipped(tokens: list[Token], covered: set[int]) -> tuple[list[Token], set[int]]:
    """The text with doubtful Chinese characters exchanged, and where they are.

    Args:
        tokens: Tokens of one text.
        covered: Tokens that belong to a wording already; they are in no doubt.
    """
    doubtful = [i for i, t in enumerate(tokens) if i not in covered and t.text in SLIPS]
    if not doubtful:
        return tokens, set()
    plain = _plain_places(tuple(t.text for t in tokens))
    changed = {i for i in doubtful if i not in plain}
    return [t._replace(text=SLIPS[t.text]) if i in changed else t for i, t in enumerate(tokens)], changed


@lru_cache(maxsize=4)
def _plain_places(words: tuple[str, ...]) -> frozenset[int]:
    """Indexes of tokens inside ordinary words."""
    text, at = "", {}
    for i, word in enumerate(words):
        at[len(text)] = i
        text += word + " "
    return frozenset(at[p] for m in PLAIN_WORDS.finditer(text) for p in range(m.start(), m.end()) if p in at)
