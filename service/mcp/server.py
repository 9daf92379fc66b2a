"""The MCP server: the tools with a gate before each of them, over standard input and output or mounted in the service."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import fastmcp
from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import Tool, ToolResult
from mcp_types import CallToolRequestParams, ListToolsRequest, ToolAnnotations

from yingzhi.agents.specialist import Resources
from yingzhi.service.identity.principal import Principal
from yingzhi.service.mcp.plain import PlainTool
from yingzhi.service.mcp.toolbox import PERMISSIONS, Desk, tools

INSTRUCTIONS = """Clinical decision support for dermatology, in Chinese and English (lang: zh or en). Every tool only reads.
Results come from rules over curated knowledge with sources; the doctor decides, and nothing here is a prescription.
A name under `unknown` and everything under `not_checked` was not checked: say so, never read it as no problem.
Send no names, numbers or addresses of patients. 皮肤科临床决策支持，中英双语；结果供医师参考，未核查不等于没有问题。"""
READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
Outcome = Literal["0", "4", "8"]
Told = Callable[[Principal, str, Outcome], Awaitable[None]]


class Gate(Middleware):
    """Lets a caller see and call what their roles allow, and tells what was called.

    Attributes:
        who: Gives the caller of the request at hand.
        told: Called after each call: caller, tool (empty for one that is not there), outcome as the audit has it.
    """

    def __init__(self, who: Callable[[], Principal], told: Told) -> None:
        self.who, self.told = who, told

    async def on_list_tools(self, context: MiddlewareContext[ListToolsRequest], call_next: CallNext[ListToolsRequest, Any]) -> Any:
        """The tools that the caller may call."""
        who = self.who()
        return [tool for tool in await call_next(context) if _may(who, tool.name)]

    async def on_call_tool(
        self, context: MiddlewareContext[CallToolRequestParams], call_next: CallNext[CallToolRequestParams, ToolResult]
    ) -> ToolResult:
        """Call it, if the caller may."""
        who, name = self.who(), context.message.name
        known = name if name in PERMISSIONS else ""
        if not known:
            await self.told(who, "", "4")
            raise ToolError("There is no such tool.", log_level=logging.INFO)
        if not _may(who, name):
            await self.told(who, known, "4")
            raise ToolError(f"None of the caller's roles has the permission {PERMISSIONS[name]}.", log_level=logging.INFO)
        outcome: Outcome = "8"
        try:
            result = await call_next(context)
            outcome = "0"
        except ToolError as error:
            outcome = "8" if str(error).startswith("The check failed") else "4"
            raise
        finally:
            await self.told(who, known, outcome)
        return result


def _may(who: Principal, tool: str) -> bool:
    return tool in PERMISSIONS and who.may(PERMISSIONS[tool])


def build_server(desk: Callable[[], Desk], gate: Gate | None = None) -> FastMCP:
    """The server.

    Args:
        desk: Gives the desk of the call at hand.
        gate: Who may call what; without one everybody may call everything, which is for a server that only its starter can reach.
    """
    hush()
    server: FastMCP = FastMCP("yingzhi", INSTRUCTIONS, version=_version(), middleware=[gate] if gate else [], mask_error_details=True)
    for function in tools(desk):
        server.add_tool(_as_tool(function))
    return server


def _as_tool(function: Callable[..., Any]) -> Tool:
    return PlainTool.from_function(function, annotations=READS.model_copy(update={"title": function.__name__.replace("_", " ")}))


def hush() -> None:
    """Let the library's log lines go the way of all others, and keep it from making trace spans, which hold names that a caller sends."""
    fastmcp.settings.telemetry_mode = "off"
    log = logging.getLogger("fastmcp")
    for handler in list(log.handlers):
        log.removeHandler(handler)
    log.propagate = True


def local_server(resources: Resources) -> FastMCP:
    """The server for the one who starts it: their own knowledge, their own documents."""
    return build_server(lambda: Desk(resources, resources.tenant))


async def serve_stdio(server: FastMCP) -> None:
    """Serve over standard input and output until the input ends; nothing but the protocol goes to standard output."""
    await server.run_async("stdio", show_banner=False)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("yingzhi")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "source"
