"""The MCP server over HTTP: the service's own identity before it, one request a message, nothing kept in between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from fastmcp.server.dependencies import get_http_request
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yingzhi.service import audit
from yingzhi.service.identity.access import allowed
from yingzhi.service.identity.principal import Principal
from yingzhi.service.mcp.server import Gate, Outcome, build_server
from yingzhi.service.mcp.toolbox import Desk
from yingzhi.service.problems import Problem, problem_of

if TYPE_CHECKING:
    from yingzhi.service.context import Context

PATH = "/mcp"
DOOR = "evidence.search"
"""The permission without which nobody has any business here; each tool asks for its own besides."""
CALLER, PLACE = "yingzhi.caller", "yingzhi.context"


class McpApp:
    """An ASGI application with a lifespan: refuses whom the service does not know, then hands on.

    DNS rebinding and pages of other origins: a browser's request names its Origin, which has to be the server's own. In development
    mode, where no token protects, identity also refuses a Host that is not a loopback address.
    """

    def __init__(self, app: ASGIApp, lifespan: Callable[[Starlette], AbstractAsyncContextManager[Any]]) -> None:
        self.app, self._lifespan = app, lifespan

    @cached_property
    def route(self) -> Route:
        """The exact path as a route: mounted, an application answers at `/mcp/` only, and clients ask for `/mcp`."""
        return Route(PATH, self, methods=None, include_in_schema=False)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """To be entered with the service's own; from then on the service has the route."""
        if self.route not in app.router.routes:
            app.router.routes.insert(0, self.route)
        async with self._lifespan(app):
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        scope["route"] = self.route  # what the log calls it
        request = Request(scope, receive)
        context: Context = scope["app"].state.context
        try:
            _check_origin(request)
            if request.url.path.rstrip("/") != PATH:
                raise Problem(404, "Not found")
            caller = await allowed(DOOR)(request)
            body = await request.body()  # all of it, so that one that is too large or too slow is refused here and not in the library
        except Exception as error:  # the door stays shut whatever went wrong at it
            await problem_of(error).response()(scope, receive, send)
            return
        inner = {**scope, "path": PATH, "raw_path": PATH.encode(), "root_path": "", CALLER: caller, PLACE: context}
        await self.app(inner, _again(body, receive), send)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body that was read, and then what else comes: that the reader has left."""
    read: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return read.pop() if read else await receive()

    return replayed


def _check_origin(request: Request) -> None:
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise Problem(403, "Not allowed", "requests of pages from elsewhere are not served", field="Origin")


def http_app() -> McpApp:
    """The server as an ASGI application for `/mcp` of the service; its `lifespan` runs within the service's."""
    server = build_server(_desk, Gate(_caller, _told))
    app = server.http_app(PATH, stateless_http=True, json_response=True, host_origin_protection=False)
    return McpApp(app, app.lifespan)


def _desk() -> Desk:
    return Desk(_context().resources, _caller().tenant)


def _caller() -> Principal:
    caller: Principal = get_http_request().scope[CALLER]
    return caller


def _context() -> Context:
    context: Context = get_http_request().scope[PLACE]
    return context


async def _told(who: Principal, tool: str, outcome: Outcome) -> None:
    """The audit's entry; a name that is no tool's is not written down."""
    await _context().database.write(lambda db: audit.record(db, who, "mcp.call", entity=tool, outcome=outcome))
