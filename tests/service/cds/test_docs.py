"""The pages about CDS Hooks say what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.service.cds.calls import answered
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.words import Language
from yingzhi.service.cds.reasons import REASONS
from yingzhi.service.cds.services import PREFETCH

DOCS = Path(__file__).parents[3] / "docs"
PAGES: list[tuple[str, Language]] = [("cds-hooks.md", "en"), ("cds-hooks.zh.md", "zh")]


@pytest.mark.parametrize(("page", "lang"), PAGES)
def test_the_call_on_the_page_gives_the_card_on_the_page(resources: Resources, page: str, lang: Language) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(r"-d '(\{.*?\})'\n```", text, re.DOTALL)
    assert found is not None
    body: dict[str, Any] = json.loads(found[1])
    card = answered(body, resources, lang)[0]
    assert card.indicator == "critical"
    assert card.summary in text


@pytest.mark.parametrize(("page", "lang"), PAGES)
def test_the_tables_on_the_page_are_those_of_the_code(page: str, lang: Language) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    for key, query in PREFETCH.items():
        assert re.search(rf"^\| `{key}`.*\| `{re.escape(query)}` \|$", text, re.MULTILINE), key
    for code, words in REASONS.items():
        assert re.search(rf"^\| `{code}` \|.*{re.escape(words.say(lang))}", text, re.MULTILINE), code
