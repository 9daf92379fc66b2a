"""Age, sex, durations and pregnancy read out of a note."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yingzhi.clinical.words import Sex
from yingzhi.tools.durations import DAYS, NUMBER, UNIT, Measure, read_durations, read_number
from yingzhi.tools.text import simplify

AGE_EN = re.compile(
    rf"\b({NUMBER}|\w+ty(?:[- ]\w+)?)[- ]?({UNIT})s?[- ]?olds?\b|\b(?:aged?|age of|age:)\s*(\d{{1,3}})\b"
    r"|\b(\d{1,3})\s*(?:yo|y/o|y\.o\.)(?!\w)|\b(\d{1,3})\s?([MF])\b(?=[ ,.;])",
    re.IGNORECASE,
)
AGE_ZH = re.compile(
    r"(\d{1,3}(?:\.\d)?|[一二三四五六七八九十]{1,3})\s*[多余来+]?\s*(岁半|岁|周岁|个月大|月龄|个月龄|天龄|日龄)|(?:出生后?|生后)\s*第?\s*(\d{1,3})\s*(天|日|周|个月)|(?:男|女|婴|儿)[，,、\s]*(\d{1,2})\s*个?月(?=[，,。\s])"
)
NAMED_AGE_EN = re.compile(
    r"(?<!first )(?<!second )(?<!third )(?<!her )(?<!his )(?<!their )"
    rf"\b(?:(?:(?:baby|infant|newborn|neonate|child|toddler|girl|boy)(?: (?:girl|boy))?\s+of\s+({NUMBER})[- ]({UNIT})s?|"
    r"(?:child|toddler|girl|boy|man|woman|lady|gentleman)\s+of\s+(\d{1,3})(?!\s*[%-]|\s+(?:mg|cm|mm|kg|g|week|month|day)))\b"
    rf"|(?:baby|infant|newborn|neonate|child|toddler|girl|boy)(?: (?:girl|boy))?,?\s+\(?({NUMBER})[- ]({UNIT})s?\b(?=\s*[,.:;)])"
    r"|\b(?:(?:child|toddler|girl|boy)(?:,\s*|\s+\()(\d{1,2})|(?:man|woman|lady|gentleman|male|female)(?:,\s*|\s+\()(\d{2,3}))"
    r"(?=\s*[,:;)]|\s*\.(?!\d)))",
    re.IGNORECASE,
)
"""A person, then an age without "old": "baby of 8 months", "girl, 4 years", "Woman, 59,"."""
NAMED_AGE_ZH = re.compile(
    r"(?:患儿|婴儿|女婴|男婴|新生儿|宝宝)[男女]?[，,、\s]*(\d{1,3})\s*(天|日|周|个月|月)(?=[，,。；\s])|(?<![男女])[男女]性?[，,、/]\s*(\d{1,3})(?=[，,。；])"
)
BACK_THEN = re.compile(r"\b(?:since|until|till|when(?: (?:he|she) was)?)\s+$", re.IGNORECASE)
AT_AGE = re.compile(r"\b(?:since|from|at|until|till|by|before|after|around)\s+(?:the\s+)?$", re.IGNORECASE)
"""Before an age that is not today's: "since 14 years old", "at the age of 14"."""
BACK_THEN_ZH = re.compile(r"\s*(?:起(?![皮疹红水疱丘风斑])|时|那年|开始|以后|之后|发病|起病|确诊|以前|之前)")
KIN = r"(?:mother|father|sister|brother|wife|husband|twin)"
KIN_BEFORE = re.compile(
    r"(?:[母父]亲|[妈爸]{1,2}|祖[父母]|[哥姐弟妹]{1,2}|丈夫|妻子)[（(]?\s*$"
    rf"|\b(?:his|her|their|whose)\s+{KIN}(?: is|,| \()?\s*$",
    re.IGNORECASE,
)
OF_KIN = re.compile(r"\b(?:his|her|their|whose)\s+$", re.IGNORECASE)
KIN_AFTER = re.compile(rf"\s+{KIN}\b", re.IGNORECASE)
"""The age is a relative's. A son or daughter may be the patient, as told by a parent."""
STAGES = (
    (r"\bnewborn|\bneonat|新生儿", 0.02),
    (r"\binfant\b|婴儿|男婴|女婴|宝宝", 0.7),
    (r"\btoddler|幼儿", 2.0),
    (r"\bteenage|\badolescent|青少年|青春期", 15.0),
    (r"\bschool-?age|学龄|小孩|孩子|儿童|患儿|\bchild\b|\bboy\b|\bgirl\b|男孩|女孩", 8.0),
    (r"\belderly|老年|老人|大爷|大妈", 72.0),
    (r"\byoung (?:man|woman|adult)|大学生", 22.0),
    (r"\bmiddle-aged|中年", 50.0),
)
DECADE = re.compile(r"\bin (?:his|her|their) (?:early |mid[- ]?|late )?(\d)0'?s\b", re.IGNORECASE)
SEX_EN = re.compile(r"\b(?:(man|male|boy|gentleman|he|his|him|husband)|(woman|female|girl|lady|she|her))\b", re.IGNORECASE)
SEX_ZH = re.compile(r"(男(?!友|朋友|科)|先生|大爷|爸爸|父亲|老公)|(女(?!友|朋友|儿)|女士|大妈|妈妈|母亲|孕妇|产妇|老婆)")
SEX_LETTER = re.compile(r"\b\d{1,3}\s?(?:yo|y/o|y\.o\.|yrs?)?\s?(?:(M)|(F))\b")


