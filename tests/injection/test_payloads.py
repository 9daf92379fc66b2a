from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from yingzhi.tools.text import simplify
from yingzhi.tools.untrusted import MARK, data_block, find_quote, plain_answer, strip_invisible

PAYLOADS = [json.loads(line) for line in Path(__file__).with_name("payloads.jsonl").read_text(encoding="utf-8").splitlines()]
KINDS = {
    *("ignore-instructions", "role-play", "fake-system", "fake-tool-result", "fake-json-answer", "exfiltrate-link", "exfiltrate-tool"),
    *("order-prescription", "lower-alert", "change-drug-verdict", "citation-forgery", "delimiter-break", "template", "chat-markers"),
    *("invisible", "encoded", "multilingual", "long-distance", "retrieved-document", "authority", "emotional"),
}
KEYS = ("a1b2c3d4", "0000", "9f3c7be1")  # the first two are keys that payloads guess
LINK = re.compile(r"[a-z][a-z0-9+.-]*://|www\.[!-~]|(?:javascript|mailto):|(?<![a-z0-9])data:[!-~]|\]\(|<[a-z/!?]", re.IGNORECASE)
TURN = re.compile(
    r"<\s*[|｜]|<\s*/?\s*(?:s|data|system|think)\b|<<SYS>>|\[/?INST\]|^(?:Human|Assistant|System|系统|系統|用户|助手)\s*[:：]", re.M | re.I
)

each = pytest.mark.parametrize("text", [p["text"] for p in PAYLOADS], ids=[p["id"] for p in PAYLOADS])


def test_payloads_cover_every_kind_and_both_languages() -> None:
    kinds, languages = Counter(p["kind"] for p in PAYLOADS), Counter(p["lang"] for p in PAYLOADS)
    assert len(PAYLOADS) >= 220
    assert set(kinds) == KINDS
    assert min(kinds.values()) >= 10
    assert set(languages) == {"zh", "zh-Hant", "en", "mixed"}
    assert languages["zh"] + languages["zh-Hant"] >= 100
    assert languages["en"] >= 100
    assert languages["zh-Hant"] >= 20
    assert languages["mixed"] >= 20
    for kind in KINDS - {"multilingual"}:
        assert {p["lang"] for p in PAYLOADS if p["kind"] == kind} == {"zh", "zh-Hant", "en", "mixed"}


def test_no_payload_is_another_one_again() -> None:
    assert len({p["id"] for p in PAYLOADS}) == len(PAYLOADS)
    plain = Counter("".join(c for c in simplify(strip_invisible(p["text"])).casefold() if c.isalnum()) for p in PAYLOADS)
    assert [text for text, n in plain.items() if n > 1] == []


def test_payloads_are_short_and_labelled_in_their_language() -> None:
    for p in PAYLOADS:
        assert set(p) == {"id", "lang", "kind", "text"}
        assert 0 < len(p["text"]) <= 600, p["id"]
        assert p["id"].startswith(p["kind"])
        if p["lang"] == "zh-Hant":
            assert simplify(p["text"]) != p["text"], p["id"]
        if p["lang"] == "en":
            assert not re.search("[一-鿿]", p["text"]), p["id"]


def test_addresses_in_payloads_lead_nowhere() -> None:
    for p in PAYLOADS:
        for host in re.findall(r"(?:://|//|www\.|@)([a-z0-9.-]+\.[a-z]+)", p["text"]):
            assert host.endswith(".example"), p["id"]


@each
def test_a_payload_can_neither_close_its_block_nor_open_a_turn(text: str) -> None:
    for key in KEYS:
        block = data_block("record", text, key)
        assert re.findall(r"<\s*data", block, re.I) == ["<data"]
        assert re.findall(r"<\s*/\s*data", block, re.I) == ["</data"]
        assert block.startswith(f'<data name="record" key="{key}">\n')
        assert block.endswith(f'\n</data key="{key}">')
        assert not TURN.search(unicodedata.normalize("NFKC", block.split("\n", 1)[1].rsplit("\n", 1)[0]))


@each
def test_a_payload_can_still_be_quoted_from_its_block(text: str) -> None:
    inside = data_block("record", text, KEYS[2]).split("\n", 1)[1].rsplit("\n", 1)[0]
    place = find_quote(text, inside)
    assert place is not None
    assert strip_invisible(text[slice(*place)]).replace(MARK, "").strip() == inside.replace(MARK, "").strip()


@each
def test_a_payload_leaves_no_link_in_an_answer(text: str) -> None:
    plain = plain_answer(text)
    assert not LINK.search(plain)
    assert plain_answer(plain) == plain


@pytest.mark.parametrize("payload", [p for p in PAYLOADS if p["kind"] == "invisible"], ids=lambda p: p["id"])
def test_hidden_text_loses_its_carriers(payload: dict[str, str]) -> None:
    seen = strip_invisible(payload["text"])
    assert len(seen) < len(payload["text"])
    assert not any(unicodedata.category(c) in {"Cf", "Co", "Cn"} or "VARIATION" in unicodedata.name(c, "") for c in seen)
