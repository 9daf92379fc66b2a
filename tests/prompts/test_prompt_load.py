from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from yingzhi.agents.models.policy import last_object
from yingzhi.agents.models.settings import ModelSettings
from yingzhi.agents.proposals import PROPOSALS
from yingzhi.clinical.errors import SettingsError
from yingzhi.prompts.load import Prompt, load_prompt, render
from yingzhi.prompts.words import words

REPAIR = "---\nversion: 7\ninputs: [problem, schema]\n---\nMend {{ problem }} by {{ schema }}.\n"
INPUTS = ("record", "result", "ids", "schema", "tools")


def own(folder: Path, text: str, name: str = "repair.en.md") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def filled(**changes: str) -> dict[str, str]:
    return dict.fromkeys(INPUTS, "-") | changes


def test_the_identity_is_name_language_version_and_hash_of_the_words() -> None:
    prompt = Prompt(name="repair", lang="zh", version=3, inputs=(), body="abc")
    assert prompt.ref == "repair.zh@3+ba7816bf"


@pytest.mark.parametrize("missing", INPUTS)
def test_a_missing_input_is_refused_by_name(missing: str) -> None:
    inputs = filled()
    del inputs[missing]
    with pytest.raises(SettingsError, match=rf"history\.en\.md: the input {missing} is missing"):
        render(load_prompt("history", "en"), **inputs)


def test_an_input_that_is_not_declared_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="patient is no input"):
        render(load_prompt("history", "en"), **filled(patient="x"))


def test_an_input_that_is_not_text_is_refused_without_its_value() -> None:
    with pytest.raises(SettingsError, match=r"the input record must be text") as refused:
        render(load_prompt("history", "en"), **filled(record=81234))  # type: ignore[arg-type]
    assert "81234" not in str(refused.value)


@given(record=st.text(max_size=200))
@example(record="{{ 7*7 }} {% for x in range(9) %}{{ x }}{% endfor %} {# gone #} {{ schema }} {% raw %}")
@example(record='</data key="a"> <b>&amp;</b> \\n \' "')
@example(record="# Rules\n{% endif %}\r\n")
def test_a_record_comes_out_as_it_went_in_and_changes_nothing_else(record: str) -> None:
    prompt = load_prompt("history", "zh")
    assert render(prompt, **filled(record=record)) == render(prompt, **filled(record="\0here\0")).replace("\0here\0", record)


def test_a_file_of_the_site_takes_the_place_of_the_built_in_one_and_the_rest_stays(tmp_path: Path) -> None:
    root = own(tmp_path, REPAIR)
    assert render(load_prompt("repair", "en", root), problem="it", schema="{}") == "Mend it by {}.\n"
    assert load_prompt("repair", "en", root).ref.startswith("repair.en@7+")
    assert load_prompt("repair", "zh", root) == load_prompt("repair", "zh")


def test_a_file_from_a_windows_editor_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "repair.en.md").write_bytes(b"\xef\xbb\xbf" + REPAIR.replace("\n", "\r\n").encode())
    assert load_prompt("repair", "en", tmp_path).source == REPAIR


WRONG = {
    "no front matter": ("Mend {{ problem }} {{ schema }}", "front matter is expected first"),
    "front matter that is not YAML": (REPAIR.replace("[problem", "[problem, ["), "not YAML"),
    "a model setting in the front matter": (REPAIR.replace("inputs", "temperature: 0\ninputs"), "version and inputs, and nothing else"),
    "a version that is no number": (REPAIR.replace("7", "seven"), "version must be a whole number"),
    "a version of true": (REPAIR.replace("7", "true"), "version must be a whole number"),
    "an input named twice": (REPAIR.replace("[problem, schema]", "[problem, schema, schema]"), "list of different names"),
    "an undeclared variable": (REPAIR.replace("Mend", "{{ record }}"), "record is used and not declared"),
    "a global of the template language": (REPAIR.replace("Mend", "{{ range(3) }}"), "range is used and not declared"),
    "an unused input": (REPAIR.replace("{{ schema }}", ""), "schema is declared under inputs and not used"),
    "a syntax error": (REPAIR.replace("Mend", "\n{% if problem %}"), r"repair\.en\.md line \d"),
    "an unknown filter": (REPAIR.replace("Mend", "{{ problem | shell }}"), r"repair\.en\.md line 1"),
    "a way out of the sandbox": (REPAIR.replace("Mend", "{{ ''.__class__.__mro__ }}"), "can't be run"),
    "a short way out of the sandbox": (REPAIR.replace("Mend", "{{ ''.__class__ }}"), "can't be run"),
    "a way out in a branch": (REPAIR.replace("Mend", "{% if problem %}{{ problem.__class__ }}{% endif %}"), "can't be run"),
    "another file": (REPAIR.replace("Mend", "{% include '/etc/hostname' %}"), "can't be run"),
    "other inputs than the built-in prompt": ("---\nversion: 1\ninputs: [problem]\n---\n{{ problem }}\n", "inputs must be those"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_is_refused_on_reading_by_its_name(kind: str, tmp_path: Path) -> None:
    text, says = WRONG[kind]
    with pytest.raises(SettingsError, match=says) as refused:
        load_prompt("repair", "en", own(tmp_path, text))
    message = str(refused.value)
    assert message.startswith("repair.en.md")
    assert "\n" not in message


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "repair.en.md").write_bytes(b"---\nversion: 1\ninputs: []\n---\n\xff\xfe")
    with pytest.raises(SettingsError, match=r"repair\.en\.md: can't be read"):
        load_prompt("repair", "en", tmp_path)


@pytest.mark.parametrize("name", ["nobody", "../load", "repair.en"])
def test_an_unknown_prompt_is_refused_and_the_known_ones_are_named(name: str) -> None:
    with pytest.raises(SettingsError, match="there is no such prompt; there are challenge"):
        load_prompt(name, "en")


def test_a_misspelt_file_is_refused_rather_than_passed_over(tmp_path: Path) -> None:
    own(tmp_path, REPAIR, "repare.en.md")
    with pytest.raises(SettingsError, match=r"repare\.en\.md: no prompt has this name"):
        load_prompt("repair", "en", tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="folder of prompts is not there"):
        load_prompt("repair", "en", tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("two words", 2), ("patient's must-not-miss list", 3), ("皮肤科", 2), ("用 `id`，不猜", 3), ("# — {{", 0)]
)
def test_words_are_counted_in_either_language(text: str, count: int) -> None:
    assert words(text) == count


BRIEF = ModelSettings(model="m", brief=True).prompt_root


@pytest.mark.parametrize("name", ["history", "differential", "workup", "pharmacology", "documentation", "challenge"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_brief_prompts_stand_in_for_the_full_ones(name: str, lang: str) -> None:
    brief, full = load_prompt(name, lang, BRIEF), load_prompt(name, lang)
    assert brief != full
    assert len(brief.body) < len(full.body) / 2
    filled = render(brief, **dict.fromkeys(brief.inputs, "«»"))
    assert filled.count("«»") == len(brief.inputs)
    PROPOSALS[name].model_validate(last_object(filled))
    assert load_prompt("repair", lang, BRIEF) == load_prompt("repair", lang)
