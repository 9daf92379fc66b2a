"""Qdrant in this process (qdrant-edge-py), on disk: the default back end."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any
from weakref import finalize

from yingzhi.clinical.errors import ToolError
from yingzhi.tools.retrieval import generations
from yingzhi.tools.retrieval.port import SUPERSEDED, Chunk, Found, Scope, Store
from yingzhi.tools.retrieval.sparse import Sparse
from yingzhi.tools.retrieval.tokens import RULES

WORDS = "words"
META = "meta.json"
FLUSH_EVERY = 4096
"""Chunks between two flushes: what a crash may cost …"""
FLUSH_AFTER = 5.0
"""… or seconds, as dense vectors come slowly."""
MOST_KEPT = 50_000
"""IDF values kept in memory."""


class EdgeStore:
    """One shard. Safe for searches from several threads."""

    def __init__(self, shard: Any, dense_model: str | None, lock: int | None = None) -> None:
        """Wrap an open shard.

        Args:
            shard: qdrant_edge.EdgeShard.
            dense_model: Slug of the dense model, None without.
            lock: Descriptor of a locked file, closed with the last use of this object.
        """
        self.shard = shard
        self.dense_model = dense_model
        if lock is not None:
            finalize(self, os.close, lock)
        self.changed = False
        self._idf: dict[tuple[tuple[str, ...], int], float | None] = {}
        self._unflushed = 0
        self._flushed = monotonic()

    def by_words(self, query: Sparse, scope: Scope, limit: int, *, vectors: bool = False, payload: bool = True) -> list[Found]:
        """See `Store`."""
        import qdrant_edge as edge

        request = edge.QueryRequest(
            limit=limit,
            query=edge.Query.Nearest(edge.SparseVector(list(query.indices), list(query.values)), using=WORDS),
            filter=where(scope),
            params=edge.SearchParams(idf=edge.IdfParams(corpus=where(tenants_of(scope)))),
            with_payload=payload,
            with_vector=[WORDS] if vectors else False,
        )
        with faults():
            return [found(point) for point in self.shard.query(request)]

    def by_meaning(self, query: Sequence[float], scope: Scope, limit: int) -> list[Found]:
        """See `Store`."""
        import qdrant_edge as edge

        request = edge.QueryRequest(
            limit=limit, query=edge.Query.Nearest(list(query), using=f"dense-{self.dense_model}"), filter=where(scope), with_payload=True
        )
        with faults():
            return [found(point) for point in self.shard.query(request)]

    def idf(self, indices: Sequence[int], scope: Scope) -> dict[int, float]:
        """See `Store`. One product with one token each: score = IDF × the hit's own weight. Kept until something is written."""
        if len(self._idf) > MOST_KEPT:
            self._idf = {}
        kept = self._idf  # what another thread writes meanwhile begins a new one
        if new := [index for index in indices if (scope.tenants, index) not in kept]:
            kept.update({(scope.tenants, index): value for index, value in self._ask_idf(new, scope).items()})
        known = {index: kept.get((scope.tenants, index)) for index in indices}
        return {index: value for index, value in known.items() if value is not None}

    def _ask_idf(self, indices: Sequence[int], scope: Scope) -> dict[int, float | None]:
        import qdrant_edge as edge

        corpus = where(tenants_of(scope))
        requests = [
            edge.QueryRequest(
                limit=1,
                query=edge.Query.Nearest(edge.SparseVector([index], [1.0]), using=WORDS),
                filter=corpus,
                params=edge.SearchParams(idf=edge.IdfParams(corpus=corpus)),
                with_vector=[WORDS],
            )
            for index in indices
        ]
        with faults():
            answers = self.shard.query_batch(edge.QueryBatchRequest(requests))
        return {index: idf_of(index, found(points[0])) if points else None for index, points in zip(indices, answers, strict=True)}

    def payloads(self, ids: Sequence[str]) -> dict[str, dict[str, object]]:
        """See `Store`."""
        with faults():
            records = self.shard.retrieve(list(ids), with_payload=True, with_vector=False)
        return {str(record.id): dict(record.payload or {}) for record in records}

    def put(self, chunks: Sequence[Chunk]) -> None:
        """See `Store`."""
        import qdrant_edge as edge

        points = []
        for chunk in chunks:
            vector: dict[str, Any] = {WORDS: edge.SparseVector(list(chunk.sparse.indices), list(chunk.sparse.values))}
            if chunk.dense is not None:
                vector[f"dense-{self.dense_model}"] = list(chunk.dense)
            points.append(edge.Point(chunk.id, vector, chunk.payload))
        self._apply(edge.UpdateOperation.upsert_points(points), len(points))

    def drop(self, ids: Sequence[str]) -> None:
        """See `Store`."""
        import qdrant_edge as edge

        self._apply(edge.UpdateOperation.delete_points(list(ids)), len(ids))

    def count(self, scope: Scope) -> int:
        """See `Store`."""
        import qdrant_edge as edge

        with faults():
            return int(self.shard.count(edge.CountRequest(filter=where(scope), exact=True)))

    def _apply(self, operation: Any, size: int) -> None:
        if not size:
            return
        with faults():
            self.shard.update(operation)
            self.changed, self._idf = True, {}
            self._unflushed += size
            if self._unflushed >= FLUSH_EVERY or monotonic() - self._flushed > FLUSH_AFTER:
                self.shard.flush()
                self._unflushed, self._flushed = 0, monotonic()


