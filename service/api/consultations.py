"""Begin a consultation, look at it, act on it, end its run, delete it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Header, Query, Response
from pydantic import Field

from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Record
from yingzhi.service.api.shapes import ACT_EXAMPLES, BUSY, EXAMPLES, answers
from yingzhi.service.context import Here
from yingzhi.service.identity import Principal, allowed
from yingzhi.service.ids import ConsultationId
from yingzhi.service.problems import Problem
from yingzhi.service.wire import PATIENT, Act, Admitted, NewConsultation, Page, Status, View, pattern
from yingzhi.tools.intake.read import case_from

router = APIRouter(tags=["consultations"])


class NewCase(Record):
    """A case, in one of the forms that are read."""

    case: Presentation | None = Field(default=None, description="The case: at least its note.")
    bundle: dict[str, Any] | None = Field(default=None, description="A FHIR R4B Bundle instead.")
    phenopacket: dict[str, Any] | None = Field(default=None, description="A GA4GH phenopacket instead.")
    patient_id: str | None = Field(default=None, pattern=pattern(PATIENT), description="Id from `POST /patients`.")
    if_full: Literal["refuse"] = Field(default="refuse", description="What happens when too many are at work: 429.")


@router.post("/consultations", status_code=202, responses=answers(401, 403, 422, 429))
async def create_consultation(
    here: Here,
    who: Annotated[Principal, Depends(allowed("consultation.create"))],
    new: Annotated[NewCase, Body(openapi_examples=EXAMPLES)],
    response: Response,
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=200, description="The same key with the same body gives the same consultation.")
    ] = None,
) -> Admitted:
    """Take a case in. Once this answers, it will be worked on, whatever happens to the server."""
    case = _case(new) if new.case is not None else await asyncio.to_thread(_case, new)  # a megabyte of FHIR takes long to read
    given = NewConsultation(case=case, patient_id=new.patient_id)
    admitted = await here.consultations.create(who, given, key=idempotency_key)
    response.headers["Location"] = f"/api/v1/consultations/{admitted.id}"
    return admitted


def _case(new: NewCase) -> Presentation:
    forms = [f for f in (new.case, new.bundle, new.phenopacket) if f is not None]
    if len(forms) != 1:
        raise Problem(422, "The request is not as it should be", "give one of case, bundle, phenopacket", field="case")
    return new.case if new.case is not None else case_from(new.bundle or new.phenopacket or {})


@router.get("/consultations", responses=answers(401, 403, 422, 429))
async def list_consultations(
    here: Here,
    who: Annotated[Principal, Depends(allowed("consultation.read"))],
    patient: Annotated[str | None, Query(pattern=pattern(PATIENT), description="Only this patient's.")] = None,
    status: Annotated[Status | None, Query(description="Only those that stand so.")] = None,
    after: Annotated[str | None, Query(max_length=80, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Page:
    """The tenant's consultations, newest first."""
    return await here.records.page(who, patient=patient, status=status, after=after, limit=limit)


@router.get("/consultations/{consultation}", response_model=View, responses=answers(401, 403, 404, 422, 429))
async def get_consultation(
    here: Here, who: Annotated[Principal, Depends(allowed("consultation.read"))], consultation: ConsultationId
) -> Response:
    """The consultation as it stands, with the result of its newest revision."""
    return Response(await here.consultations.view_json(who, consultation), media_type="application/json")


@router.post("/consultations/{consultation}/acts", status_code=202, responses=answers(401, 403, 404, 409, 422, 429))
async def act_on_consultation(
    here: Here,
    who: Annotated[Principal, Depends(allowed("consultation.answer"))],
    consultation: ConsultationId,
    act: Annotated[Act, Body(openapi_examples=ACT_EXAMPLES)],
) -> Admitted:
    """The doctor's act: answer questions, add results or words, edit a draft, reject, sign."""
    return await here.consultations.act(who, consultation, act)


@router.post("/consultations/{consultation}/cancel", status_code=204, responses=answers(401, 403, 404, 422, 429))
async def cancel_run(here: Here, who: Annotated[Principal, Depends(allowed("consultation.answer"))], consultation: ConsultationId) -> None:
    """End what is at work; the consultation stays as it was before."""
    await here.consultations.cancel(who, consultation)


@router.post("/consultations/{consultation}/retry", status_code=202, responses=answers(401, 403, 404, 409, 422, 429) | BUSY)
async def retry_consultation(
    here: Here, who: Annotated[Principal, Depends(allowed("consultation.create"))], consultation: ConsultationId
) -> Admitted:
    """Begin a consultation again whose first run failed or was cancelled."""
    return await here.consultations.retry(who, consultation)


@router.delete("/consultations/{consultation}", status_code=204, responses=answers(401, 403, 404, 422, 429))
async def delete_consultation(
    here: Here, who: Annotated[Principal, Depends(allowed("consultation.delete"))], consultation: ConsultationId
) -> None:
    """Delete everything of a consultation; the audit keeps that it was."""
    await here.records.erase_consultation(who, consultation)
