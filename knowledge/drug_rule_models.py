"""Rules that hold for traits, not for one drug: patients, doses, laboratory results, names, and eruptions in time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from yingzhi.knowledge.drug_term_models import Harm, PatientRule, Route, Term
from yingzhi.knowledge.models import Bilingual, BilingualList, Id, Strict

Window = tuple[float, float]
"""First and last day."""


class TraitRule(PatientRule):
    """A reason in the patient against every drug with a trait, so that no drug has to say it for itself."""

    id: Id
    terms: tuple[Term, ...] = Field(min_length=1)
    """Traits, of which one is enough."""
    not_terms: tuple[Term, ...] = ()


class DoseRule(Strict):
    """A limit on how much of a drug, or how often. The first limit passed of those given speaks."""

    id: Id
    terms: tuple[Term, ...] = Field(min_length=1)
    not_terms: tuple[Term, ...] = ()
    routes: tuple[Route, ...] = ()
    """Only for these routes; none given = every systemic route."""
    unit: Literal["mg", "iu", "ml", "g"] = "mg"
    per_dose: float | None = None
    per_day: float | None = None
    per_week: float | None = None
    per_kg_day: float | None = None
    per_kg_dose: float | None = None
    total: float | None = None
    """Over the whole course."""
    total_per_kg: float | None = None
    least_days: float | None = None
    """Least days between doses: 7 for what is taken once a week."""
    most_days: float | None = None
    """Longest course in days."""
    age_below: float | None = None
    age_from: float | None = None
    egfr_below: float | None = None
    any_of: tuple[Id, ...] = ()
    """Only in patients with one of these conditions."""
    ask: bool = False
    """A dose that is not given, or not readable, is listed as not checked."""
    severity: Harm
    risk: Bilingual
    act: Bilingual
    source: Id


class LabState(Strict):
    """A laboratory result as the condition that rules name."""

    analyte: Id
    condition: Id
    above: float | None = None
    below: float | None = None
    """Canonical unit of the analyte."""
    times_upper: float | None = None
    """Above so many times the upper limit of the reference interval."""
    positive: bool = False
    settles: bool = False
    """A result that does not meet it shows that the condition is absent."""
    source: Id


class AmbiguousName(Strict):
    """A name in use for several drugs, or for a whole group. It is asked back, never taken."""

    names: BilingualList
    drugs: tuple[Id, ...] = ()
    """The drugs that it may mean; none for a group too wide to list."""
    means: Bilingual
    source: Id | None = None


class Eruption(Strict):
    """One kind of drug eruption: when it comes after the first dose, and which drugs are known for it."""

    id: Id
    names: Bilingual
    disease: Id
    """The disease of the knowledge that it is."""
    typical: Window
    """Days from the first dose to the onset, where most cases begin."""
    possible: Window
    """Days within which a drug can't be let go."""
    again: Window
    """Days after taking it again, in somebody who reacted before."""
    slow: dict[Term, Window] = Field(default_factory=dict)
    """Drugs and classes with a window of their own."""
    strong: tuple[Term, ...] = ()
    associated: tuple[Term, ...] = ()
    suspected: tuple[Term, ...] = ()
    not_suspected: tuple[Term, ...] = ()
    rechallenge: Bilingual
    testing: Bilingual
    source: Id
    sources: tuple[Id, ...] = ()
    """What else it rests on, as which drugs are known for it."""

    @model_validator(mode="after")
    def _windows_fit(self) -> Eruption:
        if not self.possible[0] <= self.typical[0] <= self.typical[1] <= self.possible[1]:
            raise ValueError("typical has to lie within possible")
        return self
