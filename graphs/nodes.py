"""A specialist as a node of the graph: runs its playbook, asks its model, reconciles the two, tells what it does, survives its faults."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, Protocol

from langgraph.runtime import Runtime
from pydantic import BaseModel

from yingzhi.agents.models.session import Emit, Told
from yingzhi.agents.specialist import Desk, Resources, Specialist
from yingzhi.clinical.consultation import Fault
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.document import Documentation
from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.history import History
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.workup import Workup
from yingzhi.graphs.modelled import advised, challenged, recorder, session_of, taken_ahead, worked
from yingzhi.graphs.state import State
from yingzhi.graphs.views import view_of


class Node(Protocol):
    """What LangGraph takes for a node: it hands `runtime` over by keyword."""

    async def __call__(self, state: State, *, runtime: Runtime[Resources]) -> dict[str, Any]:
        """Give the update of the state."""
        ...


def node_of(specialist: Specialist) -> Node:
    """The node of a specialist."""

    async def node(state: State, *, runtime: Runtime[Resources]) -> dict[str, Any]:
        tell = _teller(specialist.name, runtime.stream_writer)
        tell([("specialist.started", {"specialist": specialist.name})])
        began = perf_counter()
        update: dict[str, Any]
        events: list[Told] = []
        try:
            update = await _work(specialist, state, runtime.context, tell)
        except CaseError:
            raise
        except Exception as error:  # one specialist's fault must not take the others' work away; it is named in the result
            fault = Fault(specialist=specialist.name, reason=type(error).__name__, version=state.get("version", 1))
            update = {"faults": [fault]}
        else:
            events += told(update[specialist.name])
        spent = round((perf_counter() - began) * 1000, 2)
        events.append(("specialist.finished", {"specialist": specialist.name, "ok": specialist.name in update, "milliseconds": spent}))
        tell(events)
        return update

    return node


async def challenge(state: State, *, runtime: Runtime[Resources]) -> dict[str, Any]:
    """The node of the devil's advocate; without a model it has nothing to say."""
    return await challenged(state, runtime.context, _at_once(_teller("challenge", runtime.stream_writer)))


Tell = Callable[[Sequence[Told]], None]


def _teller(specialist: str, write: Callable[[list[dict[str, Any]]], None]) -> Tell:
    """Tells events as one piece of the stream: the graph's way to its reader costs the same for one as for forty.

    `at` is the clock's reading (`perf_counter`) when it happened, or else when it was told: the reader comes by later.
    """

    def tell(events: Sequence[Told]) -> None:
        if events:
            at = perf_counter()
            own = {"specialist": specialist}
            write([{"type": kind, "at": at, **(own if kind.startswith("tool.") else {}), **fields} for kind, fields in events])

    return tell


def _at_once(tell: Tell) -> Emit:
    return lambda kind, fields: tell([(kind, fields)])


LONG = 10_000
"""Characters of a case from which on its playbooks run in a thread: a note of a ward's whole stay keeps nobody else's stream waiting."""


def _characters(state: State) -> int:
    case = state["presentation"]  # pyright: ignore[reportTypedDictNotRequiredAccess] - every run begins with one
    return len(case.text) + sum(len(r.text) for r in case.reports)


async def _work(specialist: Specialist, state: State, resources: Resources, tell: Tell) -> dict[str, Any]:
    session = session_of(resources)
    view = view_of(specialist, state, session)
    emit = _at_once(tell)
    base: BaseModel | None = taken_ahead(specialist, view, session, tell)
    if base is None:
        events: list[Told] = []
        try:
            desk = Desk(resources, recorder(events))
            long = _characters(state) > LONG
            base = (
                await asyncio.to_thread(worked, specialist, state, view, desk, session)
                if long
                else worked(specialist, state, view, desk, session)
            )
        finally:
            tell(events)
    update: dict[str, Any] = {specialist.name: base}
    if specialist.name == "differential" and (session is not None or "trusted" in state):  # without a model the two are one
        update["trusted"] = base
    if session is not None:
        result, uses = await advised(specialist, state, view, base, Desk(resources, emit), session, emit)
        update |= {specialist.name: result, "model_use": uses}
    return update


def told(result: object) -> list[Told]:
    """The events that a specialist's result gives rise to."""
    if isinstance(result, History):
        found: list[Told] = [("finding.recorded", {"finding": f}) for f in result.findings]
        return [*found, *(("alert.raised", {"alert": a}) for a in result.red_flags)]
    if isinstance(result, Differential):
        leading = [{"id": d.id, "en": d.en, "zh": d.zh, "probability": d.probability} for d in result.diagnoses[:10]]
        cited = [("evidence.added", {"source": c.id, "title": c.title}) for c in result.evidence]
        return [*cited, ("differential.updated", {"leading": leading, "must_not_miss": result.must_not_miss})]
    if isinstance(result, Workup):
        recommended = [t.id for r in result.rungs for t in r.tests if t.status == "recommended"]
        return [
            (
                "workup.updated",
                {"recommended": recommended, "shut": [r.tier for r in result.rungs if not r.open], "price": result.price_now},
            )
        ]
    if isinstance(result, TreatmentReview):
        return [("alert.raised", {"alert": a}) for a in result.alerts]
    if isinstance(result, Documentation):
        return [("document.drafted", {"kind": d.kind, "title": d.title}) for d in result.documents]
    return []
