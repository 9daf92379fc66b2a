"""An index that is built once and only read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from yingzhi.clinical.errors import ToolError
from yingzhi.clinical.evidence import Passage
from yingzhi.tools.retrieval import build_index, open_index

RECORDS = [Passage(id="a", text="Scabies itches at night."), Passage(id="b", text="疥疮夜间瘙痒。", title="疥疮")]


def test_anyone_finds_what_was_built_and_nobody_writes_to_it(tmp_path: Path) -> None:
    assert build_index(RECORDS, tmp_path / "index").added == 2
    index = open_index(tmp_path / "index")
    assert index.search("scabies", collection="knowledge", tenant="whoever").hits[0].source_id == "a"
    assert index.search("疥疮", collection="knowledge", tenant="whoever").hits[0].source_id == "b"
    with pytest.raises(ToolError, match="read only"):
        index.upsert(RECORDS, collection="knowledge", tenant="whoever")
    with pytest.raises(ToolError, match="tenant"):
        index.search("scabies", collection="knowledge", tenant="")


def test_a_build_that_fails_leaves_the_index_that_was_there(tmp_path: Path) -> None:
    def broken() -> Iterator[Passage]:
        yield RECORDS[1]
        raise RuntimeError("the source broke")

    build_index(RECORDS, tmp_path / "index")
    with pytest.raises(RuntimeError):
        build_index(broken(), tmp_path / "index")
    assert open_index(tmp_path / "index").count(collection="knowledge", tenant="public") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_building_again_replaces_under_open_readers(tmp_path: Path) -> None:
    build_index(RECORDS, tmp_path / "index")
    reader = open_index(tmp_path / "index")
    build_index(RECORDS[:1], tmp_path / "index")
    assert reader.search("疥疮", collection="knowledge", tenant="x").found
    assert not open_index(tmp_path / "index").search("疥疮", collection="knowledge", tenant="x").found


def test_a_missing_index_is_said(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no index"):
        open_index(tmp_path / "index")
