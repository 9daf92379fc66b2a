"""HPO terms by their words: the ontology's labels and exact synonyms in English, the project's own wordings in Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from yingzhi.knowledge.hpo import Ontology
from yingzhi.tools.rare.index import Bytes, Ints, RareIndex, blob_of, lines_of
from yingzhi.tools.text import Token, fold_phrase

LONGEST = 14
"""Tokens of the longest wording that is looked for."""
SHORTEST = 4
"""Letters of the shortest English wording: three are mostly abbreviations of something else."""
AMBIGUOUS = frozenset(
    fold_phrase(w)
    for w in (
        "all", "mass", "pain", "cyst", "hump", "large hand", "sore", "open mouth", "stress", "single lesion", "gas", "fits", "tics",
        "rash", "lump", "bump", "scar", "growth", "tumor", "neoplasm", "cancer", "infection", "infections", "allergy", "mole", "spots",
        "inflammation", "shock", "hit", "blue spot", "black spot", "red spot", "white spot", "wide mouth", "big head", "small head",
    )
)  # fmt: skip
"""Labels and synonyms that in a note mean less than the term does, or something else."""


@dataclass(frozen=True)
class RareWords:
    """Wordings and what they stand for."""

    phrases: Bytes
    """Folded wordings without their outer spaces, one a line."""
    terms: Ints
    """Position of the term of each."""
    firsts: Bytes
    """First tokens, one a line."""
    reach: Ints
    """Number of tokens of the longest wording that begins with each."""

    @cached_property
    def table(self) -> dict[str, int]:
        """Term by wording."""
        return dict(zip(lines_of(self.phrases), self.terms.tolist(), strict=True))

    @cached_property
    def beginnings(self) -> dict[str, int]:
        """First token -> number of tokens of the longest wording that begins with it."""
        return dict(zip(lines_of(self.firsts), self.reach.tolist(), strict=True))


def compile_words(ontology: Ontology, index: RareIndex, chinese: Mapping[str, Sequence[str]]) -> RareWords:
    """Fold all wordings of the terms that a patient can show.

    Args:
        ontology: Terms with labels and synonyms.
        index: Where each term stands.
        chinese: HPO id -> wordings.
    """
    table: dict[str, int] = {}
    for term, wordings in _wordings(ontology, chinese):
        position = index.position(term)
        if position is None or not index.is_finding(position):
            continue
        for wording in wordings:
            folded = fold_phrase(wording)
            if _usable(folded):
                table.setdefault(folded.strip(), position)
    phrases = sorted(table)
    longest: dict[str, int] = {}
    for phrase in phrases:
        first = phrase.partition(" ")[0]
        longest[first] = max(longest.get(first, 0), phrase.count(" ") + 1)
    return RareWords(
        blob_of(phrases),
        np.array([table[p] for p in phrases], dtype=np.int32),
        blob_of(list(longest)),
        np.array(list(longest.values()), dtype=np.int32),
    )


def _wordings(ontology: Ontology, chinese: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, Iterable[str]]]:
    yield from ((term, (record.name,)) for term, record in ontology.terms.items())  # a label goes before another term's synonym
    yield from chinese.items()
    yield from ((term, record.synonyms) for term, record in ontology.terms.items())


def _usable(folded: str) -> bool:
    plain = folded.strip()
    if not plain or folded in AMBIGUOUS or plain.count(" ") >= LONGEST:
        return False
    return len(plain) >= SHORTEST if plain.isascii() else plain.count(" ") >= 1


def find_terms(tokens: Sequence[Token], words: RareWords) -> list[tuple[int, int, int]]:
    """(term, first token, last token) of every wording in a text, the longest first where two overlap."""
    found = []
    at = 0
    while at < len(tokens):
        reach = words.beginnings.get(tokens[at].text, 0)
        for size in range(min(reach, len(tokens) - at), 0, -1):
            term = words.table.get(" ".join(t.text for t in tokens[at : at + size]))
            if term is not None:
                found.append((term, at, at + size - 1))
                at += size - 1
                break
        at += 1
    return found
