"""The translation alone: our events in, AG-UI's out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import jsonpatch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.alert import Alert
from yingzhi.clinical.consultation import Consultation, Pins, Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Text
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.events import (
    AlertRaised,
    ApprovalRequired,
    DifferentialUpdated,
    DocumentDrafted,
    Event,
    ModelCalled,
    ModelDelta,
    ModelReturned,
    RunFailed,
    RunFinished,
    RunPaused,
    RunStarted,
    SpecialistFinished,
    SpecialistStarted,
    Standing,
    ToolCalled,
    ToolReturned,
    WorkupUpdated,
)
from yingzhi.graphs.run import checkpoints, consult, resume, stream
from yingzhi.service.agui import Exchange, FrontState, agui_events
from yingzhi.service.wire import View

ZOSTER = "患者女，68岁。右侧胸背部针刺样疼痛5天，成簇水疱3天，沿肋间呈带状分布，单侧，未过中线。既往体健，无发热。"
OURS, RUN = "c_" + "0" * 32, "r_" + "1" * 32
PINS = Pins(code="x", knowledge="y")
Real = tuple[list[Event], Consultation, list[Event], Consultation]
BEGUN = RunStarted(consultation=OURS, pins=PINS, run=RUN)


def seen(result: Consultation | None, status: str = "paused", revision: int = 1) -> View:
    return View.model_validate(
        {"id": OURS, "status": status, "revision": revision, "run": RUN, "patient_id": None, "created": 0.0, "updated": 0.0, "result": None}
    ).model_copy(update={"result": result})


async def numbered(events: Iterable[Event]) -> AsyncGenerator[Event]:
    for number, event in enumerate(events, 1):
        yield event.model_copy(update={"seq": number, "run": RUN})


async def wire(events: AsyncIterator[Event] | None, view: View, **more: Any) -> list[dict[str, Any]]:
    """What goes over the wire."""

    async def stands() -> View:
        return view

    exchange = Exchange("thread of the client", "run of the client", FrontState(consultation=OURS, run=RUN), **more)
    return [json.loads(e.model_dump_json(by_alias=True)) async for e in agui_events(events, exchange, stands)]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [e["type"] for e in events]


def faults(events: list[dict[str, Any]]) -> list[str]:
    """What the protocol forbids: an end without a beginning, two beginnings, something open at the end, anything after it."""
    found: list[str] = []
    opened: set[tuple[str, str]] = set()
    if events[0]["type"] != "RUN_STARTED":
        found.append("first")
    if [e["type"] for e in events].count("RUN_STARTED") != 1 or sum(e["type"] in {"RUN_FINISHED", "RUN_ERROR"} for e in events) != 1:
        found.append("one start and one end")
    names = {
        "STEP": "stepName",
        "TOOL_CALL": "toolCallId",
        "TEXT_MESSAGE": "messageId",
        "REASONING_MESSAGE": "messageId",
        "REASONING": "messageId",
    }
    for event in events:
        kind, _, what = event["type"].rpartition("_")
        if kind not in names:
            continue
        key = (kind, event[names[kind]])
        if what in {"START", "STARTED"}:
            found += [f"opened twice: {key}"] * (key in opened)
            opened.add(key)
        elif what in {"END", "FINISHED"}:
            found += [f"closed, not open: {key}"] * (key not in opened)
            opened.discard(key)
        elif what in {"CONTENT", "ARGS"}:
            found += [f"continued, not open: {key}"] * (key not in opened)
    if events[-1]["type"] == "RUN_FINISHED" and opened:
        found.append(f"open at the end: {opened}")
    if events[-1]["type"] not in {"RUN_FINISHED", "RUN_ERROR"}:
        found.append("last")
    return found


def state_at_the_end(events: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The state by snapshot and patches up to the last snapshot, and that last snapshot."""
    state: dict[str, Any] = {}
    changes = [e for e in events if e["type"] in {"STATE_SNAPSHOT", "STATE_DELTA"}]
    for event in changes[:-1]:
        state = event["snapshot"] if event["type"] == "STATE_SNAPSHOT" else jsonpatch.apply_patch(state, event["delta"])
    return state, changes[-1]["snapshot"]


