"""The one retriever over every back end: words with feedback, meaning where a model is there, fused."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from yingzhi.clinical.errors import SettingsError, ToolError
from yingzhi.clinical.evidence import Evidence, Passage
from yingzhi.tools.retrieval.dense import Embedder
from yingzhi.tools.retrieval.feedback import POOL, expand
from yingzhi.tools.retrieval.fusion import fuse
from yingzhi.tools.retrieval.port import PUBLIC, Chunk, Found, Scope, Shelf, Store, Superseded, Written, check_names
from yingzhi.tools.retrieval.records import best_chunks, chunk_id, chunks_of, demote, digest, hit_of
from yingzhi.tools.retrieval.sparse import Sparse, overlap, query_weights
from yingzhi.tools.retrieval.tokens import Analyzer

BATCH = 256
"""Documents that are written at a time …"""
DENSE_BATCH = 32
"""… and with a dense model, which takes seconds for that many."""
LONGEST_QUERY = 4000
"""Characters of a question that are read."""
MOST_HITS = 100
ENOUGH_SHARE = 0.35
"""Share of a question's information that the best chunk must hold to be evidence …"""
ENOUGH = 16.0
"""… or this much of it, in nats of IDF (two or three rare words), whichever is less: no passage holds a third of a long note."""
ENOUGH_CONCEPTS = 0.5
"""The same for concepts, which are all that two languages share."""
LOOKED_AT = 20
"""Best chunks that are looked through for one that is evidence."""
MOST_WEIGHED = 48
"""Tokens of a question up to which each one's IDF is asked for; in a longer one all count the same."""
TYPICAL = 4.0
"""That IDF."""
NEAR = 0.35
"""Cosine from which meaning alone is evidence; between two languages good matches begin at about 0.4."""
DENSE_POOL = 100
"""Candidates of each side where a dense model has a say."""


class HybridRetriever:
    """A `Retriever` over any `Shelf`."""

    def __init__(self, shelf: Shelf, analyzer: Analyzer | None = None, embedder: Embedder | None = None) -> None:
        """Put a retriever together.

        Args:
            shelf: The back end.
            analyzer: How text becomes tokens; the default has no concepts.
            embedder: Dense model; None for words alone.
        """
        self.shelf = shelf
        self.analyzer = analyzer or Analyzer()
        self.embedder = embedder

    def search(
        self, query: str, *, collection: str, tenant: str, k: int = 10, expand: bool = True, superseded: Superseded = "below"
    ) -> Evidence:
        """See `Retriever`."""
        check_names(collection, tenant)
        if not 1 <= k <= MOST_HITS:
            raise ToolError(f"k: must be from 1 to {MOST_HITS}")
        store = self.shelf.reading(collection)
        scope = Scope(tuple(dict.fromkeys((tenant, PUBLIC))), current_only=superseded == "exclude")
        text = query[:LONGEST_QUERY]
        model = self.embedder if self.embedder and store.dense_model == self.embedder.slug and text.strip() else None
        depth = max(DENSE_POOL if model else POOL if expand else LOOKED_AT, 4 * k)
        found, vector, enough = by_words(store, text, self.analyzer, scope, depth, expand)
        scores = {hit.id: hit.score for hit in found}
        if model:
            found, scores, near = with_meaning(store, model.query(text), vector, scope, depth, found)
            enough = enough or near
        if not enough or not found:
            return Evidence(query=query, collection=collection, found=False)
        ranked = demote(best_chunks(found, scores))[:k]
        return Evidence(query=query, collection=collection, found=True, hits=[hit_of(hit, score, collection) for hit, score in ranked])

    def upsert(
        self, passages: Iterable[Passage], *, collection: str, tenant: str, job: str = "", progress: Callable[[int], None] | None = None
    ) -> Written:
        """See `Retriever`."""
        check_names(collection, tenant)
        dense = (self.embedder.slug, self.embedder.size) if self.embedder else None
        done = Written()
        source = iter(passages)
        with self.shelf.writing(collection, dense=dense, job=job) as store:
            check_model(store, self.embedder)
            while batch := list(islice(source, DENSE_BATCH if self.embedder else BATCH)):
                wrote = write_batch(store, batch, tenant, self.analyzer, self.embedder)
                done = Written(
                    done.added + wrote.added, done.replaced + wrote.replaced, done.skipped + wrote.skipped, done.chunks + wrote.chunks
                )
                if progress:
                    progress(len(batch))
        return done

    def delete(self, ids: Iterable[str], *, collection: str, tenant: str) -> int:
        """See `Retriever`."""
        check_names(collection, tenant)
        self.shelf.reading(collection)  # refuses a collection that isn't there, rather than making it
        wanted = list(dict.fromkeys(ids))
        with self.shelf.writing(collection, dense=None) as store:
            known = store.payloads([chunk_id(tenant, source, 0) for source in wanted])
            store.drop([id for payload in known.values() for id in all_ids(tenant, payload)])
        return len(known)

    def count(self, *, collection: str, tenant: str) -> int:
        """See `Retriever`."""
        check_names(collection, tenant)
        return self.shelf.reading(collection).count(Scope((tenant,), firsts_only=True))

    def collections(self) -> list[str]:
        """See `Retriever`."""
        return self.shelf.names()

    def close(self) -> None:
        """See `Retriever`."""
        self.shelf.close()


