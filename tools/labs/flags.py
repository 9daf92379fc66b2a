"""Whether a value is low, normal or high, by which interval, and whether it must be told at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from yingzhi.clinical.lab import LabFlag
from yingzhi.clinical.words import Sex
from yingzhi.knowledge.lab_models import LabAnalyte, ReferenceInterval

HIGH: frozenset[LabFlag] = frozenset({"high", "critical-high"})
LOW: frozenset[LabFlag] = frozenset({"low", "critical-low"})
ADULT = 18.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """A flag and the built-in interval behind it."""

    flag: LabFlag
    low: float | None = None
    high: float | None = None
    source: str = ""
    doubt: str = ""
    """`sex`, `age` or `no-interval` when that keeps the flag from being sure."""


def compare(value: float, comparator: str, low: float | None, high: float | None) -> LabFlag:
    """A value against an interval.

    Args:
        value: The number.
        comparator: `<` or `>` where the number is a detection limit, else empty.
        low: Lower limit, or None for open.
        high: Upper limit, or None for open.

    Returns:
        low, normal or high; unknown when there is no limit or a detection limit leaves it open.
    """
    if low is None and high is None:
        return "unknown"
    if comparator == "<":
        if low is not None and value <= low:
            return "low"
        return "normal" if high is not None and value <= high and (low is None or low <= 0) else "unknown"
    if comparator == ">":
        if high is not None and value >= high:
            return "high"
        return "normal" if high is None and low is not None and value >= low else "unknown"
    if low is not None and value < low:
        return "low"
    return "high" if high is not None and value > high else "normal"


def built_in(analyte: LabAnalyte, value: float, comparator: str, sex: Sex, age: float | None) -> Verdict:
    """A value against the built-in intervals for a patient.

    Where sex or age is not known every interval that may apply is tried; the flag stands only if all agree.
    An unknown age is read as adult.
    """
    fitting = [r for r in analyte.references if _age_fits(r.age_from, r.age_to, age) and (sex == "unknown" or r.sex in ("any", sex))]
    if not fitting:
        return Verdict("unknown", doubt="no-interval")
    flags: set[LabFlag] = {compare(value, comparator, r.low, r.high) for r in fitting}
    low, high = _widest(fitting)
    doubt = "age" if age is None else ""
    if len(flags) > 1:
        return Verdict("unknown", low, high, fitting[0].source, "sex" if sex == "unknown" else "age")
    return Verdict(flags.pop(), low, high, fitting[0].source, doubt)


def _age_fits(start: float, end: float | None, age: float | None) -> bool:
    if age is None:
        return end is None or end > ADULT
    return start <= age and (end is None or age < end)


def _widest(fitting: Iterable[ReferenceInterval]) -> tuple[float | None, float | None]:
    rows = list(fitting)
    lows, highs = [r.low for r in rows], [r.high for r in rows]
    return (
        None if None in lows else min(x for x in lows if x is not None),
        None if None in highs else max(x for x in highs if x is not None),
    )


def critical(analyte: LabAnalyte, value: float, flag: LabFlag, age: float | None) -> LabFlag:
    """Raise a low or high flag to critical where the value passes a limit; any other flag stays."""
    for limits in analyte.critical:
        if not _age_fits(limits.age_from, limits.age_to, age):
            continue
        if flag in ("low", "unknown") and limits.low is not None and value < limits.low:
            return "critical-low"
        if flag in ("high", "unknown") and limits.high is not None and value > limits.high:
            return "critical-high"
    return flag


def meanings(analyte: LabAnalyte, flag: LabFlag, canonical: float | None, comparator: str = "") -> tuple[list[str], list[str]]:
    """Findings that a flag shows, and findings that it excludes."""
    shown: list[str] = []
    excluded: list[str] = []
    for means in analyte.means:
        there = _shows(means.when, flag, means.above, canonical, comparator)
        if there is True and means.finding not in shown:
            shown.append(means.finding)
        elif there is False and means.finding not in excluded:
            excluded.append(means.finding)
    return shown, [f for f in excluded if f not in shown]


def _shows(when: str, flag: LabFlag, above: float | None, canonical: float | None, comparator: str) -> bool | None:
    if flag in ("unknown", "indeterminate"):
        return None
    if when == "positive":
        return flag == "positive"
    if when == "low":
        return flag in LOW
    if flag not in HIGH:
        return False
    if above is None:
        return True
    if canonical is None:
        return None
    if comparator == ">":
        return True if canonical >= above else None
    return canonical > above
