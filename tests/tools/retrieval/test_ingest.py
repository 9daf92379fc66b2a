"""Files of documents: bad lines, restarts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from yingzhi.clinical.errors import KnowledgeError, ToolError
from yingzhi.tools.retrieval import HybridRetriever, ingest_file

GOOD = [{"id": f"d{i}", "text": f"Document {i} on scabies and mites."} for i in range(600)]


def write(path: Path, rows: list[object]) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 601: is not JSON"),
        ("[1]", "line 601: must be a JSON object"),
        ({"id": "x"}, "line 601: text: "),
        ({"text": "x"}, "line 601: id: "),
        ({"id": "", "text": "x"}, "line 601: id: "),
        ({"id": "x", "text": "  "}, "line 601: text: "),
        ({"id": "x", "text": ["t"]}, "line 601: text: "),
        ({"id": "x", "text": "t", "year": "last"}, "line 601: year: "),
        ({"id": "x", "text": "t", "year": 99999}, "line 601: year: "),
        ('{"id": "x", "text": "\\ud800"}', "line 601: is not JSON"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(retriever: HybridRetriever, tmp_path: Path, line: object, said: str) -> None:
    path = write(tmp_path / "docs.jsonl", [*GOOD, line, *GOOD])
    with pytest.raises(KnowledgeError, match=said) as error:
        ingest_file(retriever, path, collection="c", tenant="a")
    assert "\n" not in str(error.value)
    with pytest.raises(ToolError, match="none named c"):
        retriever.count(collection="c", tenant="a")


def test_a_file_that_cannot_be_read_is_named(retriever: HybridRetriever, tmp_path: Path) -> None:
    binary, empty = tmp_path / "b.jsonl", tmp_path / "e.jsonl"
    binary.write_bytes(b'{"id": "x", "text": "\xff\xfe"}\n')
    empty.write_text("\n\n", encoding="utf-8")
    for path, said in (
        (binary, "line 1: is not UTF-8"),
        (empty, "no documents"),
        (tmp_path / "none.jsonl", "can't be read"),
        (tmp_path, "can't be read"),
    ):
        with pytest.raises(KnowledgeError, match=said):
            ingest_file(retriever, path, collection="c", tenant="a")


def test_blank_lines_a_byte_order_mark_and_a_missing_last_newline_do_no_harm(retriever: HybridRetriever, tmp_path: Path) -> None:
    path = tmp_path / "docs.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": 1, "text": "scabies"}\r\n\n{"id": 2, "text": "lice"}')
    assert ingest_file(retriever, path, collection="c", tenant="a").added == 2


def test_progress_counts_every_document(retriever: HybridRetriever, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = write(tmp_path / "docs.jsonl", list(GOOD))
    ingest_file(retriever, path, collection="c", tenant="a", progress=lambda done, total: seen.append((done, total)))
    assert sum(done for done, _ in seen) == 600
    assert {total for _, total in seen} == {600}


def test_the_same_file_again_writes_nothing(retriever: HybridRetriever, tmp_path: Path) -> None:
    path = write(tmp_path / "docs.jsonl", list(GOOD))
    ingest_file(retriever, path, collection="c", tenant="a")
    again = ingest_file(retriever, path, collection="c", tenant="a")
    assert (again.skipped, again.chunks) == (600, 0)
    assert retriever.count(collection="c", tenant="a") == 600
