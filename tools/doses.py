"""Doses as doctors write them, in Chinese and English. What is not read for certain is not read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

DoseUnit = Literal["mg", "iu", "ml", "count"]
NUMERALS = {"半": 0.5, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10, "双": 2}
_WORDS = {"once": 1, "one": 1, "twice": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_N = r"(\d+(?:\.\d+)?|[半一二两三四五六七八九十])"
_MASS = {
    "g": 1000.0, "gm": 1000.0, "gram": 1000.0, "grams": 1000.0, "克": 1000.0, "mg": 1.0, "毫克": 1.0,
    "µg": 0.001, "μg": 0.001, "ug": 0.001, "mcg": 0.001, "微克": 0.001,
}  # fmt: skip
_IU = {"iu": 1.0, "u": 1.0, "unit": 1.0, "units": 1.0, "单位": 1.0, "国际单位": 1.0, "万u": 1e4, "万iu": 1e4, "万单位": 1e4, "miu": 1e6}
_COUNT = (
    "tablet", "tablets", "tab", "tabs", "capsule", "capsules", "cap", "caps", "puff", "puffs", "drop", "drops",
    "片", "粒", "颗", "支", "袋", "丸", "枚", "贴", "揿", "喷", "滴",
)  # fmt: skip
_UNITS = sorted([*_MASS, *_IU, "ml", "毫升", *_COUNT], key=len, reverse=True)
_AMOUNT = re.compile(
    rf"(?<![\d.])(-?{_N[1:-1]})\s*(?:[-~–至]\s*(\d+(?:\.\d+)?)\s*)?({'|'.join(map(re.escape, _UNITS))})(?![a-z])"
    r"(\s*/\s*kg|\s*[·.]\s*kg(?:-1|⁻¹)?|每公斤|/公斤)?(\s*/\s*m2|/m²)?",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"-?\d+(?:\.\d+)?\s*(kg|公斤|千克|l|升|cm|mm|mmhg|mol|mmol|度|岁|years?|%)(?![a-z0-9])", re.IGNORECASE)
_TIMES = re.compile(rf"[×x*]\s*{_N}\s*(?:片|粒|支|袋|tabs?|tablets?|caps?|capsules?|次)?(?![\d/])", re.IGNORECASE)
_AS_NEEDED = re.compile(r"\bprn\b|\bas needed\b|\bas required\b|必要时|需要时|按需|痒时", re.IGNORECASE)
_ONCE_ONLY = re.compile(r"\bstat\b|\bonce only\b|\bsingle dose\b|\bone dose\b|单次|一次性|顿服一次|立即", re.IGNORECASE)

_ZH_PER = re.compile(rf"每?\s*{_N}?\s*个?\s*(小时|日|天|周|月)\s*(?:服|用|给药|口服|注射|皮下注射|外用|各)?\s*{_N}\s*次")
_PER = re.compile(
    rf"(?:\b(once|twice|one|two|three|four|five|six|seven)|{_N})\s*(?:times?|次|x)?\s*(?:a|an|per|each|every|in a|/|每)?\s*"
    r"(daily|days?|d|日|天|weekly|weeks?|wk|w|周|monthly|months?|月)(?![a-z])",
    re.IGNORECASE,
)
_EVERY_SHORT = re.compile(r"\bq(\d+)([hdwm])\b", re.IGNORECASE)
_EVERY = re.compile(
    rf"(?:every|each|每隔?)\s*{_N}?\s*(?:个)?\s*(hours?|hrs?|h|小时|days?|d|天|日|weeks?|wks?|w|周|months?|m|月)(?![a-z])", re.IGNORECASE
)
_COURSE = re.compile(
    rf"(?:\bfor|[×x*]|连[用服续]|疗程|共|持续)\s*{_N}\s*(?:个)?(?:days?|d|天|日|weeks?|w|周|months?|月)(?![a-z次])", re.IGNORECASE
)
_WEEKDAY = re.compile(r"每(?:周|星期)[一二三四五六日天](?!次)|(?:on|every)\s+(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)
_WEEKDAYS = re.compile(r"周[一二三四五六日][至到、,，~-]|mon\w*\s*(?:to|-|–)\s*fri|weekdays", re.IGNORECASE)
_CODES: tuple[tuple[re.Pattern[str], float], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), days)
    for pattern, days in (
        (r"\bqid\b|\bqds\b|\bq\.i\.d\.?", 1 / 4),
        (r"\btid\b|\btds\b|\bt\.i\.d\.?", 1 / 3),
        (r"\bbid\b|\bbd\b|\bb\.i\.d\.?|早晚各|早晚", 1 / 2),
        (r"\bqod\b|\bq\.o\.d\.?|every other day|alternate days|隔日|隔天", 2.0),
        (
            r"\bqd\b|\bq\.d\.?|\bod\b|\bdaily\b|\bqn\b|\bqhs\b|\bhs\b|\bnocte\b|\bqam\b|\bat (?:bed)?time\b|\bat night\b"
            r"|(?:each|every) (?:night|morning|evening)|每晚|每晨|每早|睡前",
            1.0,
        ),
        (r"\bbiw\b", 7 / 2),
        (r"\btiw\b", 7 / 3),
        (r"\bqw\b|\bweekly\b", 7.0),
        (r"\bfortnightly\b|every other week|双周|隔周", 14.0),
        (r"\bmonthly\b", 30.0),
    )
)
_RATE = re.compile(r"(?:/|per\s+)\s*(d|day|日|天|24\s?h|w|wk|week|周)(?![a-z])", re.IGNORECASE)
_LENGTH = {"h": 1 / 24, "小": 1 / 24, "d": 1.0, "天": 1.0, "日": 1.0, "w": 7.0, "周": 7.0, "星": 7.0, "m": 30.0, "月": 30.0}


@dataclass(frozen=True, slots=True)
class Dose:
    """A dose that was read."""

    amount: float
    """In `unit`: at one time, or a day or week where the amount itself was written so (`rate_days`)."""
    unit: DoseUnit
    per_kg: bool = False
    per_m2: bool = False
    every_days: float | None = None
    """Days between doses; None = not said."""
    rate_days: float | None = None
    """1 or 7 where the amount is that of a day or week, e.g. `5 mg/kg/d`."""
    as_needed: bool = False
    once: bool = False

    @property
    def daily(self) -> float | None:
        """Amount a day; None when it can't be told."""
        if self.rate_days is not None:
            return self.amount / self.rate_days
        return None if self.every_days is None else self.amount / self.every_days

    @property
    def single(self) -> float | None:
        """Amount at one time; None where only a rate was written."""
        if self.rate_days is None:
            return self.amount
        return self.amount * self.every_days / self.rate_days if self.every_days else None


