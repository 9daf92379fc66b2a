"""The state of a consultation: one key a specialist, and the doctor's acts."""

from __future__ import annotations

import operator
from typing import Annotated, TypedDict

from yingzhi.clinical.consultation import Fault, Review
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.document import Documentation
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.remark import ModelUse, Remark
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.workup import Workup


class State(TypedDict, total=False):
    """What a checkpoint holds. Only the named types come back from one (strict msgpack)."""

    presentation: Presentation
    version: int
    history: History
    differential: Differential
    workup: Workup
    pharmacology: TreatmentReview
    documentation: Documentation
    trusted: Differential
    """Beside a model, the differential of the playbook alone: gates, drug verdicts and the level of care are made from it."""
    doubts: list[Remark]
    model_use: Annotated[list[ModelUse], operator.add]
    """As `faults`; each says which round it belongs to."""
    faults: Annotated[list[Fault], operator.add]
    """Workup and pharmacology run side by side and both may fail, hence the reducer."""
    reviews: list[Review]
    outcome: str
