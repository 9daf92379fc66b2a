"""The shape of the rules on treatments without a drug: what in a patient speaks against light or a procedure."""

from __future__ import annotations

from typing import Literal

from yingzhi.knowledge.models import Bilingual, Id, Strict


class MeasureRule(Strict):
    """A reason against a measure. One of the conditions, or one of the drugs, is enough."""

    id: Id
    routes: tuple[Literal["phototherapy", "procedure"], ...]
    any_of: tuple[Id, ...] = ()
    """Conditions or diseases; one that is itself being treated does not count."""
    taking: tuple[str, ...] = ()
    """Drugs, classes or traits (`photosensitivity>=2`) of what is taken other than on the skin."""
    suitable: Literal["no", "caution"]
    why: Bilingual
    source: Id
