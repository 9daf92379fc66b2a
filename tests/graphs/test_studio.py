from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Command

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.errors import CaseError
from yingzhi.graphs.build import Graph, build_graph

ROOT = Path(__file__).parents[2]
CONFIG = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))
BLISTERS = "An 82-year-old man has had tense blisters on the trunk for two weeks."


@pytest.fixture
def module(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that langgraph.json names, imported by its path as the server does."""
    monkeypatch.setenv("YINGZHI_HOME", str(resources.home))
    path, _, _ = CONFIG["graphs"]["consultation"]["path"].partition(":")
    spec = importlib.util.spec_from_file_location("opened_by_path", ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


async def opened(module: ModuleType) -> Any:
    """The graph, with a checkpointer put in by copying, as the server does; it trusts no type, so a checkpoint comes back as JSON."""
    graph: Graph = await getattr(module, CONFIG["graphs"]["consultation"]["path"].partition(":")[2])()
    assert graph.checkpointer is None
    saver = InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=None))
    return graph.copy(update={"checkpointer": saver})


def thread(name: str) -> Any:
    return {"configurable": {"thread_id": name}}


def test_langgraph_json_says_what_the_command_line_asks_for() -> None:
    assert CONFIG["dependencies"] == ["."]
    assert CONFIG["python_version"] in {"3.11", "3.12", "3.13"}
    assert set(CONFIG) <= {"python_version", "dependencies", "graphs", "checkpointer", "env"}
    assert CONFIG["env"]["LANGGRAPH_STRICT_MSGPACK"] == "true"  # else a crafted checkpoint runs code
    assert CONFIG["env"]["LANGSMITH_TRACING"] == "false"  # else every record goes to a third party
    for graph in CONFIG["graphs"].values():
        path, _, name = graph["path"].partition(":")
        assert (ROOT / path).is_file()
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


async def test_the_studio_runs_a_case_from_json_pauses_for_the_doctor_and_goes_on_from_a_checkpoint_of_json(module: ModuleType) -> None:
    graph = await opened(module)
    paused: Any = await graph.ainvoke({"presentation": {"id": "b", "text": BLISTERS}}, thread("b"), context={"thread_id": "b"})
    (asked,) = paused["__interrupt__"]
    assert asked.value["questions"]
    assert "outpatient-record" in asked.value["documents"]
    state = await graph.aget_state(thread("b"))
    assert state.next == ("review",)
    assert isinstance(state.values["history"], dict)
    answer = {"action": "answer", "answers": [{"finding": "nikolsky-sign", "status": "absent"}]}
    again: Any = await graph.ainvoke(Command(resume=answer), thread("b"))
    assert again["version"] == 2
    assert again["__interrupt__"]
    ended: Any = await graph.ainvoke(Command(resume={"action": "sign"}), thread("b"))
    assert ended["outcome"] == "signed"
    assert (await graph.aget_state(thread("b"))).next == ()


async def test_the_studio_draws_the_graph_that_consultations_run_on(module: ModuleType) -> None:
    def edges(graph: Graph) -> set[tuple[str, str]]:
        return {(e.source, e.target) for e in graph.get_graph().edges}

    own = edges(await opened(module))
    assert own - edges(build_graph(InMemorySaver())) == {("__start__", "intake"), ("intake", "history")}
    assert edges(build_graph(InMemorySaver())) - own == {("__start__", "history")}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": "张三，皮疹", "patient": {"age": 900}}, r"presentation\.patient\.age"),
        ({"text": "张三，皮疹", "patient": {"sex": "male", "pregnant": True}}, r"patient\.pregnant"),
        ({"text": "张三", "surprise": 1}, r"presentation\.surprise"),
        ({"text": " "}, "text"),
        ("张三", "presentation"),
    ],
)
async def test_a_case_that_cannot_be_worked_on_is_refused_by_field_without_patient_text(
    module: ModuleType, given: object, field: str
) -> None:
    graph = await opened(module)
    with pytest.raises(CaseError, match=field) as caught:
        await graph.ainvoke({"presentation": given}, thread("x"))
    assert "张三" not in str(caught.value)


async def test_a_state_that_was_edited_into_nonsense_is_refused_by_its_key(module: ModuleType) -> None:
    graph = await opened(module)
    await graph.ainvoke({"presentation": {"text": BLISTERS}}, thread("e"))
    await graph.aupdate_state(thread("e"), {"history": {"findings": "none"}}, as_node="documentation")
    with pytest.raises(CaseError, match=r"^history\."):
        await graph.ainvoke(None, thread("e"))
