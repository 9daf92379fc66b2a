"""What a specialist is shown of the state: what it declares to read, and nothing that rests on a model alone."""

from __future__ import annotations

from typing import Any

from yingzhi.agents.models.session import Session
from yingzhi.agents.reconcile import trusted, trusted_treatment, trusted_workup
from yingzhi.agents.specialist import Specialist, View
from yingzhi.clinical.history import History
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.workup import Workup
from yingzhi.graphs.state import State

AS_RANKED = frozenset({"documentation"})
"""Specialists that are shown the diagnoses as the doctor sees them, a model's bounded opinion among it; its words they are not shown."""


def view_of(specialist: Specialist, state: State, session: Session | None) -> View:
    """The specialist's view of the state."""
    view: dict[str, Any] = {key: state.get(key) for key in specialist.reads}
    if isinstance(history := view.get("history"), History):
        view["history"] = _own(history, session)
    if isinstance(workup := view.get("workup"), Workup):
        view["workup"] = trusted_workup(workup)
    if isinstance(review := view.get("pharmacology"), TreatmentReview):
        view["pharmacology"] = trusted_treatment(review)
    if "differential" in view and "trusted" in state and specialist.name not in AS_RANKED:
        view["differential"] = state["trusted"]
    return view


def _own(history: History, session: Session | None) -> History:
    kept = session.own.get(id(history)) if session else None
    if kept is not None and kept[0] is history and isinstance(kept[1], History):
        return kept[1]
    return trusted(history)
