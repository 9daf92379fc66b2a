"""The native API, `/api/v1`."""

from fastapi import APIRouter

from yingzhi.service.api import consultations, documents, drugs, events, health, history, patients

router = APIRouter(prefix="/api/v1")
for part in (consultations, events, documents, history, patients, drugs):
    router.include_router(part.router)

__all__ = ["health", "router"]
