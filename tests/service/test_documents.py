from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import httpx
import pytest

from tests.service.conftest import Running
from yingzhi.graphs.events import EVENT, Event
from yingzhi.service.settings import ServiceSettings

DOCS = Path(__file__).parent.parent.parent / "docs"


@pytest.mark.parametrize("page", ["api.md", "api.zh.md"])
def test_every_event_is_documented_with_an_example_that_is_one(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    shown = dict(re.findall(r"### `([a-z.]+)`\n\n.*?\n\n```json\n(.*?)\n```", text, re.DOTALL))
    kinds = {kind.model_fields["type"].default for kind in get_args(get_args(Event)[0])}
    assert set(shown) == kinds
    for kind, example in shown.items():
        assert EVENT.validate_json(example).type == kind


@pytest.mark.parametrize("page", ["api.md", "api.zh.md"])
def test_every_setting_of_the_server_is_documented(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for name in ServiceSettings.model_fields.keys() - {"engine", "identity", "limits"}:
        assert re.search(rf"\b{name.upper()}\b", text), name


async def test_the_documentation_of_the_api_fetches_nothing_from_elsewhere(server: Running) -> None:
    async with httpx.AsyncClient(base_url=server.url) as client:
        page = (await client.get("/docs")).text
        sources = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page)
        assert sources
        for source in sources:
            assert source.startswith("/"), source
            assert (await client.get(source)).status_code == 200
        document = (await client.get("/openapi.json")).json()
    assert "/api/v1/consultations" in document["paths"]
    assert "ProblemBody" in document["components"]["schemas"]
