"""Pieces of a Markdown document; what is put into them is escaped already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from yingzhi.clinical.words import Language, Text
from yingzhi.service.markdown.escape import escape

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/#+@();,=%?&~-]{0,299}")


def heading(language: Language, en: str, zh: str) -> str:
    """A heading of the document's second level."""
    return f"## {zh if language == 'zh' else en}"


def say(text: Text, language: Language) -> str:
    """A text of both languages in one of them, escaped."""
    return escape(text.say(language))


def strong(words: str) -> str:
    """Escaped words in bold; what stands after it has to begin with a space or a sign."""
    return f"**{words}**" if words else ""


def code(identifier: str) -> str:
    """An identifier as code; escaped text where it does not look like one."""
    return f"`{identifier}`" if IDENTIFIER.fullmatch(identifier) else escape(identifier)


def table(header: Sequence[str], rows: Iterable[Sequence[str]], centred: range = range(0)) -> str:
    """A table of escaped cells.

    Args:
        header: Names of the columns.
        rows: Cells, as many as there are columns.
        centred: Which columns are centred.
    """
    rule = ["---" if n not in centred else ":-:" for n in range(len(header))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


def bullets(lines: Iterable[str]) -> str:
    """A list; every line opens with words of ours or with escaped ones."""
    return "\n".join(f"- {line}" for line in lines)


def numbered(lines: Iterable[str]) -> str:
    """A numbered list."""
    return "\n".join(f"{n}. {line}" for n, line in enumerate(lines, 1))


def quoted(paragraphs: Iterable[str]) -> str:
    """Paragraphs of escaped words as a quotation."""
    return "\n>\n".join(f"> {p}" for p in paragraphs)
