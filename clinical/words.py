"""Words that every other model of the domain uses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["en", "zh"]
Sex = Literal["female", "male", "unknown"]
Severity = Literal["contraindicated", "major", "moderate", "minor", "none", "unknown"]
Commonness = Literal["common", "uncommon", "rare"]
CareLevel = Literal["primary", "secondary", "tertiary"]
Urgency = Literal["emergency", "urgent", "soon", "routine"]
Tier = Literal["ask-examine", "non-invasive", "blood", "minor-invasive", "invasive-or-costly"]

TIERS: tuple[Tier, ...] = ("ask-examine", "non-invasive", "blood", "minor-invasive", "invasive-or-costly")
URGENCIES: tuple[Urgency, ...] = ("emergency", "urgent", "soon", "routine")
CARE_LEVELS: tuple[CareLevel, ...] = ("primary", "secondary", "tertiary")

Probability = Annotated[float, Field(ge=0, le=1)]


class Record(BaseModel):
    """A record that crosses a wire: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class Text(Record):
    """The same words in English and simplified Chinese."""

    en: str = Field(description="English wording.")
    zh: str = Field(description="Simplified Chinese wording.")

    def say(self, language: Language) -> str:
        """The wording in one language."""
        return self.zh if language == "zh" else self.en


class Span(Record):
    """Where in the input something was read."""

    source: str = Field(description="`note`, `report:<n>`, or the path of a structured field, e.g. `patient.pregnant`.")
    start: int = Field(ge=0, description="First character (Unicode code points), counted from 0.")
    end: int = Field(ge=0, description="One past the last character.")
    text: str = Field(description="The characters themselves, as they stand in the input.")
