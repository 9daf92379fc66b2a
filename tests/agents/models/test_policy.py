from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path
from typing import Any, get_args

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.models.budget import Budget
from yingzhi.agents.models.call import Line, ask
from yingzhi.agents.models.chat import Breaker, open_chat
from yingzhi.agents.models.policy import ATTEMPTS, POLICIES, CallFailed, Kind, classify, last_object, pause
from yingzhi.agents.models.settings import ModelSettings
from yingzhi.clinical.errors import MalformedResult, ModelUnavailable
from yingzhi.testing import FakeProvider
from yingzhi.testing.provider import Fault

KINDS: tuple[Kind, ...] = get_args(Kind)
RETRIED = {"rate-limited", "overloaded", "server-error", "unreachable", "timeout", "reset", "truncated"}


async def failure(transport: httpx2.AsyncBaseTransport | None = None, url: str = "http://127.0.0.1:9/v1", **fields: Any) -> Exception:
    """What the chat model raises, asked through a transport or at an address."""
    chat = open_chat(ModelSettings.model_validate({"model": "m", "base_url": url, "call_seconds": 5, **fields}), transport)
    try:
        stream = chat.astream("question")
        try:
            async for _ in stream:
                pass
        finally:
            await stream.aclose()  # type: ignore[attr-defined]
    except Exception as error:
        return error
    finally:
        await chat.http_async_client.aclose()  # type: ignore[attr-defined]
    raise AssertionError("it answered")


def answering(status: int, body: object, **headers: str) -> httpx2.MockTransport:
    def answer(_: httpx2.Request) -> httpx2.Response:
        if isinstance(body, str):
            return httpx2.Response(status, text=body, headers={"content-type": "text/html", **headers})
        return httpx2.Response(status, json=body, headers=headers)

    return httpx2.MockTransport(answer)


def streaming(*events: object) -> httpx2.MockTransport:
    text = "".join(f"data: {e if isinstance(e, str) else json.dumps(e)}\n\n" for e in events)
    return httpx2.MockTransport(lambda _: httpx2.Response(200, text=text, headers={"content-type": "text/event-stream"}))


def error(message: str, code: str | int | None = None, kind: str | None = None) -> dict[str, object]:
    return {"error": {"message": message, "code": code, "type": kind}}


HTML = "<html><head><title>404</title></head><body>Not Found</body></html>"
BUSY = "Rate limit reached for requests. Limit: 3 / min. Add a payment method at https://platform.openai.com/account/billing"
STATUS: list[tuple[str, int, object, Kind]] = [
    ("401", 401, error("Incorrect API key provided", "invalid_api_key"), "bad-key"),
    ("403", 403, error("Country not supported", "unsupported_country"), "bad-key"),
    ("404 of OpenAI", 404, error("The model `m` does not exist", "model_not_found"), "unknown-model"),
    ("404 of Ollama", 404, error('model "m" not found, try pulling it first'), "unknown-model"),
    ("404 page", 404, HTML, "not-openai"),
    ("404 of another service", 404, {"detail": "Not Found"}, "not-openai"),
    ("405 page", 405, HTML, "not-openai"),
    ("redirect to a login", 302, HTML, "not-openai"),
    ("400", 400, error("Invalid value: 'x'", "invalid_request_error"), "bad-request"),
    ("422", 422, {"detail": "field required"}, "bad-request"),
    ("400 no model, DeepSeek", 400, error("Model Not Exist", "invalid_request_error"), "unknown-model"),
    ("too long, OpenAI", 400, error("This model's maximum context length is 8192 tokens", "context_length_exceeded"), "context-too-long"),
    ("too long, llama.cpp", 400, error("request exceeds the available context size", 400, "exceed_context_size_error"), "context-too-long"),
    ("too long, llama.cpp 500", 500, error("Context size has been exceeded.", 500, "server_error"), "context-too-long"),
    ("too long, DashScope", 400, error("Range of input length should be [1, 30720]", "InvalidParameter"), "context-too-long"),
    ("413", 413, HTML, "context-too-long"),
    ("filter, Azure", 400, error("triggering Azure OpenAI's content management policy", "content_filter"), "refused"),
    ("filter, DashScope", 400, error("Input data may contain inappropriate content", "data_inspection_failed"), "refused"),
    ("filter, DeepSeek", 400, error("Content Exists Risk", "invalid_request_error"), "refused"),
    ("429", 429, error("slow down", "rate_limit_exceeded"), "rate-limited"),
    ("429 that names the billing page", 429, error(BUSY, "rate_limit_exceeded"), "rate-limited"),
    ("429 without quota", 429, error("You exceeded your current quota", "insufficient_quota"), "quota-spent"),
    ("402 of DeepSeek", 402, error("Insufficient Balance"), "quota-spent"),
    ("arrears, DashScope", 400, error("Access denied, please make sure your account is in good standing.", "Arrearage"), "quota-spent"),
    ("503", 503, error("loading model"), "overloaded"),
    ("529", 529, error("overloaded"), "overloaded"),
    ("500", 500, error("oops", "server_error"), "server-error"),
    ("502 page", 502, HTML, "server-error"),
    ("504 page", 504, HTML, "timeout"),
    ("408", 408, error("too slow"), "timeout"),
]


