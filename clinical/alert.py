"""What the doctor must not overlook."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.words import Record, Span, Text

AlertLevel = Literal["critical", "warning", "notice"]
ALERT_LEVELS: tuple[AlertLevel, ...] = ("critical", "warning", "notice")


class Alert(Record):
    """A warning that comes from a rule; no model may remove it or lower its level.

    Kind `model` is a model's own: a notice that no rule confirms.
    """

    id: str = Field(description="Stable id of the rule and what it is about.")
    kind: Literal["red-flag", "must-not-miss", "medication", "lab", "care-level", "record", "not-checked", "model"]
    level: AlertLevel = Field(description="critical = act now, warning = before the decision, notice = know it.")
    title: Text
    why: Text
    act: Text | None = Field(default=None, description="What to do about it.")
    spans: list[Span] = Field(default_factory=list)
    sources: list[str] = Field(default_factory=list, description="Ids of sources.")
    sums: list[str] = Field(
        default_factory=list, description="Ids of the rule alerts that it sums up, as they stand in the medication review; none for others."
    )
    acknowledged: Text | None = Field(default=None, description="Why a clinician goes on in spite of it; gone once what it says changes.")
