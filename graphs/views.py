"""What a specialist is shown of the state: what it declares to read, and for a playbook nothing that rests on a model alone."""

from __future__ import annotations

from typing import Any

from yingzhi.agents.models.session import Session
from yingzhi.agents.reconcile import trusted
from yingzhi.agents.specialist import Specialist, View
from yingzhi.clinical.history import History
from yingzhi.graphs.state import State

AS_IT_STANDS = frozenset({"documentation"})
"""Specialists that write down what the doctor sees, a model's suspicions among it, marked as such."""


def view_of(specialist: Specialist, state: State, session: Session | None) -> View:
    """The specialist's view of the state."""
    view: dict[str, Any] = {key: state.get(key) for key in specialist.reads}
    if specialist.name in AS_IT_STANDS:
        return view
    if isinstance(history := view.get("history"), History):
        view["history"] = _own(history, session)
    if "differential" in view and "trusted" in state:
        view["differential"] = state["trusted"]
    return view


def _own(history: History, session: Session | None) -> History:
    kept = session.own.get(id(history)) if session else None
    if kept is not None and kept[0] is history and isinstance(kept[1], History):
        return kept[1]
    return trusted(history)
