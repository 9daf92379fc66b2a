"""The shape of the systemic map: what a skin finding or a skin disease has to do with the rest of the body.

One file a system in `systemic/`. A rule bears where its findings are there, or where one of its diseases leads.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.knowledge.models import Bilingual, Id, Relation, Strict, System

Strength = Literal["strong", "moderate", "weak"]


class SystemicRule(Strict):
    """One link between skin and body, and what to do about it."""

    id: Id
    system: System
    relation: Relation
    condition: Bilingual
    why: Bilingual
    """How the two hang together, and how often where a source says so."""
    strength: Strength
    all_of: tuple[Id, ...] = ()
    """Every one of these findings present (a child of it counts)."""
    any_of: tuple[Id, ...] = ()
    """And at least one of these, where given."""
    one_of_each: tuple[tuple[Id, ...], ...] = ()
    """And at least one of each of these groups."""
    none_of: tuple[Id, ...] = ()
    age_above: float | None = None
    """Years; a rule with a limit bears where the age is known."""
    age_below: float | None = None
    sex: Literal["female", "male"] | None = None
    diseases: tuple[Id, ...] = ()
    """It bears as well where one of these leads, whatever was found."""
    said_by: tuple[Id, ...] = ()
    """Diseases whose own file says the same: where one of these leads and has links, the rule is silent; one without brings the rule."""
    drugs: tuple[Id, ...] = ()
    """Drugs or classes of the formulary that may be behind it; the patient's list is looked through for them."""
    tests: tuple[Id, ...] = ()
    look_for: tuple[Id, ...] = ()
    """Findings that would speak for it; the record is looked through for them."""
    act: Bilingual
    sources: tuple[Id, ...] = Field(min_length=1)