@pytest.mark.parametrize(("status", "body", "kind"), [pytest.param(s, b, k, id=i) for i, s, b, k in STATUS])
async def test_the_kind_of_an_http_status(status: int, body: object, kind: Kind) -> None:
    assert classify(await failure(answering(status, body)))[0] == kind


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ((error("The server had an error", None, "server_error"),), "server-error"),
        ((error("maximum context length is 4096 tokens", 400, "BadRequestError"),), "context-too-long"),
        ((error("try again", 503),), "overloaded"),
        ((error("too many", 429),), "rate-limited"),
        ((error("slow down", "rate_limit_exceeded"),), "rate-limited"),
        ((error("quota", "insufficient_quota", "insufficient_quota"),), "quota-spent"),
        (("{no json",), "not-openai"),
    ],
)
async def test_the_kind_of_an_error_within_a_stream(events: tuple[object, ...], kind: Kind) -> None:
    assert classify(await failure(streaming(*events)))[0] == kind


async def test_a_page_of_html_with_200_is_not_openai() -> None:
    assert await kind_of_ask(answering(200, "<html>Welcome to the clinic's guest network</html>")) == "not-openai"
    assert await kind_of_ask(answering(200, "<html>Welcome</html>"), stream=False) == "not-openai"


async def kind_of_ask(transport: httpx2.AsyncBaseTransport | None = None, url: str = "http://127.0.0.1:9/v1", **fields: Any) -> Kind:
    from langchain_core.messages import HumanMessage

    chosen = ModelSettings.model_validate({"model": "m", "base_url": url, "call_seconds": 5, "consultation_seconds": 0.3, **fields})
    chat = open_chat(chosen, transport)

    def tell(_name: str, _fields: dict[str, Any]) -> None:
        pass

    try:
        await ask(Line(chat, chosen, Budget(chosen), Breaker(), lambda _: None, tell), [HumanMessage("question")], ())
    except CallFailed as failed:
        return failed.kind
    finally:
        await chat.http_async_client.aclose()  # type: ignore[attr-defined]
    raise AssertionError("it answered")


