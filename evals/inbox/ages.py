"""Ages above 89, and the years and dates that tell of them, made one category: 45 CFR 164.514(b)(2)(i)(C), HIPAA Safe Harbor."""

from __future__ import annotations

import re
from functools import lru_cache

from yingzhi.tools.deidentify.dates import find_dates
from yingzhi.tools.deidentify.spans import fold
from yingzhi.tools.demographics import read_demographics

OLDEST = 89
CAPPED = 90
"""Stands for every age above 89."""
DIGITS = r"(?:9\d|1[0-2]\d)(?:\.\d+)?"
HAN = "九十[一二三四五六七八九]?|一?百(?:零?[一二三四五六七八九]|一?[一二]?十[一二三四五六七八九]?)?"
WORDS = r"(?i:ninety(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?|(?:one )?hundred(?:(?: and|[ -]and)?[ -](?:\w+teen|\w+))?)"
LATIN = rf"{DIGITS}|{WORDS}"
NO_AGE = r"(?!\s?(?:[%℃°×/-]|\d|days?|weeks?|months?|hours?|minutes?|mg|kg|g|cm|mm|天|周(?!岁)|个?月|小时|分))"
HOT = "(?<![Tt]emp )(?<![Tt]emperature )(?<![Ff]ever )(?<![Oo]f )(?<![Tt]o )(?<!T )"
"""`98 F` is an age and a sex only where it is no temperature."""
AGES = (
    rf"(?<![\d.一二三四五六七八九十])({DIGITS}|{HAN})(?=\s?[多余来]?\s?[周虚]?岁)",
    rf"(?:年龄|享年|虚岁|高龄)\s?[:为是]?\s?({DIGITS}){NO_AGE}",
    rf"(?<![\w.])({LATIN})(?=[ -]?(?:years?|yrs?)[ -]?(?:old|of age)|[ -]?y/?o\b| ?y\.o\.)",
    r"(?<![\w.])(9\d|1[0-2]\d)(?=[ /]?M\b)",
    rf"{HOT}(?<![\w.])(9\d|1[0-2]\d)(?=[ /]?F\b)",
    rf"\b[Aa]ged?(?: \(years?\)| in years)?(?: of| was| is)?\s?[:=]?\s?({LATIN})(?!\w){NO_AGE}",
)
DECADE = r"\bin (?:his|her|their) (?:early |mid[ -]?|late )?(?:90['’]?s|nineties)\b"
YEARS = (
    r"(?<![\d.])((?:18|19)\d\d)(?=\s?年)",
    r"\b(?:[Bb]orn|[Bb]irth|DOB|[Ii]n|[Ss]ince|[Ff]rom|[Yy]ear)\b(?: (?:in|year|of|on))*\s?:?\s?((?:18|19)\d\d)(?!\d)",
    r"(?:出生\S{0,4}?\s?[:于]?|生于)\s?((?:18|19)\d\d)(?!\d)",
)
REPUBLIC = r"民国\s?(\d{1,2}|元)(?=\s?年)"


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...], re.Pattern[str], re.Pattern[str]]:
    return tuple(map(re.compile, AGES)), tuple(map(re.compile, YEARS)), re.compile(REPUBLIC), re.compile(DECADE)


def cap(text: str, year: int) -> str:
    """The text with every age above 89 as 90, and without the years and dates that are longer ago than that.

    Args:
        text: Chinese, English or both.
        year: This year.
    """
    folded = fold(text)
    ages, years, republic, decade = _patterns()
    changes = [(*m.span(1), str(CAPPED)) for p in ages for m in p.finditer(folded) if m[1] != str(CAPPED)]
    changes += [(*m.span(), f"aged {CAPPED}") for m in decade.finditer(folded)]
    changes += [(d.start, d.end, "[DATE]") for d in find_dates(folded) if d.year is not None and year - d.year > OLDEST]
    changes += [(*m.span(1), "[YEAR]") for p in years for m in p.finditer(folded) if year - int(m[1]) > OLDEST]
    changes += [(*m.span(1), "[YEAR]") for m in republic.finditer(folded) if year - 1911 - (1 if m[1] == "元" else int(m[1])) > OLDEST]
    parts, at = [], 0
    for start, end, new in sorted(changes, key=lambda c: (c[0], -c[1])):
        if start >= at:
            parts += [text[at:start], new]
            at = end
    return "".join([*parts, text[at:]])


def tells_age(text: str, year: int) -> bool:
    """Whether a text still tells of an age above 89, by this reader or by the one that reads notes for the engine."""
    read = read_demographics(text).age
    return cap(text, year) != text or (read is not None and read.value > CAPPED)


def capped(age: float | None) -> float | None:
    """An age in years, 90 for all above 89."""
    return CAPPED if age is not None and age > OLDEST else age