@pytest.fixture(scope="module")
def real(resources: Resources, tmp_path_factory: pytest.TempPathFactory) -> Real:
    """A case's events and result, and those of an answer."""

    async def run() -> Real:
        async with checkpoints(tmp_path_factory.mktemp("agui") / "c.sqlite") as saver:
            graph = build_graph(saver)
            first = [e async for e in stream(Presentation(text=ZOSTER), resources, graph=graph, thread="z")]
            result = await consult(Presentation(text=ZOSTER), resources)
            act = Review(action="answer", note="疼痛明显，VAS 7分。")
            second = [e async for e in stream(act, resources, graph=graph, thread="z")]
            return first, result, second, await resume(Review(action="sign"), resources, graph=graph, thread="z")

    return asyncio.run(run())


async def test_a_real_case_keeps_the_order_that_the_protocol_asks_for(real: Real) -> None:
    events = await wire(numbered(real[0]), seen(real[1]))
    assert faults(events) == []
    assert {
        "RUN_STARTED", "STATE_SNAPSHOT", "STEP_STARTED", "TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT",
        "STATE_DELTA", "STEP_FINISHED", "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END", "RUN_FINISHED",
    } == set(kinds(events))  # fmt: skip
    steps = [e["stepName"] for e in events if e["type"] == "STEP_STARTED"]
    assert sorted(steps) == ["differential", "documentation", "history", "pharmacology", "workup"]
    assert kinds(events).count("TOOL_CALL_RESULT") == kinds(events).count("TOOL_CALL_START")


async def test_the_clients_names_come_back_and_ours_stand_beside_them(real: Real) -> None:
    events = await wire(numbered(real[0]), seen(real[1]))
    for event in (events[0], events[-1]):
        assert (event["threadId"], event["runId"]) == ("thread of the client", "run of the client")
    assert events[0]["protocolVersion"] == "1.0"
    assert events[0]["metadata"] == {"yingzhi": {"consultation": OURS, "run": RUN}}
    assert events[1]["snapshot"]["consultation"] == OURS
    assert events[-1]["result"]["consultation"] == OURS


async def test_the_pause_is_an_interrupt_that_says_what_answers_it(real: Real) -> None:
    ended = (await wire(numbered(real[0]), seen(real[1], revision=3)))[-1]
    (interrupt,) = ended["outcome"]["interrupts"]
    assert interrupt["id"] == f"{OURS}.3"
    assert interrupt["reason"] == "review"
    assert "医生" in interrupt["message"]  # the case is Chinese
    schema = interrupt["responseSchema"]
    assert schema["properties"]["action"]["enum"] == ["answer", "edit", "sign", "reject"]
    assert "by" not in schema["properties"]  # who acts is known from the credential, not from what is sent
    Review.model_validate({"action": "sign"})


async def test_a_signed_consultation_is_a_success(real: Real) -> None:
    events = await wire(numbered([BEGUN, RunFinished(review="signed")]), seen(real[3], "finished", 3))
    assert events[-1]["outcome"] == {"type": "success"}
    assert events[-1]["result"]["review"] == "signed"
    assert events[-2]["type"] == "TEXT_MESSAGE_END"


async def test_no_raw_event_and_no_key_beside_the_documented_state_reaches_the_wire(real: Real) -> None:
    events = [*await wire(numbered(real[0]), seen(real[1])), *await wire(numbered(real[2]), seen(real[3], revision=2))]
    assert not any("rawEvent" in e or e["type"] in {"RAW", "CUSTOM", "MESSAGES_SNAPSHOT"} for e in events)
    for event in events:
        if event["type"] == "STATE_SNAPSHOT":
            FrontState.model_validate(event["snapshot"])  # a key that is not documented is refused
        if event["type"] == "STATE_DELTA":
            assert {step["path"].split("/")[1] for step in event["delta"]} <= set(FrontState.model_fields)
    below = json.dumps([e for e in events if not e["type"].startswith("TEXT_MESSAGE")], ensure_ascii=False)
    assert ZOSTER not in below
    assert not any(word in below for word in ("spans", "presentation", "针刺样疼痛5天"))  # neither the graph's state nor the record's words


async def test_the_patches_lead_to_the_state_that_the_result_has(real: Real) -> None:
    events = await wire(numbered(real[0]), seen(real[1]))
    patched, final = state_at_the_end(events)
    assert patched["leading"] == final["leading"]
    assert {a["id"] for a in patched["alerts"]} == {a["id"] for a in final["alerts"]}
    for key in ("must_not_miss", "workup", "questions", "documents", "status", "review"):
        assert patched[key] == final[key], key


