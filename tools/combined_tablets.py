"""A combined tablet that a note names beside its parts in the medication list is one tablet, not two."""

from __future__ import annotations

from yingzhi.clinical.presentation import Medication
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.formulary import Formulary


def one_tablet(given: int, medications: list[Medication], formulary: Formulary) -> list[Medication]:
    """The drugs without a combination from the note all of whose parts the record lists already.

    Args:
        given: How many of them, from the first on, are from the record; the others were read in the note.
        medications: All of them.
        formulary: The formulary.

    Returns:
        Those to check. A part that the note adds to a combination of the record stays: it may truly be taken twice.
    """
    listed = {match.drug for m in medications[:given] if (match := resolve_drug(m.name, formulary))}

    def doubled(medication: Medication) -> bool:
        match = resolve_drug(medication.name, formulary)
        parts = set(formulary.drugs[match.drug].ingredients) if match else set()
        return bool(parts) and parts <= listed

    return medications[:given] + [m for m in medications[given:] if not doubled(m)]
