"""Text to index tokens, the same for documents and questions.

English: lower case, no accents, Greek letters spelt out, stop words dropped, stemmed; `IL-17A` gives `il`, `17a` and `il17a`.
Chinese: character pairs, plus the words of rjieba that are not pairs. Concepts (`#psoriasis`) come from a callable, so that
the lexicon can bridge the two languages and everyday with textbook wording.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from yingzhi.tools.retrieval.stem import stem

RULES = "1"
"""Raise when the rules below change: indexes made by other rules are then written anew."""

RUN = re.compile(r"[a-z0-9]+(?:[-'’][a-z0-9]+)*|[㐀-鿿豈-﫿]+")
GREEK = str.maketrans(
    {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "κ": "kappa", "λ": "lambda", "ω": "omega", "µ": "u", "μ": "u"}
)
# Function words, and the words that questions are built of.
STOP_WORDS = """
    a all also an and any are as at be because been both but by can could did do does during each every for from had has have he her
    him his how however if in into is it its may me might more most my no not of on or other our she should since so some such than that
    the their them then there these they this those through to very was we were what when where whether which while who whom whose why
    will with would you your about between main mainly mostly often known use used using list describe define definition role
"""
STOP = frozenset(STOP_WORDS.split())
CHINESE_STOP = re.compile(
    "什么|怎么办|怎么样|怎么|怎样|如何|为何|为什么|哪些|哪个|哪种|哪里|是否|是不是|能不能|可不可以|可以|应该|应当|有没有|多少|请问|以及|或者|并且|因为|所以|如果|但是|进行|[的了吗呢吧啊是和与及或在对为被把于之其等]"
)


@dataclass(frozen=True, slots=True)
class Analyzer:
    """How text becomes tokens."""

    concepts: Callable[[str], Iterable[str]] | None = None
    """Concept ids in a text, in either language; None for words alone."""
    concepts_version: str = ""
    """Changes whenever `concepts` would answer differently (e.g. the lexicon's hash)."""

    @property
    def version(self) -> str:
        """What an index must have been made by to be searched with this."""
        return f"{RULES}+{self.concepts_version}" if self.concepts else RULES

    def tokens(self, text: str) -> list[str]:
        """Index tokens of a text in reading order, repeated as often as they occur; concepts last, marked by `#`."""
        found = words(text)
        if self.concepts is not None:
            found.extend("#" + concept for concept in self.concepts(text))
        return found


def words(text: str) -> list[str]:
    """Tokens of a text in either language or a mixture, without concepts."""
    found: list[str] = []
    for run in RUN.findall(fold(text)):
        found.extend(english(run) if run.isascii() else chinese(run))
    return found


def fold(text: str) -> str:
    """Lower case, half width, no accents, Greek spelt out, simplified characters."""
    text = text.lower()
    if text.isascii():
        return text
    from yingzhi.tools.text import simplify

    decomposed = unicodedata.normalize("NFKD", text.translate(GREEK))
    return simplify("".join(c for c in decomposed if not unicodedata.combining(c)))


@lru_cache(maxsize=200_000)
def english(run: str) -> tuple[str, ...]:
    """Tokens of one word or hyphenated compound."""
    parts = re.split("[-'’]", run)
    if len(parts) > 1 and parts[-1] == "s":
        parts.pop()
    found = [stem(part) for part in parts if part not in STOP]
    if len(parts) > 1 and any(len(part) < 4 or part.isdigit() for part in parts):
        found.append("".join(parts))
    return tuple(found)


def chinese(run: str) -> list[str]:
    """Pairs and segmented words of a run of Chinese characters."""
    found: list[str] = []
    for piece in CHINESE_STOP.split(run):
        found.extend(piece[i : i + 2] for i in range(len(piece) - 1))
        if piece:
            found.extend(word for word in segmenter().cut_for_search(piece) if len(word) != 2)
    return found


@lru_cache(maxsize=1)
def segmenter() -> Any:
    """The module rjieba, imported when the first Chinese text comes by: its dictionary takes 0.1 s and 30 MB."""
    import rjieba

    return rjieba
