"""The drafts of a consultation: JSON, text, Word, FHIR."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.document import Document, DocumentKind
from yingzhi.clinical.words import Record
from yingzhi.service.api.shapes import answers
from yingzhi.service.context import Context, Here
from yingzhi.service.identity import Principal, allowed
from yingzhi.service.ids import ConsultationId
from yingzhi.service.problems import Problem, not_found

router = APIRouter(tags=["documents"])
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Form = Literal["json", "text", "docx", "fhir"]
Revision = Annotated[int | None, Query(ge=1, le=10**9, description="Which revision; the newest by default.")]


class Listed(Record):
    """A draft in the list."""

    kind: DocumentKind
    title: str
    status: Literal["draft", "signed"]


@router.get("/consultations/{consultation}/documents", responses=answers(401, 403, 404, 409, 422, 429))
async def list_documents(
    here: Here,
    who: Annotated[Principal, Depends(allowed("consultation.read"))],
    consultation: ConsultationId,
    revision: Revision = None,
) -> list[Listed]:
    """Which drafts there are."""
    result = await _result(here, who, consultation, revision)
    return [Listed(kind=d.kind, title=d.title, status=d.status) for d in result.documents]


@router.get(
    "/consultations/{consultation}/documents/{kind}",
    response_model=Document,
    responses=answers(401, 403, 404, 409, 422, 429)
    | {
        200: {
            "description": "The draft",
            "content": {
                "text/plain": {"schema": {"type": "string"}},
                DOCX: {"schema": {"type": "string", "format": "binary"}},
                "application/fhir+json": {"schema": {"type": "object"}},
            },
        }
    },
)
async def get_document(
    here: Here,
    who: Annotated[Principal, Depends(allowed("consultation.read"))],
    consultation: ConsultationId,
    kind: DocumentKind,
    format: Annotated[Form, Query(description="json, text, docx for Word, fhir a document Bundle.")] = "json",
    revision: Revision = None,
) -> Response:
    """A draft; each sentence says in JSON what of the state it rests on."""
    result = await _result(here, who, consultation, revision)
    draft = next((d for d in result.documents if d.kind == kind), None)
    if draft is None:
        raise not_found("document")
    if format == "text":
        return Response(draft.text(), media_type="text/plain; charset=utf-8")
    if format == "json":
        return Response(draft.model_dump_json(), media_type="application/json")
    at = here.resources.clock()
    if format == "fhir":
        from yingzhi.tools.documents.fhir import document_bundle

        return Response(await asyncio.to_thread(document_bundle, result, draft, at), media_type="application/fhir+json")
    from yingzhi.tools.documents.docx import docx_bytes

    whole = await asyncio.to_thread(docx_bytes, draft, result, at)
    return Response(whole, media_type=DOCX, headers={"Content-Disposition": f'attachment; filename="{kind}.docx"'})


async def _result(here: Context, who: Principal, consultation: str, revision: int | None) -> Consultation:
    view = await here.consultations.view(who, consultation, revision, act="document.read")
    if view.result is None:
        raise Problem(409, "The consultation has no result", f"it is {view.status}")
    return view.result
