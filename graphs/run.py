"""Runs a consultation: one call, or a stream of events, and takes up a paused one again."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractContextManager, aclosing, asynccontextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command, Durability

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation, Review
from yingzhi.clinical.errors import CaseError, YingzhiError
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.build import Graph, build_graph
from yingzhi.graphs.events import EVENT, Event
from yingzhi.graphs.resources import open_resources
from yingzhi.graphs.result import assemble, faults_of, pins
from yingzhi.graphs.review import drafts_of, edited
from yingzhi.graphs.settings import Settings
from yingzhi.graphs.state import State
from yingzhi.tools.intake import check_presentation

RECURSION = 200
"""Super-steps a consultation may take over all its rounds."""


@asynccontextmanager
async def checkpoints(path: Path) -> AsyncIterator[BaseCheckpointSaver[Any]]:
    """The SQLite checkpoint file, made if there is none."""
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    path.parent.mkdir(parents=True, exist_ok=True)
    async with AsyncSqliteSaver.from_conn_string(str(path)) as saver:
        yield saver


async def consult(
    presentation: Presentation, resources: Resources | None = None, *, graph: Graph | None = None, thread: str | None = None
) -> Consultation:
    """One consultation up to the doctor's turn.

    Args:
        presentation: The case.
        resources: From `open_resources`; opened with the default settings when None (about a second: keep them for many cases).
        graph: A compiled graph; one without checkpoints is made when None.
        thread: Id under which the checkpoints are kept; given with a graph that keeps them.

    Raises:
        CaseError: The case can't be worked on; the message names the field and holds no patient text.
    """
    began = perf_counter()
    check_presentation(presentation)
    resources = resources or open_resources(Settings())
    graph = graph or _plain_graph()
    with untraced():
        state = await graph.ainvoke({"presentation": presentation, "version": 1}, _config(thread), context=for_run(resources))
    return assemble(presentation.id, state, resources, perf_counter() - began)  # type: ignore[arg-type]


async def _steps(pieces: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
    """Each step untraced; the context is set and reset within one, as a generator may be driven from several.

    A reader who leaves ends the run, and with it the requests to a model.
    """
    async with aclosing(pieces):
        while True:
            with untraced():
                try:
                    piece = await anext(pieces)
                except StopAsyncIteration:
                    return
            yield piece


def untraced() -> AbstractContextManager[None]:
    """LangChain sends every run, patient text and all, to LangSmith where an environment variable asks for it; not from here."""
    from langsmith.run_helpers import tracing_context
    from langsmith.utils import tracing_is_enabled

    return tracing_context(enabled=False) if tracing_is_enabled() else nullcontext()


@lru_cache(maxsize=1)
def _plain_graph() -> Graph:
    """The graph that keeps nothing, compiled once."""
    return build_graph()


def for_run(resources: Resources) -> Resources:
    """The resources with a session of their own, so that one run's budget, masks and retrieved passages are no other's."""
    if resources.models is None or resources.session is not None:
        return resources
    from yingzhi.agents.models.session import open_session

    return dataclasses.replace(resources, session=open_session(resources.models))


async def resume(review: Review, resources: Resources, *, graph: Graph, thread: str) -> Consultation:
    """Take a paused consultation up again with the doctor's act.

    Raises:
        CaseError: There is no paused consultation of this id, or the act names what is not there.
    """
    began = perf_counter()
    state = await paused_state(graph, thread)
    check_review(review, state, resources)
    with untraced():
        after = await graph.ainvoke(Command(resume=review.model_dump()), _config(thread), context=for_run(resources))
    return assemble(state["presentation"].id, after, resources, perf_counter() - began)  # type: ignore[arg-type]


async def stream(presentation: Presentation | Review, resources: Resources, *, graph: Graph, thread: str) -> AsyncGenerator[Event]:
    """The same as a stream of events; exactly one terminal event ends it.

    Args:
        presentation: A new case, or the doctor's act on a paused one.
        resources: From `open_resources`.
        graph: A compiled graph with checkpoints.
        thread: Id of the consultation.
    """
    run, began, seq = uuid.uuid4().hex, perf_counter(), 0

    def stamped(fields: dict[str, Any]) -> Event:
        nonlocal seq
        seq += 1
        return EVENT.validate_python({**fields, "seq": seq, "run": run, "at": round(perf_counter() - began, 4)})

    yield stamped({"type": "run.started", "consultation": thread, "pins": pins(resources)})
    try:
        if isinstance(presentation, Review):
            check_review(presentation, await paused_state(graph, thread), resources)
        else:
            check_presentation(presentation)
        async with aclosing(pieces(presentation, resources, graph=graph, config=_config(thread))) as steps:
            async for events in steps:
                for fields in events:
                    yield stamped(fields)
    except Exception as error:  # the stream must end with a terminal event whatever happened
        yield stamped({"type": "run.failed", "reason": reason_of(error)})
        return
    snapshot = await graph.aget_state(_config(thread))
    for fields in ending(cast("State", snapshot.values)):
        yield stamped(fields)


def reason_of(error: Exception) -> str:
    """What may be told of an exception: our own say nothing of a patient; of any other only its kind is safe."""
    return str(error) if isinstance(error, YingzhiError) else type(error).__name__


async def pieces(
    given: Presentation | Review | None,
    resources: Resources,
    *,
    graph: Graph,
    config: Any,
    durability: Durability | None = None,
    reached: Callable[[State], None] | None = None,
) -> AsyncGenerator[list[dict[str, Any]]]:
    """Run the graph and give what it tells, in lists of events without number; a reader who leaves ends the run.

    Args:
        given: A new case, the doctor's act on a paused one, or None to go on from the checkpoint that `config` names.
        resources: From `open_resources`.
        graph: A compiled graph with checkpoints.
        config: LangGraph's: the thread, and the checkpoint to start from where that is not the newest.
        durability: LangGraph's: when checkpoints are written.
        reached: Told the state after each step.
    """
    start: Any = given
    if isinstance(given, Review):
        start = Command(resume=given.model_dump())
    elif given is not None:
        start = {"presentation": given, "version": 1}
    config = {"recursion_limit": RECURSION, **config}
    told = graph.astream(start, config, context=for_run(resources), stream_mode=["custom", "values"], durability=durability)
    async with aclosing(_steps(cast("AsyncGenerator[Any]", told))) as steps:
        async for mode, piece in steps:
            if mode == "custom":
                yield piece
            elif reached is not None:
                reached(piece)


def ending(state: State) -> list[dict[str, Any]]:
    """The events that end a run whose state this is; the last is its terminal event."""
    if outcome := state.get("outcome"):
        return [{"type": "run.finished", "review": outcome}]
    questions = state["history"].questions if "history" in state else []
    documents = [d.kind for d in state["documentation"].documents] if "documentation" in state else []
    status = "degraded" if faults_of(state) else "complete"
    return [{"type": "approval.required", "questions": questions, "documents": documents}, {"type": "run.paused", "status": status}]


async def paused_state(graph: Graph, thread: str) -> State:
    """The state of a consultation that waits for the doctor.

    Raises:
        CaseError: There is none of this id, or it is over.
    """
    snapshot = await graph.aget_state(_config(thread))
    if not snapshot.values:
        raise CaseError("there is no such consultation", "consultation")
    if snapshot.values.get("outcome") or not snapshot.next:
        raise CaseError("the consultation is over", "consultation")
    return snapshot.values  # type: ignore[return-value]


def check_review(review: Review, state: State, resources: Resources) -> None:
    """Refuse an act that names a finding, document or sentence that is not there, before anything is changed.

    Raises:
        CaseError: Naming the field.
    """
    for number, answer in enumerate(review.answers):
        if answer.finding not in resources.knowledge.findings:
            raise CaseError("not a finding of the lexicon", f"answers.{number}.finding")
    if review.edits:
        edited(drafts_of(state), review.edits)


def _config(thread: str | None) -> Any:
    return {"configurable": {"thread_id": thread or uuid.uuid4().hex}, "recursion_limit": RECURSION}