class EdgeShelf:
    """Collections as directories under one home; several processes may share it."""

    def __init__(self, home: Path) -> None:
        """Args: home: the directory; made when the first collection is written."""
        self.home = home / f"rules-{RULES}"
        self._open: dict[str, tuple[str, EdgeStore]] = {}
        self._lock = Lock()

    def reading(self, collection: str) -> Store:
        """The generation in force; one that has been replaced since is let go of, for its last user to close."""
        home = self.home / collection
        with self._lock:
            held = self._open.get(collection)
            if held and held[0] == generations.current(home):
                return held[1]
            self._open.pop(collection, None)
            path, lock = generations.hold(home)
            try:
                store = load(path, lock)
            except ToolError:
                os.close(lock)
                raise
            self._open[collection] = (path.name, store)
            return store

    @contextlib.contextmanager
    def writing(self, collection: str, *, dense: tuple[str, int] | None, job: str = "") -> Iterator[Store]:
        """A copy to write to; all of it is published on leaving, or nothing."""
        with generations.writing(self.home / collection, job) as (part, resumed):
            store = open_part(part, resumed, dense)
            try:
                yield store
            except BaseException:
                store.shard.close()
                raise
            with faults():
                store.shard.optimize()
                store.shard.close()
            if not store.changed and not resumed and generations.current(self.home / collection):
                shutil.rmtree(part)  # nothing new to publish

    def names(self) -> list[str]:
        """See `Shelf`."""
        return sorted(path.parent.name for path in self.home.glob(f"*/{generations.CURRENT}"))

    def close(self) -> None:
        """See `Shelf`."""
        with self._lock:
            for _, store in self._open.values():
                store.shard.close()
            self._open.clear()


def open_part(part: Path, resumed: bool, dense: tuple[str, int] | None) -> EdgeStore:
    """Open the copy, or make an empty shard where there was nothing to copy."""
    if not (part / META).exists():
        for leftover in ("segments", "edge_config.json"):  # a crash in `create`
            path = part / leftover
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return create(part, dense)
    try:
        return load(part)
    except ToolError:
        if resumed:
            shutil.rmtree(part)
            raise ToolError("retrieval: what a crash left behind could not be read and was dropped; run the same command again") from None
        raise


def create(path: Path, dense: tuple[str, int] | None) -> EdgeStore:
    """Make an empty shard.

    Args:
        path: An existing directory.
        dense: Slug of the dense model and its number of dimensions.
    """
    import qdrant_edge as edge

    config = edge.EdgeConfig(
        vectors={f"dense-{dense[0]}": edge.EdgeVectorParams(size=dense[1], distance=edge.Distance.Cosine)} if dense else None,
        sparse_vectors={WORDS: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
        # Always build the compact index: it opens in half the time and a third of the memory of the one that is written to.
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=1, default_segment_number=1),
        wal_enabled=False,  # flushed every FLUSH_EVERY chunks, and nobody reads it before it is whole
        max_search_threads=1,
    )
    with faults():
        shard = edge.EdgeShard.create(str(path), config)
        shard.update(edge.UpdateOperation.create_field_index("tenant", edge.KeywordIndexParams(is_tenant=True)))
        shard.flush()
    (path / META).write_text(json.dumps({"dense": dense[0] if dense else None}), encoding="utf-8")
    return EdgeStore(shard, dense[0] if dense else None)


def load(path: Path, lock: int | None = None) -> EdgeStore:
    """Open a shard that `create` made.

    Raises:
        ToolError: It can't be read.
    """
    import qdrant_edge as edge

    with faults():
        meta = json.loads((path / META).read_text(encoding="utf-8"))
        return EdgeStore(edge.EdgeShard.load(str(path)), meta["dense"], lock)


def where(scope: Scope) -> Any:
    """The scope as a filter."""
    import qdrant_edge as edge

    must: list[Any] = [edge.FieldCondition("tenant", match=edge.MatchAny(list(scope.tenants)))]
    if scope.ids:
        must.append(edge.HasIdCondition(set(scope.ids)))
    if scope.firsts_only:
        must.append(edge.FieldCondition("chunk", match=edge.MatchValue(0)))
    hidden: list[Any] = [edge.FieldCondition("state", match=edge.MatchValue(SUPERSEDED))] if scope.current_only else []
    return edge.Filter(must=must, must_not=hidden)


def tenants_of(scope: Scope) -> Scope:
    """The population that word statistics are taken over: all that the tenant may see, and nothing of anyone else's."""
    return Scope(scope.tenants)


def idf_of(index: int, hit: Found) -> float:
    """The IDF of a token from a hit of that token alone."""
    assert hit.vector is not None
    return hit.score / hit.vector.values[hit.vector.indices.index(index)]


def found(point: Any) -> Found:
    """A scored point of qdrant-edge as a `Found`."""
    vector = point.vector.get(WORDS) if point.vector else None
    return Found(str(point.id), point.score, point.payload or {}, Sparse(tuple(vector.indices), tuple(vector.values)) if vector else None)


@contextlib.contextmanager
def faults() -> Iterator[None]:
    """Exceptions of the back end as a ToolError, without what was stored or asked."""
    try:
        yield
    except ToolError:
        raise
    except Exception as error:
        raise ToolError(f"retrieval: the index failed ({type(error).__name__})") from error
