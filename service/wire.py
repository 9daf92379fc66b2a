"""What crosses the wire between the service and those who call it; read by the client too, so nothing of a web framework is here."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.consultation import Consultation, Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Record

CONSULTATION, RUN, PATIENT = "c", "r", "p"
Status = Literal["queued", "running", "paused", "finished", "failed", "cancelled"]


def pattern(kind: str) -> str:
    """What ids of a kind look like."""
    return rf"^{kind}_[0-9a-f]{{32}}$"


class NewConsultation(Record):
    """A consultation to begin."""

    case: Presentation
    patient_id: str | None = Field(default=None, pattern=pattern(PATIENT), description="Id from `POST /patients`; null keeps it apart.")


class Act(Record):
    """The doctor's act on a consultation."""

    review: Review
    revision: int | None = Field(
        default=None,
        ge=1,
        le=10**9,
        description="The revision that the act is meant for; needed to edit, sign or reject. A stale one is refused.",
    )
    if_busy: Literal["reject", "enqueue"] = Field(
        default="reject", description="What happens while a run is at work: 409, or wait in line."
    )


class Admitted(Record):
    """What was taken in and will be carried out."""

    id: str = Field(description="Id of the consultation.")
    run: str = Field(description="Id of the run; its events can be followed at once.")
    revision: int = Field(ge=0, description="Revision of the consultation when the run was taken in.")


class View(Record):
    """A consultation as it stands."""

    id: str
    status: Status
    revision: int = Field(ge=0, description="How many runs have ended well; 0 before the first.")
    run: str = Field(description="Id of the newest run.")
    patient_id: str | None
    created: float = Field(description="Seconds since 1970.")
    updated: float
    origin: str = Field(default="", description="What it branched from: consultation@revision.")
    result: Consultation | None = Field(description="The result of the newest, or the asked, revision.")


class Item(Record):
    """A consultation in a list."""

    id: str
    patient_id: str | None
    status: Status
    outcome: str
    revision: int
    created: float
    updated: float
    origin: str


class Page(Record):
    """Consultations, newest first."""

    items: list[Item]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class Version(Record):
    """A version of a consultation; it is never changed."""

    revision: int
    run: str
    action: str = Field(description="start, answer, edit, sign, reject or branch.")
    by: str = Field(description="Subject of the one who acted.")
    checkpoint: str
    created: float


class Checkpoint(Record):
    """A state that the graph was in."""

    id: str
    created: str
    step: int
    run: str
    counts: bool = Field(description="Whether a version stands on it; others are steps in between, or runs that were broken off.")


class Branch(Record):
    """Where a branch begins: at a version, or at a checkpoint."""

    revision: int | None = Field(default=None, ge=1, le=10**9)
    checkpoint: str | None = Field(default=None, pattern=r"^[0-9a-f-]{36}$")
