"""Who is interrupted by what, and what an acknowledgement quiets. Pure: the caller keeps the acknowledgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yingzhi.clinical.alert_board import Acknowledgement, AlertBoard, DrugRole, OverrideReason, Presence, ShownProblem
from yingzhi.clinical.medication import AlertTier, DrugProblem, MedicationReview

PRESENCE: Mapping[DrugRole, Mapping[AlertTier, Presence]] = {
    "prescriber": {"stop": "interrupt", "decide": "interrupt", "watch": "list", "note": "fold"},
    "pharmacist": {"stop": "interrupt", "decide": "interrupt", "watch": "list", "note": "list"},
    "nurse": {"stop": "interrupt", "decide": "list", "watch": "list", "note": "fold"},
}
"""The prescriber decides, the pharmacist verifies, the nurse gives: each is interrupted only by what that task has to settle."""

NO_EXCUSE: frozenset[OverrideReason] = frozenset({"tolerated-before", "short-course"})
"""Reasons that do not quiet what must not be given at all."""
ORDER: Mapping[Presence, int] = {"interrupt": 0, "list": 1, "fold": 2}


def board(review: MedicationReview, role: DrugRole = "prescriber", acknowledged: Sequence[Acknowledgement] = ()) -> AlertBoard:
    """The problems of a review as one reader sees them.

    Args:
        review: The review.
        role: Who reads.
        acknowledged: What was acknowledged before, by any reader of the same role. One whose fingerprint no longer fits
            is not followed: a drug, a severity, a reason or the advice has changed.

    Returns:
        Every problem. An acknowledged one no longer interrupts; one of tier `stop` stays in the list for all to see.
    """
    known = {(a.problem, a.role): a for a in acknowledged}
    shown = [shown_to(p, role, known.get((p.id, role))) for p in review.problems]
    counts = [s.presence for s in shown]
    return AlertBoard(
        role=role,
        shown=sorted(shown, key=lambda s: ORDER[s.presence]),
        interrupting=counts.count("interrupt"),
        listed=counts.count("list"),
        folded=counts.count("fold"),
    )


def shown_to(problem: DrugProblem, role: DrugRole, seen: Acknowledgement | None) -> ShownProblem:
    """One problem as a reader sees it.

    Args:
        problem: The problem.
        role: Who reads.
        seen: What a reader of this role acknowledged of it before; followed only while the fingerprint fits.
    """
    presence = PRESENCE[role][problem.tier]
    if seen is None:
        return ShownProblem(problem=problem, presence=presence)
    if seen.fingerprint != problem.fingerprint:
        return ShownProblem(problem=problem, presence=presence, changed=True)
    if problem.tier == "stop" and seen.reason in NO_EXCUSE:
        return ShownProblem(problem=problem, presence=presence)
    quiet: Presence = "list" if problem.tier == "stop" else "fold"
    return ShownProblem(problem=problem, presence=quiet, acknowledged=seen.reason)


def acknowledge(problem: DrugProblem, reason: OverrideReason, role: DrugRole = "prescriber") -> Acknowledgement:
    """An acknowledgement of a problem as it is now."""
    return Acknowledgement(problem=problem.id, fingerprint=problem.fingerprint, reason=reason, role=role)
