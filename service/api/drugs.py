"""Drug safety alone."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from yingzhi.clinical.medication import DrugPatient, MedicationReview
from yingzhi.clinical.presentation import Medication
from yingzhi.clinical.words import Record
from yingzhi.service import audit
from yingzhi.service.api.shapes import answers
from yingzhi.service.context import Here
from yingzhi.service.identity import Principal, allowed
from yingzhi.tools.contraindications import review_medications

router = APIRouter(tags=["drugs"])


class DrugCheck(Record):
    """Drugs to be checked."""

    proposed: list[Medication] = Field(default_factory=list, max_length=100, description="Drugs that are considered.")
    current: list[Medication] = Field(default_factory=list, max_length=100, description="Drugs that are taken.")
    patient: DrugPatient = Field(default_factory=DrugPatient, description="What is known of the patient.")


@router.post("/drugs/check", responses=answers(401, 403, 422, 429))
async def check_drugs(here: Here, who: Annotated[Principal, Depends(allowed("drugs.check"))], check: DrugCheck) -> MedicationReview:
    """Judge drugs against one another and against the patient; what could not be checked is named."""
    review = await asyncio.to_thread(review_medications, check.proposed, check.current, check.patient, here.resources.formulary)
    await here.database.write(lambda db: audit.record(db, who, "drugs.check"))
    return review
