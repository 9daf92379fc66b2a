"""The export of traces: a tree of spans with the conventions' names, its times nested, and no text of a record in it unless asked for."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson  # type: ignore[import-untyped]
from langchain_core.messages import AIMessage
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, StatusCode

from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.settings import checked
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.errors import SettingsError, ToolError
from yingzhi.clinical.words import Language
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.engine import run_case
from yingzhi.evals.otel import batches, send, spans_of_run, traces_url, write
from yingzhi.evals.runs import Run, score_run, start_run
from yingzhi.evals.scorers import standard
from yingzhi.evals.spans import timed
from yingzhi.evals.trace import Trace, read_traces, write_traces
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.result import pins
from yingzhi.testing import ScriptedModel

KINDS = {"CHAIN", "AGENT", "TOOL", "RETRIEVER", "LLM"}
CANARY = "Zweifelhuber"


@dataclasses.dataclass
class Collector:
    """What a collector was sent."""

    url: str
    answer: tuple[int, bytes]
    paths: list[str] = dataclasses.field(default_factory=list)
    bodies: list[bytes] = dataclasses.field(default_factory=list)

    @property
    def requests(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(b) for b in self.bodies]


@contextmanager
def collector(status: int = 200, body: bytes = b"") -> Iterator[Collector]:
    """A real one, as far as OTLP over HTTP goes, on the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            there.paths.append(self.path)
            there.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            code, said = there.answer
            self.send_response(code)
            if 300 <= code < 400:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Collector(f"http://127.0.0.1:{server.server_address[1]}", (status, body))
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def kept(root: Path, gold: GoldCase, resources: Resources, traces: list[Trace]) -> Run:
    """A scored run with these traces."""
    run = start_run(root, "exported", [gold], ("zh", "en"), resources, pins(resources))
    write_traces(run.traces, traces)
    score_run(run, {gold.id: gold}, standard(resources.lexicon))
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, gold: GoldCase, resources: Resources, traces: dict[Language, Trace]) -> Run:
    """The gold case in both languages on the embedded engine, scored."""
    return kept(tmp_path_factory.mktemp("plain"), gold, resources, list(traces.values()))


@pytest.fixture(scope="module")
def modelled(tmp_path_factory: pytest.TempPathFactory, gold: GoldCase, resources: Resources) -> Run:
    """The same in English with a model that calls a tool, and one that fails."""
    import asyncio

    call = AIMessage("", tool_calls=[{"name": "look_up_disease", "args": {"disease": "SJS/TEN"}, "id": "1"}])
    quiet = ScriptedModel(replies=["{}"], repeat=True)
    counted = AIMessage("{}", usage_metadata={"input_tokens": 70, "output_tokens": 30, "total_tokens": 100})
    given = {
        "history": ScriptedModel(replies=[counted]), "differential": ScriptedModel(replies=[call, "{}"]), "workup": quiet,
        "pharmacology": ScriptedModel(replies=[ValueError("no")], repeat=True), "documentation": quiet, "challenge": quiet,
    }  # fmt: skip
    settings = checked({"model": "m-1", "base_url": "http://127.0.0.1:1/v1", "tools": "native", "json_mode": "object"}, {})
    rich = dataclasses.replace(resources, models=Models(settings, given=given))
    trace = asyncio.run(run_case(gold.id, gold.presentation("en"), "en", rich, build_graph()))
    return kept(tmp_path_factory.mktemp("modelled"), gold, rich, [trace])


def in_memory(run: Run, **more: bool) -> list[tuple[ReadableSpan, ...]]:
    """The spans as the SDK's own exporter takes them, by consultation."""
    out = []
    for spans in spans_of_run(run, **more):
        exporter = InMemorySpanExporter()
        exporter.export(spans)
        out.append(exporter.get_finished_spans())
    return out


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def context(span: ReadableSpan) -> SpanContext:
    found = span.get_span_context()
    assert found is not None
    return found


def named(spans: tuple[ReadableSpan, ...], name: str) -> ReadableSpan:
    return next(s for s in spans if s.name == name)


