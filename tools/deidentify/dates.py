"""Calendar dates: where they stand, and the same date some days on, written the same way.

A date needs its day to be moved to the day; month and year alone move by whole months; a day without a year moves within the
year of the text's first full date (or a leap year). A year alone, a weekday and an age stay as they are.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)"
)
_YEAR = r"(?:18|19|20|21)\d\d"
_UNIT = r"(?!\s?(?:mg|ml|mL|g|kg|cm|mm|%|/|×|x\d|days?|weeks?|months?|years?|hours?|units?|patients?|cases?))"
FORMS = (
    rf"(?=[\dJFMASOND])(?:(?<![\w.])(?P<y1>{_YEAR}|"
    rf"1[0-3]\d(?=[/.]\d\d[/.]\d\d))(?P<s1>[-/.])(?P<m1>\d{{1,2}})(?P=s1)(?P<d1>\d{{1,2}})(?!\d|[-/.]\d)"
    r"|(?<![\w.])(?P<y2>\d{2,4})(?P<w2> ?年 ?)(?P<m2>\d{1,2})(?P<v2> ?月 ?)(?P<d2>\d{1,2})(?= ?[日号])"
    rf"|(?<![\w.])(?P<y3>{_YEAR})(?P<w3> ?年 ?)(?P<m3>\d{{1,2}})(?= ?月(?! ?\d))"
    r"|(?<![\w.])(?<!\d年)(?<!\d年 )(?P<m4>\d{1,2})(?P<v4> ?月 ?)(?P<d4>\d{1,2})(?= ?[日号])"
    rf"|(?<![\w./-])(?P<a5>\d{{1,2}})(?P<s5>[-/.])(?P<b5>\d{{1,2}})(?P=s5)(?P<y5>{_YEAR}|(?<=/)\d\d)(?!\d|[-/.]\d)"
    rf"|(?<![\w.])(?P<d6>\d{{1,2}})(?P<o6>st|nd|rd|th)?(?P<w6>(?: of)? |-)?(?P<n6>{_MONTH})\b(?:(?P<v6>\.?,? ?|-)(?P<y6>{_YEAR})(?!\d))?"
    rf"|\b(?P<n7>{_MONTH})(?P<w7>\.? )(?P<d7>\d{{1,2}})(?P<o7>st|nd|rd|th)?(?![\w]|[.,-]\d){_UNIT}(?:(?P<v7>,? )(?P<y7>{_YEAR})(?!\d))?"
    rf"|\b(?P<n8>{_MONTH})(?P<w8>\.?,? |-)(?P<y8>{_YEAR})(?![\w])"
    rf"|(?<![\w.])(?P<y9>{_YEAR})(?P<m9>0[1-9]|1[0-2])(?P<d9>0[1-9]|[12]\d|3[01])(?![\w]|\.\d)"
    rf"|(?<![\w./-])(?P<y0>{_YEAR})(?P<s0>[-/])(?P<m0>0[1-9]|1[0-2])(?![\w]|[-/.]\d))"
)
SPOKEN = (
    r"(?:[一二]?[〇零○一二三四五六七八九]{3,4}|"
    r"[〇零○一二三四五六七八九]{2})年(?:[十一二三四五六七八九]{1,2})月(?:[十一二三四五六七八九]{1,3}[日号])?"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A date as written: `parts` hold the text between the numbers, so that another day can be put in."""

    start: int
    end: int
    year: int | None
    month: int
    day: int | None
    form: str
    parts: dict[str, str]


@lru_cache(maxsize=1)
def forms() -> re.Pattern[str]:
    """All ways of writing a date, one alternative each; the last sign of a group's name is its number."""
    return re.compile(FORMS, re.ASCII)


@lru_cache(maxsize=1)
def spoken() -> re.Pattern[str]:
    """Dates in Chinese numerals, which are masked and not moved."""
    return re.compile(SPOKEN, re.ASCII)


def find_dates(text: str) -> list[Written]:
    """Every valid calendar date of a folded text, in order.

    `05/03/2024` is read day first, unless some date of the text can only be read month first.
    """
    matches = list(forms().finditer(text))
    month_first = any(m["b5"] and int(m["b5"]) > 12 for m in matches)
    return [w for m in matches if (w := _read(m, month_first))]


