"""The state that a front end is shown: small, closed, and made from our own events; never the graph's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from yingzhi.clinical.alert import Alert, AlertLevel
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.finding import Question
from yingzhi.clinical.words import Record, Text
from yingzhi.graphs.events import (
    AlertRaised,
    ApprovalRequired,
    DifferentialUpdated,
    DocumentDrafted,
    Event,
    RunFailed,
    RunFinished,
    RunPaused,
    RunStarted,
    Standing,
    WorkupUpdated,
)
from yingzhi.service.wire import Status

LEADING = 10
CANCELLED = "cancelled"


class FrontAlert(Record):
    """What must not be overlooked."""

    id: str
    kind: str
    level: AlertLevel
    title: Text
    why: Text
    act: Text | None = None


class FrontWorkup(Record):
    """Which tests now."""

    recommended: list[str] = Field(description="Ids of the tests that are recommended now.")
    shut: list[str] = Field(description="Tiers whose gate is shut.")
    price: float = Field(description="Sum of the recommended tests in CNY.")


class FrontQuestion(Record):
    """Something worth asking or looking for; answered by the id of its finding."""

    finding: str
    ask: Text
    how: Literal["ask", "examine"]


class FrontDocument(Record):
    """A draft, by name; its text is at `GET /api/v1/consultations/{id}`."""

    kind: str
    title: str


class FrontState(Record):
    """Everything that STATE_SNAPSHOT and STATE_DELTA are about."""

    consultation: str = Field(description="Our id; a front end may take it for its threadId to come back to the consultation.")
    run: str = Field(default="", description="Our id of the run.")
    revision: int = Field(default=0, ge=0, description="Runs that have ended well.")
    status: Status = "queued"
    review: Literal["pending", "signed", "rejected"] = "pending"
    leading: list[Standing] = Field(default_factory=list, description="Diagnoses by probability, at most ten.")
    must_not_miss: list[str] = Field(default_factory=list, description="Ids of dangerous diagnoses that are still live.")
    alerts: list[FrontAlert] = Field(default_factory=list)
    workup: FrontWorkup | None = None
    questions: list[FrontQuestion] = Field(default_factory=list)
    documents: list[FrontDocument] = Field(default_factory=list)


def state_of(consultation: str, run: str, revision: int, status: Status, result: Consultation | None) -> FrontState:
    """The state of a consultation that has, or has not yet, a result."""
    state = FrontState(consultation=consultation, run=run, revision=revision, status=status)
    if result is None:
        return state
    workup = result.workup
    return state.model_copy(
        update={
            "review": result.review,
            "leading": [Standing(id=d.id, en=d.en, zh=d.zh, probability=d.probability) for d in result.differential[:LEADING]],
            "must_not_miss": result.must_not_miss,
            "alerts": [_alert(a) for a in result.alerts],
            "workup": None
            if workup is None
            else FrontWorkup(
                recommended=[t.id for r in workup.rungs for t in r.tests if t.status == "recommended"],
                shut=[r.tier for r in workup.rungs if not r.open],
                price=workup.price_now,
            ),
            "questions": [_question(q) for q in result.history.questions] if result.history else [],
            "documents": [FrontDocument(kind=d.kind, title=d.title) for d in result.documents],
        }
    )


def moved(state: FrontState, event: Event) -> FrontState:
    """The state after an event; one that says nothing of the state leaves it as it is.

    An alert of an earlier round stays in sight until the run has ended and the result says which still stand.
    """
    change = _CHANGES.get(type(event))
    return state if change is None else state.model_copy(update=change(state, event))


def patch(before: FrontState, after: FrontState) -> list[dict[str, Any]]:
    """The JSON Patch (RFC 6902) that leads from one state to the other: what is new at the end of a list is added, else a key replaced."""
    steps: list[dict[str, Any]] = []
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    for key, value in new.items():
        was = old[key]
        if was == value:
            continue
        if isinstance(value, list) and value[: len(was)] == was:
            steps += [{"op": "add", "path": f"/{key}/-", "value": item} for item in value[len(was) :]]
        else:
            steps.append({"op": "replace", "path": f"/{key}", "value": value})
    return steps


def _alert(alert: Alert) -> FrontAlert:
    return FrontAlert(id=alert.id, kind=alert.kind, level=alert.level, title=alert.title, why=alert.why, act=alert.act)


def _question(question: Question) -> FrontQuestion:
    return FrontQuestion(finding=question.finding, ask=question.ask, how=question.how)


def _alerted(state: FrontState, event: AlertRaised) -> dict[str, Any]:
    new = _alert(event.alert)
    same = [new if a.id == new.id else a for a in state.alerts]
    return {"alerts": same if any(a.id == new.id for a in state.alerts) else [*state.alerts, new]}


def _drafted(state: FrontState, event: DocumentDrafted) -> dict[str, Any]:
    new = FrontDocument(kind=event.kind, title=event.title)
    kept = [new if d.kind == new.kind else d for d in state.documents]
    return {"documents": kept if any(d.kind == new.kind for d in state.documents) else [*state.documents, new]}


def _tested(_: FrontState, event: WorkupUpdated) -> dict[str, Any]:
    return {"workup": FrontWorkup(recommended=event.recommended, shut=event.shut, price=event.price)}


def _failed(_: FrontState, event: RunFailed) -> dict[str, Any]:
    return {"status": "cancelled" if event.reason == CANCELLED else "failed"}


_CHANGES: dict[type, Callable[[FrontState, Any], dict[str, Any]]] = {
    RunStarted: lambda _, e: {"run": e.run, "status": "running"},
    DifferentialUpdated: lambda _, e: {"leading": e.leading, "must_not_miss": e.must_not_miss},
    WorkupUpdated: _tested,
    AlertRaised: _alerted,
    DocumentDrafted: _drafted,
    ApprovalRequired: lambda _, e: {"questions": [_question(q) for q in e.questions]},
    RunPaused: lambda _, e: {"status": "paused"},
    RunFinished: lambda _, e: {"status": "finished", "review": e.review},
    RunFailed: _failed,
}
