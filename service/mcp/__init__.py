"""The MCP server (Model Context Protocol): drug check, evidence, laboratory results, scores, differential (docs/mcp.md)."""

from yingzhi.service.mcp.access import McpApp, http_app
from yingzhi.service.mcp.server import build_server, local_server, serve_stdio

__all__ = ["McpApp", "build_server", "http_app", "local_server", "serve_stdio"]
