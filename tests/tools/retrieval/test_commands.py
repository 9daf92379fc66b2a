"""`ingest` and `search` at the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from yingzhi.cli.retrieval import ingest, search


@pytest.fixture
def run(tmp_path: Path) -> object:
    app = typer.Typer()
    app.command()(ingest)
    app.command()(search)
    docs = tmp_path / "docs.jsonl"
    rows = [{"id": "a", "text": "Scabies itches at night.", "title": "Scabies [sic]"}, {"id": "b", "text": "疥疮夜间瘙痒。", "year": 2020}]
    docs.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return lambda *args: CliRunner().invoke(app, list(args), env={"YINGZHI_HOME": str(tmp_path / "home")})


def invoke(run: Callable[..., Result], *args: object) -> Result:
    return run(*(str(a) for a in args))


def test_what_was_ingested_is_found(run: Callable[..., Result], tmp_path: Path) -> None:
    done = invoke(run, "ingest", tmp_path / "docs.jsonl", "--collection", "c")
    assert (done.exit_code, "2 added" in done.stdout) == (0, True)
    one = invoke(run, "search", "which itches at night", "--collection", "c", "-k", "1")
    assert "Scabies [sic]" in one.stdout
    as_json = json.loads(invoke(run, "search", "疥疮", "--collection", "c", "--format", "json").stdout)
    assert [hit["source_id"] for hit in as_json["hits"]] == ["b"]
    assert "No evidence found. 未找到证据。" in invoke(run, "search", "zxqv", "--collection", "c").stdout


def test_a_file_of_questions_is_answered_in_order(run: Callable[..., Result], tmp_path: Path) -> None:
    invoke(run, "ingest", tmp_path / "docs.jsonl", "--collection", "c")
    rows = [{"id": "2", "query": "疥疮"}, {"id": "1", "query": "scabies"}, {"id": "3", "query": "zxqv"}]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = invoke(run, "search", "--queries", tmp_path / "q.jsonl", "--collection", "c", "-k", "10", "--out", tmp_path / "o.jsonl")
    assert done.exit_code == 0
    answers = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["id"], row["found"], [hit["source_id"] for hit in row["hits"]]) for row in answers] == [
        ("2", True, ["b"]),
        ("1", True, ["a"]),
        ("3", False, []),
    ]
    assert {"source_id", "score", "text"} <= answers[0]["hits"][0].keys()


def test_bad_input_is_one_sentence_and_exit_code_2(run: Callable[..., Result], tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": "a", "text": "x"}\n{"id": "secret-name"}\n', encoding="utf-8")
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"id": "1", "query": "x"}\n{"id": 2}\n', encoding="utf-8")
    out = tmp_path / "o.jsonl"
    invoke(run, "ingest", tmp_path / "docs.jsonl", "--collection", "c")
    for args, said in (
        (("ingest", bad, "--collection", "c"), "bad.jsonl line 2: text: "),
        (("ingest", tmp_path / "none.jsonl", "--collection", "c"), "none.jsonl: can't be read"),
        (("ingest", tmp_path / "docs.jsonl", "--collection", "../c"), "collection: "),
        (("ingest", tmp_path / "docs.jsonl", "--collection", "c", "--tenant", ""), "tenant: "),
        (("search", "x", "--collection", "nowhere"), "none named nowhere"),
        (("search", "--collection", "c"), "query: "),
        (("search", "--queries", questions, "--collection", "c", "--out", out), "q.jsonl line 2: id: "),
        (("search", "--queries", questions, "--collection", "c"), "--out"),
    ):
        done = invoke(run, *args)
        assert done.exit_code == 2, args
        assert said in done.stderr
        assert "Traceback" not in done.output
        assert "secret-name" not in done.output
    assert not out.exists()


def test_a_home_that_cannot_be_written_to_is_named(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file", encoding="utf-8")
    done = invoke(run, "ingest", tmp_path / "docs.jsonl", "--collection", "c")
    assert done.exit_code == 2
    assert "home" in done.stderr
    assert "Traceback" not in done.output
