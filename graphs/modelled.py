"""The model's part of a node: ask while the next playbooks are run ahead, then reconcile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from yingzhi.agents.models.loop import Task, prompt_text, propose
from yingzhi.agents.models.session import Ahead, Emit, Session, Told, open_session
from yingzhi.agents.models.verify import verified
from yingzhi.agents.proposals import (
    Challenge,
    DifferentialProposal,
    DocumentationProposal,
    HistoryProposal,
    PharmacologyProposal,
    WorkupProposal,
)
from yingzhi.agents.reconcile import (
    Ground,
    reconcile_challenge,
    reconcile_differential,
    reconcile_documentation,
    reconcile_history,
    reconcile_pharmacology,
    reconcile_workup,
)
from yingzhi.agents.reconcile.challenge import worth_challenging
from yingzhi.agents.reconcile.documentation import graver
from yingzhi.agents.specialist import Desk, Resources, Specialist, View
from yingzhi.agents.team import DIFFERENTIAL, DOCUMENTATION, PHARMACOLOGY, WORKUP
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.document import Documentation
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.remark import ModelUse, Remark
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.words import Language
from yingzhi.clinical.workup import Workup
from yingzhi.graphs.state import State
from yingzhi.graphs.views import view_of
from yingzhi.tools.differential import LIVE
from yingzhi.tools.rare import known_diseases
from yingzhi.tools.referral import refer
from yingzhi.tools.text import is_chinese

NEXT: Mapping[str, tuple[Specialist, ...]] = {"history": (DIFFERENTIAL, WORKUP, PHARMACOLOGY), "workup": (DOCUMENTATION,)}
"""Whose playbooks are run while a specialist's model is thinking: none of them waits for what the model says."""

SIDE_BY_SIDE = frozenset({WORKUP.name, PHARMACOLOGY.name})
"""Specialists whose results are not in the state yet while the other's model is thinking."""


HEAD_START = 0.006
"""Seconds a request has before the next playbooks are run."""


def session_of(resources: Resources) -> Session | None:
    """The run's session; one of its own for a caller who made none; None without a model."""
    if resources.models is None:
        return None
    return resources.session or open_session(resources.models)


def language_of(case: Presentation) -> Language:
    """The language of a case: as given, else that of its text."""
    return case.lang or ("zh" if is_chinese(case.text) else "en")


def worked(specialist: Specialist, state: State, view: View, desk: Desk, session: Session | None) -> BaseModel:
    """The playbook's result; beside a model, the level of care is the graver of what the doctor sees and what the playbook alone sees."""
    result = specialist.playbook(view, desk)
    if session is not None and isinstance(result, Documentation):
        return _with_level_of_care(result, state, session, desk.resources)
    return result


def taken_ahead(specialist: Specialist, view: View, session: Session | None, tell: Callable[[Sequence[Told]], None]) -> BaseModel | None:
    """The playbook's result if it was run ahead on exactly this view, its events told now; else None."""
    done = session.ahead.pop(specialist.name, None) if session else None
    if done is None or any(view.get(k) is not done.view.get(k) for k in specialist.reads):
        return None
    tell(done.events)
    return done.result


async def advised(
    specialist: Specialist, state: State, view: View, base: BaseModel, desk: Desk, session: Session, emit: Emit
) -> tuple[BaseModel, list[ModelUse]]:
    """The playbook's result with what the specialist's model adds, and what the model did."""
    _shelve(base, session)
    session.bases[specialist.name] = base
    task = _task(specialist, state, view, base)
    case: Presentation = task.view["presentation"]
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(propose(task, desk, session, emit))
        if specialist.name in NEXT and session.models.uses(specialist.name):
            group.create_task(_ahead(specialist, state, desk.resources, session))
    proposal, use = asked.result()
    if proposal is None:
        emit("proposal.reconciled", {"specialist": specialist.name, "use": use})
        return base, [use]
    ground = Ground(specialist.name, use.model, desk.resources, session.shelf)
    result = _reconciled(base, proposal, case, state, desk, session, ground)
    use = use.model_copy(update={"taken": ground.taken, "dropped": ground.dropped[:40]})
    said: list[Remark] = getattr(result, "remarks", [])
    if any(r.citations for r in said):
        said, use = await verified(said, session.shelf, task.language, session, emit, use)
        result = result.model_copy(update={"remarks": said})
    session.own[id(result)] = (result, base)
    emit("proposal.reconciled", {"specialist": specialist.name, "use": use})
    return result, [use]


