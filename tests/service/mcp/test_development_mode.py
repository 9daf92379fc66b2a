"""Without an identity the service works for this machine alone; a browser that was led here by DNS rebinding is turned away."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from tests.service.conftest import Issuer, Running, run_server
from yingzhi.agents.specialist import Resources
from yingzhi.graphs.settings import Settings
from yingzhi.service.identity import IdentitySettings
from yingzhi.service.settings import ServiceSettings

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
BOTH = {"Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory, resources: Resources, issuer: Issuer) -> Iterator[Running]:
    settings = ServiceSettings(engine=Settings(home=tmp_path_factory.mktemp("dev")), identity=IdentitySettings(dev=True))
    yield from run_server(settings, resources, issuer)


async def test_a_client_on_this_machine_needs_no_token(development: Running) -> None:
    async with Client(StreamableHttpTransport(f"{development.url}/mcp")) as client:
        assert len(await client.list_tools()) == 6


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Host": "evil.example", "Origin": "http://evil.example"}, {"Origin": "http://evil.example"}]
)
async def test_a_foreign_name_or_page_is_refused(development: Running, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient() as plain:
        answer = await plain.post(f"{development.url}/mcp", json=LIST, headers=BOTH | headers)
    assert answer.status_code == 403
    assert "check_drugs" not in answer.text
