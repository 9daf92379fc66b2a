"""`yingzhi scores`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from yingzhi.cli import main
from yingzhi.cli.app import app
from yingzhi.tools.scores import SCORES

RUN = CliRunner()


def out(*arguments: str) -> str:
    done = RUN.invoke(app, ["scores", *arguments])
    assert done.exit_code == 0, done.exception
    return done.stdout


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_list_names_every_score(lang: str) -> None:
    listed = out("list", "--lang", lang)
    assert [line.split()[0] for line in listed.splitlines()] == sorted(SCORES)
    assert {row["id"] for row in json.loads(out("list", "--json"))} == set(SCORES)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_show_tells_every_input_and_every_source(lang: str) -> None:
    for score in SCORES.values():
        shown = out("show", score.id, "--lang", lang)
        assert all(one.id in shown for one in score.inputs)
        assert all(source.title in shown for source in score.sources)


def test_show_gives_the_schema() -> None:
    assert json.loads(out("show", "mRSS", "--schema"))["required"][0] == "right_fingers"


def test_compute_says_total_band_and_whose_band_it_is() -> None:
    told = out("compute", "ihs4", "nodules=5", "abscesses=2", "draining_tunnels=1", "--lang", "zh")
    assert "13" in told
    assert "重度 [≥11]" in told
    assert "Zouboulis" in told


def test_compute_takes_answers_in_words_and_values_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "values.json"
    file.write_text(json.dumps({"size_change": True}), encoding="utf-8")
    result = json.loads(
        out("compute", "seven-point-clinical", "oozing=是", "inflammation=no", "--values", str(file), "--rest-zero", "--json")
    )
    assert result["total"] == 3
    assert result["assumed_zero"] == ["irregular_shape", "irregular_colour", "diameter_7mm", "sensation_change"]
    assert json.loads(out("compute", "fitzpatrick", "reaction=iv", "--json"))["total"] == 4


def test_document_prints_the_documentation() -> None:
    assert out("document", "--lang", "zh").startswith("| 评分 |")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["compute", "ihs4", "nodules=5"], "abscesses"),
        (["compute", "ihs4", "nodules=five"], "nodules"),
        (["compute", "ihs4", "nodules"], "argument 1"),
        (["compute", "ihs4", "nodules=1", "nodules=2"], "nodules"),
        (["compute", "ihs4", "--values", "nowhere.json"], "--values"),
        (["compute", "nothing-like-it"], "score"),
        (["show", "nothing-like-it"], "score"),
    ],
)
def test_bad_input_ends_in_one_sentence_that_names_the_field(
    arguments: list[str], names: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["yingzhi", "scores", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr()
    assert stopped.value.code == 2
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith(f"yingzhi: {names}: ")


def test_a_file_that_is_no_object_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "values.json"
    for content in ("[1]", "{", "\udcff"):
        file.write_bytes(content.encode("utf-8", "surrogateescape"))
        monkeypatch.setattr(sys, "argv", ["yingzhi", "scores", "compute", "ihs4", "--values", str(file)])
        with pytest.raises(SystemExit):
            main()
        assert "--values: " in capsys.readouterr().err
