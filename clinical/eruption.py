"""A drug eruption in time: what was taken when, against the day it began, and which drug is the likeliest cause."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.medication import DrugMatch, UnknownDrug
from yingzhi.clinical.presentation import Medication
from yingzhi.clinical.score import ScoreResult
from yingzhi.clinical.words import Record, Text

Reacted = Literal["same", "other", "none"]
"""An earlier reaction: of the same kind, of another kind, or none though it was taken."""

WindowFit = Literal["typical", "possible", "early", "late", "after", "unknown"]
"""early, late = outside the window, after = begun on or after the onset, unknown = the start is not recorded."""


class Exposure(Record):
    """One drug before an eruption. Times count back from today."""

    medication: Medication
    reacted_before: Reacted | None = Field(default=None, description="What it did before; null when not known or never taken.")
    similar_reacted: Reacted | None = Field(default=None, description="The same of a close relative of the drug.")
    continued_without_harm: bool | None = Field(default=None, description="Went on, and the eruption healed all the same.")
    improved_on_stopping: bool | None = Field(default=None, description="The eruption improved within days of stopping it.")
    half_life_days: float | None = Field(default=None, gt=0, le=400, description="Elimination half-life, where known.")


class EruptionCase(Record):
    """An eruption and what was taken before it."""

    eruption: str = Field(description="Kind of eruption: an id such as `sjs-ten`, `dress`, `agep`, `exanthem`, `fixed-drug-eruption`.")
    onset_days_ago: float = Field(ge=0, le=3650, description="Days since the first sign.")
    exposures: list[Exposure] = Field(min_length=1, max_length=60)
    organ_impaired: bool | None = Field(default=None, description="Kidney or liver function was impaired, or an interaction slowed a drug.")


class Suspect(Record):
    """One drug against the onset."""

    drug: str
    names: Text
    written: str
    latency_days: float | None = Field(default=None, description="Days from the first dose to the onset; null when the start is not known.")
    stopped_before_days: float | None = Field(default=None, description="Days from the last dose to the onset, if stopped before.")
    fit: WindowFit
    notoriety: Literal["strong", "associated", "suspected", "other", "not-suspected"]
    points: float = Field(description="Order of suspicion: ALDEN's own total for SJS and TEN, else the same items without its bands.")
    alden: ScoreResult | None = Field(default=None, description="For SJS and TEN only.")
    naranjo: ScoreResult | None = None
    why: list[Text] = Field(default_factory=list)
    related: list[str] = Field(default_factory=list, description="Other drugs of the list that may cross-react with it.")
    avoid: list[Text] = Field(default_factory=list, description="Groups to avoid if it is the cause.")


class EruptionTimeline(Record):
    """The whole picture, the likeliest cause first."""

    eruption: str
    names: Text
    typical: tuple[float, float] = Field(description="Days from first dose to onset, where most cases begin.")
    suspects: list[Suspect] = Field(default_factory=list)
    recognised: list[DrugMatch] = Field(default_factory=list)
    unknown: list[UnknownDrug] = Field(default_factory=list, description="Names that are not certain; each may be the cause.")
    missing: list[Text] = Field(default_factory=list, description="What would make the picture surer.")
    now: list[Text] = Field(default_factory=list, description="What the picture asks for now.")
    rechallenge: Text
    testing: Text
    sources: list[str] = Field(default_factory=list)