async def test_an_alert_stays_in_sight_while_the_next_round_runs(real: Real) -> None:
    old = Alert(id="old", kind="red-flag", level="critical", title=Text(en="a", zh="甲"), why=Text(en="b", zh="乙"))
    shown = old.model_dump(include={"id", "kind", "level", "title", "why"})
    before = FrontState.model_validate({"consultation": OURS, "run": RUN, "alerts": [shown]})
    events = [
        json.loads(e.model_dump_json(by_alias=True))
        async for e in agui_events(numbered(real[2]), Exchange("t", "r", before), _later(seen(real[3], revision=2)))
    ]
    state: dict[str, Any] = {}
    for event in events:
        if event["type"] == "STATE_SNAPSHOT":
            state = event["snapshot"]
        elif event["type"] == "STATE_DELTA":
            state = jsonpatch.apply_patch(state, event["delta"])
            assert "old" in {a["id"] for a in state["alerts"]}


def _later(view: View) -> Any:
    async def stands() -> View:
        return view

    return stands


async def test_a_second_attempt_closes_what_the_first_left_open_and_finishes_in_order(real: Real) -> None:
    first = list(real[0])
    lost = [e for e in first if not isinstance(e, ToolReturned | SpecialistFinished)][:12]
    again = [BEGUN.model_copy(update={"attempt": 2}), *first[1:]]
    events = await wire(numbered([*lost, *again]), seen(real[1]))
    assert faults(events) == []
    assert kinds(events).count("TOOL_CALL_RESULT") == kinds(events).count("TOOL_CALL_START")


async def test_the_words_of_models_are_reasoning_in_their_own_messages() -> None:
    said: list[Event] = [
        BEGUN,
        SpecialistStarted(specialist="workup"),
        ModelCalled(specialist="workup", attempt=1),
        ModelDelta(specialist="workup", section="why", text="a"),
        ModelDelta(specialist="pharmacology", text="x"),
        ModelDelta(specialist="workup", section="why", text="b"),
        ModelDelta(specialist="workup", section="next", text="c"),
        ModelReturned(specialist="workup", attempt=1, ok=True, milliseconds=1),
        SpecialistFinished(specialist="workup", ok=True, milliseconds=2),
        RunFailed(reason="ModelUnavailable"),
    ]
    events = await wire(numbered(said), seen(None, "failed", 0))
    assert faults(events) == []
    words: dict[str, str] = {}
    for event in events:
        if event["type"] == "REASONING_MESSAGE_CONTENT":
            words[event["messageId"]] = words.get(event["messageId"], "") + event["delta"]
    assert list(words.values()) == ["ab", "x", "c"]
    again = await wire(numbered(said), seen(None, "failed", 0), known=frozenset(list(words)[:2]))
    assert faults(again) == []
    assert [e["delta"] for e in again if e["type"] == "REASONING_MESSAGE_CONTENT"] == ["c"]


async def test_a_failed_run_is_an_error_in_one_sentence_and_a_cancelled_one_is_not_an_error(real: Real) -> None:
    opened = SpecialistStarted(specialist="workup")
    failed = await wire(numbered([BEGUN, opened, RunFailed(reason="text: it is empty")]), seen(None, "failed", 0))
    assert failed[-1] == {"type": "RUN_ERROR", "message": "text: it is empty", "code": "failed"}
    ended = await wire(numbered([BEGUN, opened, RunFailed(reason="cancelled")]), seen(real[1]))
    assert faults(ended) == []
    assert ended[-1]["outcome"] == {"type": "cancelled"}
    assert "TEXT_MESSAGE_START" not in kinds(ended)


async def test_a_stream_that_ends_before_its_run_says_so_instead_of_finishing(real: Real) -> None:
    events = await wire(numbered(real[0][:5]), seen(real[1]))
    assert events[-1]["type"] == "RUN_ERROR"
    assert events[-1]["code"] == "unfinished"


async def test_an_exception_ends_the_stream_without_a_word_of_the_patient(real: Real) -> None:
    async def broken() -> AsyncGenerator[Event]:
        yield BEGUN
        raise RuntimeError(ZOSTER)

    events = await wire(broken(), seen(real[1]))
    assert events[-1]["type"] == "RUN_ERROR"
    assert ZOSTER not in json.dumps(events, ensure_ascii=False)


