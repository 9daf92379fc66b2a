"""What was found, where it was read, and whom it is about."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.words import Record, Span, Text

Status = Literal["present", "absent", "uncertain", "unknown"]


class Finding(Record):
    """One finding of the lexicon, as the record states it."""

    id: str = Field(description="Id in the lexicon.")
    en: str
    zh: str
    kind: str = Field(description="Kind of finding: morphology, site, symptom, lab …")
    status: Status = Field(description="present, absent, uncertain (suspected, possible) or unknown (asked, not known).")
    experiencer: Literal["patient", "family"] = Field(default="patient", description="Whom it is about.")
    temporality: Literal["current", "past"] = Field(default="current", description="Now, or in the past history.")
    detail: str = Field(default="", description="Side, value or grade as written.")
    spans: list[Span] = Field(default_factory=list, description="Where it was read; empty only for derived findings.")
    derived_from: str = Field(default="", description="What it was concluded from when no words say it: `age`, `labs`, `duration` …")


class TimelineEvent(Record):
    """Something that happened at a known time before today."""

    days_ago: float = Field(ge=0, description="Days before today.")
    what: Text
    span: Span | None = None


class Question(Record):
    """Something worth asking or looking for next."""

    finding: str = Field(description="Id of the finding that the answer settles.")
    ask: Text
    how: Literal["ask", "examine"] = Field(description="A question to the patient, or a look at the patient.")
    gain: float = Field(ge=0, description="Expected information gain over the differential, in bits.")
    separates: list[str] = Field(default_factory=list, description="Ids of the diagnoses whose probability moves most.")


class RecordItem(Record):
    """One thing that a complete record holds."""

    id: str
    en: str
    zh: str
    there: bool = Field(description="Whether the record says anything about it.")
