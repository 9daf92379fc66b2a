"""A specialist as a node of the graph: runs its playbook, tells what it does, survives its faults."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any, Protocol

from langgraph.runtime import Runtime

from yingzhi.agents.specialist import Desk, Resources, Specialist
from yingzhi.clinical.consultation import Fault
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.document import Documentation
from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.history import History
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.workup import Workup
from yingzhi.graphs.state import State


class Node(Protocol):
    """What LangGraph takes for a node: it hands `runtime` over by keyword."""

    async def __call__(self, state: State, *, runtime: Runtime[Resources]) -> dict[str, Any]:
        """Give the update of the state."""
        ...


def node_of(specialist: Specialist) -> Node:
    """The node of a specialist."""

    async def node(state: State, *, runtime: Runtime[Resources]) -> dict[str, Any]:
        write = runtime.stream_writer

        def emit(kind: str, fields: Mapping[str, Any]) -> None:
            extra = {"specialist": specialist.name} if kind.startswith("tool.") else {}
            write({"type": kind, **extra, **fields})

        emit("specialist.started", {"specialist": specialist.name})
        began = perf_counter()
        view = {key: state.get(key) for key in specialist.reads}
        update: dict[str, Any]
        try:
            result = specialist.playbook(view, Desk(runtime.context, emit))
        except CaseError:
            raise
        except Exception as error:  # one specialist's fault must not take the others' work away; it is named in the result
            update = {"faults": [Fault(specialist=specialist.name, reason=type(error).__name__)]}
        else:
            update = {specialist.name: result}
            for kind, fields in told(result):
                emit(kind, fields)
        emit(
            "specialist.finished",
            {"specialist": specialist.name, "ok": specialist.name in update, "milliseconds": round((perf_counter() - began) * 1000, 2)},
        )
        return update

    return node


def told(result: object) -> list[tuple[str, dict[str, Any]]]:
    """The events that a specialist's result gives rise to."""
    if isinstance(result, History):
        found: list[tuple[str, dict[str, Any]]] = [("finding.recorded", {"finding": f}) for f in result.findings]
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
