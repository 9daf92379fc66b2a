"""A file of documents, one JSON object a line, into a collection: all lines are checked before the first is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

from pydantic import ValidationError

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.clinical.evidence import Passage
from yingzhi.tools.retrieval.port import Retriever, Written


def ingest_file(
    retriever: Retriever, path: Path, *, collection: str, tenant: str, progress: Callable[[int, int], None] | None = None
) -> Written:
    """Check a JSONL file and write its documents; after a crash the same call goes on where it stopped.

    Args:
        retriever: Where to write.
        path: One object a line: `id`, `text`, and any field of `Passage`; other fields are kept beside.
        collection: Made if there is none.
        tenant: Whose the documents become.
        progress: Called with (documents done since the last call, documents in all).

    Raises:
        KnowledgeError: A line is wrong: the message names file, line and field; nothing was written.
    """
    total = check_file(path)
    job = blake2b(f"{path.resolve()}\0{path.stat().st_size}\0{path.stat().st_mtime_ns}\0{tenant}".encode(), digest_size=16).hexdigest()
    step = (lambda done: progress(done, total)) if progress else None
    return retriever.upsert(read_file(path), collection=collection, tenant=tenant, job=job, progress=step)


def check_file(path: Path) -> int:
    """How many documents a file holds.

    Raises:
        KnowledgeError: A line is wrong, or there is none.
    """
    total = sum(1 for _ in read_file(path))
    if not total:
        raise KnowledgeError(f"{path.name}: holds no documents")
    return total


def read_file(path: Path) -> Iterator[Passage]:
    """Documents of a file, one after another; blank lines are passed over.

    Raises:
        KnowledgeError: The file can't be read, or a line is wrong.
    """
    try:
        with path.open("rb") as stream:
            for place, raw in enumerate(stream, start=1):
                line = raw.removeprefix(b"\xef\xbb\xbf").strip() if place == 1 else raw.strip()
                if line:
                    yield read_line(line, f"{path.name} line {place}")
    except OSError as error:
        raise KnowledgeError(f"{path.name}: can't be read ({error.strerror})") from error


def read_line(line: bytes, where: str) -> Passage:
    """One document.

    Args:
        line: A JSON object in UTF-8.
        where: File and line, for the error.
    """
    try:
        line.decode("utf-8")
        return Passage.model_validate_json(line)
    except UnicodeDecodeError:
        raise KnowledgeError(f"{where}: is not UTF-8") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"]))
        if first["type"] == "json_invalid":
            raise KnowledgeError(f"{where}: is not JSON") from None
        if not field:
            raise KnowledgeError(f"{where}: must be a JSON object with id and text") from None
        raise KnowledgeError(f"{where}: {field}: {first['msg'][:1].lower()}{first['msg'][1:]}") from None
