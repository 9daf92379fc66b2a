"""Observations as the reader of a case takes them: results that still count, vital signs of these days, and what was measured when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from yingzhi.service.cds.fhir import Concept, ObservationResource, Quantity, day_of, plain

LAB_DAYS = 90.0
"""A result counts as the present state so long; our choice, as no body gives a number."""
KIDNEY_DAYS = 365.0
"""Creatinine and GFR a year: an old value is a better guess for a dose than none, and its age is not hidden."""
VITAL_DAYS = 2.0
PREGNANT_DAYS, NOT_PREGNANT_DAYS = 300.0, 30.0

# LOINC, as FHIR's vital-signs value set and the CKD value sets of the FHIR Clinical Guidelines list them.
WEIGHT, HEIGHT, PREGNANCY = "29463-7", "8302-2", "82810-3"
TEMPERATURE, PULSE, SYSTOLIC, DIASTOLIC = "8310-5", "8867-4", "8480-6", "8462-4"
SATURATION = frozenset({"2708-6", "59408-5"})
NAMED = {
    **dict.fromkeys(("2160-0", "14682-9", "38483-4", "77140-2"), "Creatinine"),
    **dict.fromkeys(("33914-3", "76633-7", "77147-7", "62238-1"), "eGFR"),
}
"""What kidney function is called where an observation has a code and no words."""
KILOGRAMS = {"kg": 1.0, "g": 0.001, "[lb_av]": 0.45359237, "lb": 0.45359237, "lbs": 0.45359237}
CENTIMETRES = {"cm": 1.0, "m": 100.0, "[in_i]": 2.54, "in": 2.54, "inch": 2.54}
LONG_NAME = re.compile(r"(?P<what>.+?) \[[^\]]+\] in (?P<where>[A-Za-z, ]+?)(?: by .+)?")
"""LOINC's long common name: component, property, specimen, method."""
BLOOD = re.compile(r"(?:serum|plasma|blood|red blood cells|arterial blood|venous blood|capillary blood|[, ]|or)+", re.IGNORECASE)
KIDNEY = re.compile(r"creatinin|肌酐|肌酸酐|gfr|glomerular|肾小球滤过", re.IGNORECASE)
OCCUPATION, ALCOHOL = "11341-5", "11331-6"
"""LOINC, as US Core has them for the history of occupation and of alcohol use."""
SOCIAL = "social-history"
HEAVY = re.compile(r"heavy|excess|abuse|misuse|depend|binge|alcoholi|酗酒|大量|过量|依赖|长期饮", re.IGNORECASE)
NEGATED = re.compile(r"\b(?:no|not|non|never|former|past|ex)\b|[无否未非不]|已戒|戒酒", re.IGNORECASE)
DROPPED = frozenset({"entered-in-error", "cancelled", "registered"})


