"""One line and one count a request, and an id that its answer carries. A body goes through untouched, streamed as it is."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yingzhi.service.logs.lines import LOG, UNMATCHED, Route, noting
from yingzhi.service.problems import problem_of

if TYPE_CHECKING:
    from yingzhi.service.metrics import Metrics

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds; only their failures are written."""
LEFT = 499
"""Status, in the log alone, of a request whose caller went away before an answer began."""
STREAM = b"text/event-stream"


@dataclass(slots=True)
class _Answer:
    """What is sent, as it passes by."""

    send: Send
    id: bytes
    metrics: Metrics
    began: float = field(default_factory=perf_counter)
    status: int = 0
    head: float = 0.0
    """Seconds until the answer began."""
    streams: bool = False

    async def pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.head = message["status"], perf_counter() - self.began
            headers = [(name, value) for name, value in message.get("headers", ()) if name.lower() != b"x-request-id"]
            message = {**message, "headers": [*headers, (b"x-request-id", self.id)]}
            if any(name.lower() == b"content-type" and value.startswith(STREAM) for name, value in headers):
                self.streams = True
                self.metrics.open_streams.inc()
        await self.send(message)


@dataclass(slots=True)
class RequestLog:
    """ASGI middleware; the outermost, so that it sees every answer.

    The id is made here, whatever the caller sends: theirs could hold a name. An exception that nobody answered becomes a problem
    of which only the class is told, and is not raised further, so that no server prints it.
    """

    app: ASGIApp
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        id_ = uuid.uuid4().hex
        answer = _Answer(send, id_.encode(), self.metrics)
        app = scope.get("app")  # an application that hangs under this one puts itself there
        with noting(request=id_):
            error: BaseException | None = None
            try:
                await self.app(scope, receive, answer.pass_on)
            except Exception as raised:
                error = raised
                if answer.status:
                    raise
                await problem_of(raised).response()(scope, receive, answer.pass_on)
            except BaseException as raised:
                error = raised
                raise
            finally:
                self._write(scope, answer, app, error)

    def _write(self, scope: Scope, answer: _Answer, app: Any, error: BaseException | None) -> None:
        seconds = perf_counter() - answer.began
        if answer.streams:
            self.metrics.open_streams.dec()
        gone = error is None or isinstance(error, asyncio.CancelledError)
        status = answer.status or (LEFT if gone else 500)
        route = template(scope, app)
        self.metrics.request(route, scope["method"], status, answer.head if answer.streams else seconds)
        about = scope.get("path_params", {}).get("consultation")  # written only where it is of the shape that the service makes
        fields = {"route": route, "method": scope["method"], "status": status, "milliseconds": 1000 * seconds, "consultation": about}
        if error is not None and not gone:
            LOG.error("request.failed", error=error, **fields)
        elif status >= 500:
            LOG.error("request", **fields)
        elif route not in QUIET or status >= 400:
            LOG.info("request", **fields)


def template(scope: Scope, app: Any = None) -> Route:
    """The template of the route that a request was answered by, never its path.

    Args:
        scope: After the application is through with it.
        app: The application, for the fixed paths under which others hang in it.
    """
    route = scope.get("route")
    within = scope.get("fastapi", {}).get("effective_route_context")  # of an included router: with the prefixes it was included under
    path = getattr(within if getattr(within, "original_route", None) is route else route, "path", None)
    prefix = _mount(scope, app)
    if isinstance(path, str) and path != prefix:
        return Route(prefix + path)
    return Route(prefix) if prefix else UNMATCHED


def _mount(scope: Scope, app: Any) -> str:
    """The fixed path of the mounted application that answered; a path with parameters is not told."""
    root = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    fixed = (route.path for route in getattr(app, "routes", ()) if isinstance(route, Mount) and "{" not in route.path)
    return root if root and root in fixed else ""
