"""The endpoints of CDS Hooks 2.0: discovery, the call of a service, feedback."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response

from yingzhi.clinical.words import Language
from yingzhi.service import audit
from yingzhi.service.api.shapes import answers
from yingzhi.service.cds.cards import issue
from yingzhi.service.cds.examples import CALLS, FEEDBACK
from yingzhi.service.cds.feedback import add_feedback, note_cards
from yingzhi.service.cds.language import language_of
from yingzhi.service.cds.services import Offer, discovery, offer_of
from yingzhi.service.cds.wire import CdsRequest, CdsResponse, Discovery, FeedbackReceipt, FeedbackRequest
from yingzhi.service.context import Here
from yingzhi.service.identity import Principal, allowed
from yingzhi.service.problems import Problem, not_found

router = APIRouter(prefix="/cds-services", tags=["CDS Hooks"])
Who = Annotated[Principal, Depends(allowed("cds.call"))]
ServiceId = Annotated[str, Path(max_length=64, description="Id of the service, as the discovery lists it.")]


def reader_language(response: Response, accept_language: Annotated[str | None, Header(max_length=1000)] = None) -> Language:
    """The reader's language, which the answer then names."""
    lang = language_of(accept_language)
    response.headers["Content-Language"] = "zh-Hans" if lang == "zh" else "en"
    response.headers["Vary"] = "Accept-Language"
    response.headers["Cache-Control"] = "no-store"
    return lang


Lang = Annotated[Language, Depends(reader_language)]


@router.get("", response_model_exclude_none=True, responses=answers(401, 403, 429))
async def discover(who: Who, lang: Lang) -> Discovery:
    """The services, their hooks, and what they ask a client to prefetch."""
    return discovery(lang)


@router.post("/{service}", response_model_exclude_none=True, responses=answers(401, 403, 404, 412, 422, 429))
async def call(here: Here, who: Who, lang: Lang, service: ServiceId, request: Annotated[CdsRequest, CALLS]) -> CdsResponse:
    """Cards for the record or the draft orders at hand; the client's FHIR server is never called."""
    offer = _offer(service)
    missing = next((key for key in offer.needs if key not in request.prefetch), None)
    if missing is not None:
        raise Problem(412, "Data is missing", "it has to be prefetched: no FHIR server is called from here", field=f"prefetch.{missing}")
    cards = await asyncio.to_thread(issue, offer.id, request, here.resources, lang)

    def noted(db: sqlite3.Connection) -> None:
        note_cards(db, who.tenant, offer.id, cards, time.time())
        audit.record(db, who, "cds.call", entity=offer.id)

    await here.database.write(noted)
    return CdsResponse(cards=tuple(one.card for one in cards))


@router.post("/{service}/feedback", responses=answers(401, 403, 404, 422, 429))
async def feedback(here: Here, who: Who, service: ServiceId, given: Annotated[FeedbackRequest, FEEDBACK]) -> FeedbackReceipt:
    """What became of cards; a comment is kept only with identifiers taken out."""
    offer = _offer(service)

    def noted(db: sqlite3.Connection) -> None:
        add_feedback(db, who.tenant, offer.id, given.feedback, time.time())
        audit.record(db, who, "cds.feedback", entity=offer.id)

    await here.database.write(noted)
    return FeedbackReceipt(received=len(given.feedback))


def _offer(service: str) -> Offer:
    offer = offer_of(service)
    if offer is None:
        raise not_found("service")
    return offer