def test_a_consultation_is_one_trace_a_tree_with_its_times_nested(run: Run, modelled: Run) -> None:
    consultations = [*in_memory(run), *in_memory(modelled)]
    assert len({context(s).trace_id for spans in consultations for s in spans}) == len(consultations) == 3
    for spans in consultations:
        by_id = {context(s).span_id: s for s in spans}
        assert len(by_id) == len(spans)
        assert [s.name for s in spans if s.parent is None] == ["invoke_workflow yingzhi"]
        agents = {attributes(s)["gen_ai.agent.name"] for s in spans if attributes(s)["openinference.span.kind"] == "AGENT"}
        assert agents >= {"history", "differential", "workup", "pharmacology", "documentation"}
        for span in spans:
            assert span.start_time is not None
            assert span.end_time is not None
            assert span.start_time <= span.end_time
            if span.parent is None:
                continue
            parent = by_id[span.parent.span_id]
            assert parent.start_time is not None
            assert parent.end_time is not None
            assert parent.start_time <= span.start_time
            assert span.end_time <= parent.end_time
            kinds = attributes(parent)["openinference.span.kind"], attributes(span)["openinference.span.kind"]
            assert kinds in {("CHAIN", "AGENT"), ("AGENT", "TOOL"), ("AGENT", "RETRIEVER"), ("AGENT", "LLM")}


def test_times_are_those_at_which_things_happened_not_those_of_the_list_they_came_in(trace: Trace, run: Run) -> None:
    assert trace.began is not None
    assert abs((datetime.now(UTC) - trace.began).total_seconds()) < 3600
    assert all(0 <= e["at"] <= trace.seconds and e["at"] == round(e["at"], 4) for e in trace.events)
    tools = [e["at"] for e in trace.events if e["type"] == "tool.called" and e["specialist"] == "history"]
    assert tools == sorted(tools)
    assert len(set(tools)) > 2
    root = next(spans[0] for spans in in_memory(run) if attributes(spans[0])["yingzhi.language"] == "en")
    assert root.start_time == round(trace.began.timestamp() * 1e6) * 1000


def test_names_are_those_of_the_conventions(run: Run) -> None:
    spans = in_memory(run)[1]
    root, agent, tool = spans[0], named(spans, "invoke_agent pharmacology"), named(spans, "execute_tool review_treatment")
    assert attributes(root)["gen_ai.operation.name"] == "invoke_workflow"
    assert attributes(root)["gen_ai.workflow.name"] == "yingzhi"
    assert attributes(agent)["gen_ai.operation.name"] == "invoke_agent"
    assert attributes(agent)["gen_ai.agent.name"] == attributes(agent)["agent.name"] == "pharmacology"
    assert attributes(tool)["gen_ai.operation.name"] == "execute_tool"
    assert attributes(tool)["gen_ai.tool.name"] == attributes(tool)["tool.name"] == "review_treatment"
    assert "carbamazepine" in attributes(tool)["yingzhi.tool.about"]
    assert attributes(named(spans, "execute_tool search"))["openinference.span.kind"] == "RETRIEVER"
    assert {attributes(s)["openinference.span.kind"] for s in spans} <= KINDS
    assert {s.kind for s in spans} == {SpanKind.INTERNAL}
    resource = root.resource.attributes
    assert resource["service.name"] == "yingzhi"
    assert resource["service.version"] == run.manifest.pins.code
    assert resource["yingzhi.knowledge"] == run.manifest.pins.knowledge


def test_scores_are_events_of_the_consultation_and_gates_pass_or_fail(run: Run) -> None:
    root = in_memory(run)[0][0]
    assert {e.name for e in root.events} == {"gen_ai.evaluation.result"}
    found = {dict(e.attributes or {})["gen_ai.evaluation.name"]: dict(e.attributes or {}) for e in root.events}
    assert found["must-not-miss"]["gen_ai.evaluation.score.value"] == 1.0
    assert found["must-not-miss"]["gen_ai.evaluation.score.label"] == "pass"
    assert "gen_ai.evaluation.score.label" not in found["findings"]
    assert "trajectory" not in found  # it was not scored
    assert "group:emergency" in attributes(root)["tag.tags"]
    run.scores.rename(run.folder / "away")
    try:
        assert in_memory(run)[0][0].events == ()
    finally:
        (run.folder / "away").rename(run.scores)


