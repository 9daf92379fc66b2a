"""Traces of a run to an OpenTelemetry collector or a file; only when asked for, and without patient text unless that is asked for too."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from yingzhi.clinical.errors import SettingsError, ToolError
from yingzhi.evals.runs import Run, scores_of, traces_of
from yingzhi.evals.spans import Node, tree_of
from yingzhi.evals.trace import Trace
from yingzhi.knowledge.load import write_atomically

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan

PATH = "/v1/traces"
"""Where OTLP over HTTP takes spans."""
BATCH = 512
"""Spans a request, about."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def spans_of_run(run: Run, *, with_text: bool = False) -> Iterator[list[ReadableSpan]]:
    """The spans of a run, one list a consultation, the root first.

    Raises:
        SettingsError: OpenTelemetry is not installed.
        GoldError: The run's traces or scores can't be read.
    """
    from yingzhi.evals.scorers import standard

    _need()
    from opentelemetry.sdk.resources import Resource

    pins, gates = run.manifest.pins, [s.name for s in standard() if s.gate]
    resource = Resource.create({
        "service.name": "yingzhi", "service.version": pins.code, "service.instance.id": str(uuid5(NAMESPACE_URL, _name(run))),
        "yingzhi.knowledge": pins.knowledge, "yingzhi.gold": run.manifest.gold,
    })  # fmt: skip
    scored = {f"{r.case}.{r.lang}.{r.epoch}": r for r in scores_of(run)} if run.scores.exists() else {}
    for key, trace in traces_of(run).items():
        root = tree_of(trace, scored.get(key), gates, with_text=with_text)
        root.attributes["yingzhi.run"] = run.manifest.id
        yield spans_of(root, run, trace, resource)


def spans_of(root: Node, run: Run, trace: Trace, resource: Resource) -> list[ReadableSpan]:
    """A tree as spans. Their ids are made from run and key, so that what is sent twice is there once."""
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    scope = InstrumentationScope("yingzhi.evals", run.manifest.pins.code)
    whole = f"{_name(run)} {trace.key}"
    start = (trace.began or run.manifest.created).astimezone(UTC)
    zero = (start - EPOCH) // timedelta(microseconds=1) * 1000
    numbers, made = count(), list[ReadableSpan]()

    def make(node: Node, parent: SpanContext | None) -> None:
        own = SpanContext(_id(whole, 16), _id(f"{whole} {next(numbers)}", 8), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        ended = zero + round(node.ended * 1e9)
        made.append(
            ReadableSpan(  # made whole: a tracer of the SDK gives its own ids and reads the clock, and these are over
                node.name, own, parent, resource,
                {**node.attributes, "openinference.span.kind": node.kind, **({"error.type": node.error} if node.error else {})},
                [Event(name, attributes, ended) for name, attributes in node.events],
                kind=SpanKind.CLIENT if node.kind == "LLM" else SpanKind.INTERNAL,
                status=Status(StatusCode.ERROR if node.error else StatusCode.UNSET),
                start_time=zero + round(node.began * 1e9), end_time=ended, instrumentation_scope=scope,
            )
        )  # fmt: skip
        for child in node.children:
            make(child, own)

    make(root, None)
    return made


def send(consultations: Iterable[list[ReadableSpan]], endpoint: str) -> tuple[int, int]:
    """Send spans to a collector; headers, timeout and certificates as OpenTelemetry's environment variables say.

    Returns:
        How many consultations and spans it took.

    Raises:
        SettingsError: The address is none, or OpenTelemetry is not installed.
        ToolError: The collector can't be reached, or does not take them; what was sent before is there, and may be sent again.
    """
    url = traces_url(endpoint)
    _need()
    import requests
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import SpanExportResult

    answers: list[requests.Response] = []
    session = requests.Session()
    session.hooks["response"].append(_listening(answers))
    exporter = OTLPSpanExporter(endpoint=url, session=session)
    done = spans = 0
    try:
        for batch in batches(consultations):
            flat = [s for one in batch for s in one]
            answers.clear()
            with _quiet():
                result = exporter.export(flat)
            if result is not SpanExportResult.SUCCESS:
                said = f"answered {answers[-1].status_code}" if answers else "can't be reached"
                raise ToolError(f"the collector at {urlsplit(url).netloc} {said}; {done} consultations were sent before")
            if refused := _refused(answers[-1]):
                raise ToolError(f"the collector at {urlsplit(url).netloc} refused {refused} spans; {done} consultations were sent before")
            done, spans = done + len(batch), spans + len(flat)
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]
    return done, spans


