from __future__ import annotations

import asyncio
import json
import logging
import random
import sys
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import httpx
import pytest
import structlog
import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route as StarletteRoute

from yingzhi.service import metrics as figures
from yingzhi.service.logs import LOG, RequestLog, Route, configure_logs, note, noting

SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗欧阳司马诸葛", "伟芳娜秀英敏静丽强磊军洋勇艳杰涛明超霞平刚桂梓涵宇轩"
FIRST = ["James", "Mary", "Siobhan", "Mohammed", "Wei", "Xiulan", "Anna-Lena", "Jose", "Priya", "Olga"]
LAST = ["Smith", "Garcia", "Nguyen", "Papadopoulos", "Zhang", "Kowalska", "Okafor", "Ivanova", "Tanaka", "Muller"]
RUN, CONSULTATION = "r_" + "0b" * 16, "c_" + "0a" * 16


def identifiers(count: int = 300) -> list[str]:
    """Names, numbers and addresses of nobody, in Chinese and English."""
    r = random.Random(20260301)

    def digits(n: int) -> str:
        return "".join(r.choice("0123456789") for _ in range(n))

    kinds: list[Callable[[], str]] = [
        lambda: r.choice(SURNAMES) + "".join(r.sample(GIVEN, 2)),
        lambda: f"{r.choice(FIRST)} {r.choice(LAST)} {digits(3)}",
        lambda: f"{r.choice(FIRST)}{r.choice(LAST)}{digits(3)}",
        lambda: "1" + r.choice("3578") + digits(9),
        lambda: f"+44 7{digits(3)} {digits(6)}",
        lambda: r.choice(["110101", "310104", "440305"]) + f"19{r.randint(50, 99)}0{r.randint(1, 9)}1{r.randint(0, 9)}" + digits(3) + "X",
        lambda: f"MRN-{digits(8)}",
        lambda: f"病案号{digits(8)}",
        lambda: f"{r.choice(FIRST).lower()}.{digits(4)}@example.org",
        lambda: f"{r.choice('海朝浦天')}{r.choice('淀阳东河')}区{r.choice('和平建设人民')}路{digits(3)}号",
    ]
    found: dict[str, None] = {}
    while len(found) < count:
        found[r.choice(kinds)()] = None
    return list(found)


def hits(text: str, wanted: list[str]) -> list[str]:
    """Which of them stand in a text, as they are or as JSON or a URL writes them."""
    return [w for w in wanted if w in text or json.dumps(w)[1:-1] in text or quote(w) in text]


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@contextmanager
def at_work() -> Iterator[None]:
    """The log as the service sets it up; inside a test, for pytest has handlers of its own for each phase of one."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        undo = configure_logs()
        try:
            yield
        finally:
            undo()


def application() -> FastAPI:
    app = FastAPI()
    app.state.metrics = figures.Metrics()
    router = APIRouter(prefix="/patients")

    @router.get("/{name}")
    async def read(name: str, request: Request) -> dict[str, str]:
        note(tenant="clinic-1", consultation=CONSULTATION)
        return {"header": request.headers.get("x-patient", ""), "name": name}

    @router.post("/{name}")
    async def fails(name: str, request: Request) -> None:
        try:
            raise LookupError(f"no patient {name}")
        except LookupError as error:
            raise RuntimeError(f"{await request.body()!r} of {name}") from error

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for number in range(5):
                yield b"data: %d\n\n" % number

        return StreamingResponse(pieces(), media_type="text/event-stream")

    @app.get("/healthz")
    async def healthz() -> None: ...

    async def hello(_: object) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app.include_router(router, prefix="/api/v1")
    app.include_router(figures.router)
    app.mount("/mcp", Starlette(routes=[StarletteRoute("/tools/{tool}", hello)]))
    app.mount("/of/{name}", Starlette(routes=[StarletteRoute("/x", hello)]))
    app.add_middleware(RequestLog, metrics=app.state.metrics)
    return app


def asgi(app: FastAPI, **more: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, **more), base_url="http://loopback")  # type: ignore[arg-type]


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """A real server on loopback, set up as the service sets it up."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
    assert not thread.is_alive()


def through_the_log(who: str) -> None:
    fields = (
        "request",
        "tenant",
        "route",
        "method",
        "status",
        "milliseconds",
        "consultation",
        "run",
        "error",
        "where",
        "level",
        "time",
        "patient",
    )
    LOG.info(who)
    LOG.info("run.ended %s", who)
    LOG.warning("run.ended", **dict.fromkeys(fields, who))
    LOG.warning("run.failed", **{field: {"name": [who]} for field in fields})
    LOG.bind(patient=who, route=who).error("run.failed %s", who)
    with noting(request=who, consultation=who, run=who):
        note(consultation=who, run=who)
        LOG.info("run.started")
    structlog.get_logger(who).error(who, patient=who)
    try:
        try:
            raise KeyError(who)
        except KeyError as error:
            error.add_note(who)
            raise ExceptionGroup(who, [ValueError(who), type(who, (Exception,), {})(who)]) from error
    except ExceptionGroup as error:
        LOG.exception("run.failed", error=error)
        LOG.exception(who)