def test_a_model_call_has_its_model_its_tokens_and_what_it_ended_in(modelled: Run) -> None:
    spans = in_memory(modelled)[0]
    history, pharmacology = named(spans, "invoke_agent history"), named(spans, "invoke_agent pharmacology")

    def chats(agent: ReadableSpan) -> list[ReadableSpan]:
        return [s for s in spans if s.name == "chat m-1" and s.parent is not None and s.parent.span_id == context(agent).span_id]

    (one,) = chats(history)
    assert one.kind is SpanKind.CLIENT
    expected = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "m-1", "llm.model_name": "m-1",
        "gen_ai.usage.input_tokens": 70, "gen_ai.usage.output_tokens": 30, "llm.token_count.total": 100, "gen_ai.prompt.name": "history.en",
    }  # fmt: skip
    assert expected.items() <= attributes(one).items()
    assert attributes(history)["gen_ai.usage.input_tokens"] == 70
    assert "llm.token_count.total" not in attributes(history)  # counted once
    differential = named(spans, "invoke_agent differential")
    assert len(chats(differential)) == 2
    assert attributes(differential)["llm.token_count.total"] > 0
    assert all("llm.token_count.total" not in attributes(s) for s in chats(differential))  # whose they are is not known
    looked_up = named(spans, "execute_tool look_up_disease")
    assert attributes(looked_up)["yingzhi.tool.about"] == ["sjs-ten"]  # it said a name
    failed = chats(pharmacology)[0]
    assert failed.status.status_code is StatusCode.ERROR
    assert attributes(failed)["error.type"]
    assert pharmacology.status.status_code is StatusCode.UNSET  # the playbook's result stands
    assert attributes(pharmacology)["yingzhi.model.outcome"] == "failed"


def test_what_failed_says_what_it_ended_in(tmp_path: Path, gold: GoldCase, resources: Resources, trace: Trace) -> None:
    events = [dict(e) for e in trace.events]
    next(e for e in events if e.get("tool") == "refer" and e["type"] == "tool.returned").update(ok=False, error="KeyError")
    last = next(e for e in reversed(events) if e["type"] == "specialist.finished")
    last.update(ok=False)
    torn = events.index(next(e for e in events if e.get("tool") == "build_documents" and e["type"] == "tool.returned"))
    del events[torn]  # it was called and never came back
    broken = trace.model_copy(update={"events": events, "consultation": None, "error": "ValueError: Frau Zweifelhuber"})
    spans = in_memory(kept(tmp_path, gold, resources, [broken]))[0]
    assert attributes(spans[0])["error.type"] == "_OTHER"
    assert attributes(spans[0])["yingzhi.status"] == "failed"
    assert attributes(named(spans, "execute_tool refer"))["error.type"] == "KeyError"
    assert attributes(named(spans, "invoke_agent documentation"))["error.type"] == "_OTHER"
    assert CANARY not in "".join(s.to_json() for s in spans)


def test_a_trace_of_before_without_times_is_laid_out_by_its_durations(
    tmp_path: Path, gold: GoldCase, resources: Resources, trace: Trace
) -> None:
    old = trace.model_copy(
        update={"began": None, "events": [{k: v for k, v in e.items() if k not in {"at", "about"}} for e in trace.events]}
    )
    run = kept(tmp_path, gold, resources, [old])
    (spans,) = in_memory(run)
    assert attributes(spans[0])["yingzhi.times"] == "from durations"
    assert len(spans) > 15
    tools = [s for s in spans if attributes(s)["openinference.span.kind"] == "TOOL"]
    assert [s.start_time for s in tools] == sorted(s.start_time or 0 for s in tools)
    assert spans[0].start_time == round(run.manifest.created.timestamp() * 1e6) * 1000
    at = [e["at"] for e in timed(old.events)]
    assert at == sorted(at)


def test_a_second_export_does_not_double(run: Run, modelled: Run) -> None:
    with collector() as there:
        spans = list(spans_of_run(run))
        first, second = send(spans, there.url), send(list(spans_of_run(run)), there.url)
    assert first == second == (2, sum(map(len, spans)))
    assert there.paths == ["/v1/traces"] * 2
    assert there.bodies[0] == there.bodies[1]
    others = {context(s).span_id for one in spans_of_run(modelled) for s in one}
    assert not others & {context(s).span_id for one in spans for s in one}


def windows(text: str) -> set[str]:
    """Every two words on of a text; a single one may be an id too."""
    words = text.split()
    return {" ".join(words[i : i + 2]) for i in range(len(words) - 1)}


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory, gold: GoldCase, resources: Resources) -> Run:
    """A run on notes that name the patient, with a report."""
    import asyncio

    note = gold.note.model_copy(update={"en": f"Mrs {CANARY} says: {gold.note.en}", "zh": f"患者欧阳春晓，{gold.note.zh}"})
    case = gold.model_copy(update={"note": note, "reports": []})
    both: tuple[Language, ...] = ("zh", "en")

    async def ran() -> list[Trace]:
        graph = build_graph()
        return [await run_case(case.id, case.presentation(lang), lang, resources, graph) for lang in both]

    return kept(tmp_path_factory.mktemp("marked"), case, resources, asyncio.run(ran()))


