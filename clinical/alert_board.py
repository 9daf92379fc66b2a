"""What a reader is shown of a medication review: which problems interrupt, which stand in the list, which were acknowledged."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.acknowledgement import REASONS as REASONS
from yingzhi.clinical.acknowledgement import Acknowledgement as Acknowledgement
from yingzhi.clinical.acknowledgement import DrugRole as DrugRole
from yingzhi.clinical.acknowledgement import OverrideReason as OverrideReason
from yingzhi.clinical.medication import DrugProblem
from yingzhi.clinical.words import Record, Text

Presence = Literal["interrupt", "list", "fold"]
"""interrupt = before going on, list = shown beside the work, fold = behind a click. Nothing is ever left out."""


class ShownProblem(Record):
    """A problem and how it is shown."""

    problem: DrugProblem
    presence: Presence
    acknowledged: OverrideReason | None = Field(default=None, description="Reason, while the acknowledgement holds.")
    changed: bool = Field(default=False, description="It was acknowledged before, and has changed since.")


class AlertBoard(Record):
    """The problems of a review for one reader, those that interrupt first."""

    role: DrugRole
    shown: list[ShownProblem] = Field(default_factory=list)
    interrupting: int = 0
    listed: int = 0
    folded: int = 0


class Alternative(Record):
    """A neighbour of a drug that no rule speaks against in this patient. Not advice to give it."""

    instead_of: str = Field(description="Id of the drug that is in question.")
    drug: str = Field(description="Id in the formulary.")
    names: Text


class ReviewedProblem(Record):
    """A problem of a consultation, as each reader is shown it."""

    problem: DrugProblem
    presence: dict[DrugRole, Presence] = Field(description="How each reader is shown it; an acknowledgement that holds is counted in.")
    alternatives: list[Alternative] = Field(default_factory=list, description="Sought for what must be settled before going on.")
    acknowledged: list[Acknowledgement] = Field(default_factory=list, description="Those that hold.")
    changed: list[DrugRole] = Field(default_factory=list, description="Readers who acknowledged it before it changed.")
