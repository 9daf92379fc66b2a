"""`yingzhi mcp`: the tools for a model client on this machine, over standard input and output."""

from __future__ import annotations

import asyncio


def mcp() -> None:
    """Serve the tools (drugs, evidence, laboratory results, scores, differential) to an MCP client that starts this command."""
    from yingzhi.cli.batch import settings_for
    from yingzhi.graphs.resources import open_resources
    from yingzhi.service.logs import configure_logs
    from yingzhi.service.mcp.server import local_server, serve_stdio

    server = local_server(open_resources(settings_for("none")))
    configure_logs()  # to standard error, without a word of what a client sends
    asyncio.run(serve_stdio(server))
