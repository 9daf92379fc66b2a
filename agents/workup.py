"""Workup (检查路径): which test next, behind which gate, at what price and risk."""

from __future__ import annotations

from yingzhi.agents.specialist import Desk, Specialist, View
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.workup import Workup
from yingzhi.tools.differential import LIVE
from yingzhi.tools.ladder import build_workup
from yingzhi.tools.observations import rank_record


def plan_workup(view: View, desk: Desk) -> Workup:
    """The playbook: the ladder for the current differential."""
    case: Presentation = view["presentation"]
    history: History = view["history"]
    differential: Differential = view["differential"]
    r = desk.resources
    ranking = rank_record(r.model, history, case.setting)
    return desk.call_about(
        [d.id for d in differential.diagnoses if d.probability >= LIVE or d.id in differential.must_not_miss],
        build_workup,
        r.model,
        ranking,
        differential,
        history.findings,
        history.red_flags,
        r.knowledge.diseases,
        r.knowledge.investigations,
        r.knowledge.findings,
        case.setting,
    )


WORKUP = Specialist(
    name="workup",
    zh="检查路径",
    result=Workup,
    reads=("presentation", "history", "differential"),
    tools=(build_workup,),
    playbook=plan_workup,
)
