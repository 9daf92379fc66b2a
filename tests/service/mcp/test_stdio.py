"""`yingzhi mcp`: the real client starts it and speaks with it over standard input and output."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError

from yingzhi.agents.specialist import Resources

START = "from yingzhi.cli.mcp import mcp; mcp()"


async def test_a_client_starts_it_calls_it_and_hears_nothing_of_the_call_on_standard_error(resources: Resources, tmp_path: Path) -> None:
    errors = tmp_path / "stderr.txt"
    environment = {"YINGZHI_HOME": str(resources.home), "PYTHONPATH": ":".join(sys.path)}
    transport = StdioTransport(sys.executable, ["-c", START], env=environment, log_file=errors, keep_alive=False)
    async with Client(transport, timeout=60, init_timeout=60) as client:
        result = await client.call_tool("check_drugs", {"drugs": ["methotrexate", "trimethoprim", "Zhang-1381"]})
        assert result.structured_content is not None
        assert result.structured_content["problems"][0]["severity"] == "contraindicated"
        with pytest.raises(ToolError):
            await client.call_tool("rank_diagnoses", {"note": "Zhang-1381", "age": "Zhang-1381"})
    assert "Zhang-1381" not in errors.read_text(encoding="utf-8")
