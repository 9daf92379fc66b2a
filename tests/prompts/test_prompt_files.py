"""Holds over every prompt file that comes with the package.

A change of wording is meant to be seen: it fails here until the prompt's `version` is raised and the record is renewed with

    YINGZHI_RENEW_SNAPSHOTS=1 python -m pytest tests/prompts

Then read the difference of `snapshots/` before it is committed: it is what models will be told.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from yingzhi.agents.proposals import PROPOSALS
from yingzhi.agents.specialist import Resources
from yingzhi.prompts.headings import headings
from yingzhi.prompts.load import load_prompt, prompt_names, render
from yingzhi.prompts.words import words
from yingzhi.tools.entailment import supports
from yingzhi.tools.passages import passages
from yingzhi.tools.wording import lower_alarm, order_in

HERE = Path(__file__).parent
VERSIONS = HERE / "versions.json"
RENEW = os.environ.get("YINGZHI_RENEW_SNAPSHOTS") == "1"
SPECIALISTS = ("history", "differential", "workup", "pharmacology", "documentation", "challenge")
JUDGES = ("judge-reasoning", "judge-summary", "judge-questions")
NAMES = (*SPECIALISTS, "repair", "verify", *JUDGES)
EXAMPLED = [(name, lang) for name in (*SPECIALISTS, "repair") for lang in ("zh", "en")]
"""Those that show an example; `verify` needs none, and grades would be drawn towards the one that a judge was shown."""
ALL = [(name, lang) for name in NAMES for lang in ("zh", "en")]
FIXED = {
    "record": '<data name="record" key="a1b2c3d4">\n患者男，78岁，起疱1周。A record with {{ braces }} & <tags>.\n</data key="a1b2c3d4">',
    "result": '<data name="result" key="a1b2c3d4">\n{"ranked":[{"id":"bullous-pemphigoid","p":0.6}]}\n</data key="a1b2c3d4">',
    "ids": '<data name="ids" key="a1b2c3d4">\nbullous-pemphigoid = Bullous pemphigoid 大疱性类天疱疮\n</data key="a1b2c3d4">',
    "schema": '{"type":"object"}',
    "tools": '{"tool": "search_evidence", "arguments": {"query": "…"}}',
    "problem": "ranking: a list is expected",
    "gold": '<data name="gold" key="a1b2c3d4">\n{"diagnosis":["bullous-pemphigoid"]}\n</data key="a1b2c3d4">',
    "work": '<data name="work" key="a1b2c3d4">\n{"differential":[{"name":"Eczema 湿疹"}]}\n</data key="a1b2c3d4">',
    "pairs": '<data name="pairs" key="a1b2c3d4">\n1. CLAIM: Itch is common.\nPASSAGE: Itch in nine of ten.\n</data key="a1b2c3d4">',
}


def body(name: str, lang: str) -> str:
    return load_prompt(name, lang).body


def section(name: str, lang: str, title: str) -> str:
    """The text under a first-level heading."""
    return body(name, lang).split(f"# {title}\n", 1)[1].split("\n# ", 1)[0].split("{% if", 1)[0].strip()


def example(name: str, lang: str) -> Any:
    text = section(name, lang, "样式" if lang == "zh" else "Pattern")
    return json.loads(text[text.index("\n{") : text.rindex("}") + 1])


def shape(value: Any) -> Any:
    """A JSON value with its free texts left out: what must agree between the languages."""
    if isinstance(value, dict):
        return {k: None if k in {"text", "why", "title", "quote"} else shape(v) for k, v in value.items()}
    return [shape(v) for v in value] if isinstance(value, list) else value


def test_every_name_is_there_in_both_languages_and_nothing_else() -> None:
    assert prompt_names() == sorted(ALL)


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_a_prompt_declares_what_the_contract_gives_it(name: str, lang: str) -> None:
    shared = {"repair": {"problem", "schema"}, "verify": {"pairs", "schema"}}
    shared |= {judge: {"record", "gold", "work", "schema"} for judge in JUDGES}
    assert set(load_prompt(name, lang).inputs) == shared.get(name, {"record", "result", "ids", "schema", "tools"})


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_headings(name: str) -> None:
    zh, en = (headings(body(name, lang)) for lang in ("zh", "en"))
    assert [level for level, _ in zh] == [level for level, _ in en]
    assert all(re.search(r"[一-鿿]", title) for _, title in zh)
    assert not any(re.search(r"[一-鿿]", title) for _, title in en)


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_as_many_points_under_each_heading(name: str) -> None:
    zh, en = ([len(re.findall(r"^- ", part, re.M)) for part in re.split(r"^#+ .*$", body(name, lang), flags=re.M)] for lang in ("zh", "en"))
    assert zh == en


@pytest.mark.parametrize("name", [n for n in NAMES if n != "verify"])
def test_both_languages_name_the_same_keys_and_show_the_same_example(name: str) -> None:
    zh, en = (set(re.findall(r"`([^`]+)`", body(name, lang))) for lang in ("zh", "en"))
    assert zh == en
    if (name, "en") in EXAMPLED:
        assert shape(example(name, "zh")) == shape(example(name, "en"))


@pytest.mark.parametrize(("name", "lang"), [pair for pair in ALL if pair[0] in SPECIALISTS])
def test_the_example_is_a_whole_proposal(name: str, lang: str) -> None:
    form = PROPOSALS[name]
    shown = example(name, lang)
    assert set(shown) == set(form.model_fields)
    again = form.model_validate(shown)
    assert isinstance(again, BaseModel)
    assert again.model_dump() == shown, "every key of the example is one that is read"


@pytest.mark.parametrize(("name", "lang"), EXAMPLED)
def test_every_id_of_the_example_is_in_the_knowledge(name: str, lang: str, resources: Resources) -> None:
    k = resources.knowledge
    known = {*k.findings, *k.diseases, *k.investigations, *(d.id for d in k.drugs.drugs)}
    cited = {p.id for p in passages(k)}

    def ids(value: Any, key: str = "") -> list[tuple[str, str]]:
        if isinstance(value, dict):
            return [i for k, v in value.items() for i in ids(v, k)]
        if isinstance(value, list):
            return [i for v in value for i in ids(v, key)]
        return [(key, value)] if key not in {"text", "why", "title", "quote", "status", "stance"} else []

    found = ids(example(name, lang))
    assert found
    assert [(key, i) for key, i in found if i not in (cited if key == "citations" else known)] == []


@pytest.mark.parametrize(("name", "lang"), EXAMPLED)
def test_what_the_example_cites_bears_it_out(name: str, lang: str, resources: Resources) -> None:
    held = {p.id: p.text for p in passages(resources.knowledge)}

    def cited(value: Any) -> list[tuple[str, str]]:
        if isinstance(value, dict):
            return [(value["text"], i) for i in value.get("citations", [])] + [pair for v in value.values() for pair in cited(v)]
        return [pair for v in value for pair in cited(v)] if isinstance(value, list) else []

    assert [i for text, i in cited(example(name, lang)) if not supports(text, held[i], resources.lexicon)] == []


@pytest.mark.parametrize(("name", "lang"), EXAMPLED)
def test_no_sentence_of_the_example_is_one_that_would_be_refused(name: str, lang: str) -> None:
    def said(value: Any, key: str = "") -> list[str]:
        if isinstance(value, dict):
            return [text for k, v in value.items() for text in said(v, k)]
        return (
            [text for v in value for text in said(v, key)]
            if isinstance(value, list)
            else [value]
            if key in {"text", "why", "title"}
            else []
        )

    assert [text for text in said(example(name, lang)) if order_in(text) or lower_alarm(text)] == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_rules_are_the_same_for_every_specialist(lang: str) -> None:
    title = "规则" if lang == "zh" else "Rules"
    rules = {section(name, lang, title) for name in SPECIALISTS}
    assert len(rules) == 1
    assert '<data name="…" key="K">' in rules.pop()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_judges_differ_in_what_is_graded_and_in_nothing_else(lang: str) -> None:
    titles = ("规则", "回答") if lang == "zh" else ("Rules", "Answer")
    assert len({tuple(section(name, lang, title) for title in titles) for name in JUDGES}) == 1


@pytest.mark.parametrize(("name", "lang"), [pair for pair in ALL if pair[0] in SPECIALISTS])
def test_data_comes_last_with_one_reminder_after_it(name: str, lang: str) -> None:
    data = section(name, lang, "数据" if lang == "zh" else "Data")
    parts = data.split("\n\n")
    assert parts[:3] == ["{{ record }}", "{{ result }}", "{{ ids }}"], "from the record on it is the user's turn, so it comes first"
    assert len(parts) == 4
    assert "\n" not in parts[3]


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_a_prompt_is_short_enough_for_a_small_model(name: str, lang: str) -> None:
    assert words(body(name, lang)) <= 900
    assert len(body(name, lang).splitlines()) <= 90


DOSE = re.compile(
    r"\d\s*(?:mg|g|µg|μg|mcg|ml|IU|units?|%|tablets?|毫克|克|微克|毫升|单位|片|粒)\b"
    r"|\b(?:bid|tid|qd|q\dh)\b|每[日天次]|一日|\b(?:twice|once) daily\b|\ba day\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_no_prompt_holds_a_dose(name: str, lang: str) -> None:
    assert DOSE.findall(body(name, lang)) == []


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_no_prompt_holds_a_model_setting(name: str, lang: str) -> None:
    assert not re.search(r"temperature|top_p|max_tokens|\bgpt|qwen|deepseek|温度参数", body(name, lang), re.I)


@pytest.mark.parametrize(("name", "lang"), [pair for pair in ALL if pair[0] in SPECIALISTS])
def test_tools_are_spoken_of_only_when_they_are_given_as_text(name: str, lang: str) -> None:
    prompt = load_prompt(name, lang)
    inputs = {i: FIXED[i] for i in prompt.inputs}
    title = "# 工具\n" if lang == "zh" else "# Tools\n"
    assert title in render(prompt, **inputs)
    assert title not in render(prompt, **{**inputs, "tools": ""})


@pytest.mark.parametrize(("name", "lang"), ALL)
def test_the_rendered_words_are_those_of_the_snapshot(name: str, lang: str) -> None:
    prompt = load_prompt(name, lang)
    now = render(prompt, **{i: FIXED[i] for i in prompt.inputs})
    path = HERE / "snapshots" / f"{name}.{lang}.txt"
    if RENEW:
        path.write_text(now, encoding="utf-8")
    assert now == path.read_text(encoding="utf-8"), "what models are told has changed: see the first lines of this file"


def test_a_changed_body_has_a_higher_version() -> None:
    recorded: dict[str, dict[str, Any]] = json.loads(VERSIONS.read_text(encoding="utf-8")) if VERSIONS.exists() else {}
    now = {}
    for name, lang in prompt_names():
        prompt = load_prompt(name, lang)
        now[f"{name}.{lang}"] = {"version": prompt.version, "hash": prompt.ref.rpartition("+")[2]}
    for key, one in now.items():
        before = recorded.get(key, {"version": 0, "hash": ""})
        if one["hash"] != before["hash"]:
            assert one["version"] > before["version"], f"{key}: the words have changed; raise its version"
        else:
            assert one["version"] == before["version"], f"{key}: the version was raised and the words are the same"
    if RENEW:
        VERSIONS.write_text(json.dumps(now, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    else:
        assert now == recorded, "renew the record: see the first lines of this file"