async def test_what_the_front_end_has_already_is_not_sent_twice(real: Real) -> None:
    first = await wire(numbered(real[0]), seen(real[1]))
    known = frozenset([e["messageId"] for e in first if "messageId" in e] + [e["toolCallId"] for e in first if "toolCallId" in e])
    again = await wire(numbered(real[0]), seen(real[1]), known=known)
    assert not {"TOOL_CALL_START", "TOOL_CALL_RESULT", "TEXT_MESSAGE_START"} & set(kinds(again))
    assert faults(again) == []
    half = frozenset(i for i in known if "tool" in i and not i.endswith("-result"))  # it left before the results came
    rest = await wire(numbered(real[0]), seen(real[1]), known=half)
    assert "TOOL_CALL_START" not in kinds(rest)
    assert {e["toolCallId"] for e in rest if e["type"] == "TOOL_CALL_RESULT"} == half
    looked = await wire(None, seen(real[1]))
    assert kinds(looked)[:3] == ["RUN_STARTED", "STATE_SNAPSHOT", "STATE_SNAPSHOT"]
    assert faults(looked) == []


TEAM = st.sampled_from(["history", "workup", "pharmacology"])
TOOL = st.sampled_from(["search", "check"])
ALERTS = st.builds(
    Alert, id=st.sampled_from(["a", "b", "c"]), kind=st.just("red-flag"), level=st.sampled_from(["critical", "notice"]),
    title=st.just(Text(en="t", zh="t")), why=st.just(Text(en="w", zh="w")),
)  # fmt: skip
ANY = st.one_of(
    st.builds(SpecialistStarted, specialist=TEAM),
    st.builds(SpecialistFinished, specialist=TEAM, ok=st.booleans(), milliseconds=st.just(1.0)),
    st.builds(ToolCalled, specialist=TEAM, tool=TOOL, about=st.just(["x"])),
    st.builds(ToolReturned, specialist=TEAM, tool=TOOL, ok=st.booleans(), error=st.just("ToolError"), milliseconds=st.just(1.0)),
    st.builds(ModelDelta, specialist=TEAM, section=st.sampled_from(["", "why"]), text=st.text(max_size=3)),
    st.builds(ModelReturned, specialist=TEAM, attempt=st.just(1), ok=st.booleans(), milliseconds=st.just(1.0)),
    st.builds(AlertRaised, alert=ALERTS),
    st.builds(DocumentDrafted, kind=st.sampled_from(["soap-note", "referral-letter"]), title=st.sampled_from(["x", "y"])),
    st.builds(WorkupUpdated, recommended=st.just(["cbc"]), shut=st.just([]), price=st.sampled_from([1.0, 2.0])),
    st.builds(
        DifferentialUpdated,
        leading=st.lists(
            st.builds(Standing, id=st.sampled_from("de"), en=st.just("d"), zh=st.just("d"), probability=st.just(0.5)), max_size=2
        ),
        must_not_miss=st.just(["d"]),
    ),
    st.builds(ApprovalRequired, questions=st.just([]), documents=st.just([])),
    st.just(BEGUN.model_copy(update={"attempt": 2})),
)
END = st.sampled_from([RunPaused(status="complete"), RunFinished(review="signed"), RunFailed(reason="cancelled"), RunFailed(reason="x")])


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY, max_size=25), END)
async def test_whatever_a_run_tells_the_order_holds_and_the_patches_apply(real: Real, told: list[Event], end: Event) -> None:
    events = await wire(numbered([BEGUN, *told, end]), seen(real[1]))
    assert faults(events) == []
    patched, _ = state_at_the_end(events)
    FrontState.model_validate(patched)
    raised = [e.alert for e in told if isinstance(e, AlertRaised)]
    assert {a["id"] for a in patched["alerts"]} == {a.id for a in raised}
    for alert in patched["alerts"]:
        assert alert["level"] == [a.level for a in raised if a.id == alert["id"]][-1]
    if raised_documents := [e for e in told if isinstance(e, DocumentDrafted)]:
        assert len(patched["documents"]) == len({d.kind for d in raised_documents})


def test_every_field_of_the_state_is_documented_in_both_languages() -> None:
    docs = Path(__file__).parents[3] / "docs"
    for name in ("ag-ui.md", "ag-ui.zh.md"):
        text = (docs / name).read_text(encoding="utf-8")
        assert [f for f in FrontState.model_fields if f"`{f}`" not in text] == []
