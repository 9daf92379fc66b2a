"""A report that was read: what it is, what it concludes, what it shows, and what in it must not be used."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.finding import Status
from yingzhi.clinical.words import Record, Span, Text

ReportKind = Literal["laboratory", "pathology", "immunofluorescence", "dermoscopy", "microbiology", "imaging", "other"]

Adequacy = Literal["adequate", "limited", "inadequate", "not-stated"]
Certainty = Literal["definite", "compatible", "suspected", "excluded", "none"]


class ReportFinding(Record):
    """A finding as one place of a report states it."""

    id: str = Field(description="Id in the lexicon.")
    status: Status
    span: Span
    why: Literal["", "other-kind", "clinical-information"] = Field(
        default="",
        description="For one that is left aside: a kind that this report can't show, or the requesting doctor's words.",
    )


class Contradiction(Record):
    """The same finding said to be there and not to be there."""

    id: str
    present: Span
    absent: Span
    settled: Status = Field(description="What is taken: what the conclusion says, or else uncertain.")


class InterpretedReport(Record):
    """One report, structured."""

    kind: ReportKind
    span: Span = Field(description="The whole report.")
    specimen: Span | None = Field(default=None, description="Specimen and site as written.")
    adequacy: Adequacy = "not-stated"
    adequacy_reason: Text | None = None
    conclusion: Span | None = Field(default=None, description="The line that concludes.")
    certainty: Certainty = Field(default="none", description="How sure the conclusion is, by its own words; none without a conclusion.")
    outcome: Literal["positive", "negative", "unknown"] = Field(
        default="unknown", description="Whether the test as a whole is positive or negative."
    )
    findings: list[ReportFinding] = Field(default_factory=list, description="One a finding, in order of place.")
    excluded: list[str] = Field(default_factory=list, description="Findings that a wholly negative test shows not to be there.")
    contradictions: list[Contradiction] = Field(default_factory=list)
    ignored: list[ReportFinding] = Field(default_factory=list, description="Found in the text, but not evidence from this report.")


class ReportSection(Record):
    """A part of a note that is a report."""

    kind: ReportKind
    start: int = Field(ge=0, description="First character of the heading.")
    end: int = Field(ge=0, description="One past the last character.")
    heading: str
