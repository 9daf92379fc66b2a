from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from yingzhi.service.chat.turns import REFERENCE
from yingzhi.service.markdown import escape
from yingzhi.tools.untrusted import strip_invisible

PARSERS = {"commonmark": MarkdownIt("commonmark"), "github": MarkdownIt("gfm-like", {"html": True})}
PLACES = ("Words: {}.", "- {}", "1. {}", "> {}", "## {}", "**{}** and", "| a | b |\n| --- | --- |\n| {} | {} |", "`id` ({})", "a\n{}")
ACTIVE = {"link_open", "image", "html_inline", "html_block", "code_block", "fence", "s_open"}
HOSTILE = (
    "[a](https://evil.example)", "![a](//evil.example/x.png)", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "<https://evil.example>", "https://evil.example/?q=1", "www.evil.com",
    "evil.com/a", "0=.com", "mailto:a@evil.com", "a@evil.com", "//evil.com", "|", "| --- |", "\n\n# x", "\n- x", "\r\n> x",
    "---", "===", "```", "~~~", "`x`", "``", "**", "__", "*", "_", "~~", "&lt;b&gt;", "&#91;", "\\", "\\[x\\]",
    "\\(x\\)", "$$x$$", "$x$", "[x]: https://evil.example", "[^1]", "<!--", "-->", "<think>", "</think>",
    "<|im_start|>", "{{HTML_FILE_ID_1}}", ":::artifact", ":artifact{x=1}", "1. ", "1) ", "+ ", "\u202e", "\u200b",
    "\u2028", "\t", "    x", "  \n", "javascript:x", "`yingzhi:consultation/c_" + "0" * 32 + "@1`", "皮疹", "<5",
    "CD4 <200", "a<ULN", "10^9/L", "3.5-9.5", "。", "！[x](y)", "][", "](", "](x)",
)  # fmt: skip
strings = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)), max_size=8).map("".join)


def tokens(parser: MarkdownIt, source: str) -> list[Token]:
    return [t for block in parser.parse(source) for t in (block, *(block.children or []))]


def blocks(parser: MarkdownIt, source: str) -> list[str]:
    return [t.type for t in parser.parse(source)]


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS)
@settings(deadline=None, max_examples=400)
@given(text=strings, place=st.sampled_from(PLACES))
def test_no_text_opens_anything_wherever_it_stands(parser: MarkdownIt, text: str, place: str) -> None:
    written = escape(text)
    source = place.replace("{}", written)
    assert {t.type for t in tokens(parser, source)}.isdisjoint(ACTIVE)
    if written:
        assert blocks(parser, source) == blocks(parser, place.replace("{}", "x"))


@settings(deadline=None, max_examples=400)
@given(text=strings)
def test_a_reader_sees_every_sign_of_the_text_that_can_be_seen(text: str) -> None:
    inline = PARSERS["github"].parseInline(f"x {escape(text)}")[0].children or []
    assert {t.type for t in inline} <= {"text", "text_special"}
    seen, meant = "".join(t.content for t in inline)[1:], strip_invisible(text).replace("\\", "＼")
    assert "".join(seen.split()) == "".join(meant.split())


@settings(deadline=None, max_examples=400)
@given(text=strings)
def test_no_text_opens_what_front_ends_add_to_markdown(text: str) -> None:
    written = escape(text)
    assert "\n" not in written
    assert not re.search(r"\\\(|\\\]|\$\$|\{\{|:::|<[A-Za-z/!?|@]", written)
    assert not REFERENCE.search(written)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("CD4 <200", "CD4 <200"),
        ("ALT <ULN", r"ALT \< ULN"),
        ("eGFR 47.2 mL/min/1.73 m²", "eGFR 47.2 mL/min/1.73 m²"),
        ("甲氨蝶呤：eGFR 47.2，低于60", "甲氨蝶呤：eGFR 47.2，低于60"),
        ("5.5%", "5.5%"),
        ("1. Psoriasis", r"1\. Psoriasis"),
        ("[3.5-9.5]", r"\[3.5-9.5]"),
        ("a|b\nc", r"a\|b c"),
        ("see https://evil.example", "see https:/ /evil. example"),
    ],
)
def test_escaped_text_stays_readable(text: str, written: str) -> None:
    assert escape(text) == written


def test_what_is_cut_says_so() -> None:
    assert escape("a" * 50, 10) == "aaaaaaaaa…"
    assert escape("short", 10) == "short"


@settings(deadline=None, max_examples=300)
@given(text=strings)
def test_no_text_leaves_its_cell_of_a_table(text: str) -> None:
    source = f"| a | b |\n| --- | --- |\n| {escape(text)} | end |"
    cells = [t.content for t in PARSERS["github"].parse(source) if t.type == "inline"]
    assert len(cells) == 4
    assert cells[3] == "end"
