"""The words that every drug model uses: how bad, how strong, by which route, and what a rule may ask of a patient."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from yingzhi.knowledge.models import Bilingual, Id, Strict

Harm = Literal["contraindicated", "major", "moderate", "minor"]
"""How bad: never together, avoid or act now, watch or adjust, know it."""

Level = Annotated[int, Field(ge=0, le=3)]
"""0 = not at all (takes back what the class says), 1 = weak or possible, 2 = moderate or known, 3 = strong or high."""

Sensitivity = Annotated[int, Field(ge=0, le=4)]
"""How far exposure follows the pathway: 1 minor, 2 moderate, 3 sensitive or narrow, 4 so sensitive that a strong inhibitor is forbidden."""

Term = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*(>=[1-4])?$")]
"""A drug, class, effect, or `<pathway>-substrate|inhibitor|inducer`, with the least level: `methotrexate`, `nsaid`, `qt>=2`."""

Route = Literal[
    "oral", "sublingual", "buccal", "iv", "im", "sc", "transdermal",
    "topical", "inhaled", "nasal", "ophthalmic", "otic", "vaginal", "rectal", "intralesional",
]  # fmt: skip
LOCAL_ROUTES: frozenset[str] = frozenset({"topical", "inhaled", "nasal", "ophthalmic", "otic", "vaginal", "rectal", "intralesional"})
"""Routes whose systemic exposure is negligible unless the drug says otherwise."""


class PatientRule(Strict):
    """A reason in the patient against a drug. All fields that are given have to hold."""

    any_of: tuple[Id, ...] = ()
    """Conditions, of which one is enough."""
    egfr_below: float | None = None
    """mL/min/1.73 m²."""
    age_below: float | None = None
    age_from: float | None = None
    """Years."""
    sex: Literal["female", "male"] | None = None
    severity: Harm
    risk: Bilingual
    act: Bilingual
    local: bool = False
    """Holds on the skin or another local route too."""
    source: Id
