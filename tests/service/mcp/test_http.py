"""The MCP server inside the service, over streamable HTTP: the real client against a real server on loopback."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ToolError

from tests.service.conftest import Running

PAIR = {"drugs": ["methotrexate", "trimethoprim"], "lang": "en"}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "check_drugs", "arguments": PAIR}}
BOTH = {"Accept": "application/json, text/event-stream"}


def client_of(server: Running, *roles: str, tenant: str = "mcp") -> Client[StreamableHttpTransport]:
    return Client(StreamableHttpTransport(f"{server.url}/mcp", headers=server.headers(*roles, tenant=tenant)))


async def test_a_doctor_calls_every_kind_of_tool(server: Running) -> None:
    async with client_of(server, "doctor") as client:
        assert {t.name for t in await client.list_tools()} == {
            "check_drugs", "search_evidence", "interpret_labs", "list_scores", "compute_score", "rank_diagnoses",
        }  # fmt: skip
        result = await client.call_tool("check_drugs", PAIR)
        assert result.structured_content is not None
        assert result.structured_content["problems"][0]["severity"] == "contraindicated"


async def test_a_researcher_sees_and_calls_only_what_the_role_allows(server: Running) -> None:
    async with client_of(server, "researcher") as client:
        assert "rank_diagnoses" not in {t.name for t in await client.list_tools()}
        with pytest.raises(ToolError, match=r"consultation\.create"):
            await client.call_tool("rank_diagnoses", {"note": "Itchy weals for two days."})


@pytest.mark.parametrize("authorization", ["", "Bearer nonsense", "Basic eDp5"])
async def test_a_call_without_a_good_token_is_refused_before_any_tool(server: Running, authorization: str) -> None:
    headers = BOTH | ({"Authorization": authorization} if authorization else {})
    async with httpx.AsyncClient() as plain:
        answer = await plain.post(f"{server.url}/mcp", json=CALL, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "WWW-Authenticate" in answer.headers
    assert "methotrexate" not in answer.text.lower()


async def test_a_role_without_any_tool_is_refused_at_the_door(server: Running) -> None:
    async with httpx.AsyncClient() as plain:
        answer = await plain.post(f"{server.url}/mcp", json=CALL, headers=BOTH | server.headers("admin", tenant="mcp"))
    assert (answer.status_code, answer.json()["title"]) == (403, "Not allowed")


@pytest.mark.parametrize(
    ("origin", "status"), [("https://evil.example", 403), ("null", 403), ("http://evil.example:{port}", 403), ("{own}", 200)]
)
async def test_a_page_of_another_origin_is_refused(server: Running, origin: str, status: int) -> None:
    named = origin.format(own=server.url, port=server.url.rpartition(":")[2])
    async with httpx.AsyncClient() as plain:
        answer = await plain.post(f"{server.url}/mcp", json=CALL, headers=BOTH | server.headers(tenant="mcp") | {"Origin": named})
    assert answer.status_code == status


async def test_each_tenant_searches_its_own_documents_only(server: Running) -> None:
    async with client_of(server, "doctor", tenant="mcp-a") as client:
        found = await client.call_tool("search_evidence", {"query": "bullous pemphigoid", "lang": "en"})
        assert found.structured_content is not None
        assert {p["collection"] for p in found.structured_content["passages"]} == {"knowledge"}
        with pytest.raises(ToolError, match="no such collection"):
            await client.call_tool("search_evidence", {"query": "bullous pemphigoid", "collection": "theirs"})


async def test_every_call_is_audited_and_a_name_that_is_no_tool_is_not_written_down(server: Running) -> None:
    async with client_of(server, "doctor", tenant="mcp-audit") as client:
        await client.call_tool("check_drugs", PAIR)
        with pytest.raises(ToolError):
            await client.call_tool("patient-zhang-san", {})
        with pytest.raises(ToolError):
            await client.call_tool("check_drugs", {"drugs": []})
    assert await _audited(server, "mcp-audit") == [("0", "check_drugs"), ("4", ""), ("4", "check_drugs")]


async def _audited(server: Running, tenant: str) -> list[tuple[str, str]]:
    """Outcome and tool of each entry of a tenant's log."""

    def query(db: sqlite3.Connection) -> list[str]:
        return [r[0] for r in db.execute("SELECT body FROM audit_entry WHERE tenant = ? ORDER BY seq", (tenant,))]

    events = [json.loads(body) for body in await server.context.database.read(query)]
    named = [next((e["what"]["identifier"]["value"] for e in event.get("entity", []) if "what" in e), "") for event in events]
    return [(event["outcome"], name) for event, name in zip(events, named, strict=True)]


async def test_nothing_of_a_call_reaches_a_log(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "Zhang-13812345678"
    async with client_of(server, "doctor") as client:
        for name, arguments in (
            ("rank_diagnoses", {"note": f"{secret}, itchy weals for two days."}),
            ("rank_diagnoses", {"note": "x", "age": secret}),
            ("check_drugs", {"drugs": [secret]}),
            ("compute_score", {"score": secret, "values": {}}),
            (secret, {}),
        ):
            with suppress(ToolError):
                await client.call_tool(name, arguments)
    here = threading.get_ident()  # the client, which logs what it sends, works in this thread, the server in another
    said = [r.getMessage() + str(r.exc_info or "") for r in caplog.records if r.thread != here]
    assert said
    assert not [line for line in said if secret in line]


async def test_many_clients_at_once_leave_nothing_behind(server: Running) -> None:
    async def one() -> None:
        async with client_of(server, "doctor") as client:
            await client.call_tool("list_scores", {})

    await asyncio.gather(*(one() for _ in range(12)))


@pytest.mark.parametrize(("method", "body", "status"), [("GET", None, 405), ("POST", b"{", 400), ("POST", b"[]", 400)])
async def test_what_is_no_message_is_refused(server: Running, method: str, body: bytes | None, status: int) -> None:
    headers = BOTH | server.headers(tenant="mcp") | {"Content-Type": "application/json"}
    async with httpx.AsyncClient() as plain:
        answer = await plain.request(method, f"{server.url}/mcp", content=body, headers=headers)
    assert answer.status_code == status


async def test_a_body_that_is_too_large_is_refused_whether_or_not_it_says_so(server: Running) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 100_000

    headers = BOTH | server.headers(tenant="mcp") | {"Content-Type": "application/json"}
    async with httpx.AsyncClient(timeout=30) as plain:
        for content in (b" " * 5_000_000, pieces()):
            answer = await plain.post(f"{server.url}/mcp", content=content, headers=headers)
            assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
