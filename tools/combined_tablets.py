"""A combined tablet that a note merely names beside its parts in the medication list is one tablet; one said to be taken too is two."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from yingzhi.clinical.presentation import Medication
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.extraction import Mention
from yingzhi.tools.formulary import Formulary

_MORE_BEFORE = re.compile(
    r"\b(?:also|addition(?:al|ally)?|besides|plus|another|second|extra|further|together with|along with|add(?:s|ed)?|on top)\b[^.;,]{0,30}$"
    r"|(?:另|还|又|再|同时|此外|外加|加用|加服|加上|并|合用|联合|兼)[^，,。；;]{0,8}$",
    re.IGNORECASE,
)
_MORE_AFTER = re.compile(r"[^.;,。；，]{0,24}\b(?:as well|too|in addition|on top|besides|additionally)\b", re.IGNORECASE)


def merely_named(text: str, drugs: Sequence[Mention], formulary: Formulary) -> set[str]:
    """Combinations of which a note never says that they are taken besides, and none of whose parts it names too.

    Args:
        text: The note.
        drugs: Every mention of a drug in it.
        formulary: The formulary.
    """
    named = {m.id for m in drugs}
    more = {m.id for m in drugs if _is_one_more(text, m)}
    combined = {d for d in named if d in formulary.drugs and formulary.drugs[d].ingredients}
    return {d for d in combined - more if named.isdisjoint(formulary.drugs[d].ingredients)}


def _is_one_more(text: str, mention: Mention) -> bool:
    return bool(_MORE_BEFORE.search(text, max(0, mention.start - 48), mention.start) or _MORE_AFTER.match(text, mention.end))


def one_tablet(given: int, medications: list[Medication], formulary: Formulary, merely: Collection[str]) -> list[Medication]:
    """The drugs without a combination that the note merely names and all of whose parts the record lists already.

    Args:
        given: How many of them, from the first on, are from the record; the others were read in the note.
        medications: All of them.
        formulary: The formulary.
        merely: Ids of the combinations that the note merely names (`merely_named`).

    Returns:
        Those to check. A part that the note adds to a combination of the record stays, as does a combination that it says is taken
        besides: either may truly be taken twice.
    """
    if not merely:
        return medications
    listed = {match.drug for m in medications[:given] if (match := resolve_drug(m.name, formulary))}

    def doubled(medication: Medication) -> bool:
        match = resolve_drug(medication.name, formulary)
        return match is not None and match.drug in merely and set(formulary.drugs[match.drug].ingredients) <= listed

    return medications[:given] + [m for m in medications[given:] if not doubled(m)]