def _reconciled(
    base: BaseModel, proposal: BaseModel, case: Presentation, state: State, desk: Desk, session: Session, ground: Ground
) -> BaseModel:
    resources = desk.resources
    if isinstance(base, History) and isinstance(proposal, HistoryProposal):
        return reconcile_history(base, proposal, case, ground)
    if isinstance(base, Differential) and isinstance(proposal, DifferentialProposal):
        trust = session.models.settings.trust
        return reconcile_differential(base, proposal, case, state["history"], ground, trust)  # pyright: ignore[reportTypedDictNotRequiredAccess]
    if isinstance(base, Workup) and isinstance(proposal, WorkupProposal):
        return reconcile_workup(base, proposal, _asked_for(state, resources), ground)
    if isinstance(base, TreatmentReview) and isinstance(proposal, PharmacologyProposal):
        return reconcile_pharmacology(base, proposal, case, state["history"], ground)  # pyright: ignore[reportTypedDictNotRequiredAccess]
    if isinstance(base, Documentation) and isinstance(proposal, DocumentationProposal):
        return reconcile_documentation(base, proposal, ground)
    return base


def _with_level_of_care(result: Documentation, state: State, session: Session, r: Resources) -> Documentation:
    own = view_of(DIFFERENTIAL, state, session)
    if "trusted" not in state or own["history"] is None:
        return result
    alone = refer(
        state["trusted"], own["history"].findings, own["history"].red_flags,
        known_diseases(state["trusted"].diagnoses, r.knowledge.diseases), r.knowledge.red_flags, r.model.ancestors,
        r.site.level if r.site else own["presentation"].setting,
    )  # fmt: skip
    return result.model_copy(update={"referral": graver(alone, result.referral)})


def _asked_for(state: State, r: Resources) -> frozenset[str]:
    """Tests that a live diagnosis names."""
    differential = state.get("differential")
    live = [d.id for d in differential.diagnoses if d.probability >= LIVE or d.id in differential.must_not_miss] if differential else []
    return frozenset(t.test for d in live if d in r.knowledge.diseases for t in r.knowledge.diseases[d].investigations)


def _shelve(base: BaseModel, session: Session) -> None:
    if isinstance(base, Differential):
        session.shelf.update({c.id: c for c in base.evidence})


def _task(specialist: Specialist, state: State, view: View, base: BaseModel) -> Task:
    case = state["presentation"]  # pyright: ignore[reportTypedDictNotRequiredAccess] - every run begins with one
    return Task(specialist.name, language_of(case), base, {"presentation": case, **view}, state.get("version", 1))


async def _ahead(after: Specialist, state: State, resources: Resources, session: Session) -> None:
    """Run the next playbooks in a thread, once the request is out: both want the interpreter, and the request goes first."""
    await asyncio.sleep(HEAD_START)
    await asyncio.to_thread(_run_ahead, after, state, resources, session)


def _run_ahead(after: Specialist, state: State, resources: Resources, session: Session) -> None:
    so_far: Any = {**state, **{n: r for n, r in session.bases.items() if n == after.name or {n, after.name} == SIDE_BY_SIDE}}
    for specialist in NEXT[after.name]:
        events: list[Told] = []
        view = view_of(specialist, so_far, session)
        try:
            result = worked(specialist, so_far, view, Desk(resources, recorder(events)), session)
        except Exception:  # its own node will run it again and name the fault
            return
        session.ahead[specialist.name] = Ahead(view, result, tuple(events))
        if session.models.uses(specialist.name):
            _shelve(result, session)
            session.prompts[specialist.name] = (result, prompt_text(_task(specialist, so_far, view, result), Desk(resources), session))
        so_far[specialist.name] = result
        if specialist.name == "differential":
            so_far["trusted"] = result


def recorder(events: list[Told]) -> Emit:
    """Keeps what would be told."""

    def record(kind: str, fields: Mapping[str, Any]) -> None:
        events.append((kind, fields))

    return record


async def challenged(state: State, resources: Resources, emit: Emit) -> dict[str, Any]:
    """The devil's advocate on the differential, if there is a model and the differential is close or dangerous."""
    session = session_of(resources)
    differential = state.get("differential")
    if session is None or differential is None or not worth_challenging(differential):
        return {"doubts": []}
    case = state["presentation"]  # pyright: ignore[reportTypedDictNotRequiredAccess] - every run begins with one
    task = Task("challenge", language_of(case), differential, {"presentation": case, **state}, state.get("version", 1))
    proposal, use = await propose(task, Desk(resources, emit), session, emit)
    doubts: list[Remark] = []
    if isinstance(proposal, Challenge):
        ground = Ground("challenge", use.model, resources, session.shelf)
        doubts = reconcile_challenge(proposal, language_of(case), ground)
        use = use.model_copy(update={"taken": ground.taken, "dropped": ground.dropped[:40]})
        doubts, use = await verified(doubts, session.shelf, task.language, session, emit, use)
        emit("challenge.raised", {"leading": differential.diagnoses[0].id, "doubts": doubts})
    return {"doubts": doubts, "model_use": [use] if use.outcome != "skipped" else []}
