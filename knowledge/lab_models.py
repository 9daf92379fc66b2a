"""The shape of the laboratory files: analytes, their units, reference intervals and what a result means.

One file a group in `labs/`. Every number of an analyte stands in its canonical `unit`; a unit of the same dimension
(mg/dL, mg/L, g/L …) is converted by arithmetic, so `also` holds only the crossings between dimensions.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.knowledge.models import Bilingual, BilingualList, Id, Strict

Basis = Literal["standard", "guideline", "typical"]
"""standard = a Chinese health-industry standard (WS/T); guideline = a decision limit; typical = what most laboratories print."""


class OtherUnit(Strict):
    """A unit of another dimension: canonical value = value x factor + offset."""

    unit: str
    factor: float = Field(gt=0)
    offset: float = 0


class ReferenceInterval(Strict):
    """What the healthy of one sex and age band have, in the canonical unit. A side left out is open."""

    low: float | None = None
    high: float | None = None
    sex: Literal["any", "female", "male"] = "any"
    age_from: float = Field(default=18, ge=0)
    """Youngest age in years, included."""
    age_to: float | None = None
    """Oldest age in years, not included."""
    basis: Basis = "standard"
    source: Id


class CriticalLimits(Strict):
    """Values that must be told at once, in the canonical unit: below `low` or above `high`."""

    low: float | None = None
    high: float | None = None
    age_from: float = Field(default=18, ge=0)
    age_to: float | None = None
    source: Id


class Meaning(Strict):
    """The finding of the lexicon that a result stands for."""

    finding: Id
    when: Literal["low", "high", "positive"]
    above: float | None = None
    """Only above this value (canonical unit), where the finding asks for more than the upper reference limit."""


class LabAnalyte(Strict):
    """One thing that a laboratory measures."""

    id: Id
    names: Bilingual
    aliases: BilingualList = BilingualList()
    """Names as report slips and notes write them; case does not matter."""
    symbols: tuple[str, ...] = ()
    """Short names (N, K, Cr, PT) that count only with a result right behind them; case matters."""
    kind: Literal["quantity", "qualitative", "titre"]
    """quantity = a number; qualitative = positive or negative, perhaps with a number; titre = 1:n, or positive or negative."""
    unit: str = ""
    """Canonical unit; empty for ratios and for results without a number."""
    also: tuple[OtherUnit, ...] = ()
    bare_unit: str = ""
    """The unit of a number written without one, where usage leaves no doubt. Empty: such a number is not used."""
    fraction_of: Id | None = None
    """For a percentage of cells: the total count that it is a share of."""
    absolute: Id | None = None
    """For a percentage of cells: the analyte of the absolute count."""
    plausible: tuple[float, float] | None = None
    """Values outside are slips of the pen, not results (canonical unit)."""
    references: tuple[ReferenceInterval, ...] = ()
    critical: tuple[CriticalLimits, ...] = ()
    positive_from: int | None = None
    """Titre (the n of 1:n) from which the result is positive."""
    means: tuple[Meaning, ...] = ()
    test: Id
    """The investigation that yields it."""
    note: Bilingual | None = None
    """A trap in reading it."""
    source: Id
