"""What a specialist is shown of the state: what it declares to read, and nothing that rests on a model alone."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from pydantic import BaseModel

from yingzhi.agents.models.session import Session
from yingzhi.agents.reconcile import trusted, trusted_treatment, trusted_workup
from yingzhi.agents.specialist import Specialist, View
from yingzhi.clinical.history import History
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.workup import Workup
from yingzhi.graphs.state import State

Result = TypeVar("Result", bound=BaseModel)

AS_RANKED = frozenset({"documentation"})
"""Specialists that are shown the diagnoses as the doctor sees them, a model's bounded opinion among it; its words they are not shown."""


def view_of(specialist: Specialist, state: State, session: Session | None) -> View:
    """The specialist's view of the state."""
    view: dict[str, Any] = {key: state.get(key) for key in specialist.reads}
    if isinstance(history := view.get("history"), History):
        view["history"] = _own(history, session) or trusted(history)
    if isinstance(workup := view.get("workup"), Workup):
        view["workup"] = _own(workup, session) or trusted_workup(workup)
    if isinstance(review := view.get("pharmacology"), TreatmentReview):
        view["pharmacology"] = trusted_treatment(review, _own(review, session))
    if "differential" in view and "trusted" in state and specialist.name not in AS_RANKED:
        view["differential"] = state["trusted"]
    return view


def _own(result: Result, session: Session | None) -> Result | None:
    """The playbook's own result that this one was made from, if that was in this run."""
    kept = session.own.get(id(result)) if session else None
    return cast("Result", kept[1]) if kept is not None and kept[0] is result else None