def test_by_default_no_byte_of_the_request_is_text_of_the_record(marked: Run) -> None:
    with collector() as there:
        send(spans_of_run(marked), there.url)
    body = there.bodies[0].decode("utf-8", "replace")
    words = MessageToJson(there.requests[0], ensure_ascii=False)  # ids are bytes, which may look like any letter
    for trace in read_traces(marked.traces):
        assert trace.consultation is not None
        drafts = "".join(d.text() for d in trace.consultation.documents)
        lost = {w for w in windows(trace.presentation.text) | windows(drafts) if w in body}
        assert lost == set()
    assert CANARY not in body
    assert "欧阳" not in body
    assert not re.search("[一-鿿]", words)
    keys = {k.key for r in there.requests for x in r.resource_spans for y in x.scope_spans for s in y.spans for k in s.attributes}
    assert not keys & {"input.value", "output.value", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.call.arguments"}


def test_text_goes_along_only_when_it_is_asked_for(marked: Run) -> None:
    with collector() as there:
        send(spans_of_run(marked, with_text=True), there.url)
    body = there.bodies[0].decode("utf-8", "replace")
    assert CANARY in body
    assert "欧阳春晓" in body
    root = attributes(in_memory(marked, with_text=True)[1][0])
    trace = list(read_traces(marked.traces))[1]
    assert root["input.value"] == trace.presentation.text
    (message,) = json.loads(root["gen_ai.input.messages"])
    assert message == {"role": "user", "parts": [{"type": "text", "content": trace.presentation.text}]}
    (answer,) = json.loads(root["gen_ai.output.messages"])
    assert answer["role"] == "assistant"
    assert answer["finish_reason"] == "stop"
    assert len(answer["parts"]) == 5
    explained = [dict(e.attributes or {}) for e in in_memory(marked, with_text=True)[1][0].events]
    assert any("gen_ai.evaluation.explanation" in e for e in explained)


def test_the_file_is_otlp_json_with_hexadecimal_ids(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "spans.json"
    assert write(spans_of_run(run), out) == (2, sum(map(len, in_memory(run))))
    assert out.read_bytes().count(b"\n") == 1
    spans = json.loads(out.read_text(encoding="utf-8"))["resourceSpans"][0]["scopeSpans"][0]["spans"]
    ids = {s["spanId"] for s in spans}
    assert all(re.fullmatch("[0-9a-f]{32}", s["traceId"]) and re.fullmatch("[0-9a-f]{16}", s["spanId"]) for s in spans)
    assert all(s.get("parentSpanId", s["spanId"]) in ids for s in spans)
    assert {s["kind"] for s in spans} == {1}
    with pytest.raises(SettingsError, match="can't be written"):
        write(spans_of_run(run), out / "under a file")


def test_a_collector_that_cant_be_reached_or_does_not_take_them_is_said_in_one_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.5")
    refusal = ExportTraceServiceResponse(partial_success=ExportTracePartialSuccess(rejected_spans=3, error_message="x")).SerializeToString()
    for status, body, says in ((400, b"", "answered 400"), (301, b"", "answered 301"), (200, refusal, "refused 3 spans")):
        with collector(status, body) as there, pytest.raises(ToolError, match=f"the collector at 127.0.0.1:.* {says}; 0 consultations"):
            send(spans_of_run(run), there.url)
    with collector() as gone:
        pass
    with pytest.raises(ToolError, match="can't be reached; 0 consultations were sent before"):
        send(spans_of_run(run), gone.url)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("https://collector.example/", "https://collector.example/v1/traces"),
        ("http://collector.example/otlp/spans?tenant=a", "http://collector.example/otlp/spans?tenant=a"),
    ],
)
def test_the_path_is_the_usual_one_if_none_is_given(given: str, url: str) -> None:
    assert traces_url(given) == url


@pytest.mark.parametrize(
    "given", ["", "collector:4318", "ftp://collector", "http://", "http://a:99999", "http://[::1", "http://u:secret@a"]
)
def test_what_is_no_address_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(SettingsError, match="--endpoint") as refused:
        traces_url(given)
    assert "secret" not in str(refused.value)


def test_requests_stay_small_and_no_consultation_is_torn(run: Run) -> None:
    one = next(spans_of_run(run))
    many = [one] * 60
    found = list(batches(many))
    assert [c for b in found for c in b] == many
    assert len(found) > 1
    assert all(sum(map(len, b)) <= 512 for b in found)


def test_without_the_extra_it_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    calls: list[Callable[[], object]] = [
        lambda: list(spans_of_run(run)), lambda: send([], "http://127.0.0.1:1"), lambda: write([], tmp_path / "x"),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(SettingsError, match=r"pip install 'yingzhi\[otel\]'"):
            call()
