"""Who is interrupted by what, and what an acknowledgement quiets."""

import pytest

from yingzhi.clinical.alert_board import AlertBoard, DrugRole, OverrideReason
from yingzhi.clinical.medication import DrugPatient, MedicationReview
from yingzhi.tools.alert_board import acknowledge, board
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.formulary import load_formulary

FORMULARY = load_formulary()
NAMES = ["warfarin", "aspirin", "doxycycline", "iron", "methotrexate", "co-trimoxazole"]


def review(names: list[str]) -> MedicationReview:
    return review_medications([], names, DrugPatient(sex="male", age=60, egfr=90), FORMULARY)


def presence(shown: AlertBoard, problem: str) -> str:
    return next(s.presence for s in shown.shown if s.problem.id == problem)


@pytest.mark.parametrize("role", ["prescriber", "pharmacist", "nurse"])
def test_nothing_is_left_out_for_any_reader(role: DrugRole) -> None:
    found = review(NAMES)
    shown = board(found, role)
    assert {s.problem.id for s in shown.shown} == {p.id for p in found.problems}
    assert shown.interrupting + shown.listed + shown.folded == len(found.problems)


def test_what_must_not_be_given_interrupts_everybody() -> None:
    found = review(NAMES)
    for role in ("prescriber", "pharmacist", "nurse"):
        stops = [s for s in board(found, role).shown if s.problem.tier == "stop"]
        assert stops
        assert all(s.presence == "interrupt" for s in stops)


def test_a_nurse_is_not_interrupted_by_what_the_prescriber_decides() -> None:
    found = review(NAMES)
    assert presence(board(found, "prescriber"), "additive-bleeding") == "interrupt"
    assert presence(board(found, "nurse"), "additive-bleeding") == "list"


def test_an_acknowledged_problem_is_quiet_until_something_changes() -> None:
    found = review(NAMES)
    seen = acknowledge(next(p for p in found.problems if p.id == "additive-bleeding"), "monitoring-in-place")
    quiet = next(s for s in board(found, "prescriber", [seen]).shown if s.problem.id == "additive-bleeding")
    assert (quiet.presence, quiet.acknowledged) == ("fold", "monitoring-in-place")
    more = review([*NAMES, "naproxen"])
    loud = next(s for s in board(more, "prescriber", [seen]).shown if s.problem.id == "additive-bleeding")
    assert (loud.presence, loud.acknowledged, loud.changed) == ("interrupt", None, True)


def test_an_acknowledgement_of_one_role_does_not_quiet_another() -> None:
    found = review(NAMES)
    seen = acknowledge(next(p for p in found.problems if p.id == "additive-bleeding"), "dose-adjusted", "nurse")
    assert presence(board(found, "pharmacist", [seen]), "additive-bleeding") == "interrupt"


@pytest.mark.parametrize(("reason", "presence_then"), [("tolerated-before", "interrupt"), ("specialist-advised", "list")])
def test_what_must_not_be_given_stays_in_sight_whatever_the_reason(reason: OverrideReason, presence_then: str) -> None:
    found = review(NAMES)
    stop = next(p for p in found.problems if p.tier == "stop")
    assert presence(board(found, "prescriber", [acknowledge(stop, reason)]), stop.id) == presence_then
