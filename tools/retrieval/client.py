"""Qdrant by qdrant-client: a server for scale, or the client's local mode in tests."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from yingzhi.clinical.errors import ToolError
from yingzhi.tools.retrieval.edge import WORDS, faults, idf_of, tenants_of
from yingzhi.tools.retrieval.port import SUPERSEDED, Chunk, Found, Scope, Store
from yingzhi.tools.retrieval.sparse import Sparse
from yingzhi.tools.retrieval.tokens import RULES

PREFIX = f"yingzhi-{RULES}-"
"""Before the names of our collections on a server that others use too."""


class ClientStore:
    """One collection of a server."""

    def __init__(self, client: Any, name: str, dense_model: str | None) -> None:
        """Wrap a collection.

        Args:
            client: qdrant_client.QdrantClient.
            name: The collection's name on the server.
            dense_model: Slug of the dense model, None without.
        """
        self.client = client
        self.name = name
        self.dense_model = dense_model

    def by_words(self, query: Sparse, scope: Scope, limit: int, *, vectors: bool = False, payload: bool = True) -> list[Found]:
        """See `Store`."""
        from qdrant_client import models

        with faults():
            answer = self.client.query_points(
                self.name,
                query=models.SparseVector(indices=list(query.indices), values=list(query.values)),
                using=WORDS,
                query_filter=where(scope),
                search_params=models.SearchParams(idf=models.IdfCorpusParams(corpus=where(tenants_of(scope)))),
                limit=limit,
                with_payload=payload,
                with_vectors=[WORDS] if vectors else False,
            )
        return [found(point) for point in answer.points]

    def by_meaning(self, query: Sequence[float], scope: Scope, limit: int) -> list[Found]:
        """See `Store`."""
        with faults():
            answer = self.client.query_points(
                self.name, query=list(query), using=f"dense-{self.dense_model}", query_filter=where(scope), limit=limit, with_payload=True
            )
        return [found(point) for point in answer.points]

    def idf(self, indices: Sequence[int], scope: Scope) -> dict[int, float]:
        """See `Store`. One product with one token each: score = IDF × the hit's own weight."""
        from qdrant_client import models

        corpus = where(tenants_of(scope))
        requests = [
            models.QueryRequest(
                query=models.SparseVector(indices=[index], values=[1.0]),
                using=WORDS,
                filter=corpus,
                params=models.SearchParams(idf=models.IdfCorpusParams(corpus=corpus)),
                limit=1,
                with_vector=[WORDS],
            )
            for index in indices
        ]
        with faults():
            answers = self.client.query_batch_points(self.name, requests) if requests else []
        return {index: idf_of(index, found(a.points[0])) for index, a in zip(indices, answers, strict=True) if a.points}

    def payloads(self, ids: Sequence[str]) -> dict[str, dict[str, object]]:
        """See `Store`."""
        with faults():
            records = self.client.retrieve(self.name, list(ids), with_payload=True, with_vectors=False)
        return {str(record.id): dict(record.payload or {}) for record in records}

    def put(self, chunks: Sequence[Chunk]) -> None:
        """See `Store`."""
        from qdrant_client import models

        points = []
        for chunk in chunks:
            vector: dict[str, Any] = {WORDS: models.SparseVector(indices=list(chunk.sparse.indices), values=list(chunk.sparse.values))}
            if chunk.dense is not None:
                vector[f"dense-{self.dense_model}"] = list(chunk.dense)
            points.append(models.PointStruct(id=chunk.id, vector=vector, payload=chunk.payload))
        with faults():
            if points:
                self.client.upsert(self.name, points, wait=True)

    def drop(self, ids: Sequence[str]) -> None:
        """See `Store`."""
        from qdrant_client import models

        with faults():
            if ids:
                self.client.delete(self.name, models.PointIdsList(points=list(ids)), wait=True)

    def count(self, scope: Scope) -> int:
        """See `Store`."""
        with faults():
            return int(self.client.count(self.name, count_filter=where(scope), exact=True).count)


class ClientShelf:
    """Collections of a server. Writes show as they are made: a server has no generations."""

    def __init__(self, client: Any) -> None:
        """Args: client: qdrant_client.QdrantClient."""
        self.client = client

    def reading(self, collection: str) -> Store:
        """See `Shelf`."""
        name = PREFIX + collection
        with faults():
            if not self.client.collection_exists(name):
                raise ToolError(f"collection: there is none named {collection}")
            vectors = self.client.get_collection(name).config.params.vectors or {}
        slugs = [key.removeprefix("dense-") for key in vectors if key.startswith("dense-")]
        return ClientStore(self.client, name, slugs[0] if slugs else None)

    @contextlib.contextmanager
    def writing(self, collection: str, *, dense: tuple[str, int] | None, job: str = "") -> Iterator[Store]:
        """See `Shelf`; after a crash any job goes on, as what was written is there."""
        from qdrant_client import models

        name = PREFIX + collection
        with faults():
            if not self.client.collection_exists(name):
                self.client.create_collection(
                    name,
                    vectors_config={f"dense-{dense[0]}": models.VectorParams(size=dense[1], distance=models.Distance.COSINE)}
                    if dense
                    else {},
                    sparse_vectors_config={WORDS: models.SparseVectorParams(modifier=models.Modifier.IDF)},
                )
                if not local(self.client):
                    tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
                    self.client.create_payload_index(name, "tenant", field_schema=tenant)
        yield self.reading(collection)

    def names(self) -> list[str]:
        """See `Shelf`."""
        with faults():
            every = [entry.name for entry in self.client.get_collections().collections]
        return sorted(name.removeprefix(PREFIX) for name in every if name.startswith(PREFIX))

    def close(self) -> None:
        """See `Shelf`."""
        self.client.close()


def local(client: Any) -> bool:
    """Whether the client keeps the data itself instead of asking a server."""
    return type(getattr(client, "_client", None)).__name__ == "QdrantLocal"


def where(scope: Scope) -> Any:
    """The scope as a filter."""
    from qdrant_client import models

    must: list[Any] = [models.FieldCondition(key="tenant", match=models.MatchAny(any=list(scope.tenants)))]
    if scope.ids:
        must.append(models.HasIdCondition(has_id=list(scope.ids)))
    if scope.firsts_only:
        must.append(models.FieldCondition(key="chunk", match=models.MatchValue(value=0)))
    hidden: list[Any] = [models.FieldCondition(key="state", match=models.MatchValue(value=SUPERSEDED))] if scope.current_only else []
    return models.Filter(must=must, must_not=hidden)


def found(point: Any) -> Found:
    """A scored point of qdrant-client as a `Found`."""
    vector = point.vector.get(WORDS) if isinstance(point.vector, dict) else None
    sparse = Sparse(tuple(vector.indices), tuple(vector.values)) if vector else None
    return Found(str(point.id), point.score, dict(point.payload or {}), sparse)
