"""A piece of a text that identifies somebody, and the text as the recognisers see it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from yingzhi.tools.text import simplified_table

Kind = Literal["PERSON", "ID", "RECORD", "PHONE", "EMAIL", "URL", "ACCOUNT", "CARD", "PLATE", "ADDRESS", "PLACE", "DATE", "TEXT"]


class Span(NamedTuple):
    """One identifier: `text[start:end]`, offsets in code points."""

    start: int
    end: int
    kind: Kind


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    wide = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    return simplified_table() | wide | {0x3000: " ", 0xA0: " "}


def fold(text: str) -> str:
    """Simplified characters and half-width signs; offsets in the result are offsets in the text."""
    return text.translate(_table())


@lru_cache(maxsize=1)
def _han() -> re.Pattern[str]:
    return re.compile("[㐀-鿿]")


@lru_cache(maxsize=1)
def _words() -> re.Pattern[str]:
    return re.compile("[A-Z][a-zß-ÿ]+(?![A-Za-z0-9])|[A-Z]{3},? [A-Z]{3}|NAME|PATIENT")


def has_chinese(text: str) -> bool:
    """Whether any Chinese character stands in a text: without one the Chinese recognisers need not look."""
    return bool(_han().search(text))


def has_english(text: str) -> bool:
    """Whether a word with a capital stands in a text, beyond the abbreviations of a Chinese note."""
    return bool(_words().search(text))


def join_spans(spans: Iterable[Span]) -> list[Span]:
    """Spans in order; those that overlap become one of the kind of the longest, so that no end of either is left over."""
    joined: list[Span] = []
    longest = 0
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not joined or span.start >= joined[-1].end:
            joined.append(span)
            longest = span.end - span.start
            continue
        last = joined[-1]
        kind = span.kind if span.end - span.start > longest else last.kind
        longest = max(longest, span.end - span.start)
        joined[-1] = Span(last.start, max(last.end, span.end), kind)
    return joined
