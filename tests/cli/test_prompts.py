from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from yingzhi.prompts import load_prompt, prompt_names

FOLDER = Path(__file__).parents[2] / "prompts"
REPAIR = ("prompts", "render", "repair", "--set", "schema={}")


def test_list_names_every_prompt_by_its_identity(yingzhi: Run) -> None:
    ended = yingzhi("prompts", "list")
    assert ended.code == 0, ended.err
    rows = ended.out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == [load_prompt(*pair).ref for pair in prompt_names()]
    assert all("schema" in row for row in rows)


@pytest.mark.parametrize(("name", "lang"), prompt_names())
def test_show_prints_the_file_as_it_is(name: str, lang: str, yingzhi: Run) -> None:
    assert yingzhi("prompts", "show", name, "--lang", lang).out == (FOLDER / f"{name}.{lang}.md").read_text(encoding="utf-8")


def test_render_puts_what_is_set_in_as_it_is(yingzhi: Run) -> None:
    ended = yingzhi(*REPAIR, "--set", "problem={{ 7*7 }} a=b {% x %}")
    assert ended.code == 0, ended.err
    assert "{{ 7*7 }} a=b {% x %}" in ended.out


@pytest.mark.parametrize("name", ["history", "differential", "workup", "pharmacology", "documentation", "challenge"])
def test_render_shows_a_specialist_the_record_and_its_playbooks_result_as_data(name: str, yingzhi: Run, tmp_path: Path) -> None:
    note = tmp_path / "case.txt"
    note.write_text("患者男，78岁。躯干瘙痒1个月，起紧张性水疱1周。{{ 7*7 }} 口服西格列汀。", encoding="utf-8")
    ended = yingzhi("prompts", "render", name, "--lang", "zh", "--case", str(note))
    assert ended.code == 0, ended.err
    record = re.search(r'<data name="record" key="(\w+)">\n(.*?)\n</data key="\1">', ended.out, re.DOTALL)
    assert record
    assert "起紧张性水疱1周。{{ 7*7 }}" in record[2]
    assert f'<data name="result" key="{record[1]}">' in ended.out[record.end() :]
    assert ended.out.startswith("# 任务")


def test_render_needs_no_case_when_everything_is_set(yingzhi: Run) -> None:
    given = [part for key in ("record", "result", "ids", "schema", "tools") for part in ("--set", f"{key}=<{key} of mine>")]
    ended = yingzhi("prompts", "render", "differential", "--lang", "zh", *given)
    assert ended.code == 0, ended.err
    assert "<record of mine>" in ended.out
    assert "# 工具" in ended.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (REPAIR, "the input problem is missing"),
        ((*REPAIR, "--set", "problem=x", "--set", "note=y"), "note is no input"),
        ((*REPAIR, "--set", "problem"), "KEY=VALUE is expected"),
        (("prompts", "show", "nobody"), "there is no such prompt"),
        (("prompts", "list", "--prompts", "/nowhere/at/all"), "folder of prompts is not there"),
    ],
)
def test_a_wrong_argument_ends_with_code_2_and_one_sentence(arguments: tuple[str, ...], says: str, yingzhi: Run) -> None:
    ended = yingzhi(*arguments)
    assert ended.code == 2
    assert says in ended.err
    assert ended.err.count("\n") == 1
    assert ended.out == ""


def test_the_built_in_languages_have_the_same_structure(yingzhi: Run) -> None:
    for name in {n for n, _ in prompt_names()}:
        ended = yingzhi("prompts", "diff", name)
        assert ended.code == 0, ended.out
        assert "the same structure" in ended.out


def test_a_heading_that_one_language_lacks_is_shown(yingzhi: Run, tmp_path: Path) -> None:
    (tmp_path / "repair.zh.md").write_text(load_prompt("repair", "zh").source.replace("## 内容\n", ""), encoding="utf-8")
    ended = yingzhi("prompts", "diff", "repair", "--prompts", str(tmp_path))
    assert ended.code == 1
    assert "the structures differ" in ended.out
    assert "\n! " in ended.out


def test_diff_against_a_site_shows_the_changed_lines(yingzhi: Run, tmp_path: Path) -> None:
    builtin = load_prompt("repair", "en")
    changed = builtin.source.replace("Keep what you said.", "Keep what was said.")
    (tmp_path / "repair.en.md").write_text(changed, encoding="utf-8")
    ended = yingzhi("prompts", "diff", "repair", "--against", str(tmp_path))
    assert ended.code == 1
    assert [line[:21] for line in ended.out.splitlines() if line[:1] in "+-"][2:] == ["-- Keep what you said", "+- Keep what was said"]
    assert builtin.ref in ended.out


def test_diff_says_when_a_site_has_no_prompt_of_the_name(yingzhi: Run, tmp_path: Path) -> None:
    ended = yingzhi("prompts", "diff", "repair", "--against", str(tmp_path))
    assert ended.code == 0
    assert "the built-in one is used" in ended.out


def test_a_site_folder_is_what_show_and_render_use(yingzhi: Run, tmp_path: Path) -> None:
    (tmp_path / "repair.en.md").write_text(
        "---\nversion: 9\ninputs: [problem, schema]\n---\n{{ problem }}|{{ schema }}\n", encoding="utf-8"
    )
    site = ("--prompts", str(tmp_path))
    assert "version: 9" in yingzhi("prompts", "show", "repair", *site).out
    assert yingzhi(*REPAIR, "--set", "problem=p", *site).out == "p|{}\n"
    assert "repair.en@9+" in yingzhi("prompts", "list", *site).out
