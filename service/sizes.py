"""How much of a case is taken in: one that is larger would keep the processor from everybody else's."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from yingzhi.clinical.consultation import Review
from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.presentation import Presentation
from yingzhi.tools.intake import check_presentation

MOST: Mapping[str, int] = {
    "medications": 100,
    "reports": 200,
    "answers": 2000,
    "phenotypes.present": 500,
    "phenotypes.absent": 500,
    "patient.allergies": 200,
    "patient.conditions": 200,
    "acknowledged": 200,
}
"""Entries of a list: each drug is held against each other, each finding against each disease."""
BYTES = 600_000
"""Of everything as JSON: 200,000 Chinese characters."""


def check_size(case: Presentation) -> None:
    """Refuse a case that is too large.

    Raises:
        CaseError: Naming the field; the whole has none.
    """
    for field, most in MOST.items():
        if len(attrgetter(field)(case)) > most:
            raise CaseError(f"more than {most:,} entries", field)
    if len(case.model_dump_json().encode()) > BYTES:
        raise CaseError(f"the case is larger than {BYTES:,} bytes in all", "")


def check_addition(review: Review) -> None:
    """Refuse an act that brings too much, or what is not text, as a case would be.

    Raises:
        CaseError: Naming the field of the act.
    """
    more = Presentation(text=review.note, reports=review.reports, answers=review.answers, acknowledged=review.acknowledged)
    try:
        check_size(more)
        if review.note.strip() or review.reports or review.answers:
            check_presentation(more)
    except CaseError as error:
        field = "note" if error.field == "text" else error.field
        raise CaseError(str(error).removeprefix(f"{error.field}: "), field) from None
