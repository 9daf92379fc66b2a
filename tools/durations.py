"""Durations read out of a note, in days: "for three months", "反复发作3年，加重1周", "x 3/7", "since yesterday"."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

DAYS = {
    "hour": 1 / 24,
    "hr": 1 / 24,
    "day": 1.0,
    "week": 7.0,
    "wk": 7.0,
    "month": 30.4,
    "mo": 30.4,
    "year": 365.25,
    "yr": 365.25,
    "小时": 1 / 24,
    "天": 1.0,
    "日": 1.0,
    "周": 7.0,
    "星期": 7.0,
    "礼拜": 7.0,
    "个月": 30.4,
    "月": 30.4,
    "年": 365.25,
}
NUMBER_EN = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "a": 1,
    "an": 1,
    "several": 3,
    "few": 3,
    "couple": 2,
    "half": 0.5,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
}
NUMBER_ZH = {
    "半": 0.5,
    "一": 1,
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
    "数": 3,
    "几": 3,
    "多": 3,
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A number read from the text with its place."""

    value: float
    start: int
    end: int


NUMBER = r"\d+(?:\.\d+)?|" + "|".join(NUMBER_EN)
UNIT = r"hour|hr|day|week|wk|month|mo|year|yr"
DURATION_EN = re.compile(
    rf"\b({NUMBER})\+?(?:\s*(?:-|–|to|or)\s*({NUMBER}))?(\s+and a half)?[- ]+(?:of )?({UNIT})s?\b(\s+and a half\b)?(?![- ]?old)"
    r"(?!\s+(?:after|later|of age))",
    re.IGNORECASE,
)
DURATION_ZH = re.compile(
    r"(\d+(?:\.\d+)?|[一两二三四五六七八九十半数几]{1,2})(?:\s*[-~～至到]\s*(\d+))?\s*(多|余|几)?\s*"
    r"(小时|天|日|周|星期|礼拜|个多月|个半月|个月|月|年)(?!龄|大|生|级|\d+日)(半|余|多)?"
)
NOT_DURATION_ZH = re.compile(r"(?:\d{4}年|\d+月\d+日|[上下本今去每][个]?[年月周天]|\d+岁|每\s*\d|q\d|次/)")
FRACTION = re.compile(r"(?<![\d/])(\d{1,2})\s?/\s?(7|52|12)(?![\d/])")
"""How clinics write days, weeks and months: 3/7, 2/52, 6/12."""
PER = {"7": 1.0, "52": 7.0, "12": 30.4}
NAMED = (
    (re.compile(r"\byesterday\b|昨[天日晚夜]", re.IGNORECASE), 1.0),
    (re.compile(r"\b(?:this morning|since today)\b|今[晨早]", re.IGNORECASE), 0.5),
    (re.compile(r"前[天日](?!后)", re.IGNORECASE), 2.0),
    (re.compile(r"\b(?:past|last) week\b|\bsince last week\b|上周", re.IGNORECASE), 7.0),
    (re.compile(r"\b(?:past|last) month\b|上个?月", re.IGNORECASE), 30.4),
    (re.compile(r"\b(?:past|last) year\b|去年", re.IGNORECASE), 365.25),
)
"""Times that need no number."""


def read_durations(text: str, age: tuple[int, int] | None = None) -> tuple[Measure, ...]:
    """Durations in days, in order of place.

    Args:
        text: Simplified text.
        age: Place of the patient's age, whose number is no duration.
    """
    found = [*_english(text), *_chinese(text), *_written_short(text)]
    found += [Measure(days, m.start(), m.end()) for pattern, days in NAMED for m in pattern.finditer(text)]
    free = [m for m in found if age is None or m.start >= age[1] or m.end <= age[0]]
    return tuple(sorted(_apart(free), key=lambda m: m.start))


def _apart(found: list[Measure]) -> list[Measure]:
    """Of two that overlap the longer one."""
    kept: list[Measure] = []  # in order of place
    for m in sorted(found, key=lambda m: m.start - m.end):
        at = bisect_left(kept, m.start, key=lambda k: k.start)
        if (at == 0 or kept[at - 1].end <= m.start) and (at == len(kept) or m.end <= kept[at].start):
            kept.insert(at, m)
    return kept


def _english(text: str) -> list[Measure]:
    found = []
    for match in DURATION_EN.finditer(text):
        low, high, half, unit, half_after = match.groups()
        value = read_number(high or low)
        if value and not NOT_DURATION_ZH.search(text[max(0, match.start() - 4) : match.end()]):
            found.append(Measure((value + (0.5 if half or half_after else 0)) * DAYS[unit.lower()], match.start(), match.end()))
    return found


def _chinese(text: str) -> list[Measure]:
    found = []
    for match in DURATION_ZH.finditer(text):
        low, high, _, unit, after = match.groups()
        if NOT_DURATION_ZH.search(text[max(0, match.start() - 4) : match.end()]):
            continue
        value = read_number(high or low)
        days = DAYS.get(unit, DAYS.get(unit.replace("多", "").replace("半", ""), 0.0))
        half = 0.5 if after == "半" or unit == "个半月" else 0.0
        if value and days:
            found.append(Measure((value + half) * days, match.start(), match.end()))
    return found


def _written_short(text: str) -> list[Measure]:
    return [Measure(int(m.group(1)) * PER[m.group(2)], m.start(), m.end()) for m in FRACTION.finditer(text) if 0 < int(m.group(1)) <= 30]


def read_number(word: str) -> float | None:
    """A number written in digits, in English words up to ninety-nine or in Chinese characters; None for anything else."""
    low = word.lower()
    if re.fullmatch(r"\d+(?:\.\d+)?", low):
        return float(low)
    if low in NUMBER_EN:
        return NUMBER_EN[low]
    tens = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
    parts = re.split("[- ]", low)
    if parts[0] in tens:
        return tens[parts[0]] + (NUMBER_EN.get(parts[1], 0) if len(parts) > 1 else 0)
    if low and all(c in NUMBER_ZH for c in low):
        if "十" in low:
            left, _, right = low.partition("十")
            return (NUMBER_ZH.get(left, 1) if left else 1) * 10 + (NUMBER_ZH.get(right, 0) if right else 0)
        return float(NUMBER_ZH[low[-1]])
    return None
