"""The headings of a prompt: its structure, which both languages share."""

from __future__ import annotations

import re

HEADING = re.compile(r"^(#{1,6}) +(.+?) *$", re.MULTILINE)


def headings(body: str) -> list[tuple[int, str]]:
    """Level and words of every heading, in order."""
    return [(len(marks), title) for marks, title in HEADING.findall(body)]
