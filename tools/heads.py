"""The lesion that a wording names besides what it is a wording of: "pearly nodule" speaks of a nodule too.

The longest wording hides the shorter ones inside it, so a lesion at its end would be lost where the finding does not imply it.
"""

from __future__ import annotations

from collections.abc import Mapping

from yingzhi.knowledge.models import FindingTerm
from yingzhi.tools.text import fold_phrase

KINDS = frozenset({"morphology", "colour", "arrangement", "symptom"})
HEADS: Mapping[str, str] = {
    "papule": "papule",
    "plaque": "plaque",
    "nodule": "nodule",
    "patch": "patch",
    "vesicle": "vesicle",
    "pustule": "pustule",
    "weal": "weal",
    "wheal": "weal",
    "ulcer": "ulcer",
    "丘疹": "papule",
    "斑块": "plaque",
    "结节": "nodule",
    "斑片": "patch",
    "水疱": "vesicle",
    "脓疱": "pustule",
    "溃疡": "ulcer",
    "风团": "weal",
    "鳞屑": "scale",
}
"""Last word of a wording to the finding that it names."""


def lesion_heads(wording: str, term: FindingTerm, terms: Mapping[str, FindingTerm]) -> tuple[str, ...]:
    """Findings that the end of a wording names and the finding itself does not imply.

    Args:
        wording: One wording of the finding; gapped ones hide nothing and have none.
        term: The finding.
        terms: All findings by id.
    """
    if term.kind not in KINDS or " .. " in wording or " ~ " in wording:
        return ()
    words = fold_phrase(wording).split()
    ends = ("".join(words[-2:]), words[-1]) if len(words) > 2 or (len(words) == 2 and words[-1].isascii()) else ()
    implied = _implied(term, terms) | {term.id}
    return tuple(HEADS[end] for end in ends if end in HEADS and HEADS[end] not in implied and HEADS[end] in terms)


def _implied(term: FindingTerm, terms: Mapping[str, FindingTerm]) -> set[str]:
    found: set[str] = set()
    layer = set(term.parents)
    while layer:
        found |= layer
        layer = {p for f in layer if f in terms for p in terms[f].parents} - found
    return found