def _read(found: re.Match[str], month_first: bool) -> Written | None:
    parts = {name[0]: value for name, value in found.groupdict().items() if value is not None}
    form = next(name[1] for name, value in found.groupdict().items() if value is not None and name[0] in "mna")
    if form == "5":
        first = month_first and int(parts["a"]) <= 12
        parts["m"], parts["d"] = (parts["a"], parts["b"]) if first else (parts["b"], parts["a"])
        parts["first"] = "m" if first else "d"
    month = int(parts["m"]) if "m" in parts else _month_number(parts["n"])
    year = _full_year(parts["y"]) if "y" in parts else None
    day = int(parts["d"]) if "d" in parts else None
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= calendar.monthrange(year or 2024, month)[1]):
        return None
    return Written(found.start(), found.end(), year, month, day, form, parts)


def _month_number(name: str) -> int:
    return [m[:3].lower() for m in MONTHS].index(name[:3].lower()) + 1


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1911 if len(digits) == 3 else year


def shift(written: Written, days: int, months: int, anchor: int) -> str:
    """The date `days` on (a month without a day: `months` on), written as it was.

    Args:
        written: The date as it stands.
        days: Days to add, may be negative.
        months: Whole months to add where no day is given.
        anchor: Year to count in where none is given.
    """
    if written.day is None:
        assert written.year is not None
        index = written.year * 12 + written.month - 1 + months
        return _write(written, index // 12, index % 12 + 1, None)
    if written.year is not None:
        moved = date(written.year, written.month, written.day) + timedelta(days=days)
        return _write(written, moved.year, moved.month, moved.day)
    leap = written.month == 2 and written.day == 29
    year = 2024 if leap else anchor
    moved = date(year, written.month, written.day) + timedelta(days=days)
    return _write(written, year, moved.month, moved.day)


def _write(written: Written, year: int, month: int, day: int | None) -> str:
    p = written.parts

    given = [p[k] for k in "md" if k in p]
    padded = any(g[0] == "0" for g in given) or (written.form in "15" and all(len(g) == 2 for g in given))

    def number(value: int) -> str:
        return f"{value:02d}" if padded else str(value)

    def year_like() -> str:
        size = len(p["y"])
        return f"{year % 100:02d}" if size == 2 else str(year - 1911) if size == 3 else str(year)

    y = year_like() if "y" in p else ""
    m = number(month) if "m" in p else _month_like(p["n"], month)
    d = number(day) if day is not None else ""
    suffix = _ordinal(day) if day is not None and "o" in p else ""
    get = p.get
    if written.form == "5":
        pair = (m, d) if p["first"] == "m" else (d, m)
        return get("s", "").join((*pair, y))
    return {
        "1": f"{y}{get('s')}{m}{get('s')}{d}",
        "2": f"{y}{get('w')}{m}{get('v')}{d}",
        "3": f"{y}{get('w')}{m}",
        "4": f"{m}{get('v')}{d}",
        "6": f"{d}{suffix}{get('w', '')}{m}{get('v', '')}{y}",
        "7": f"{m}{get('w')}{d}{suffix}{get('v', '')}{y}",
        "8": f"{m}{get('w')}{y}",
        "9": f"{y}{month:02d}{day or 0:02d}",
        "0": f"{y}{get('s')}{month:02d}",
    }[written.form]


def _month_like(name: str, month: int) -> str:
    full = MONTHS[month - 1]
    if name.isupper():
        return full[:3].upper()
    return full if len(name) > 4 or name in {"June", "July", "May"} else full[:3]


def _ordinal(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def anchor_year(dates: list[Written]) -> int:
    """The year a day without a year counts in: that of the first full date, else a leap year."""
    return next((w.year for w in dates if w.year is not None and w.day is not None), 2024)


def find_spoken(text: str) -> Iterator[tuple[int, int]]:
    """Dates written in Chinese numerals."""
    if "年" not in text or "月" not in text:
        return
    for found in spoken().finditer(text):
        yield found.span()
