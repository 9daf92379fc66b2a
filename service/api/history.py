"""What a consultation was before: versions, checkpoints, and branches from either."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from yingzhi.clinical.consultation import Consultation
from yingzhi.service.api.shapes import answers
from yingzhi.service.context import Here
from yingzhi.service.identity import Principal, allowed
from yingzhi.service.ids import ConsultationId
from yingzhi.service.wire import Branch, Checkpoint, Item, Version, View

router = APIRouter(tags=["history"])


@router.get("/consultations/{consultation}/versions", responses=answers(401, 403, 404, 422, 429))
async def list_versions(
    here: Here, who: Annotated[Principal, Depends(allowed("consultation.read"))], consultation: ConsultationId
) -> list[Version]:
    """Every version, oldest first; none is ever changed."""
    return await here.records.versions(who, consultation)


@router.get("/consultations/{consultation}/versions/{revision}", response_model=View, responses=answers(401, 403, 404, 422, 429))
async def get_version(
    here: Here,
    who: Annotated[Principal, Depends(allowed("consultation.read"))],
    consultation: ConsultationId,
    revision: Annotated[int, Path(ge=1, le=10**9)],
) -> Response:
    """The consultation as a version has it."""
    return Response(await here.consultations.view_json(who, consultation, revision), media_type="application/json")


@router.get("/consultations/{consultation}/checkpoints", responses=answers(401, 403, 404, 422, 429))
async def list_checkpoints(
    here: Here, who: Annotated[Principal, Depends(allowed("consultation.read"))], consultation: ConsultationId
) -> list[Checkpoint]:
    """The states that the graph was in, newest first."""
    return await here.records.checkpoints(who, consultation)


@router.get("/consultations/{consultation}/checkpoints/{checkpoint}", responses=answers(401, 403, 404, 422, 429))
async def get_checkpoint(
    here: Here,
    who: Annotated[Principal, Depends(allowed("consultation.read"))],
    consultation: ConsultationId,
    checkpoint: Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")],
) -> Consultation:
    """The consultation as it was at a checkpoint."""
    return await here.records.at(who, consultation, checkpoint)


@router.post("/consultations/{consultation}/branches", status_code=201, responses=answers(401, 403, 404, 409, 422, 429))
async def branch_consultation(
    here: Here, who: Annotated[Principal, Depends(allowed("consultation.create"))], consultation: ConsultationId, place: Branch
) -> Item:
    """A new consultation that begins at a version or checkpoint of this one, which is not changed."""
    return await here.records.branch(who, consultation, place)