def through_the_standard_library(who: str) -> None:
    log = logging.getLogger("a.library")
    log.warning(who)
    log.error("patient %s", who, extra={"patient": who})
    logging.getLogger(who).critical("%(name)s", {"name": who})
    try:
        raise OSError(who)
    except OSError:
        log.exception("while reading %s", who, stack_info=True)
    warnings.warn(f"unexpected value {who}", UserWarning, stacklevel=1)


async def through_the_server(who: str, client: httpx.AsyncClient) -> None:
    safe = quote(who)
    headers = {"x-patient": safe, "x-request-id": safe, "user-agent": safe, "cookie": f"p={safe}", "authorization": f"Bearer {safe}"}
    paths = [
        f"/api/v1/patients/{safe}?phone={safe}#x",
        f"/{safe}/x",
        f"/mcp/tools/{safe}",
        f"/mcp/{safe}",
        f"/of/{safe}/x",
        f"/healthz/?q={safe}",
    ]
    for path in paths:
        await client.get(path, headers=headers)
    answer = await client.post(f"/api/v1/patients/{safe}", content=who.encode(), headers=headers)
    assert answer.status_code == 500
    assert not hits(answer.text + str(answer.headers), [who])
    await client.request("PATIENT-" + who.encode().hex().upper(), "/healthz", headers=headers)


async def test_no_identifier_that_is_pushed_through_the_service_is_in_its_log_or_its_metrics(capfd: pytest.CaptureFixture[str]) -> None:
    people = identifiers()
    app, scraped = application(), ""
    noisy = logging.StreamHandler()  # as a library brings one along, after the log was set up
    logging.getLogger("a.library").addHandler(noisy)
    with at_work(), serving(app) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            for who in people:
                through_the_log(who)
                through_the_standard_library(who)
                await through_the_server(who, client)
                app.state.metrics.request(who, who, 200, 0.1)
                app.state.metrics.run_ended(who, who, 1.0)
                app.state.metrics.provider_fault(who)
                scraped = (await client.get("/metrics")).text
    logging.getLogger("a.library").removeHandler(noisy)
    told, written = capfd.readouterr()
    assert len(people) == 300
    assert len(written.splitlines()) > 300 * 15
    assert hits(written, people) == []
    assert hits(told, people) == []
    assert hits(scraped, people) == []
    hexes = [who.encode().hex().upper() for who in people]
    assert [h for h in hexes if h in written or h in scraped] == []


async def test_what_crashes_is_told_by_its_class_and_place_alone(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        raise ArithmeticError("张伟 13800138000")

    with at_work():
        thread = threading.Thread(target=fails)
        thread.start()
        thread.join()
        try:
            fails()
        except ArithmeticError as error:
            sys.excepthook(type(error), error, error.__traceback__)
            sys.unraisablehook(cast("Any", SimpleNamespace(exc_value=error, err_msg="张伟")))
            asyncio.get_running_loop().call_exception_handler({"message": "张伟", "exception": error, "patient": "张伟"})
    written = capfd.readouterr().err
    assert hits(written, ["张伟", "13800138000"]) == []
    found = lines(written)
    assert [line["event"] for line in found] == ["crash", "crash", "crash", "library"]
    assert all(line["error"] == "ArithmeticError" and str(line["where"]).startswith("service/test_logs.py:") for line in found)


def test_a_line_tells_what_is_on_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    with noting(request="0f" * 16, tenant="clinic-1"):
        note(run=RUN)
        try:
            raise TimeoutError("patient words")
        except TimeoutError as error:
            LOG.error(
                "run.failed", error=error, consultation=CONSULTATION, milliseconds=12.345, status=503, method="GET", route=Route("/a/{b}")
            )
    (line,) = lines(capsys.readouterr().err)
    assert str(line.pop("time")).endswith("Z")
    assert str(line.pop("where")).startswith("service/test_logs.py:")
    assert line == {
        "level": "error", "event": "run.failed", "request": "0f" * 16, "tenant": "clinic-1", "consultation": CONSULTATION, "run": RUN,
        "route": "/a/{b}", "method": "GET", "status": 503, "milliseconds": 12.3, "error": "TimeoutError",
    }  # fmt: skip


def test_an_event_that_is_not_on_the_list_reads_other_and_tells_where_it_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    LOG.info("someone.wrote-this")
    (line,) = lines(capsys.readouterr().err)
    assert line["event"] == "other"
    assert str(line["where"]).startswith("service/test_logs.py:")


def test_a_route_is_told_only_where_it_is_a_template(capsys: pytest.CaptureFixture[str]) -> None:
    LOG.info("request", route="/api/v1/patients/ZhangWei")
    LOG.info("request", route=Route("/api/v1/patients/{patient}"))
    first, second = lines(capsys.readouterr().err)
    assert "route" not in first
    assert second["route"] == "/api/v1/patients/{patient}"


def test_a_line_of_the_standard_library_keeps_an_event_of_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    with at_work():
        logging.getLogger("yingzhi.service.anything").warning("auth.keys-unavailable")
        logging.getLogger("httpx").warning("GET https://host/patients/张伟")
        logging.getLogger("httpx").info("not a warning")
    first, second = lines(capsys.readouterr().err)
    assert first["event"] == "auth.keys-unavailable"
    assert second["event"] == "library"
    assert second["level"] == "warning"


def test_everything_is_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = (root.handlers[:], root.level, logging.getLogRecordFactory(), sys.excepthook, threading.excepthook, sys.unraisablehook)
    configure_logs()()
    after = (root.handlers[:], root.level, logging.getLogRecordFactory(), sys.excepthook, threading.excepthook, sys.unraisablehook)
    assert after == before


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v1/patients/p1", "/api/v1/patients/{name}"),
        ("/stream", "/stream"),
        ("/mcp/tools/abc", "/mcp/tools/{tool}"),
        ("/mcp/nothing", "/mcp"),
        ("/of/someone/x", "/x"),
        ("/nothing/here", "unmatched"),
    ],
)
async def test_a_request_is_logged_and_counted_by_the_template_of_its_route(
    capsys: pytest.CaptureFixture[str], path: str, route: str
) -> None:
    app = application()
    async with asgi(app) as client:
        answer = await client.get(path)
        scraped = (await client.get("/metrics")).text
    (line,) = lines(capsys.readouterr().err)
    assert line["route"] == route
    assert (line["status"], line["request"]) == (answer.status_code, answer.headers["x-request-id"])
    status = f"{answer.status_code // 100}xx"
    assert f'yingzhi_requests_total{{method="GET",route="{route}",status="{status}"}} 1.0' in scraped


