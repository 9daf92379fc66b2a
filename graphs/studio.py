"""The graph as LangGraph Studio and `langgraph dev` open it: they bring the checkpoints, and know nothing of our resources.

What a specialist works with can't be written as JSON, so a run that a browser starts can't bring it. Here each node is handed
the resources of this installation instead, opened on the first request with the settings of the environment. And a state that
was edited in the browser, or read from a checkpoint by a server that trusts no type, is plain JSON: each node is handed records.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, cast, get_type_hints

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic can't make a schema of typing's before Python 3.12

from yingzhi.agents.specialist import Resources
from yingzhi.agents.team import TEAM
from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.build import Graph
from yingzhi.graphs.nodes import challenge, node_of
from yingzhi.graphs.resources import open_resources
from yingzhi.graphs.review import review
from yingzhi.graphs.run import for_run
from yingzhi.graphs.settings import Settings
from yingzhi.graphs.state import State
from yingzhi.tools.intake import check_presentation


class Input(TypedDict):
    """What a browser sends: the case, as JSON."""

    presentation: Presentation


async def graph() -> Graph:
    """The graph for one run; it has no checkpoints of its own, the server that opens it brings them.

    Raises:
        SettingsError: A `YINGZHI_` variable is wrong.
    """
    resources = await asyncio.to_thread(_resources)  # the first time takes a second or more, and the server refuses to be blocked
    return await asyncio.to_thread(_compiled, for_run(resources))


@lru_cache(maxsize=1)
def _resources() -> Resources:
    return open_resources(Settings.from_environment(dict(os.environ)))


def _compiled(resources: Resources) -> Graph:
    """As `build_graph`, with the case checked first."""
    studio: StateGraph[State, Resources, Input, State] = StateGraph(State, input_schema=Input)
    studio.add_node("intake", intake)
    for specialist in TEAM:
        studio.add_node(specialist.name, _equipped(node_of(specialist), resources))
    studio.add_node("challenge", _equipped(challenge, resources))
    studio.add_node("review", _equipped(review, resources), destinations=("history", "review", END))
    studio.add_edge(START, "intake")
    studio.add_edge("intake", "history")
    studio.add_edge("history", "differential")
    for name in ("workup", "pharmacology", "challenge"):
        studio.add_edge("differential", name)
    studio.add_edge(["workup", "pharmacology", "challenge"], "documentation")
    studio.add_edge("documentation", "review")
    return cast("Graph", studio.compile())


async def intake(state: Input) -> dict[str, Any]:
    """The case as a record, refused here if it can't be worked on.

    Raises:
        CaseError: Naming the field, without patient text.
    """
    try:
        presentation = Presentation.model_validate(state.get("presentation"))
    except ValidationError as error:
        raise CaseError("the value can't be", ".".join(["presentation", *map(str, error.errors()[0]["loc"])])) from None
    check_presentation(presentation)
    return {"presentation": presentation, "version": 1}


def _equipped(node: Callable[..., Any], resources: Resources) -> Callable[..., Any]:
    """The node, handed records for its state and the resources in its runtime context."""

    async def equipped(state: State, *, runtime: Runtime[Any]) -> Any:
        return await node(_records(state), runtime=runtime.override(context=resources))

    return equipped


def _records(state: Mapping[str, Any]) -> State:
    """The state with records where there is JSON.

    Raises:
        CaseError: A key of the state is not what it should be.
    """
    records: dict[str, Any] = {}
    for key, value in state.items():
        try:
            records[key] = _adapters()[key].validate_python(value)
        except ValidationError as error:
            raise CaseError("the value can't be", ".".join([key, *map(str, error.errors()[0]["loc"])])) from None
    return cast("State", records)


@lru_cache(maxsize=1)
def _adapters() -> dict[str, TypeAdapter[Any]]:
    return {key: TypeAdapter(hint) for key, hint in get_type_hints(State).items()}
