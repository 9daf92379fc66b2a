"""The shape of the workup tables: what a test puts a patient at risk of, and where guidance disagrees."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.knowledge.models import Bilingual, Hazard, Id, Strict


class Limit(Strict):
    """A result of the record, in the analyte's canonical unit, from which on a rule holds."""

    analyte: Id
    above: float | None = None
    below: float | None = None


class TestRisk(Strict):
    """What makes a kind of test riskier, or its result worth less, in some patients."""

    __test__ = False  # pytest must not collect it

    id: Id
    hazards: tuple[Hazard, ...] = ()
    """Tests with any of these…"""
    tests: tuple[Id, ...] = ()
    """…or any of these by name."""
    findings: tuple[Id, ...] = ()
    """Findings of the record that bring it about (a child counts)."""
    drugs: tuple[Id, ...] = ()
    """Drugs or classes of the formulary that bring it about."""
    allergies: tuple[str, ...] = ()
    """Words for what the patient is allergic to, lower case, in either language."""
    limits: tuple[Limit, ...] = ()
    """Results that bring it about by themselves."""
    pregnancy: bool = False
    unless_known: tuple[Id, ...] = ()
    """Analytes; where one of these has a result the rule is silent: it asks for that result."""
    first: tuple[Id, ...] = ()
    """Tests whose result has to be there before."""
    level: Literal["avoid", "postpone", "caution", "less-telling", "note"]
    """avoid = take another way; postpone = put right first; caution = go on with care; less-telling = the result is worth less;
    note = a worry that need not hold it up."""
    title: Bilingual
    why: Bilingual
    act: Bilingual
    sources: tuple[Id, ...] = Field(min_length=1)


class Side(Strict):
    """What one body says."""

    says: Bilingual
    source: Id


class Conflict(Strict):
    """A question on which bodies give different advice."""

    id: Id
    topic: Bilingual
    drugs: tuple[Id, ...] = ()
    """It bears where one of these drugs is taken or offered…"""
    diseases: tuple[Id, ...] = ()
    """…or one of these diseases is likely…"""
    tests: tuple[Id, ...] = ()
    """…or one of these tests is recommended."""
    needs_all: bool = False
    """Whether every kind that is named has to bear, a drug and a test for instance; else one is enough."""
    age_below: float | None = None
    """Years; it bears only in patients known to be younger."""
    sides: tuple[Side, ...] = Field(min_length=2)
    note: Bilingual | None = None
    """What they agree on, or what decides at this site; never a verdict on who is right."""
