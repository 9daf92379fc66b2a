"""One laboratory result: as written, in the canonical unit, and what it means."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.words import Record, Span, Text

LabFlag = Literal["critical-low", "low", "normal", "high", "critical-high", "positive", "negative", "indeterminate", "unknown"]


class LabResult(Record):
    """A result read from a report slip or a note, or computed from such results."""

    analyte: str = Field(description="Id of the analyte in the knowledge.")
    en: str
    zh: str
    value: float | None = Field(default=None, description="The number as written, in the unit as written.")
    comparator: Literal["", "<", ">"] = Field(default="", description="Set where the number is a detection limit: `<0.5`, `>1000`.")
    qualitative: Literal["", "positive", "weak-positive", "negative", "indeterminate", "high", "low", "normal"] = Field(
        default="", description="The result in words or signs, where it has any."
    )
    titre: int | None = Field(default=None, description="The n of a titre 1:n.")
    unit: str = Field(default="", description="The unit as written; empty when none is written.")
    unit_origin: Literal["report", "convention", "missing", "none"] = Field(
        default="none",
        description="report = written there; convention = a bare number leaves no doubt; missing = needed and not there; none = has none.",
    )
    canonical: float | None = Field(default=None, description="The value in the canonical unit; null when not known or impossible.")
    canonical_unit: str = ""
    low: float | None = Field(default=None, description="Lower reference limit, canonical (as written when the unit is missing).")
    high: float | None = Field(default=None, description="Upper reference limit, likewise.")
    reference_origin: Literal["report", "built-in", "none"] = "none"
    reference_source: str = Field(default="", description="Id of the source of a built-in interval.")
    flag: LabFlag = "unknown"
    flag_origin: Literal["range", "mark", "words", "titre", "none"] = Field(
        default="none", description="range = value against the interval; mark = the report's arrow or H/L; words = said in words or signs."
    )
    span: Span | None = Field(default=None, description="Where it was read; null for a computed result.")
    findings: list[str] = Field(default_factory=list, description="Ids of the findings that the result shows to be there.")
    excluded: list[str] = Field(default_factory=list, description="Ids of the findings that the result shows not to be there.")
    derived_from: list[str] = Field(default_factory=list, description="Analytes it was computed from; empty for a result that was read.")
    problem: Text | None = Field(default=None, description="Why the result was not used, or must be read with care.")
    test: str = Field(default="", description="Id of the investigation that yields the analyte.")
