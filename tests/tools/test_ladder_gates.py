from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any, Literal

from hypothesis import given
from hypothesis import strategies as st

from yingzhi.agents.differential import weigh
from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.agents.workup import bench_of
from yingzhi.clinical.alert import Alert
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import TIERS, Text, Tier
from yingzhi.clinical.workup import Rung
from yingzhi.tools.gates import ALWAYS_OPEN, Gate, gate
from yingzhi.tools.ladder import build_workup
from yingzhi.tools.observations import rank_record

CONFIDENCE: tuple[Literal["none", "low", "moderate", "high"], ...] = ("none", "low", "moderate", "high")
INVASIVE: tuple[Tier, ...] = ("minor-invasive", "invasive-or-costly")
FLAG = Alert(id="x", kind="red-flag", level="critical", title=Text(en="Shock", zh="休克"), why=Text(en="w", zh="为"))
TISSUE = Finding(id="h", en="h", zh="组织", kind="histology", status="present")

STATES = st.fixed_dictionaries(
    {
        "confidence": st.integers(0, 3),
        "converged": st.booleans(),
        "tissue": st.booleans(),
        "emergency": st.booleans(),
        "dangerous": st.booleans(),
    }
)


def opened(tier: Tier, state: dict[str, Any]) -> bool:
    return decided(tier, state).open


def decided(tier: Tier, state: dict[str, Any]) -> Gate:
    differential = Differential(
        diagnoses=[], must_not_miss=[], other=0.1, confidence=CONFIDENCE[state["confidence"]], converged=state["converged"]
    )
    return gate(
        tier,
        differential,
        [TISSUE] if state["tissue"] else [],
        [FLAG] if state["emergency"] else [],
        [Text(en="Pemphigus", zh="天疱疮")] if state["dangerous"] else [],
    )


@given(less=STATES, more=STATES)
def test_more_certainty_more_results_or_more_danger_never_shut_a_gate(less: dict[str, Any], more: dict[str, Any]) -> None:
    higher = {key: max(less[key], more[key]) for key in less}
    for tier in TIERS:
        assert opened(tier, higher) >= opened(tier, less)


@given(state=STATES)
def test_no_invasive_gate_opens_before_the_field_has_narrowed_unless_a_red_flag_or_a_danger_asks(state: dict[str, Any]) -> None:
    for tier in INVASIVE:
        if opened(tier, state):
            assert state["converged"] or state["dangerous"]


@given(state=STATES)
def test_a_red_flag_opens_the_blood_gate_whatever_is_known_and_names_itself(state: dict[str, Any]) -> None:
    passed = decided("blood", {**state, "emergency": True})
    assert passed.open
    assert passed.by == "red-flag"
    assert "Shock" in passed.why.en
    assert "休克" in passed.why.zh


def test_a_gate_that_is_shut_says_in_both_languages_why_and_what_opens_it() -> None:
    for confidence, converged, tissue, emergency, dangerous in product(range(4), *[(False, True)] * 4):
        state = {"confidence": confidence, "converged": converged, "tissue": tissue, "emergency": emergency, "dangerous": dangerous}
        for tier in TIERS:
            passed = decided(tier, state)
            assert passed.why.en
            assert passed.why.zh
            assert (passed.when is None) == passed.open
            assert bool(passed.by) == passed.open


def test_harmless_tiers_are_open_even_where_nothing_is_known() -> None:
    state = {"confidence": 0, "converged": False, "tissue": False, "emergency": False, "dangerous": False}
    assert [t for t in TIERS if opened(t, state)] == list(ALWAYS_OPEN)


AMYLOID = (
    "A 63-year-old man has bruises round the eyes after coughing, waxy papules on the eyelids, a large tongue with tooth marks, "
    "numb feet, ankle swelling, weight loss. Urine protein 3+."
)


def test_a_red_flag_opens_the_costly_gate_only_for_what_it_points_to_or_nothing_cheaper_settles(resources: Resources) -> None:
    case, desk = Presentation(text=AMYLOID), Desk(resources)
    history = read_record({"presentation": case}, desk)
    differential = weigh({"presentation": case, "history": history}, desk)
    assert differential.diagnoses[0].id == "systemic-amyloidosis"
    ranking, bench = rank_record(resources.model, history, case.setting), bench_of(case, history, resources)

    def costly(pointed: frozenset[str]) -> Rung:
        return build_workup(ranking, differential, history.findings, [FLAG], replace(bench, pointed=pointed)).rungs[-1]

    assert not costly(frozenset({"sjs-ten"})).open
    assert costly(frozenset({"systemic-amyloidosis"})).opened_by == "red-flag"
