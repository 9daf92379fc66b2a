"""Identifiers met before, looked for wherever they stand, also without the label that gave them away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from yingzhi.tools.deidentify.names_en import THING
from yingzhi.tools.deidentify.spans import Kind, Span

WORD_NAMES = (
    " Rose Mark Grace Hope Grant Will Bill Frank Young Long White Brown Black Green Wood Woods Field Burns Hand Foot "
    "Head Skin Bush Rich Dean Chase Hunter Baker Cook Fisher Joy Faith Ruby Amber Violet "
    "Lily Iris Daisy Olive Heather Ivy Jade Pearl Summer Autumn April June August Dawn Eve Christian Little Short "
    "Small Strong Sharp Best Good Case Page Hall Hill Lane Park Street Bell Ball Banks Bond Cross Day "
    "Drew Gray Grey Gold King Knight Lamb Love Major Marsh Miles Nail Noble Pope Power Price Read Reed Rich Rush "
    "Sage Savage Stone Swift Sweet Waters Wells Winter Wise "
)
"""Names that are words too: they are masked only where a title or label shows that a person is meant."""


@lru_cache(maxsize=1)
def _thing() -> re.Pattern[str]:
    return re.compile(rf"['’]?s? {THING}\b|[-–]")


def learn(folded: str, kind: Kind) -> Iterator[tuple[str, Kind]]:
    """What of one identifier is to be looked for elsewhere: the whole, and the words of an English name.

    Args:
        folded: The identifier, folded.
        kind: What it is.
    """
    latin = folded.isascii() or not any("㐀" <= sign <= "鿿" for sign in folded)
    if kind == "PERSON":
        if len(folded) >= (4 if latin else 2) and f" {folded} " not in WORD_NAMES:
            yield folded, kind
        for word in re.split(r"[\s,]+", folded) if latin and re.search(r"[\s,]", folded) else ():
            if len(word) >= 4 and f" {word} " not in WORD_NAMES:
                yield word, kind
                yield word.upper(), kind
                yield word.capitalize(), kind
    elif kind not in {"DATE", "TEXT"} and len(folded) >= 5 and (not folded.isalpha() or not latin):
        yield folded, kind


def find_known(text: str, known: dict[str, Kind]) -> Iterator[Span]:
    """Every place of a folded text where a known identifier stands as a word of its own."""
    for wanted, kind in known.items():
        at = text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            if not _inside(text, at, end) and not (kind == "PERSON" and wanted.isascii() and _eponym(text, at, end)):
                yield Span(at, end, kind)
            at = text.find(wanted, end)


def _inside(text: str, start: int, end: int) -> bool:
    """Whether the piece is the middle of a longer Latin word or number."""
    before = text[start - 1 : start]
    after = text[end : end + 1]
    return (_latin(text[start]) and _latin(before)) or (_latin(text[end - 1]) and _latin(after))


def _latin(sign: str) -> bool:
    return sign.isalnum() and not "㐀" <= sign <= "鿿"


def _eponym(text: str, start: int, end: int) -> bool:
    return bool(_thing().match(text, end)) or text[start - 1 : start] in {"-", "–"}
