"""What the tools give: short records in one language, so that a model reads no more than it needs and a program finds every field."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.alert import AlertLevel
from yingzhi.clinical.citation import Citation
from yingzhi.clinical.lab import LabFlag
from yingzhi.clinical.words import Language, Probability, Record, Severity, Text


class Cited(Record):
    """A source that a reader can look up."""

    title: str
    body: str = Field(description="Who issued it.")
    year: int | None = None
    jurisdiction: str = ""
    grade: str = ""
    url: str = ""


def cited(citation: Citation) -> Cited:
    """A source, with an address where one is known."""
    url = citation.url or (f"https://doi.org/{citation.doi}" if citation.doi else "")
    return Cited(
        title=citation.title, body=citation.body, year=citation.year, jurisdiction=citation.jurisdiction, grade=citation.grade, url=url
    )


class Problem(Record):
    """Something that speaks against a drug or a combination."""

    kind: str = Field(
        description="interaction, combined, condition, renal, age, pregnancy, lactation, fertility, allergy, duplicate, dose."
    )
    severity: Severity
    drugs: list[str]
    title: str
    why: str
    act: str = Field(description="What to do about it. The doctor decides.")
    sources: list[Cited] = Field(default_factory=list)


class UnknownName(Record):
    """A name that is not certain. Nothing about it was checked."""

    name: str
    resembles: list[str] = Field(default_factory=list, description="Drugs spelt like it; ask which is meant, never assume.")


class DrugCheck(Record):
    """Safety of a list of drugs. An empty list of problems means only that none was found by what was checked."""

    checked: list[str] = Field(description="Drugs that were recognised.")
    problems: list[Problem] = Field(default_factory=list, description="Worst first.")
    minor: list[str] = Field(default_factory=list, description="Interactions that need no action.")
    unknown: list[UnknownName] = Field(default_factory=list, description="Names that were not recognised: nothing about them was checked.")
    not_checked: list[str] = Field(default_factory=list, description="Checks that lacked a fact. Never to be read as no problem.")
    note: str


class Passage(Record):
    """A passage that was found."""

    id: str
    title: str
    text: str
    body: str = ""
    year: int | None = None
    jurisdiction: str = ""
    grade: str = ""
    url: str = ""
    collection: str
    superseded: bool = Field(default=False, description="Another document replaces it.")


class EvidenceFound(Record):
    """The answer to a search."""

    found: bool = Field(description="False: searched, and no evidence found.")
    statement: str
    passages: list[Passage] = Field(default_factory=list, description="Best first.")


class LabReading(Record):
    """One laboratory result, read."""

    analyte: str = Field(description="Id of the analyte.")
    name: str
    written: str = Field(default="", description="The characters it was read from.")
    value: float | None = None
    unit: str = ""
    canonical: float | None = Field(default=None, description="In the canonical unit.")
    canonical_unit: str = ""
    reference: str = Field(default="", description="The interval it was held against, canonical unit.")
    reference_origin: Literal["report", "built-in", "none"] = "none"
    flag: LabFlag
    means: list[str] = Field(default_factory=list, description="Findings that it shows.")
    problem: str = Field(default="", description="Why it was not used, or must be read with care.")
    computed_from: list[str] = Field(default_factory=list)


class LabReport(Record):
    """The results of a slip or a list."""

    results: list[LabReading] = Field(default_factory=list)
    critical: list[str] = Field(default_factory=list, description="Names of results beyond critical limits: to be told at once.")
    not_read: list[str] = Field(default_factory=list, description="Given values whose name is not known: nothing was said about them.")
    note: str


class ScoreListed(Record):
    """A severity score that can be computed."""

    id: str
    short: str
    name: str
    measures: str
    inputs: list[str] = Field(default_factory=list, description="Of a score that was asked for: id, what is asked, what it takes.")
    note: str = Field(default="", description="Which definition it is, and what it cannot say.")


class ScoreList(Record):
    """The scores there are."""

    scores: list[ScoreListed]


class ScoreComputed(Record):
    """A computed score."""

    score: str
    name: str
    total: float
    minimum: float
    maximum: float | None = None
    unit: str = ""
    subscores: dict[str, float] = Field(default_factory=dict)
    band: str = Field(default="", description="What the published scale calls it; empty where none is published.")
    other_bands: list[str] = Field(default_factory=list)
    assumed_zero: list[str] = Field(default_factory=list, description="Inputs that were taken as zero because it was said so.")
    note: str
    source: Cited


class Ranked(Record):
    """A diagnosis that is live."""

    id: str
    name: str
    icd10: str
    probability: Probability
    must_not_miss: bool
    supports: list[str] = Field(default_factory=list)
    opposes: list[str] = Field(default_factory=list)


class Flag(Record):
    """A danger, whatever the diagnosis."""

    level: AlertLevel
    title: str
    why: str
    act: str = ""


class DifferentialRanked(Record):
    """Diagnoses that a note makes likely, and what must not be missed. A draft for the doctor, never a diagnosis."""

    diagnoses: list[Ranked]
    other: Probability = Field(description="Probability that none of the known diagnoses fits.")
    confidence: Literal["none", "low", "moderate", "high"]
    alerts: list[Flag] = Field(default_factory=list, description="Tell these first.")
    ask_next: list[str] = Field(default_factory=list, description="Questions whose answers would settle most.")
    note: str


DECIDES = Text(en="Rules support the decision; the doctor decides. Not a prescription.", zh="规则辅助判断，由医师决定；不构成处方。")


def decides(lang: Language) -> str:
    """The sentence under every result that bears on treatment."""
    return DECIDES.say(lang)