def write(consultations: Iterable[list[ReadableSpan]], path: Path) -> tuple[int, int]:
    """Write spans to a file in OTLP's JSON, all on one line, as the collector's file receiver reads it.

    Returns:
        How many consultations and spans there are.

    Raises:
        SettingsError: The file can't be written, or OpenTelemetry is not installed.
    """
    _need()
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

    json_format: Any = import_module("google.protobuf.json_format")  # it comes without types
    whole = list(consultations)
    body = json_format.MessageToDict(encode_spans([s for one in whole for s in one]), use_integers_for_enums=True)
    try:
        write_atomically(path, json.dumps(_hex_ids(body), ensure_ascii=False).encode() + b"\n")
    except OSError as error:
        raise SettingsError(f"{path.name}: can't be written ({type(error).__name__})") from None
    return len(whole), sum(map(len, whole))


def traces_url(endpoint: str) -> str:
    """The address that takes spans: as given, with the usual path if it has none.

    Raises:
        SettingsError: It is no HTTP address, or holds a password.
    """
    wrong = SettingsError("--endpoint: the address of a collector, e.g. http://127.0.0.1:4318")
    try:
        parts = urlsplit(endpoint)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise wrong from None
    if not sound:
        raise wrong
    if parts.username or parts.password:
        raise SettingsError("--endpoint: no name or password in the address; headers go into OTEL_EXPORTER_OTLP_HEADERS")
    return parts._replace(path=PATH if parts.path in {"", "/"} else parts.path).geturl()


def batches(consultations: Iterable[list[ReadableSpan]]) -> Iterator[list[list[ReadableSpan]]]:
    """Consultations in requests of about `BATCH` spans; none is torn."""
    batch: list[list[ReadableSpan]] = []
    for one in consultations:
        if batch and sum(map(len, batch)) + len(one) > BATCH:
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _need() -> None:
    try:
        import opentelemetry.exporter.otlp.proto.http  # noqa: F401 - which brings the rest along
    except ImportError:
        raise SettingsError("the export needs an extra: pip install 'yingzhi[otel]'") from None


def _name(run: Run) -> str:
    """What no other run is called: one that was deleted and made again has another."""
    return f"yingzhi:{run.manifest.id}:{run.manifest.created.isoformat()}"


def _id(words: str, size: int) -> int:
    """An id of so many bytes, the same for the same words; never 0, which is none."""
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:size]) or 1


def _listening(answers: list[Any]) -> Callable[..., None]:
    """Notes every answer, and takes a redirect for the refusal that it is: the client would count it as success."""
    import requests

    def hear(response: requests.Response, **_: object) -> None:
        answers.append(response)
        if 300 <= response.status_code < 400:
            raise requests.exceptions.InvalidURL("redirected")

    return hear


def _refused(answer: Any) -> int:
    """How many spans the collector says it did not keep, though it took the request."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    try:
        return int(ExportTraceServiceResponse.FromString(answer.content).partial_success.rejected_spans)
    except Exception:  # whatever else it says, it took them
        return 0


@contextmanager
def _quiet() -> Iterator[None]:
    """The client logs each failure; one sentence is said here instead."""
    logger = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _hex_ids(value: Any) -> Any:
    """OTLP's JSON has ids in hexadecimal where protobuf's has base64."""
    if isinstance(value, list):
        return [_hex_ids(v) for v in value]
    if isinstance(value, dict):
        ids = {"traceId", "spanId", "parentSpanId"}
        return {k: base64.b64decode(v).hex() if k in ids and isinstance(v, str) else _hex_ids(v) for k, v in value.items()}
    return value
