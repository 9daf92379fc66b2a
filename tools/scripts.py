"""Which script a note is written in: the engine reads Chinese and English; a note in another script is named, not half-read in silence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yingzhi.clinical.words import Text

SCRIPTS: tuple[tuple[str, str, str], ...] = (
    ("Japanese", "日文", "぀-ヿㇰ-ㇿｦ-ﾟ"),
    ("Korean", "韩文", "ᄀ-ᇿ㄰-㆏가-힯"),
    ("Cyrillic (Russian and others)", "西里尔文（俄文等）", "Ѐ-ԯ"),
    ("Arabic", "阿拉伯文", "؀-ۿݐ-ݿﭐ-﷿ﹰ-﻿"),
    ("Hebrew", "希伯来文", "֐-׿"),
    ("Greek", "希腊文", "Ͱ-Ͽ"),
    ("Thai", "泰文", "฀-๿"),
    ("Devanagari (Hindi and others)", "天城文（印地文等）", "ऀ-ॿ"),
    ("Bengali", "孟加拉文", "ঀ-৿"),
    ("Tamil", "泰米尔文", "஀-௿"),
    ("Tibetan", "藏文", "ༀ-࿿"),
    ("Mongolian", "蒙古文", "᠀-᢯"),
    ("Khmer", "高棉文", "ក-៿"),
    ("Burmese", "缅甸文", "က-႟"),
    ("Georgian", "格鲁吉亚文", "Ⴀ-ჿ"),
    ("Armenian", "亚美尼亚文", "԰-֏"),
)
FEWEST, SHARE = 4, 0.15
"""Letters of a script, and their share of all letters, from which on the note is in that script: a beta or an alpha makes no Greek."""
LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class OtherScript:
    """A script that the engine does not read."""

    name: Text
    start: int
    end: int
    share: float
    """Of the letters of the note."""


def other_script(text: str) -> OtherScript | None:
    """The script other than Chinese and Latin that a note is written in, if it is.

    Returns:
        The one with most letters, with the place of its first run of them; None for Chinese, English and mixed notes.
    """
    if text.isascii():
        return None
    letters = len(LETTER.findall(text))
    found: list[OtherScript] = []
    for en, zh, ranges in SCRIPTS:
        runs = list(re.finditer(f"[{ranges}]+", text))
        count = sum(m.end() - m.start() for m in runs)
        if count >= FEWEST and count >= SHARE * letters:
            found.append(OtherScript(Text(en=en, zh=zh), runs[0].start(), runs[0].end(), count / letters if letters else 1.0))
    return max(found, key=lambda s: s.share, default=None)