Fault = Literal["empty", "no-amount", "impossible", "unit", "ambiguous"]


def read_dose(written: str) -> Dose | Fault:
    """Read a dose.

    Args:
        written: As in a prescription: `15 mg weekly`, `5 mg/kg/d`, `2.5mg×3片 每周一次`, `0.25g tid`.

    Returns:
        The dose, in mg, IU, ml or a count of units; or why it can't be read: `empty`, `no-amount`, `impossible` (not above
        zero), `unit` (a unit that no dose has), `ambiguous` (more than one reading).
    """
    text = _COURSE.sub(" ; ", _normal(written))
    if not text:
        return "empty"
    amounts = list(_AMOUNT.finditer(text))
    if not amounts:
        return "unit" if _FOREIGN.search(text) else "no-amount"
    picked = _amount(text, amounts)
    if isinstance(picked, str):
        return picked
    amount, unit, match = picked
    often = _often(text[: match.start()] + " ; " + text[match.end() :])
    if often == "ambiguous":
        return "ambiguous"
    rate = _rate(text, match)
    return Dose(
        amount=amount,
        unit=unit,
        per_kg=bool(match[4]),
        per_m2=bool(match[5]),
        every_days=often if often is not None else rate,
        rate_days=rate,
        as_needed=bool(_AS_NEEDED.search(text)),
        once=bool(_ONCE_ONLY.search(text)),
    )