async def test_the_tenant_and_consultation_noted_in_a_route_stand_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    async with asgi(application()) as client:
        await client.get("/api/v1/patients/p1")
        await client.get("/nothing")
    first, second = lines(capsys.readouterr().err)
    assert (first["tenant"], first["consultation"]) == ("clinic-1", CONSULTATION)
    assert "tenant" not in second


async def test_a_request_id_is_the_services_own(capsys: pytest.CaptureFixture[str]) -> None:
    async with asgi(application()) as client:
        answers = [await client.get("/healthz", headers={"x-request-id": "0f" * 16}) for _ in range(20)]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert len(ids) == 20
    assert "0f" * 16 not in ids


async def test_an_exception_becomes_a_problem_and_a_line_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    async with asgi(application()) as client:
        answer = await client.post("/api/v1/patients/张伟")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"type": "about:blank", "title": "Internal error", "status": 500, "detail": "RuntimeError"}
    (line,) = lines(capsys.readouterr().err)
    assert (line["event"], line["error"], line["status"]) == ("request.failed", "RuntimeError", 500)
    assert line["request"] == answer.headers["x-request-id"]


async def test_what_is_asked_every_few_seconds_is_counted_but_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    async with asgi(application()) as client:
        await client.get("/healthz")
        assert 'route="/healthz",status="2xx"} 1.0' in (await client.get("/metrics")).text
    assert capsys.readouterr().err == ""


async def test_a_stream_goes_through_piece_by_piece_and_is_counted_while_it_is_open() -> None:
    app = FastAPI()
    app.state.metrics = figures.Metrics()
    begun, go = asyncio.Event(), asyncio.Event()
    sent: list[object] = []

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"data: 1\n\n"
            await go.wait()
            yield b"data: 2\n\n"

        return StreamingResponse(pieces(), media_type="text/event-stream")

    app.add_middleware(RequestLog, metrics=app.state.metrics)

    async def send(message: object) -> None:
        sent.append(message)
        if len(sent) == 2:
            begun.set()

    async def receive() -> dict[str, object]:
        await asyncio.Event().wait()
        return {}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/stream",
        "raw_path": b"/stream",
        "query_string": b"",
        "headers": [],
        "http_version": "1.1",
    }
    task = asyncio.create_task(app({**scope, "scheme": "http", "server": ("x", 1), "client": ("x", 2), "root_path": ""}, receive, send))
    await begun.wait()
    value = app.state.metrics.registry.get_sample_value
    assert value("yingzhi_open_streams") == 1
    go.set()
    await task
    assert value("yingzhi_open_streams") == 0
    assert [m["body"] for m in sent[1:]] == [b"data: 1\n\n", b"data: 2\n\n", b""]  # type: ignore[index]


async def test_a_caller_who_leaves_is_logged_as_such_and_leaves_no_open_stream(capsys: pytest.CaptureFixture[str]) -> None:
    app = application()
    ended = threading.Event()

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield b"data: x\n\n"
                    await asyncio.sleep(0.01)
            finally:
                ended.set()

        return StreamingResponse(pieces(), media_type="text/event-stream")

    with at_work(), serving(app) as url:
        async with httpx.AsyncClient(base_url=url) as client, client.stream("GET", "/endless") as answer:
            assert (await anext(answer.aiter_lines())) == "data: x"
        assert await asyncio.to_thread(ended.wait, 5)
    assert app.state.metrics.registry.get_sample_value("yingzhi_open_streams") == 0
    (line,) = [line for line in lines(capsys.readouterr().err) if line.get("route") == "/endless"]
    assert (line["event"], line["status"]) == ("request", 200)
