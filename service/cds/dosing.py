"""What a FHIR Dosage says of the dose, as words that the dose check reads: its text, or else its structured parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yingzhi.service.cds.fhir import Dosage
from yingzhi.tools.doses import read_dose

UNITS: Mapping[str, str] = {"[iu]": "IU", "ug": "µg", "{tbl}": "tablets", "{capsule}": "capsules", "{puff}": "puffs", "{drop}": "drops"}
"""UCUM codes whose words a dose is written with; other codes are words already."""
PERIODS: Mapping[str, str] = {"h": "hour", "d": "day", "wk": "week", "mo": "month"}


def dose_words(dosages: Iterable[Dosage]) -> str:
    """The first dose that says how much and how often; else the first text, else what the parts say.

    Parts that are not as FHIR has them say nothing: a slip in them must not silence the check.
    """
    listed = list(dosages)
    written = [d.text for d in listed if d.text] + [words for d in listed if (words := _from_parts(d))]
    return next((w for w in written if _whole(w)), next(iter(written), ""))


def _whole(words: str) -> bool:
    dose = read_dose(words)
    return not isinstance(dose, str) and (dose.every_days is not None or dose.as_needed)


def _from_parts(dosage: Dosage) -> str:
    amount = _amount(dosage.doseAndRate)
    if not amount:
        return ""
    needed = " as needed" if dosage.asNeededBoolean is True else ""
    return f"{amount} {_often(dosage.timing)}".strip() + needed


def _amount(rates: Any) -> str:
    for rate in rates if isinstance(rates, list | tuple) else ():
        found = rate if isinstance(rate, Mapping) else {}
        spread = found.get("doseRange")
        quantity = found.get("doseQuantity") or (spread.get("high") if isinstance(spread, Mapping) else None)
        if not isinstance(quantity, Mapping):
            continue
        value, code, unit = quantity.get("value"), quantity.get("code"), quantity.get("unit")
        word = UNITS.get(str(code).lower(), "") or (unit if isinstance(unit, str) else "") or (code if isinstance(code, str) else "")
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 and word:
            return f"{value:.10g} {word.strip()[:40]}"
    return ""


def _often(timing: Any) -> str:
    """`every 2 weeks`, `3 times per day`, or the code of the timing (`BID`)."""
    if not isinstance(timing, Mapping):
        return ""
    repeat = timing.get("repeat")
    if isinstance(repeat, Mapping) and (said := _repeated(repeat)):
        return said
    code = timing.get("code")
    codings = code.get("coding") if isinstance(code, Mapping) else None
    words = [c.get("code") for c in codings if isinstance(c, Mapping)] if isinstance(codings, list | tuple) else []
    return next((w.lower()[:20] for w in words if isinstance(w, str) and w), "")


def _repeated(repeat: Mapping[str, Any]) -> str:
    times, period, unit = repeat.get("frequency", 1), repeat.get("period"), PERIODS.get(str(repeat.get("periodUnit")))
    if unit is None or not all(isinstance(n, int | float) and not isinstance(n, bool) and n > 0 for n in (times, period)):
        return ""
    if times == 1:
        return f"every {unit}" if period == 1 else f"every {period:g} {unit}s"
    return f"{times:g} times per {unit}" if period == 1 else ""