@lru_cache(maxsize=4096)
def _normal(written: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", written).strip().lower().replace("，", ",").replace("星期", "周"))


def _number(text: str) -> float:
    return NUMERALS[text] if text in NUMERALS else float(text)


def _amount(text: str, found: list[re.Match[str]]) -> tuple[float, DoseUnit, re.Match[str]] | Fault:
    """The amount at one time: a mass before a count of tablets; `2.5 mg × 3` is 7.5 mg; of a range the upper end."""
    masses = [m for m in found if m[3] not in _COUNT]
    match = masses[0] if masses else found[0]
    value = max(_signed(match[1]), float(match[2] or 0)) if not match[1].startswith("-") else -1.0
    if value <= 0:
        return "impossible"
    unit: DoseUnit = "count"
    if match[3] in _MASS:
        value, unit = value * _MASS[match[3]], "mg"
    elif match[3] in _IU:
        value, unit = value * _IU[match[3]], "iu"
    elif match[3] in ("ml", "毫升"):
        unit = "ml"
    return (value * _count(text, match, found), unit, match) if _count(text, match, found) > 0 else "impossible"


def _count(text: str, match: re.Match[str], found: list[re.Match[str]]) -> float:
    """How many units of the written strength make one dose."""
    behind = text[match.end() :]
    if times := _TIMES.match(behind.strip()):
        return _number(times[1])
    if _split_weekly(text):
        return 3.0
    counts = [m for m in found if m[3] in _COUNT and m is not match]
    if match[3] not in _COUNT and counts and re.match(r"\s*/\s*(?:片|粒|支|袋|tab|cap)", behind):
        return _signed(counts[-1][1])
    return 1.0


def _signed(text: str) -> float:
    return -_number(text[1:]) if text.startswith("-") else _number(text)


def _rate(text: str, match: re.Match[str]) -> float | None:
    """Days over which a written amount is meant: right behind it stands `/d` or `/week`."""
    found = _RATE.match(text[match.end() :].strip())
    return None if found is None else _LENGTH[found[1][0] if found[1][0] != "2" else "d"]


def _often(text: str) -> float | Literal["ambiguous"] | None:
    """Days between doses. A weekly word beside a daily one is left to a person."""
    if _WEEKDAYS.search(text):
        return "ambiguous"
    if _split_weekly(text):
        return 7.0
    found = {round(days, 6): days for days in _intervals(text)}
    if not found:
        return None
    return found.popitem()[1] if len(found) == 1 else "ambiguous"


def _split_weekly(text: str) -> bool:
    """`2.5 mg q12h × 3 weekly`: the hours say how one weekly dose is divided."""
    hourly = re.search(r"\bq(?:8|12)h\b|every (?:8|12) hours|每(?:8|12)小时", text)
    return bool(hourly and re.search(r"[×x*]\s*3|(?:three|3) doses|分3次|共3次|连续3次", text) and re.search(r"week|\bqw\b|周", text))


def _intervals(text: str) -> list[float]:
    """Every interval that is said, in days, each reading taken out before the next looser pattern is tried."""
    out: list[float] = []

    def take(pattern: re.Pattern[str], days: Callable[[re.Match[str]], float]) -> None:
        nonlocal text
        out.extend(days(m) for m in pattern.finditer(text))
        text = pattern.sub(" ; ", text)

    take(_WEEKDAY, lambda m: 7.0)
    take(_ZH_PER, lambda m: (_number(m[1]) if m[1] else 1.0) * _LENGTH[m[2][0]] / _number(m[3]))
    take(_EVERY_SHORT, lambda m: float(m[1]) * _LENGTH[m[2]])
    for pattern, fixed in _CODES[3:4] + _CODES[8:9]:  # "every other day" before "every day"
        take(pattern, lambda m, fixed=fixed: fixed)  # type: ignore[misc]
    take(_EVERY, lambda m: (_number(m[1]) if m[1] else 1.0) * _LENGTH[m[2][0]])
    take(_PER, lambda m: _LENGTH[m[3][0]] / (_WORDS[m[1]] if m[1] else _number(m[2])))
    for pattern, fixed in _CODES:
        take(pattern, lambda m, fixed=fixed: fixed)  # type: ignore[misc]
    return [d for d in out if d > 0]


_HEAD = re.compile(
    r"^(?P<name>.*?(?:[^\d\s.,，(（]|\d(?=\s)))\s*[,，(（]?\s*"
    rf"(?P<dose>\d+(?:\.\d+)?\s*(?:{'|'.join(map(re.escape, _UNITS))})(?![a-z]).*)$",
    re.IGNORECASE,
)
_OFTEN_ONLY = re.compile(
    r"^(?P<name>.*?[^\s,，])(?:\s*[,，]\s*|\s+)(?P<dose>(?:qd|od|bid|bd|tid|tds|qid|qds|qod|qn|qhs|hs|qw|biw|tiw|prn|daily|weekly|monthly|nightly"
    r"|once|twice|three times|every other day|as needed|q\d+[hdwm])\b.*|(?:每[日天晚晨早周月隔]|[一隔][日天周]|睡前|必要时|需要时).*)$",
    re.IGNORECASE,
)


def split_dose(name: str) -> tuple[str, str]:
    """A name with its dose behind it, apart: `methotrexate 15 mg weekly`.

    Returns:
        The name and the dose; the name as it stands and an empty dose where nothing behind it says how often.
    """
    written = unicodedata.normalize("NFKC", name).strip()
    found = _HEAD.match(written)
    if found is None:
        bare = _OFTEN_ONLY.match(written)
        return (bare["name"], bare["dose"]) if bare else (name, "")
    dose = read_dose(found["dose"])
    said = not isinstance(dose, str) and (dose.every_days is not None or dose.as_needed)
    return (found["name"].strip(), found["dose"].strip(" )）")) if said or dose == "ambiguous" else (name, "")