@pytest.mark.parametrize(
    ("reason", "content", "kind"),
    [("length", "{", "truncated"), ("stop", "", "truncated"), ("content_filter", "", "refused")],
)
async def test_how_an_answer_ended_says_what_it_is(reason: str, content: str, kind: Kind) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": reason}
    body = {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
    assert await kind_of_ask(answering(200, body), stream=False) == kind


async def test_a_stream_that_ends_without_the_last_word_is_truncated() -> None:
    piece = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    choice = {"index": 0, "delta": {"role": "assistant", "content": '{"a": {}}'}, "finish_reason": None}
    assert await kind_of_ask(streaming({**piece, "choices": [choice]})) == "truncated"


async def test_nobody_listens() -> None:
    with socket.socket() as free:  # bound, not listening: nothing else can take the port meanwhile
        free.bind(("127.0.0.1", 0))
        assert classify(await failure(url=f"http://127.0.0.1:{free.getsockname()[1]}/v1"))[0] == "unreachable"


async def test_a_host_that_has_no_address() -> None:
    assert classify(await failure(url="http://no-such-host.invalid/v1"))[0] == "unreachable"


async def test_a_silent_endpoint() -> None:
    async with FakeProvider(always="hang") as provider:
        assert classify(await failure(url=provider.url, idle_seconds=0.1))[0] == "timeout"


async def test_our_own_deadline() -> None:
    with pytest.raises(TimeoutError) as late:
        async with asyncio.timeout(0.01):
            await asyncio.sleep(1)
    assert classify(late.value) == ("timeout", None)


async def test_a_connection_that_breaks_within_a_stream() -> None:
    async with FakeProvider(always="reset") as provider:
        assert classify(await failure(url=provider.url))[0] == "reset"


@pytest.mark.parametrize(
    ("fault", "kind"), [("429", "rate-limited"), ("500", "server-error"), ("refusal", "refused"), ("empty-choices", "truncated")]
)
async def test_the_faults_of_the_provider(fault: Fault, kind: Kind) -> None:
    async with FakeProvider(always=fault) as provider:
        assert await kind_of_ask(url=provider.url) == kind


async def served(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], tls: ssl.SSLContext | None = None) -> Kind:
    """The kind of failure of a request over TLS to a server."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        return classify(await failure(url=f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"))[0]


async def test_tls_to_a_server_that_speaks_none() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    assert await served(plain) == "certificate"


async def test_a_certificate_nobody_vouches_for(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=x"]
    try:
        subprocess.run([*words, "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True, timeout=20)  # noqa: ASYNC221
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl makes no certificate here")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(100)

    assert await served(silent, tls) == "certificate"


async def test_a_connection_cut_within_the_handshake_says_nothing_of_certificates() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.close()

    assert await served(cut) in {"reset", "unreachable"}


def test_an_answer_out_of_form_is_malformed() -> None:
    assert classify(MalformedResult("ranking: no such id")) == ("malformed", None)


@given(st.sampled_from(KINDS), st.none() | st.floats(0, 100))
def test_a_failed_call_keeps_its_kind_and_says_nothing_else(kind: Kind, after: float | None) -> None:
    failed = CallFailed(kind, after)
    assert classify(failed) == (kind, after)
    assert str(failed) == kind
    assert isinstance(failed, ModelUnavailable)


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"retry-after": "2"}, 2, 2),
        ({"retry-after": "0.5"}, 0.5, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5, 1.5),
        ({"retry-after": "-3"}, 0, 0),
        ({"retry-after": "nan"}, 0, 0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0, 0),
    ],
)
async def test_the_wait_that_a_provider_asks_for(headers: dict[str, str], low: float, high: float) -> None:
    after = classify(await failure(answering(429, error("slow down"), **headers)))[1]
    assert after is not None
    assert low <= after <= high


async def test_the_wait_until_a_date() -> None:
    asked = formatdate(time.time() + 60, usegmt=True)
    after = classify(await failure(answering(503, error("busy"), **{"retry-after": asked})))[1]
    assert after is not None
    assert 50 < after <= 60


@pytest.mark.parametrize("headers", [{}, {"retry-after": "soon"}, {"retry-after": ""}])
async def test_a_wait_that_nobody_asked_for(headers: dict[str, str]) -> None:
    assert classify(await failure(answering(429, error("slow down"), **headers)))[1] is None


def test_every_kind_has_a_policy_in_both_languages() -> None:
    assert set(POLICIES) == set(KINDS)
    assert all(p.en and p.zh and p.en != p.zh for p in POLICIES.values())


def test_only_what_can_get_better_is_tried_again() -> None:
    assert {kind for kind, policy in POLICIES.items() if policy.retry} == RETRIED


waits = st.none() | st.floats(min_value=0, max_value=1e6)


@given(st.sampled_from(KINDS), st.integers(1, 10), waits)
def test_a_pause_comes_only_where_the_table_says_and_never_after_the_last_attempt(kind: Kind, attempt: int, after: float | None) -> None:
    wait = pause(kind, attempt, after)
    assert (wait is not None) == (kind in RETRIED and attempt < ATTEMPTS)
    if wait is not None:
        assert wait >= (after or 0)
        assert wait <= max(after or 0, POLICIES[kind].wait * 4 ** (attempt - 1) * 1.2)


lawful = settings(max_examples=80, deadline=None)
keys = st.text(max_size=6)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)
objects = st.dictionaries(keys, values, max_size=4)
prose = st.text(st.characters(exclude_characters="{}\"'"), max_size=40)


@lawful
@given(objects, prose, prose, st.booleans(), st.sampled_from([None, 2]))
def test_the_object_is_found_whatever_stands_around_it(
    value: dict[str, Any], before: str, behind: str, plain: bool, indent: int | None
) -> None:
    assert last_object(before + json.dumps(value, ensure_ascii=plain, indent=indent) + behind) == value


@lawful
@given(st.lists(objects, min_size=1, max_size=4), prose)
def test_the_last_of_several_objects_is_taken(several: list[dict[str, Any]], between: str) -> None:
    assert last_object(between.join(json.dumps(v) for v in several) + between) == several[-1]


@lawful
@given(objects, st.sampled_from(["{ a set }", "{'single': 1}", "{{template}}", "\\frac{1}{2}", '{"open": ', "```json\n{\n", '{"a" 1}']))
def test_what_only_looks_like_an_object_is_passed_over(value: dict[str, Any], noise: str) -> None:
    assert last_object(noise + json.dumps({"first": 1}) + noise + json.dumps(value)) == value


@lawful
@given(st.text(st.sampled_from('{}[]":,\\ \n0123456789eE+-.truefalsn\u00e9\ud800'), max_size=60) | st.text(max_size=60))
def test_nothing_but_malformed_result_is_ever_raised(text: str) -> None:
    with suppress(MalformedResult):
        assert isinstance(last_object(text), dict)


@pytest.mark.parametrize("text", ["", "no", "[1, 2]", "null", '{"a": ' + "1" * 5000 + "}", "{'a': 1}"])
def test_no_object_is_malformed(text: str) -> None:
    with pytest.raises(MalformedResult):
        last_object(text)


@pytest.mark.parametrize(
    "piece",
    [
        "{",
        "}",
        '{"',
        '{"a":',
        '{"a":1,',
        '{":',
        '{"a":[' + "1," * 100,
        '{"a":["' + "x" * 200 + '",',
        "[",
        '{"a":' + "9" * 4400 + "}",
        '{"\\u00zz',
    ],
    ids=lambda piece: repr(piece[:8]),
)
def test_an_answer_of_braces_alone_ends_within_a_second(piece: str) -> None:
    began = time.perf_counter()
    with pytest.raises(MalformedResult):
        last_object(piece * (100_000 // len(piece)))
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("noise", ["{", "{ x ", "[{", "\\frac{1}{2} "])
def test_an_object_behind_many_braces_is_found(noise: str) -> None:
    assert last_object(noise * 20_000 + ' {"a": {"b": "}{"}}') == {"a": {"b": "}{"}}
