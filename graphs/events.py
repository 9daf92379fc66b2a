"""The one event vocabulary: the stream, the stored trace and what the evals read.

A closed union with a literal `type`. `seq` counts from 1 within a run and is the SSE id. Exactly one terminal event ends a run:
run.finished, run.failed or run.paused. Adding a field is a minor change; renaming or removing one raises `VERSION`.
A piece of the graph's own custom stream is a list of events, not yet numbered; `graphs.run.stream` gives them one by one.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.consultation import Pins
from yingzhi.clinical.finding import Finding, Question
from yingzhi.clinical.remark import ModelUse, Remark
from yingzhi.clinical.words import Probability, Record

VERSION = 1


class _Event(Record):
    seq: int = Field(default=0, ge=0, description="Place in the run, from 1; it goes up, with a gap where an attempt was lost.")
    run: str = Field(default="", description="Id of the run.")
    at: float = Field(default=0.0, ge=0, description="Seconds since the run began.")


class RunStarted(_Event):
    """A run began; with `attempt` above 1, began again after its process was lost, and what was told before is told anew."""

    type: Literal["run.started"] = "run.started"
    version: int = VERSION
    consultation: str
    attempt: int = Field(default=1, ge=1)
    pins: Pins


class SpecialistStarted(_Event):
    """A specialist began."""

    type: Literal["specialist.started"] = "specialist.started"
    specialist: str


class FindingRecorded(_Event):
    """A finding was read from the record."""

    type: Literal["finding.recorded"] = "finding.recorded"
    finding: Finding


class ToolCalled(_Event):
    """A tool was called."""

    type: Literal["tool.called"] = "tool.called"
    specialist: str
    tool: str
    about: list[str] = Field(default_factory=list, description="Ids of the knowledge that the call is about; never words of the case.")


class ToolReturned(_Event):
    """A tool gave its result or failed."""

    type: Literal["tool.returned"] = "tool.returned"
    specialist: str
    tool: str
    ok: bool
    error: str = ""
    milliseconds: float


class EvidenceAdded(_Event):
    """A source was cited."""

    type: Literal["evidence.added"] = "evidence.added"
    source: str
    title: str


class Standing(Record):
    """One line of the ranking."""

    id: str
    en: str
    zh: str
    probability: Probability


class DifferentialUpdated(_Event):
    """The ranking as it stands."""

    type: Literal["differential.updated"] = "differential.updated"
    leading: list[Standing]
    must_not_miss: list[str]


class WorkupUpdated(_Event):
    """The tests that are recommended now, and the gates."""

    type: Literal["workup.updated"] = "workup.updated"
    recommended: list[str]
    shut: list[str] = Field(description="Tiers whose gate is shut.")
    price: float


class AlertRaised(_Event):
    """An alert."""

    type: Literal["alert.raised"] = "alert.raised"
    alert: Alert


class DocumentDrafted(_Event):
    """A draft is ready."""

    type: Literal["document.drafted"] = "document.drafted"
    kind: str
    title: str


class ModelDelta(_Event):
    """Words of a model, as they come."""

    type: Literal["model.delta"] = "model.delta"
    specialist: str
    section: str = ""
    text: str


class ModelCalled(_Event):
    """A request went to a model."""

    type: Literal["model.called"] = "model.called"
    specialist: str
    attempt: int = Field(ge=1)


class ModelReturned(_Event):
    """A model answered or failed."""

    type: Literal["model.returned"] = "model.returned"
    specialist: str
    attempt: int = Field(ge=1)
    ok: bool
    error: str = Field(default="", description="Kind of failure.")
    milliseconds: float


class ProposalReconciled(_Event):
    """What became of a model's proposal."""

    type: Literal["proposal.reconciled"] = "proposal.reconciled"
    specialist: str
    use: ModelUse


class ChallengeRaised(_Event):
    """The devil's advocate looked at the differential."""

    type: Literal["challenge.raised"] = "challenge.raised"
    leading: str = Field(description="Id of the diagnosis that was challenged.")
    doubts: list[Remark]


class ApprovalRequired(_Event):
    """The doctor's turn."""

    type: Literal["approval.required"] = "approval.required"
    questions: list[Question]
    documents: list[str]


class SpecialistFinished(_Event):
    """A specialist is done."""

    type: Literal["specialist.finished"] = "specialist.finished"
    specialist: str
    ok: bool
    milliseconds: float


class RunFinished(_Event):
    """Signed or rejected: the consultation is over."""

    type: Literal["run.finished"] = "run.finished"
    review: Literal["signed", "rejected"]


class RunFailed(_Event):
    """The run could not be carried out."""

    type: Literal["run.failed"] = "run.failed"
    reason: str


class RunPaused(_Event):
    """The run waits for the doctor."""

    type: Literal["run.paused"] = "run.paused"
    status: Literal["complete", "degraded"]


Event = Annotated[
    RunStarted
    | SpecialistStarted
    | FindingRecorded
    | ToolCalled
    | ToolReturned
    | EvidenceAdded
    | DifferentialUpdated
    | WorkupUpdated
    | AlertRaised
    | DocumentDrafted
    | ModelDelta
    | ModelCalled
    | ModelReturned
    | ProposalReconciled
    | ChallengeRaised
    | ApprovalRequired
    | SpecialistFinished
    | RunFinished
    | RunFailed
    | RunPaused,
    Field(discriminator="type"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
TERMINAL = (RunFinished, RunFailed, RunPaused)