@dataclass(frozen=True, slots=True)
class Result:
    """One laboratory result as a line of a slip."""

    line: str
    days_ago: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What the observations come to."""

    current: list[dict[str, Any]]
    """FHIR R4B Observations for `tools.intake.fhir`: the results and vital signs that count now."""
    results: tuple[Result, ...]
    """Every laboratory result, newest first."""
    height_cm: float | None = None
    unnamed: int = 0
    """Results that have neither words nor a known code."""


def read_observations(observations: Iterable[ObservationResource], today: date) -> Measured:
    """Sort them out: the newest of each kind counts, and only while it is fresh enough."""
    dated = [(o, days_ago(_when(o), today)) for o in observations if o.status not in DROPPED]
    newest = sorted(dated, key=lambda pair: (pair[1] is None, pair[1] or 0.0))
    current: list[dict[str, Any]] = []
    results: list[Result] = []
    seen: set[str] = set()
    height: float | None = None
    unnamed = 0
    for one, age in newest:
        codes = one.code.codes()
        if HEIGHT in codes:
            height = height or _scaled(one.valueQuantity, CENTIMETRES, 20, 260)
        elif (known := _known(one, codes, age)) is not None:
            current += [o for o in known if _first(seen, "/".join(sorted(codes)))]
        elif (name := lab_name(one.code)) == "":
            unnamed += 1
        elif name is not None and (line := _line(name, one)) is not None:
            results.append(Result(line, age))
            fresh = age is None or age <= (KIDNEY_DAYS if KIDNEY.search(name) else LAB_DAYS)
            if fresh and _first(seen, name.casefold()):
                current.append(_lab(name, one))
    return Measured(current, tuple(results), height, unnamed)


@dataclass(frozen=True, slots=True)
class Social:
    """What the observations say of work and drink."""

    work: tuple[str, ...] = ()
    """Occupations, as written."""
    drinks_heavily: bool = False
    """Said outright; an occasional drinker is none, and silence says nothing."""


def read_social(observations: Iterable[ObservationResource], today: date) -> Social:
    """Read occupation and alcohol, the newest of each."""
    dated = [(o, days_ago(_when(o), today)) for o in observations if o.status not in DROPPED]
    work: tuple[str, ...] = ()
    heavy: bool | None = None
    for one, _ in sorted(dated, key=lambda pair: (pair[1] is None, pair[1] or 0.0)):
        words = one.valueCodeableConcept.words() if one.valueCodeableConcept else plain(one.valueString or "")
        codes = one.code.codes()
        if OCCUPATION in codes and words and not work:
            work = (words,)
        elif ALCOHOL in codes and words and heavy is None:
            heavy = bool(HEAVY.search(words)) and not NEGATED.search(words)
    return Social(work, bool(heavy))


def is_social(one: ObservationResource) -> bool:
    """Whether an observation is of the social history, and so no laboratory result."""
    return any(SOCIAL in c.codes() for c in one.category) or bool(one.code.codes() & {OCCUPATION, ALCOHOL})


def days_ago(written: str | None, today: date) -> float | None:
    """Days from a FHIR date to today; a day to come counts as today."""
    return None if written is None else float(max(0, (today - day_of(written)).days))


def lab_name(code: Concept) -> str | None:
    """What a result is called on a slip.

    Returns:
        The name; None for a specimen other than blood, which a reader of slips would take for blood; empty where there is none.
    """
    words = code.words() or next((NAMED[c] for c in sorted(code.codes()) if c in NAMED), "")
    found = LONG_NAME.fullmatch(words)
    if found is not None:
        if not BLOOD.fullmatch(found["where"]):
            return None
        words = found["what"]
    return "eGFR" if words.lower().startswith("glomerular filtration rate") else words


def _first(seen: set[str], name: str) -> bool:
    if name in seen:
        return False
    seen.add(name)
    return True


def _when(one: ObservationResource) -> str | None:
    period = one.effectivePeriod
    return one.effectiveDateTime or (period.start or period.end if period else None) or one.issued


def _known(one: ObservationResource, codes: set[str], age: float | None) -> list[dict[str, Any]] | None:
    """Weight, pregnancy and vital signs; None for what is none of these, empty for one that no longer counts."""
    if WEIGHT in codes:
        kilograms = _scaled(one.valueQuantity, KILOGRAMS, 0.4, 400)
        return [_observation("weight", {"valueQuantity": {"value": kilograms, "unit": "kg"}}, WEIGHT)] if kilograms else []
    if PREGNANCY in codes:
        return _pregnancy(one.valueCodeableConcept.words() if one.valueCodeableConcept else one.valueString or "", age)
    if codes & {TEMPERATURE, PULSE, *SATURATION} or _part(one, SYSTOLIC) is not None or {SYSTOLIC, DIASTOLIC} & codes:
        words = _vital(one, codes) if age is not None and age <= VITAL_DAYS else ""
        return [_observation(words, {"valueString": words})] if words else []
    return None


def _pregnancy(words: str, age: float | None) -> list[dict[str, Any]]:
    """An old answer is none: a test of last year says nothing of today."""
    plain = words.strip().lower()
    if not plain or re.search(r"unknown|possib|不详|未知|不确定|待", plain):
        return []
    negative = bool(re.search(r"\bnot\b|^no|negative|未|否|阴|无", plain))
    if age is not None and age > (NOT_PREGNANT_DAYS if negative else PREGNANT_DAYS):
        return []
    text = "Not pregnant" if negative else "Pregnant"
    return [_observation("pregnancy", {"valueCodeableConcept": {"text": text}}, PREGNANCY)]


def _vital(one: ObservationResource, codes: set[str]) -> str:
    value = one.valueQuantity.value if one.valueQuantity else None
    systolic, diastolic = _part(one, SYSTOLIC), _part(one, DIASTOLIC)
    if systolic is not None and diastolic is not None:
        return f"Blood pressure {systolic:.0f}/{diastolic:.0f} mmHg"
    if value is None:
        return f"Systolic {systolic:.0f} mmHg" if systolic is not None else ""
    if TEMPERATURE in codes:
        fahrenheit = value > 50  # no body is that warm in Celsius
        return f"Temperature {(value - 32) * 5 / 9 if fahrenheit else value:.1f} °C"
    if PULSE in codes:
        return f"Heart rate {value:.0f}"
    if SYSTOLIC in codes:
        return f"Systolic {value:.0f} mmHg"
    return f"Oxygen saturation {value:.0f} %" if codes & SATURATION else ""


def _part(one: ObservationResource, code: str) -> float | None:
    return next((c.valueQuantity.value for c in one.component if c.valueQuantity and code in c.code.codes()), None)


def _scaled(quantity: Quantity | None, units: dict[str, float], least: float, most: float) -> float | None:
    if quantity is None or quantity.value is None:
        return None
    factor = units.get(quantity.code.lower()) or units.get(quantity.unit.strip().lower())
    value = quantity.value * factor if factor else None
    return round(value, 2) if value is not None and least <= value <= most else None


def _line(name: str, one: ObservationResource) -> str | None:
    if one.valueQuantity is not None and one.valueQuantity.value is not None:
        q = one.valueQuantity
        return f"{name} {q.comparator}{q.value:g} {_unit(q)}".rstrip()
    said = one.valueCodeableConcept.words() if one.valueCodeableConcept else plain(one.valueString or "")
    return f"{name}: {said}" if said else None


def _unit(quantity: Quantity) -> str:
    """The unit as slips write it; UCUM's annotations in braces are words, not units."""
    return re.sub(r"\{([^}]*)\}", lambda m: m[1].replace("_", "") if "1.73" in m[1] else "", quantity.unit or quantity.code).strip(" /")


def _lab(name: str, one: ObservationResource) -> dict[str, Any]:
    q = one.valueQuantity
    if q is None or q.value is None:
        line = _line(name, one) or name
        return _observation(line, {"valueString": line})
    value: dict[str, Any] = {"value": q.value}
    value |= {"unit": _unit(q)} if _unit(q) else {}
    value |= {"comparator": q.comparator} if q.comparator in {"<", "<=", ">", ">="} else {}
    limits: Sequence[Any] = one.referenceRange[:1]
    sides = {side: limit.value for r in limits for side, limit in (("low", r.low), ("high", r.high)) if limit and limit.value is not None}
    ranged = {"referenceRange": [{side: {"value": v} for side, v in sides.items()}]} if sides else {}
    return _observation(name, {"valueQuantity": value, **ranged})


def _observation(text: str, value: dict[str, Any], code: str = "") -> dict[str, Any]:
    coding = {"coding": [{"system": "http://loinc.org", "code": code}]} if code else {}
    return {"resourceType": "Observation", "status": "final", "code": {"text": text, **coding}, **value}
