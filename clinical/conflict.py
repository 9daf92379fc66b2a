"""Guidance that disagrees, side by side."""

from __future__ import annotations

from pydantic import Field

from yingzhi.clinical.citation import Reference
from yingzhi.clinical.words import Record, Text


class GuidanceSide(Record):
    """What one body says."""

    says: Text
    source: str = Field(description="Id of the source.")
    reference: Reference | None = None


class GuidanceConflict(Record):
    """A question of this case on which bodies give different advice. It names no winner."""

    id: str
    topic: Text
    because: list[str] = Field(description="Ids of the drugs, diseases and tests of this case that it bears on.")
    sides: list[GuidanceSide] = Field(min_length=2)
    note: Text | None = None
