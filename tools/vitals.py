"""Vital signs: reads temperature, blood pressure and pulse from a note, and says which findings they are.

Limits: fever from 38.0 °C, high fever from 39.0 °C, none below 37.3 °C. Low systolic pressure by age as paediatric advanced life support
defines it; fast pulse by age as the criteria of the paediatric systemic inflammatory response have it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.words import Span

FEVER, HIGH, NORMAL = 38.0, 39.0, 37.3
"""°C."""
LOW_SYSTOLIC = ((28 / 365.25, 60.0), (1.0, 70.0))
"""(below this age in years, mmHg); from 1 to 10 years 70 + 2 × age, then 90."""
FAST_PULSE = ((1.0, 180.0), (6.0, 140.0), (13.0, 130.0), (18.0, 110.0))
"""(below this age in years, beats a minute); then 100."""

CELSIUS = r"(3[4-9](?:\.\d{1,2})?|4[0-2](?:\.\d{1,2})?)"
TEMPERATURE = (
    re.compile(rf"(?<![A-Za-z])T(?:max)?[.:：]?\s*{CELSIUS}(?![\d.]*\s*(?:[A-Za-z/%]|秒|岁))"),
    re.compile(rf"\btemp(?:erature)?\b[.:]?\s*(?:is|was|of|up to|to)?\s*{CELSIUS}(?![\d.])", re.IGNORECASE),
    re.compile(rf"(?<![\d.]){CELSIUS}\s*(?:°\s?C\b|º\s?C\b|℃)"),
    re.compile(rf"体温[^\d。；]{{0,6}}{CELSIUS}(?![\d.])"),
    re.compile(
        r"(?:fever(?:ish)?|febrile|rigors?|shakes|chills|发热|发烧|寒战|畏寒)\s*(?:of|to|up to|[,，+:：])\s*"
        rf"{CELSIUS}(?=[\s,，.。;；]|$)(?!\s*(?:kg|cm|%|/))",
        re.IGNORECASE,
    ),
    re.compile(r"(?<![\d.])(9[5-9](?:\.\d)?|10[0-8](?:\.\d)?)\s*°?\s*F\b"),
    re.compile(r"(?:[,，.。;；](?<!\d[.,])\s*|^)(3[89]\.\d|4[01]\.\d)(?=\s*(?:[,，;；。]|\.(?!\d)|$))"),
)
NOT_OF_A_PERSON = re.compile(
    r"(?:water|bath|shower|wash(?:ed)?|store[ds]?|room|oven|水温?|洗|浴|室温|保存)[^.。,，;；]{0,12}$", re.IGNORECASE
)
PRESSURE = re.compile(r"(?:(?<![A-Za-z])BP(?![A-Za-z])|blood pressure|血压)[^\d。;；]{0,12}(\d{2,3})\s*/\s*(\d{2,3})(?!\d)", re.IGNORECASE)
SYSTOLIC = re.compile(r"(?:systolic|收缩压)(?: blood pressure| BP| pressure)?[^\d。;；,，]{0,8}(\d{2,3})(?!\d|\s*[/.%]\d)", re.IGNORECASE)
PULSE = re.compile(
    r"(?:(?<![A-Za-z])HR(?![A-Za-z])|\bpulse\b|heart rate|心率|脉搏|(?<![A-Za-z])P(?=\s*\d{2,3}\s*次))"
    r"[^\d。;；,，]{0,8}(\d{2,3})(?!\d|\s*[/.]\d)",
    re.IGNORECASE,
)

SATURATION = re.compile(
    r"(?:(?<![A-Za-z])Sp?a?O[2₂](?![A-Za-z])|oxygen saturation|\bsat(?:uration|s)?\b|血氧饱和度|氧饱和度|血氧)"
    r"[^\d。;；,，]{0,12}(\d{2,3})(?!\d|\s*/)",
    re.IGNORECASE,
)
LOW_SATURATION = 94.0
"""Per cent; below it an adult or child at sea level needs a look at heart and lungs."""


@dataclass(frozen=True, slots=True)
class VitalFinding:
    """A finding that a measured value says is there or not."""

    finding: Literal["fever", "high-fever", "hypotension", "tachycardia", "hypoxaemia"]
    status: Literal["present", "absent"]
    span: Span


def vital_findings(text: str, age: float | None) -> list[VitalFinding]:
    """What the vital signs of a note say.

    Args:
        text: The note, either language.
        age: Years; adult limits where it is not known.

    Returns:
        At most one of each finding. Of several temperatures the highest counts, of several pressures the lowest.
    """
    found: list[VitalFinding] = []
    temperatures = _temperatures(text)
    if temperatures:
        degrees, span = max(temperatures, key=lambda t: t[0])
        if degrees >= FEVER:
            found.append(VitalFinding("fever", "present", span))
        elif degrees < NORMAL:
            found.append(VitalFinding("fever", "absent", span))
        if degrees >= HIGH:
            found.append(VitalFinding("high-fever", "present", span))
    pressures = [(float(m[1]), _span(text, m)) for m in PRESSURE.finditer(text) if 40 <= float(m[1]) <= 260 and float(m[2]) < float(m[1])]
    pressures += [(float(m[1]), _span(text, m)) for m in SYSTOLIC.finditer(text) if 40 <= float(m[1]) <= 260]
    if pressures:
        systolic, span = min(pressures, key=lambda p: p[0])
        if systolic < low_systolic(age):
            found.append(VitalFinding("hypotension", "present", span))
    pulses = [(float(m[1]), _span(text, m)) for m in PULSE.finditer(text) if 30 <= float(m[1]) <= 260]
    if pulses:
        beats, span = max(pulses, key=lambda p: p[0])
        if beats > fast_pulse(age):
            found.append(VitalFinding("tachycardia", "present", span))
    return [*found, *_hypoxaemia(text)]


def _hypoxaemia(text: str) -> list[VitalFinding]:
    low = [m for m in SATURATION.finditer(text) if 50 <= float(m[1]) < LOW_SATURATION]
    return [VitalFinding("hypoxaemia", "present", _span(text, min(low, key=lambda m: float(m[1]))))] if low else []


def low_systolic(age: float | None) -> float:
    """Systolic pressure in mmHg below which it is low at this age."""
    if age is None or age >= 10:
        return 90.0
    return next((limit for below, limit in LOW_SYSTOLIC if age < below), 70.0 + 2 * age)


def fast_pulse(age: float | None) -> float:
    """Beats a minute above which the pulse is fast at this age."""
    return 100.0 if age is None else next((limit for below, limit in FAST_PULSE if age < below), 100.0)


def _temperatures(text: str) -> list[tuple[float, Span]]:
    found = []
    for pattern in TEMPERATURE:
        for match in pattern.finditer(text):
            value = float(match[1])
            if not NOT_OF_A_PERSON.search(text[max(0, match.start() - 24) : match.start()]):
                found.append(((value - 32) * 5 / 9 if value > 90 else value, _span(text, match)))
    return found


def _span(text: str, match: re.Match[str]) -> Span:
    return Span(source="note", start=match.start(), end=match.end(), text=text[match.start() : match.end()])
