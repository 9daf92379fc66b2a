"""Consultations with a model: it adds, it never takes away, and whatever it or its endpoint does, a whole result comes out."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.memory import InMemorySaver

from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.settings import ModelSettings, checked
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.events import ModelDelta, RunPaused
from yingzhi.graphs.run import consult, stream
from yingzhi.testing import FAULTS, FakeProvider, ScriptedModel
from yingzhi.tools.intake import read_case

NAMES = ("history", "differential", "workup", "pharmacology", "documentation")


OPENED: list[Models] = []


@pytest.fixture(autouse=True)
async def _connections_are_closed() -> AsyncIterator[None]:
    yield
    while OPENED:
        await OPENED.pop().aclose()


def settings_of(**fields: Any) -> ModelSettings:
    base = {"model": "scripted", "base_url": "http://127.0.0.1:1/v1", "tools": "native", "json_mode": "object"}
    return checked({**base, **fields}, {})


def modelled(resources: Resources, given: Any = None, **fields: Any) -> Resources:
    models = Models(settings_of(**fields), given=given)
    OPENED.append(models)
    return dataclasses.replace(resources, models=models)


def silent(**own: ScriptedModel) -> dict[str, ScriptedModel]:
    return {n: own.get(n) or ScriptedModel(replies=["{}"], repeat=True) for n in (*NAMES, "challenge")}


@pytest.fixture
def case(examples: Path) -> Presentation:
    return read_case((examples / "psoriasis.en.txt").read_bytes(), "psoriasis")


def without_models(c: Consultation) -> dict[str, Any]:
    return c.model_dump(exclude={"seconds", "model_use", "pins", "remarks", "doubts"})


async def test_a_model_that_says_nothing_changes_nothing(resources: Resources, case: Presentation) -> None:
    plain, modelled_ = await consult(case, resources), await consult(case, modelled(resources, silent()))
    assert without_models(plain) == without_models(modelled_)
    assert {u.specialist for u in modelled_.model_use} >= set(NAMES)
    assert modelled_.pins.model == "scripted"
    assert len(modelled_.pins.prompts) >= 5


async def test_a_tool_is_called_its_passage_may_be_cited_and_an_invented_one_may_not(resources: Resources, case: Presentation) -> None:
    claim = "Psoriasis vulgaris shows silvery scale and nail pitting."
    call = AIMessage(
        "", tool_calls=[{"name": "search_evidence", "args": {"query": "psoriasis vulgaris clinical picture silvery scale"}, "id": "1"}]
    )
    seen: list[str] = []

    def answer(messages: list[Any]) -> dict[str, Any]:
        seen.append(str(messages[-1].content))
        cited = ["psoriasis-vulgaris#picture", "pmid:123456"]
        return {"remarks": [{"about": "psoriasis-vulgaris", "stance": "for", "text": claim, "citations": cited}]}

    model = ScriptedModel(replies=[call, answer])
    result = await consult(case, modelled(resources, silent(differential=model)))
    model.assert_complete()
    assert "psoriasis-vulgaris" in seen[0]
    remark = next(r for r in result.remarks if r.specialist == "differential")
    assert remark.citations == ["psoriasis-vulgaris#picture"]
    use = next(u for u in result.model_use if u.specialist == "differential")
    assert ("citation", "not retrieved") in {(d.what.split()[0], d.why) for d in use.dropped}


async def test_tools_are_refused_repaired_and_answered_once(resources: Resources, case: Presentation) -> None:
    calls = [
        {"name": "search_evidence", "args": {"query": "eczema"}, "id": "a"},
        {"name": "search_evidence", "args": {"query": "eczema"}, "id": "b"},
        {"name": "search_evidence", "args": {"q": 1}, "id": "c"},
        {"name": "check_drugs", "args": {"drugs": ["aspirin"]}, "id": "d"},
        {"name": "rm", "args": {}, "id": "e"},
    ]
    model = ScriptedModel(replies=[AIMessage("", tool_calls=calls), "{}"])
    events = []
    graph = build_graph()
    rich = modelled(resources, silent(differential=model))

    async def collect() -> None:
        async for piece in graph.astream({"presentation": case, "version": 1}, context=rich, stream_mode="custom"):
            events.extend(cast("list[dict[str, Any]]", piece))

    await collect()
    answers = {m.tool_call_id: str(m.content) for m in model.calls[1] if isinstance(m, ToolMessage)}
    assert answers["a"] == answers["b"]
    assert "query" in answers["c"]
    assert "error" in answers["c"]
    assert "no tool of that name" in answers["d"]
    assert "no tool of that name" in answers["e"]
    searched = [e for e in events if e["type"] == "tool.called" and e["tool"] == "search_evidence" and e["specialist"] == "differential"]
    assert len(searched) == 1
    assert set(model.offered[0]) == {"search_evidence", "look_up_disease"}


async def test_an_answer_out_of_form_gets_one_repair_turn_and_then_the_playbook_stands(resources: Resources, case: Presentation) -> None:
    mended = ScriptedModel(replies=["no JSON here", '{"ranking": ["nail-psoriasis"]}'])
    broken = ScriptedModel(replies=["no JSON here", "still none"])
    result = await consult(case, modelled(resources, silent(differential=mended, workup=broken)))
    uses = {u.specialist: u for u in result.model_use}
    assert uses["differential"].outcome == "used"
    assert isinstance(mended.calls[1][-1], HumanMessage)
    assert (uses["workup"].outcome, uses["workup"].reason) == ("failed", "malformed")
    assert result.status == "degraded"
    assert [(f.specialist, f.standing) for f in result.faults] == [("workup", True)]
    assert result.workup is not None
    broken.assert_complete()


async def test_a_model_without_native_tools_is_offered_them_in_words(resources: Resources, case: Presentation) -> None:
    model = ScriptedModel(replies=['{"tool": "look_up_disease", "arguments": {"disease": "gout"}}', '{"ranking": ["gout"]}'])
    result = await consult(case, modelled(resources, silent(differential=model), tools="prompted", json_mode="prompted"))
    assert "look_up_disease" in str(model.calls[0])
    assert '"id": "gout"' in str(model.calls[1][-1].content)
    assert not any(model.offered)
    assert result.status == "complete"


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ({"max_calls": 2}, "calls"),
        ({"max_calls": 0}, "calls"),
        ({"max_total_tokens": 1}, "tokens"),
        ({"consultation_seconds": 0}, "seconds"),
    ],
)
async def test_a_spent_budget_ends_in_a_marked_result(resources: Resources, case: Presentation, limit: dict[str, int], reason: str) -> None:
    model = ScriptedModel(replies=['{"remarks": [{"text": "Scale on the elbows is typical."}]}'], repeat=True)
    result = await consult(case, modelled(resources, model, **limit))
    assert result.status == "degraded"
    assert {u.reason for u in result.model_use if u.outcome == "partial"} == {f"budget: {reason}"}
    assert without_models(result)["differential"] == without_models(await consult(case, resources))["differential"]


async def test_the_ranking_moves_within_the_trust_and_the_lane_stays(resources: Resources, case: Presentation) -> None:
    plain = await consult(case, resources)
    last = plain.differential[-1].id
    model = ScriptedModel(replies=[{"ranking": [last]}], repeat=True)
    shifted = await consult(case, modelled(resources, silent(differential=model), trust=3))
    before = {d.id: d.probability for d in plain.differential}
    after = {d.id: d.probability for d in shifted.differential}
    assert set(plain.must_not_miss) <= set(shifted.must_not_miss)
    first = plain.differential[0].id
    assert after[last] * before[first] <= 3 * before[last] * after[first] + 1e-3


async def test_the_devils_advocate_speaks_when_the_field_is_close(resources: Resources, examples: Path) -> None:
    vague = Presentation(
        id="v", text="A 40-year-old man with an itchy scaly red plaque on the elbow and nail pitting, with joint pain.", lang="en"
    )
    model = ScriptedModel(
        replies=[{"doubts": [{"disease": "gout", "text": "The joints could be gout."}], "ask": ["fever", "bogus"]}], repeat=True
    )
    rich = modelled(resources, silent(challenge=model))
    astream = build_graph().astream({"presentation": vague, "version": 1}, context=rich, stream_mode="custom")
    raised = [e async for piece in astream for e in cast("list[dict[str, Any]]", piece) if e["type"] == "challenge.raised"]
    assert len(raised) == 1
    assert raised[0]["doubts"][0].text == "The joints could be gout."


async def test_words_come_as_they_are_said_and_one_terminal_event_ends(resources: Resources, case: Presentation) -> None:
    model = ScriptedModel(replies=[{"remarks": [{"text": "Nail pitting fits."}]}], repeat=True)
    graph = build_graph(InMemorySaver())
    events = [e async for e in stream(case, modelled(resources, model), graph=graph, thread="t")]
    deltas = [e for e in events if isinstance(e, ModelDelta)]
    assert {d.specialist for d in deltas} >= set(NAMES)
    assert "Nail pitting" in "".join(d.text for d in deltas if d.specialist == "history")
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    assert sum(isinstance(e, RunPaused) for e in events) == 1
    kinds = [e.type for e in events]
    assert kinds.index("model.delta") < kinds.index("proposal.reconciled")


@pytest.fixture
async def provider() -> AsyncIterator[Callable[..., Any]]:
    """Opens fake providers on loopback."""
    opened: list[FakeProvider] = []

    async def make(**fields: Any) -> FakeProvider:
        one = FakeProvider(**fields)
        await one.__aenter__()
        opened.append(one)
        return one

    yield make
    for one in opened:
        await one.__aexit__(None, None, None)


async def until(done: Callable[[], bool]) -> None:
    for _ in range(500):
        if done():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("never happened")


FAST = {"call_seconds": 0.25, "idle_seconds": 0.2, "specialist_seconds": 2.0, "consultation_seconds": 30.0}


@pytest.mark.parametrize("specialist", NAMES)
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_fault_of_a_provider_hangs_breaks_or_loses_anything(
    resources: Resources, case: Presentation, provider: Any, fault: Any, specialist: str
) -> None:
    """Twelve faults on each of five specialists: at most three attempts, a whole result, its reason named."""
    bad = await provider(always=fault)
    good = await provider()
    others = {n: {"base_url": good.url} for n in (*NAMES, "challenge") if n != specialist}
    rich = modelled(resources, base_url=bad.url, specialists=others, **FAST)
    began = time.perf_counter()
    result = await asyncio.wait_for(consult(case, rich), 20)
    assert time.perf_counter() - began < 12
    use = next(u for u in result.model_use if u.specialist == specialist)
    if fault in {"wrong-model", "bad-arguments", "duplicate-tool-ids"}:
        assert use.outcome == "used"  # the tool loop recovers, and the name of a model is its provider's business
    else:
        assert use.outcome == "failed", fault
        assert use.calls <= 3
    assert result.status == ("complete" if use.outcome == "used" else "degraded")
    assert [f.specialist for f in result.faults] == ([] if use.outcome == "used" else [specialist])
    plain = await consult(case, resources)
    assert {a.id for a in plain.alerts} <= {a.id for a in result.alerts}
    assert [d.id for d in plain.differential[:5]] == [d.id for d in result.differential[:5]]


async def test_cancelling_closes_the_providers_connection_within_a_second(resources: Resources, case: Presentation, provider: Any) -> None:
    slow = await provider(delay=30)
    task = asyncio.create_task(consult(case, modelled(resources, base_url=slow.url)))
    await until(lambda: bool(slow.requests))
    task.cancel()
    began = time.perf_counter()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not slow.open)
    assert time.perf_counter() - began < 1


async def test_a_reader_who_leaves_the_stream_ends_the_request(resources: Resources, case: Presentation, provider: Any) -> None:
    slow = await provider(delay=30)
    events = stream(case, modelled(resources, base_url=slow.url), graph=build_graph(InMemorySaver()), thread="t")
    async for event in events:
        if event.type == "model.called":
            break
    await until(lambda: bool(slow.requests))
    began = time.perf_counter()
    await events.aclose()
    await until(lambda: not slow.open)
    assert time.perf_counter() - began < 1


def overlaps(served: list[tuple[float, float]]) -> int:
    spans = sorted(served)
    return sum(1 for (_, end), (begin, _) in pairwise(spans) if begin < end - 0.01)


async def test_an_endpoint_that_takes_one_request_at_once_gets_one_at_a_time(
    resources: Resources, case: Presentation, provider: Any
) -> None:
    graph = build_graph()
    for at_once in (None, 1):
        one = await provider(delay=0.05)
        rich = modelled(resources, base_url=one.url, at_once=at_once)
        results = await asyncio.gather(*(consult(case, rich, graph=graph) for _ in range(3)))
        assert {r.status for r in results} == {"complete"}
        assert len(one.served) >= 15
        assert bool(overlaps(one.served)) == (at_once is None)


async def test_no_word_and_no_finding_of_a_model_stands_in_a_draft(resources: Resources) -> None:
    case = Presentation(id="d", text="A 50-year-old man has itchy scaly plaques on the elbows; his clothes hang off him.", lang="en")
    says = {
        "findings": [{"finding": "weight-loss", "status": "present", "quote": "clothes hang off him"}],
        "tests": [{"test": t, "why": "zebrafish"} for t in ("dermoscopy", "koh-microscopy", "syphilis-serology", "patch-test", "crp")],
        "remarks": [{"text": "A zebrafish would know."}],
        "alerts": [{"title": "Zebrafish", "why": "Zebrafish bite.", "quote": "clothes hang", "drug": "aspirin"}],
    }
    result = await consult(case, modelled(resources, ScriptedModel(replies=[says], repeat=True)))
    assert any(f.derived_from == "model" for f in result.history.findings) if result.history else False
    assert any(a.kind == "model" for a in result.alerts)
    assert any("zebrafish" in r.text for r in result.remarks)
    drafts = "\n".join(d.text() for d in result.documents).lower()
    assert "zebrafish" not in drafts
    assert "weight loss" not in drafts


async def test_the_second_look_takes_citations_away_and_leaves_them_when_it_fails(resources: Resources, case: Presentation) -> None:
    claim = "Psoriasis vulgaris shows silvery scale and nail pitting."
    call = AIMessage("", tool_calls=[{"name": "search_evidence", "args": {"query": "psoriasis vulgaris silvery scale"}, "id": "1"}])
    remark = {"remarks": [{"about": "psoriasis-vulgaris", "stance": "for", "text": claim, "citations": ["psoriasis-vulgaris#picture"]}]}
    for verdict, kept in (('{"supported": []}', []), ('{"supported": [1]}', [1]), ("no JSON", [1]), ('{"supported": [7]}', [])):
        model = ScriptedModel(replies=[call, remark, verdict])
        result = await consult(case, modelled(resources, silent(differential=model)))
        model.assert_complete()
        assert "PASSAGE:" in str(model.calls[2][-1].content)
        cited = next(r.citations for r in result.remarks if r.specialist == "differential")
        assert len(cited) == len(kept), verdict
        use = next(u for u in result.model_use if u.specialist == "differential")
        assert use.calls == 3
        assert bool([d for d in use.dropped if "second look" in d.why]) == (not kept)
    off = ScriptedModel(replies=[call, remark])
    result = await consult(case, modelled(resources, silent(differential=off), check_citations=False))
    off.assert_complete()
    assert next(r.citations for r in result.remarks if r.specialist == "differential") == ["psoriasis-vulgaris#picture"]


class _Status(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status_code, self.message, self.response = status, message, None


async def test_a_model_that_refuses_tools_is_asked_without_and_one_that_refuses_all_keeps_its_tools(
    resources: Resources, case: Presentation
) -> None:
    refusal = _Status(400, "tools are not supported")
    shy = ScriptedModel(replies=[refusal, '{"ranking": ["gout"]}'])
    rich = modelled(resources, silent(differential=shy))
    result = await consult(case, rich)
    assert next(u for u in result.model_use if u.specialist == "differential").outcome == "used"
    assert (shy.offered[0], shy.offered[1]) == (["search_evidence", "look_up_disease"], [])
    assert rich.models is not None
    assert rich.models.toolless == {"scripted"}
    sour = ScriptedModel(replies=[refusal], repeat=True)
    rich = modelled(resources, silent(differential=sour))
    result = await consult(case, rich)
    assert next(u for u in result.model_use if u.specialist == "differential").reason == "bad-request"
    assert rich.models is not None
    assert not rich.models.toolless


async def test_an_answer_that_is_cut_for_its_length_is_not_asked_for_again(resources: Resources, case: Presentation) -> None:
    cut = AIMessage('{"ranking": ["gout"', response_metadata={"finish_reason": "length"})
    model = ScriptedModel(replies=[cut], repeat=True)
    result = await consult(case, modelled(resources, silent(workup=model)))
    use = next(u for u in result.model_use if u.specialist == "workup")
    assert (use.outcome, use.reason, use.calls) == ("failed", "truncated", 1)


async def test_the_record_leaves_masked_and_comes_back_whole(resources: Resources, provider: Any) -> None:
    def answer(body: dict[str, Any]) -> str:
        return json.dumps({"findings": [{"finding": "weight-loss", "status": "present", "quote": "clothes hang off him"}]})

    seen = await provider(answer=answer)
    note = (
        "Patient name: Henry Walton, phone 13812345678. A 46-year-old man with silvery scaly plaques on the elbows; clothes hang off him."
    )
    case = Presentation(id="m", text=note, lang="en")
    result = await consult(case, modelled(resources, base_url=seen.url, deidentify="always"))
    sent = json.dumps(seen.requests)
    assert "13812345678" not in sent
    assert "Walton" not in sent
    assert "silvery scaly plaques" in sent
    assert result.history is not None
    added = next(f for f in result.history.findings if f.derived_from == "model")
    assert added.spans[0].text == "clothes hang off him"
    assert added.status == "uncertain"


async def test_a_hundred_at_once_all_come_out(resources: Resources, case: Presentation, provider: Any) -> None:
    quick = await provider(delay=0.05)
    rich = modelled(resources, base_url=quick.url)
    results = await asyncio.gather(*(consult(case, rich) for _ in range(100)))
    assert [r.status for r in results] == ["complete"] * 100
