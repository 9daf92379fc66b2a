"""The shape of the drug knowledge: drugs, their classes, and the rules that make two of them, or one and a patient, unsafe.

A fact is written once, as high up as it holds: what all NSAIDs do stands in the class, what only celecoxib does in the drug.
Traits carry a level (1 weak … 3 strong); the rules name traits, never lists of drugs, wherever a mechanism explains the harm.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from yingzhi.knowledge.drug_rule_models import AmbiguousName as AmbiguousName
from yingzhi.knowledge.drug_rule_models import DoseRule as DoseRule
from yingzhi.knowledge.drug_rule_models import Eruption as Eruption
from yingzhi.knowledge.drug_rule_models import LabState as LabState
from yingzhi.knowledge.drug_rule_models import TraitRule as TraitRule
from yingzhi.knowledge.drug_term_models import LOCAL_ROUTES as LOCAL_ROUTES
from yingzhi.knowledge.drug_term_models import Harm as Harm
from yingzhi.knowledge.drug_term_models import Level, Sensitivity, Term
from yingzhi.knowledge.drug_term_models import PatientRule as PatientRule
from yingzhi.knowledge.drug_term_models import Route as Route
from yingzhi.knowledge.models import Bilingual, BilingualList, Id, Source, Strict


class Reproduction(Strict):
    """What pregnancy or breast-feeding means for a drug."""

    level: Literal["contraindicated", "avoid", "caution", "compatible"]
    text: Bilingual
    local: bool = False
    """Holds on the skin or another local route too."""
    source: Id


class WashOut(Strict):
    """How long contraception has to go on after the last dose."""

    female_months: float | None = None
    male_months: float | None = None
    text: Bilingual
    source: Id


class Traits(Strict):
    """What interaction rules and patient rules look at."""

    substrate: dict[Id, Sensitivity] = Field(default_factory=dict)
    inhibits: dict[Id, Level] = Field(default_factory=dict)
    induces: dict[Id, Level] = Field(default_factory=dict)
    effects: dict[Id, Level] = Field(default_factory=dict)
    allergy_groups: tuple[Id, ...] = ()
    rules: tuple[PatientRule, ...] = ()
    pregnancy: Reproduction | None = None
    lactation: Reproduction | None = None
    wash_out: WashOut | None = None


class DrugClass(Traits):
    """Drugs that share traits. A drug of the class has them unless it says otherwise."""

    id: Id
    names: Bilingual
    aliases: BilingualList = BilingualList()
    parents: tuple[Id, ...] = ()
    duplicate: bool = False
    """Two drugs of the class at once are a duplication."""


class Drug(Traits):
    """One active substance (or one fixed herbal product)."""

    id: Id
    names: Bilingual
    aliases: BilingualList = BilingualList()
    """Synonyms, US and UK names, brands."""
    atc: str = Field(default="", pattern=r"^([A-Z]\d\d([A-Z]([A-Z](\d\d)?)?)?)?$")
    classes: tuple[Id, ...] = ()
    routes: tuple[Route, ...] = ("oral",)
    absorbed_locally: bool = False
    """A local route still gives exposure that matters (timolol eye drops)."""
    ingredients: tuple[Id, ...] = ()
    """For a fixed combination: the drugs in it; their traits and rules hold for it too."""
    sources: tuple[Id, ...] = ()
    """Where the traits come from."""


class Effect(Strict):
    """A pharmacodynamic or absorption trait."""

    id: Id
    names: Bilingual


class Pathway(Strict):
    """An enzyme or transporter by which drugs change each other's exposure."""

    id: Id
    names: Bilingual
    kind: Literal["enzyme", "transporter"]


class KineticRow(Strict):
    """How bad it is when a drug of this strength meets one of this sensitivity on one pathway."""

    kind: Literal["inhibits", "induces"]
    strength: Annotated[int, Field(ge=1, le=3)]
    sensitivity: Annotated[int, Field(ge=1, le=4)]
    severity: Harm


