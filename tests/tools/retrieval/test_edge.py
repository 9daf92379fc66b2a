"""The in-process back end on disk: several processes, crashes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from yingzhi.clinical.errors import ToolError
from yingzhi.clinical.evidence import Passage
from yingzhi.tools.retrieval import generations, ingest_file, open_retriever
from yingzhi.tools.retrieval.port import Scope
from yingzhi.tools.retrieval.sparse import number

SOURCE = Path(__file__).parents[3] / "src"
KILLED = """
import os, signal, sys
from pathlib import Path
from yingzhi.tools.retrieval import ingest_file, open_retriever
done = 0
def step(n, total):
    global done
    done += n
    if done >= 6000:
        os.kill(os.getpid(), signal.SIGKILL)
ingest_file(open_retriever(Path(sys.argv[1])), Path(sys.argv[2]), collection="c", tenant="a", progress=step)
"""
READ = """
import sys
from pathlib import Path
from yingzhi.tools.retrieval import open_retriever
found = open_retriever(Path(sys.argv[1])).search("scabies", collection="c", tenant="a")
print(",".join(hit.source_id for hit in found.hits))
"""


HEAVY = READ + "print(sorted({'torch', 'openai', 'sentence_transformers', 'qdrant_client', 'numpy', 'rjieba'} & set(sys.modules)))"


def run(code: str, *args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(SOURCE)}, check=False, timeout=60)


def passages(count: int, start: int = 0) -> Iterator[Passage]:
    return (Passage(id=str(i), text=f"Scabies, record {i}.") for i in range(start, start + count))


def write(path: Path, count: int) -> Path:
    path.write_text("".join(json.dumps({"id": str(i), "text": f"Scabies, record {i}."}) + "\n" for i in range(count)), encoding="utf-8")
    return path


def test_a_killed_ingest_shows_nothing_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = write(tmp_path / "docs.jsonl", 8000)
    retriever = open_retriever(tmp_path)
    retriever.upsert([Passage(id="first", text="Scabies, the first record.")], collection="c", tenant="a")
    assert run(KILLED, tmp_path, path).returncode == -9
    assert retriever.count(collection="c", tenant="a") == 1
    written = ingest_file(retriever, path, collection="c", tenant="a")
    assert written.skipped >= 4096
    assert written.read == 8000
    assert retriever.count(collection="c", tenant="a") == 8001
    assert retriever.search("record 7999", collection="c", tenant="a").hits[0].source_id == "7999"


def test_what_a_killed_ingest_left_is_not_published_by_another_write(tmp_path: Path) -> None:
    retriever = open_retriever(tmp_path)
    assert run(KILLED, tmp_path, write(tmp_path / "docs.jsonl", 8000)).returncode == -9
    retriever.upsert([Passage(id="x", text="Lice.")], collection="c", tenant="a")
    assert retriever.count(collection="c", tenant="a") == 1


def test_a_write_that_fails_half_way_leaves_no_trace(tmp_path: Path) -> None:
    def broken() -> Iterator[Passage]:
        yield from passages(300)
        raise RuntimeError("the source broke")

    retriever = open_retriever(tmp_path)
    retriever.upsert(passages(1, 9000), collection="c", tenant="a")
    with pytest.raises(RuntimeError):
        retriever.upsert(broken(), collection="c", tenant="a")
    assert retriever.count(collection="c", tenant="a") == 1
    assert not list(tmp_path.rglob(generations.PART))


def test_readers_in_other_processes_go_on_while_one_writes(tmp_path: Path) -> None:
    retriever = open_retriever(tmp_path)
    retriever.upsert(passages(5), collection="c", tenant="a")
    seen: list[str] = []

    def slowly() -> Iterator[Passage]:
        yield from passages(300, 5)
        seen.append(run(READ, tmp_path).stdout.strip())

    open_retriever(tmp_path).upsert(slowly(), collection="c", tenant="a")
    assert sorted(seen[0].split(",")) == ["0", "1", "2", "3", "4"]
    assert retriever.count(collection="c", tenant="a") == 305


def test_a_second_writer_waits_and_is_told_when_it_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generations, "WAIT", 0.2)
    refused: list[str] = []

    def second() -> None:
        try:
            open_retriever(tmp_path).upsert(passages(1), collection="c", tenant="a")
        except ToolError as error:
            refused.append(str(error))

    def slowly() -> Iterator[Passage]:
        thread = Thread(target=second)
        thread.start()
        thread.join()
        yield from passages(2)

    open_retriever(tmp_path).upsert(slowly(), collection="c", tenant="a")
    assert refused == ["collection: c is being written by another process; try again when it is done"]


def test_old_generations_go_when_their_last_reader_has_gone(tmp_path: Path) -> None:
    reader, writer = open_retriever(tmp_path), open_retriever(tmp_path)
    for place in range(4):
        writer.upsert(passages(1, place), collection="c", tenant="a")
        assert reader.count(collection="c", tenant="a") == place + 1
    reader.close()
    writer.upsert(passages(1, 10), collection="c", tenant="a")
    assert len(list(tmp_path.rglob("g[0-9]*/in-use"))) == 1


def test_many_small_writes_leave_few_segments(tmp_path: Path) -> None:
    retriever = open_retriever(tmp_path)
    for place in range(12):
        retriever.upsert(passages(20, place * 15), collection="c", tenant="a")
    assert retriever.count(collection="c", tenant="a") == 11 * 15 + 20
    assert len([path for path in tmp_path.rglob("segments/*") if path.is_dir()]) <= 4


def test_a_search_by_words_imports_nothing_heavy(tmp_path: Path) -> None:
    open_retriever(tmp_path).upsert(passages(5), collection="c", tenant="a")
    assert run(HEAVY, tmp_path).stdout.split("\n")[1] == "[]"


def test_a_damaged_index_is_a_plain_error(tmp_path: Path) -> None:
    retriever = open_retriever(tmp_path)
    retriever.upsert(passages(5), collection="c", tenant="a")
    retriever.close()
    for path in tmp_path.rglob("meta.json"):
        path.write_text("{", encoding="utf-8")
    with pytest.raises(ToolError, match="index failed"):
        open_retriever(tmp_path).search("scabies", collection="c", tenant="a")


def test_how_rare_a_word_is_follows_what_is_written_and_whose_it_is(tmp_path: Path) -> None:
    retriever = open_retriever(tmp_path)
    retriever.upsert(passages(5), collection="c", tenant="a")
    word, missing = number("scabi"), number("nowhere")
    before = retriever.shelf.reading("c").idf([word, missing], Scope(("a",)))
    assert retriever.shelf.reading("c").idf([word, missing], Scope(("a",))) == before
    assert missing not in before
    retriever.upsert([Passage(id=f"x{i}", text=f"Something else, {i}.") for i in range(40)], collection="c", tenant="a")
    retriever.upsert([Passage(id=f"y{i}", text=f"Somebody else's, {i}.") for i in range(400)], collection="c", tenant="b")
    after = retriever.shelf.reading("c").idf([word, missing], Scope(("a",)))
    assert after[word] > before[word] + 1
    assert retriever.shelf.reading("c").idf([word], Scope(("a", "b")))[word] > after[word] + 1