def by_words(store: Store, text: str, analyzer: Analyzer, scope: Scope, depth: int, feedback: bool) -> tuple[list[Found], Sparse, bool]:
    """Chunks by BM25, the vector they were found with, and whether the best of them is evidence; if not, without feedback."""
    weights = query_weights(text, analyzer)
    if not weights:
        return [], Sparse((), ()), False
    first = store.by_words(Sparse.of(weights), scope, POOL if feedback else depth, vectors=True, payload=not feedback)
    concepts = set(query_weights(text, replace(analyzer, concepts=None))) ^ set(weights) if analyzer.concepts else set()
    enough = covers(first[:LOOKED_AT], weights, concepts, store, scope)
    vector = Sparse.of(expand(weights, first) if feedback and enough else weights)
    return store.by_words(vector, scope, depth) if feedback else first, vector, enough


def covers(found: Sequence[Found], weights: dict[int, float], concepts: set[int], store: Store, scope: Scope) -> bool:
    """Whether one of the chunks holds enough of the question's words, or of its concepts, to be evidence."""
    if not found:
        return False
    every = rarity(weights, store, scope)
    for part, share in ((weights.keys() - concepts, ENOUGH_SHARE), (concepts, ENOUGH_CONCEPTS)):
        values = {index: every[index] for index in part}
        needed = min(share * sum(values.values()), ENOUGH)
        if values and max(overlap(hit.vector.indices, values) for hit in found if hit.vector) >= needed:
            return True
    return False


def rarity(weights: dict[int, float], store: Store, scope: Scope) -> dict[int, float]:
    """IDF of a question's tokens; a token that no document has is as rare as can be, so it counts against the chunks."""
    if len(weights) > MOST_WEIGHED:
        return dict.fromkeys(weights, TYPICAL)
    idf = store.idf(list(weights), scope)
    if len(idf) == len(weights):
        return idf
    rarest = math.log(1 + (store.count(Scope(scope.tenants)) + 0.5) / 0.5)
    return {index: idf.get(index, rarest) for index in weights}


def with_meaning(
    store: Store, meant: Sequence[float], vector: Sparse, scope: Scope, depth: int, found: Sequence[Found]
) -> tuple[list[Found], dict[str, float], bool]:
    """The candidates of both sides with fused scores, each scored by both, and whether the nearest is evidence by itself."""
    near = store.by_meaning(meant, scope, depth)
    words = {hit.id: hit.score for hit in found}
    meaning = {hit.id: hit.score for hit in near}
    missing = tuple(meaning.keys() - words.keys())
    if vector.indices and missing:
        words |= {hit.id: hit.score for hit in store.by_words(vector, replace(scope, ids=missing), len(missing), payload=False)}
    missing = tuple(hit.id for hit in found if hit.id not in meaning)
    if missing:
        meaning |= {hit.id: hit.score for hit in store.by_meaning(meant, replace(scope, ids=missing), len(missing))}
    return list({hit.id: hit for hit in (*found, *near)}.values()), fuse(words, meaning), bool(near) and near[0].score >= NEAR


def check_model(store: Store, embedder: Embedder | None) -> None:
    """Refuse to write vectors of another model, or none, beside those of the collection's own."""
    have, given = store.dense_model, embedder.slug if embedder else None
    if have != given:
        raise SettingsError(
            f"dense model: the collection was made with {have or 'none'}, now {given or 'none'} is set; use the same or another collection"
        )


def write_batch(store: Store, batch: Sequence[Passage], tenant: str, analyzer: Analyzer, embedder: Embedder | None) -> Written:
    """Write some documents: new and changed ones go in, chunks that a changed one no longer has go out."""
    passages = {passage.id: passage for passage in batch}
    version = f"{analyzer.version}/{embedder.slug if embedder else ''}"
    known = {payload["source"]: payload for payload in store.payloads([chunk_id(tenant, source, 0) for source in passages]).values()}
    chunks: list[Chunk] = []
    stale: list[str] = []
    added = skipped = 0
    for source, passage in passages.items():
        old, mark = known.get(source), digest(passage, version)
        if old and old["digest"] == mark:
            skipped += 1
            continue
        added += old is None
        fresh = chunks_of(passage, tenant, mark, analyzer)
        if old:
            stale.extend(all_ids(tenant, old)[len(fresh) :])
        chunks.extend(fresh)
    store.drop(stale)
    if embedder and chunks:
        vectors = embedder.passages([str(chunk.payload["text"]) for chunk in chunks])
        chunks = [replace(chunk, dense=vector) for chunk, vector in zip(chunks, vectors, strict=True)]
    # The first chunk carries the digest that says the document is there, so it is written last.
    store.put([chunk for chunk in chunks if chunk.payload["chunk"] != 0])
    store.put([chunk for chunk in chunks if chunk.payload["chunk"] == 0])
    return Written(added, len(batch) - added - skipped, skipped, len(chunks))


def all_ids(tenant: str, payload: dict[str, object]) -> list[str]:
    """Ids of all chunks of the document that a stored chunk belongs to, in order."""
    return [chunk_id(tenant, str(payload["source"]), place) for place in range(int(str(payload["chunks"])))]