class KineticTemplate(Strict):
    """Words for an exposure change; `{actor}`, `{victim}` and `{pathway}` are filled in."""

    kind: Literal["inhibits", "induces"]
    mechanism: Bilingual
    management: Bilingual
    never: Bilingual
    """What to do where the change is so large that the two are never given together."""
    onset: Literal["rapid", "delayed"]
    source: Id


class PairRule(Strict):
    """A drug of side `a` with a drug of side `b`, whichever comes first."""

    id: Id
    group: Id | None = None
    """Of the rules of one group only the most severe speaks; the id where not given."""
    a: tuple[Term, ...] = Field(min_length=1)
    b: tuple[Term, ...] = Field(min_length=1)
    not_a: tuple[Term, ...] = ()
    not_b: tuple[Term, ...] = ()
    severity: Harm
    onset: Literal["rapid", "delayed", "unknown"] = "unknown"
    mechanism: Bilingual
    management: Bilingual
    local: bool = False
    """Holds even if one of the two is used on the skin or another local route."""
    source: Id


class Grade(Strict):
    """One cell of an additive rule: a drug of at least `one` with another of at least `other`."""

    one: Annotated[int, Field(ge=1, le=3)]
    other: Annotated[int, Field(ge=1, le=3)]
    severity: Harm


class AdditiveRule(Strict):
    """Two drugs with the same effect. Weak with weak is left out on purpose: it would alarm everywhere."""

    id: Id
    effect: Id
    grades: tuple[Grade, ...] = Field(min_length=1)
    onset: Literal["rapid", "delayed", "unknown"] = "unknown"
    mechanism: Bilingual
    management: Bilingual
    source: Id


class CombinedRule(Strict):
    """What three or more drugs do together though no two of them need to."""

    id: Id
    members: tuple[tuple[Term, ...], ...] = Field(min_length=3)
    """One different drug for each member; the terms of one member are alternatives."""
    problem: Id | None = None
    """The additive rule whose problem this makes worse: both are shown as one."""
    severity: Harm
    mechanism: Bilingual
    management: Bilingual
    source: Id


class AllergyCross(Strict):
    """Another group that may react too."""

    group: Id
    severity: Harm
    text: Bilingual


class AllergyGroup(Strict):
    """Drugs that a patient allergic to one of them may not bear."""

    id: Id
    names: Bilingual
    aliases: BilingualList = BilingualList()
    severity: Harm
    """For another drug of the same group."""
    text: Bilingual
    cross: tuple[AllergyCross, ...] = ()
    source: Id


class Condition(Strict):
    """A state of the patient that rules name. Ids of the findings lexicon are used where one fits."""

    id: Id
    names: Bilingual
    aliases: BilingualList = BilingualList()
    implies: tuple[Id, ...] = ()
    tested: bool = False
    """Known only by a test: silence in the record is `not_checked`, not `absent`."""
    tests: tuple[Id, ...] = ()
    """Investigations that settle it."""


class DrugKnowledge(Strict):
    """All the drug knowledge in one bundle, as read from the files."""

    drugs: tuple[Drug, ...]
    classes: tuple[DrugClass, ...]
    effects: tuple[Effect, ...]
    pathways: tuple[Pathway, ...]
    kinetic_rows: tuple[KineticRow, ...]
    kinetic_templates: tuple[KineticTemplate, ...]
    additive_rules: tuple[AdditiveRule, ...]
    pair_rules: tuple[PairRule, ...]
    combined_rules: tuple[CombinedRule, ...]
    allergy_groups: tuple[AllergyGroup, ...]
    conditions: tuple[Condition, ...]
    ambiguous_names: tuple[AmbiguousName, ...] = ()
    trait_rules: tuple[TraitRule, ...] = ()
    dose_rules: tuple[DoseRule, ...] = ()
    lab_states: tuple[LabState, ...] = ()
    eruptions: tuple[Eruption, ...] = ()
    sources: tuple[Source, ...]
