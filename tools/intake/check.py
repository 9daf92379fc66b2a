"""Is there a case to work on? Limits that hold for every way in."""

from __future__ import annotations

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.presentation import Presentation

LONGEST = 100_000
"""Characters of a note; a consultation's record is a few pages, a longer text is something else."""


def check_presentation(case: Presentation) -> None:
    """Refuse what can't be worked on.

    Raises:
        CaseError: Naming the field, without patient text.
    """
    if not (case.text.strip() or case.phenotypes.present or case.phenotypes.absent or case.reports or case.answers):
        raise CaseError("the case is empty: a note, a report, answers or phenotypes are needed", "text")
    if len(case.text) > LONGEST:
        raise CaseError(f"longer than {LONGEST:,} characters; give the note of one consultation", "text")
    for number, report in enumerate(case.reports):
        if len(report.text) > LONGEST:
            raise CaseError(f"longer than {LONGEST:,} characters", f"reports.{number}.text")
    control = sum(1 for c in case.text if ord(c) < 32 and c not in "\n\r\t")
    if control > 0.02 * max(len(case.text), 1) and control > 3:
        raise CaseError("is not text (binary data?)", "text")