@dataclass(frozen=True, slots=True)
class Demographics:
    """What the note says of the patient; None where it says nothing."""

    age: Measure | None
    """Years."""
    sex: Sex
    durations: tuple[Measure, ...]
    """Days, in order of place; ages are not among them."""
    stated_age: bool = True
    """Whether a number was given, not only a stage of life."""


def read_demographics(text: str) -> Demographics:
    """Read age (years), sex and durations (days) from a note in either language."""
    plain = simplify(text)
    age = _age(plain)
    stage = None if age else _stage(plain)
    return Demographics(age or stage, _sex(plain), read_durations(plain, (age.start, age.end) if age else None), stated_age=age is not None)


def _age(text: str) -> Measure | None:
    found = [m for pattern in (AGE_EN, AGE_ZH, DECADE, NAMED_AGE_EN, NAMED_AGE_ZH) for m in pattern.finditer(text)]
    for match in sorted(found, key=lambda m: m.start()):
        if not _of_today(text, match):
            continue
        value = _age_value(match)
        if value is not None and 0 <= value <= 120:
            return Measure(value, match.start(), match.end())
    return None


def _of_today(text: str, match: re.Match[str]) -> bool:
    """Whether an age is the patient's and today's: neither of another time nor of a relative."""
    before = text[max(0, match.start() - 24) : match.start()]
    other_time = AT_AGE if match.group().lower().startswith("age") else BACK_THEN
    relative = KIN_BEFORE.search(before) or (OF_KIN.search(before) and KIN_AFTER.match(text, match.end()))
    return not (other_time.search(before) or BACK_THEN_ZH.match(text, match.end()) or relative)


def _age_value(match: re.Match[str]) -> float | None:
    groups = match.groups()
    if match.re is DECADE:
        return int(groups[0]) * 10 + 5
    if match.re in {NAMED_AGE_EN, NAMED_AGE_ZH}:
        return _named_age_value(groups)
    if match.re is AGE_EN:
        number, unit = groups[0], groups[1]
        if number:
            value = read_number(number)
            return None if value is None else value * DAYS[unit.lower()] / 365.25
        return float(groups[2] or groups[3] or groups[4])
    number, unit, born, born_unit, months = groups
    if months:
        return float(months) / 12
    if born:
        return float(born) * DAYS[born_unit] / 365.25
    value = read_number(number)
    if value is None:
        return None
    if unit == "岁半":
        return value + 0.5
    if "岁" in unit:
        return value
    return value / 12 if "月" in unit else value / 365.25


def _named_age_value(groups: tuple[str, ...]) -> float | None:
    """Years, from the number and the unit that a named age has; without a unit they are years."""
    number, unit = [*(g for g in groups if g), "year"][:2]
    value = read_number(number)
    return None if value is None else value * DAYS[unit.lower()] / 365.25


def _stage(text: str) -> Measure | None:
    for pattern, value in STAGES:
        match = re.search(pattern, text, re.IGNORECASE)
        if match:
            return Measure(value, match.start(), match.end())
    return None


def _sex(text: str) -> Sex:
    found = [m for m in (SEX_EN.search(text), SEX_ZH.search(text), SEX_LETTER.search(text)) if m]
    if not found:
        return "unknown"
    first = min(found, key=lambda m: m.start())
    return "male" if first.group(1) else "female"


__all__ = ["Demographics", "Measure", "read_demographics"]
