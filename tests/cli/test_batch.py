from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

NOTES = [
    "A 30-year-old man with silvery scale plaques on elbows and knees.",
    "患儿，男，5岁，手足口部水疱2天，低热。",
    "Itchy rash of the web spaces, worse at night; the family itches too.",
]


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r, ensure_ascii=False)) + "\n" for r in rows), encoding="utf-8")
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_results_come_in_input_order_and_a_broken_line_fails_by_name(yingzhi: Run, tmp_path: Path) -> None:
    source = write(
        tmp_path / "in.jsonl",
        [{"id": "a", "text": NOTES[0]}, '{"id": "b", "text": ', {"id": "c", "text": NOTES[1]}, {"id": "d", "text": ""}],
    )
    out = tmp_path / "out.jsonl"
    ended = yingzhi("batch", str(source), "--out", str(out))
    assert ended.code == 0, ended.err
    got = lines(out)
    assert [r["id"] for r in got] == ["a", "line 2", "c", "d"]
    assert [r["status"] for r in got] == ["complete", "failed", "complete", "failed"]
    assert "line 2" in got[1]["error"]
    assert "text" in got[3]["error"]
    assert len(got[0]["differential"]) >= 10
    assert {"id", "en", "zh", "aliases", "icd10", "xrefs", "probability", "commonness", "must_not_miss"} <= got[0]["differential"][0].keys()
    assert not out.with_name("out.jsonl.part").exists()


def test_a_restart_skips_what_is_done_and_redoes_a_line_that_was_cut_short(yingzhi: Run, tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", [{"id": str(i), "text": text} for i, text in enumerate(NOTES)])
    out = tmp_path / "out.jsonl"
    yingzhi("batch", str(source), "--out", str(out), "--workers", "1")
    whole = out.read_text(encoding="utf-8").splitlines()
    marked = json.loads(whole[0])
    marked["seconds"] = 99.0
    out.with_name("out.jsonl.part").write_text(json.dumps(marked) + "\n" + whole[1][: len(whole[1]) // 2], encoding="utf-8")
    out.unlink()
    ended = yingzhi("batch", str(source), "--out", str(out), "--workers", "1")
    got = lines(out)
    assert "1 were done before" in ended.err
    assert got[0]["seconds"] == 99.0
    assert [r["id"] for r in got] == ["0", "1", "2"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_number_of_workers_changes_nothing(yingzhi: Run, tmp_path: Path, workers: str) -> None:
    source = write(tmp_path / "in.jsonl", [{"id": f"{i}", "text": NOTES[i % 3]} for i in range(20)])
    out = tmp_path / f"out{workers}.jsonl"
    assert yingzhi("batch", str(source), "--out", str(out), "--workers", workers, "--brief").code == 0
    got = lines(out)
    assert [r["id"] for r in got] == [str(i) for i in range(20)]
    tops = {r["id"]: r["differential"][0]["id"] for r in got}
    assert len({tops[str(i)] for i in range(0, 20, 3)}) == 1


def test_a_batch_without_cases_is_refused(yingzhi: Run, tmp_path: Path) -> None:
    ended = yingzhi("batch", str(write(tmp_path / "in.jsonl", [])), "--out", str(tmp_path / "out.jsonl"))
    assert ended.code == 2
    assert "in.jsonl" in ended.err
