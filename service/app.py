"""The application: every front end over one context, opened and closed with the process."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from time import time
from typing import TYPE_CHECKING, Any, cast

from fastapi import FastAPI, Response

from yingzhi.service import problems
from yingzhi.service.bodies import BodyLimit
from yingzhi.service.context import Context
from yingzhi.service.feeds import Feeds
from yingzhi.service.settings import ServiceSettings
from yingzhi.service.store import Database

if TYPE_CHECKING:
    from yingzhi.agents.specialist import Resources
    from yingzhi.service.checkpoints import Saver
    from yingzhi.service.metrics import Metrics
    from yingzhi.service.records import Records
    from yingzhi.service.store.rows import Run

LOG = logging.getLogger(__name__)

DESCRIPTION = """Clinical decision support for dermatology, in Chinese and English. The doctor decides and signs.

Begin with `POST /api/v1/consultations`, follow `GET /api/v1/consultations/{id}/events`, then act with `POST …/acts`.
Every error is `application/problem+json` with one sentence and the field it is about."""


def create_app(settings: ServiceSettings, resources: Resources | None = None, *, own_process: bool = False) -> FastAPI:
    """The service as an ASGI application.

    Args:
        settings: How it is run.
        resources: The engine's resources where they are open already; else they are opened at the start.
        own_process: Whether the process does nothing else, so that its garbage collector may be set for it.
    """
    from yingzhi.service import agui, api, cds, chat, mcp, metrics
    from yingzhi.service.api.shapes import ProblemBody
    from yingzhi.service.collector import rare_full_passes
    from yingzhi.service.identity import DevelopmentHeader
    from yingzhi.service.logs import RequestLog
    from yingzhi.service.signals import told_to_stop

    mounted = mcp.http_app()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            app.state.context = await stack.enter_async_context(opened(settings, resources, app.state.metrics))
            await stack.enter_async_context(mounted.lifespan(app))
            if own_process:
                stack.enter_context(rare_full_passes(lambda: app.state.context.consultations.runner.working))
            drains: set[asyncio.Task[None]] = set()
            consultations = app.state.context.consultations
            stack.enter_context(told_to_stop(lambda: drains.add(asyncio.create_task(consultations.drain(settings.drain_seconds)))))
            yield

    from importlib.metadata import version

    from fastapi_offline import FastAPIOffline

    app = FastAPIOffline(  # its documentation fetches nothing from elsewhere
        title="yingzhi 櫻智醫助",
        version=version("yingzhi"),
        description=DESCRIPTION,
        lifespan=lifespan,
        redirect_slashes=False,
        redoc_url=None,
    )
    app.state.metrics = metrics.Metrics(settings.figures if settings.workers > 1 else None)
    problems.install(app)
    for router in (api.router, api.health.router, metrics.router, chat.router, agui.router, cds.router):
        app.include_router(router)
    app.mount("/mcp", mounted)
    document = app.openapi

    def with_problems() -> dict[str, Any]:
        whole = document()
        whole["components"]["schemas"].setdefault("ProblemBody", ProblemBody.model_json_schema())
        return whole

    app.openapi = with_problems  # type: ignore[method-assign]
    app.add_middleware(BodyLimit, most=settings.max_body, seconds=settings.body_seconds, answer=_refusal)
    app.add_middleware(DevelopmentHeader)
    app.add_middleware(RequestLog, metrics=app.state.metrics)
    return app


def _refusal(path: str, problem: problems.Problem) -> Response:
    """A problem as the front end of a path has it."""
    from yingzhi.service.chat.errors import error_response

    return error_response(problem) if path.startswith("/v1/") else problem.response()


@asynccontextmanager
async def opened(settings: ServiceSettings, resources: Resources | None, metrics: Metrics) -> AsyncIterator[Context]:
    """Open everything in order, and close it in the other."""
    from yingzhi.graphs.build import build_graph
    from yingzhi.graphs.resources import open_resources
    from yingzhi.service import audit
    from yingzhi.service.checkpoints import open_checkpoints
    from yingzhi.service.consultations import Consultations
    from yingzhi.service.execution import Engine
    from yingzhi.service.identity import Identity
    from yingzhi.service.limits import open_limits
    from yingzhi.service.records import Records
    from yingzhi.service.runner import EMBEDDED, MODELLED, InProcessRunner
    from yingzhi.service.store.leases import Owner
    from yingzhi.service.store.schema import schema

    ours = resources if resources is not None else await asyncio.to_thread(open_resources, settings.engine)
    async with AsyncExitStack() as stack:
        if ours.models is not None:
            stack.push_async_callback(ours.models.aclose)
        database = Database(settings.files / "service.sqlite", metrics.commit)
        database.open(schema(), lambda connection: audit.attach(connection, settings.engine.home))
        stack.callback(database.close)
        stack.callback(metrics.close)
        metrics.refresh.append(partial(_look, metrics, database))
        saver = await stack.enter_async_context(open_checkpoints(settings.engine.checkpoints))
        owner = Owner(settings.files / "owners")
        stack.callback(owner.close)
        graph = build_graph(saver)
        known = cast("Saver", graph.checkpointer)  # unlike the one it was given, it reads the types of the state
        engine = Engine(graph, known, ours, database, Feeds(), _ended, metrics)
        at_once = settings.at_once or (EMBEDDED if ours.models is None else MODELLED)
        runner = InProcessRunner(engine, owner, at_once, _trouble)
        consultations = Consultations(database, runner, running=settings.limits.running)
        records = Records(consultations)
        limits = open_limits(settings.limits)
        identity = Identity(settings.identity, database, limits)
        stack.push_async_callback(identity.aclose)
        await identity.start(settings.host)
        await _warm(ours)
        await runner.start()
        keeper = asyncio.create_task(_keep_house(records))
        stack.callback(keeper.cancel)
        stack.push_async_callback(consultations.drain, settings.drain_seconds)
        yield Context(settings, ours, database, consultations, records, identity, limits, metrics)


async def _warm(resources: Resources) -> None:
    """Do once what is slow the first time, before anyone waits for it: code that is read late, and caches."""
    from yingzhi.agents.team import TEAM
    from yingzhi.clinical.presentation import Presentation
    from yingzhi.graphs.run import consult

    models = resources.models
    if models is not None:
        for specialist in TEAM:
            models.for_specialist(specialist.name)
    for note in ("A man, 50, has had itch for two weeks. No fever.", "男，50岁，瘙痒2周，无发热。"):
        await consult(Presentation(text=note), dataclasses.replace(resources, models=None))


HOUSEKEEPING = 60.0
"""Seconds between two rounds of housekeeping."""
KEYS_KEPT = 24 * 3600.0
"""Seconds that an Idempotency-Key is remembered."""


async def _keep_house(records: Records) -> None:
    """Erase what is still to be erased, and forget old keys."""
    database = records.consultations.database
    while True:
        try:
            await records.erase_noted()
            await database.write(forget_keys)
        except Exception as error:  # the next round may go well
            _trouble(error)
        await asyncio.sleep(HOUSEKEEPING)


def forget_keys(db: sqlite3.Connection) -> None:
    """Forget the Idempotency-Keys of yesterday."""
    db.execute("DELETE FROM idempotency WHERE created < ?", (time() - KEYS_KEPT,))


def _trouble(error: BaseException) -> None:
    """Note that something went wrong that is no caller's request; only its kind is told."""
    LOG.error("run.trouble", exc_info=error)


def _ended(db: sqlite3.Connection, run: Run, how: str) -> None:
    """A run's end goes into the audit with the ending transaction."""
    from yingzhi.service import audit

    outcome, codes = ("0", ()) if how == "done" else ("8", (f"run-{how}",))
    audit.record(db, audit.system(run.tenant), "consultation.run-end", entity=run.consultation, outcome=outcome, detail_codes=codes)


async def _look(metrics: Metrics, database: Database) -> None:
    """What is known only when asked."""
    from yingzhi.service import audit

    def counts(db: sqlite3.Connection) -> tuple[int, int]:
        waiting: int = db.execute("SELECT count(*) FROM run WHERE status IN ('queued', 'running')").fetchone()[0]
        return waiting, audit.count_entries(db)

    waiting, entries = await database.read(counts)
    metrics.queue_length.set(waiting)
    metrics.audit_entries.set(entries)
