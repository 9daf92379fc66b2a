"""Is it alive, is it ready."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from yingzhi.service.context import Context

router = APIRouter(tags=["health"], include_in_schema=False)


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """It takes work: everything is open, the file can be read, and it is not about to stop."""
    here: Context | None = getattr(request.app.state, "context", None)
    if here is None or here.consultations.closing.is_set():
        return JSONResponse({"status": "stopping" if here else "starting"}, 503, {"Retry-After": "2"})
    await here.database.read(lambda db: db.execute("SELECT 1").fetchone())
    runner = here.consultations.runner
    return JSONResponse({"status": "ready", "queued": runner.queued, "working": runner.working, "knowledge": here.resources.knowledge.hash})
