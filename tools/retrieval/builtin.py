"""An index in a directory of its own, written once and then only read: the built-in knowledge."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import mkdtemp

from yingzhi.clinical.errors import ToolError
from yingzhi.clinical.evidence import Passage
from yingzhi.tools.retrieval.dense import Embedder
from yingzhi.tools.retrieval.edge import META, EdgeStore, create, faults, load
from yingzhi.tools.retrieval.hybrid import HybridRetriever
from yingzhi.tools.retrieval.port import PUBLIC, Store, Written
from yingzhi.tools.retrieval.tokens import Analyzer

COLLECTION = "knowledge"


class OneShelf:
    """A shelf with one collection, read only unless it is being built."""

    def __init__(self, store: EdgeStore, name: str, writable: bool = False) -> None:
        """Args: store: the open shard; name: the collection's; writable: whether `writing` is allowed."""
        self.store = store
        self.name = name
        self.writable = writable

    def reading(self, collection: str) -> Store:
        """See `Shelf`."""
        if collection != self.name:
            raise ToolError(f"collection: there is none named {collection}")
        return self.store

    @contextlib.contextmanager
    def writing(self, collection: str, *, dense: tuple[str, int] | None, job: str = "") -> Iterator[Store]:
        """See `Shelf`."""
        if not self.writable:
            raise ToolError(f"collection: {self.name} is read only")
        yield self.reading(collection)

    def names(self) -> list[str]:
        """See `Shelf`."""
        return [self.name]

    def close(self) -> None:
        """See `Shelf`."""
        self.store.shard.close()


def build_index(
    records: Iterable[Passage], path: Path, analyzer: Analyzer | None = None, embedder: Embedder | None = None, collection: str = COLLECTION
) -> Written:
    """Write an index of public documents in one step: built beside `path`, then renamed to it.

    Two processes may build the same index at once; one of them wins and both have it.

    Args:
        records: The documents.
        path: The directory that becomes the index; if it is there already it is replaced.
        analyzer: How text becomes tokens; give the same one to `open_index`.
        embedder: Dense model; None for words alone.
        collection: Name to search it by.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        store = create(fresh, (embedder.slug, embedder.size) if embedder else None)
        retriever = HybridRetriever(OneShelf(store, collection, writable=True), analyzer, embedder)
        written = retriever.upsert(records, collection=collection, tenant=PUBLIC)
        with faults():
            store.shard.optimize()
            store.shard.close()
        move_into_place(fresh, path)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return written


def move_into_place(fresh: Path, path: Path) -> None:
    """Rename a finished directory to its place, moving out what stood there."""
    old = path.with_name(f".{path.name}-old-{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        path.rename(old)
    try:
        fresh.rename(path)
    except OSError:
        if not (path / META).exists():  # else another process was first
            raise
    shutil.rmtree(old, ignore_errors=True)


def open_index(
    path: Path, analyzer: Analyzer | None = None, embedder: Embedder | None = None, collection: str = COLLECTION
) -> HybridRetriever:
    """Open an index that `build_index` wrote, to read; any number of processes may.

    Args:
        path: The index's directory.
        analyzer: The one it was built with.
        embedder: Dense model; used if the index was built with it.
        collection: Name to search it by.

    Raises:
        ToolError: There is no index, or it can't be read.
    """
    if not (path / META).exists():
        raise ToolError(f"retrieval: there is no index in {path}")
    return HybridRetriever(OneShelf(load(path), collection), analyzer, embedder)
