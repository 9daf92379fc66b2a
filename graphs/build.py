"""The state machine: history → differential → (workup ∥ pharmacology ∥ challenge) → documentation → review."""

from __future__ import annotations

from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from yingzhi.agents.specialist import Resources
from yingzhi.agents.team import DIFFERENTIAL, DOCUMENTATION, HISTORY, PHARMACOLOGY, WORKUP
from yingzhi.graphs.nodes import challenge, node_of
from yingzhi.graphs.review import review
from yingzhi.graphs.state import State

Graph = CompiledStateGraph[State, Resources, State, State]


def build_graph(checkpointer: Any = None) -> Graph:
    """Compile the graph.

    Args:
        checkpointer: A LangGraph checkpoint saver; None keeps nothing, so that there is no turn of the doctor to wait for.

    Returns:
        The compiled graph; invoke it with `context=Resources`.
    """
    graph = StateGraph(State, context_schema=Resources)
    for specialist in (HISTORY, DIFFERENTIAL, WORKUP, PHARMACOLOGY, DOCUMENTATION):
        graph.add_node(specialist.name, node_of(specialist))
    graph.add_node("challenge", challenge)
    graph.add_edge(START, "history")
    graph.add_edge("history", "differential")
    graph.add_edge("differential", "workup")
    graph.add_edge("differential", "pharmacology")
    graph.add_edge("differential", "challenge")
    graph.add_edge(["workup", "pharmacology", "challenge"], "documentation")
    if checkpointer is None:
        graph.add_edge("documentation", END)
    else:
        graph.add_node("review", review, destinations=("history", "review", END))
        graph.add_edge("documentation", "review")
    return graph.compile(checkpointer=checkpointer)
