"""Patients as ids: whose they are, only the caller knows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field

from yingzhi.clinical.words import Record
from yingzhi.service.api.shapes import answers
from yingzhi.service.context import Here
from yingzhi.service.identity import Principal, allowed
from yingzhi.service.ids import PatientId

router = APIRouter(tags=["patients"])


class NewPatient(Record):
    """A patient's id."""

    id: str


class Erased(Record):
    """What was deleted."""

    consultations: int = Field(ge=0)


@router.post("/patients", status_code=201, responses=answers(401, 403, 429))
async def create_patient(here: Here, who: Annotated[Principal, Depends(allowed("patient.write"))]) -> NewPatient:
    """An id to keep a patient's consultations together; keep the mapping to your own record number with you."""
    return NewPatient(id=await here.records.add_patient(who))


@router.delete("/patients/{patient}", responses=answers(401, 403, 404, 422, 429))
async def delete_patient(here: Here, who: Annotated[Principal, Depends(allowed("consultation.delete"))], patient: PatientId) -> Erased:
    """Delete everything of a patient: consultations, events, versions, checkpoints. The audit keeps ids and acts."""
    return Erased(consultations=await here.records.erase_patient(who, patient))
