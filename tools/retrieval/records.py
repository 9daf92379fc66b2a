"""Documents to stored chunks, and stored chunks to hits."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

from yingzhi.clinical.evidence import About, Hit, Passage
from yingzhi.tools.retrieval.chunks import chunk
from yingzhi.tools.retrieval.port import SUPERSEDED, Chunk, Found
from yingzhi.tools.retrieval.sparse import passage_vector
from yingzhi.tools.retrieval.tokens import Analyzer

ABOUT = tuple(About.model_fields)


def chunk_id(tenant: str, source: str, place: int) -> str:
    """The UUID of a chunk, the same for ever."""
    return str(UUID(bytes=blake2b(f"{tenant}\0{source}\0{place}".encode(), digest_size=16).digest()))


def digest(passage: Passage, version: str) -> str:
    """What changes when the document or the way it is indexed does."""
    return blake2b(f"{version}\0{passage.model_dump_json()}".encode(), digest_size=16).hexdigest()


def chunks_of(passage: Passage, tenant: str, mark: str, analyzer: Analyzer) -> list[Chunk]:
    """The chunks of a document, without dense vectors.

    Args:
        passage: The document.
        tenant: Whose it is.
        mark: Its digest.
        analyzer: How text becomes tokens.
    """
    texts = chunk(passage.text)
    about = {key: value for key in ABOUT if (value := getattr(passage, key)) is not None}
    return [
        Chunk(
            id=chunk_id(tenant, passage.id, place),
            sparse=passage_vector(text, analyzer, passage.title),
            payload={
                "tenant": tenant,
                "source": passage.id,
                "chunk": place,
                "chunks": len(texts),
                "digest": mark,
                "state": "current" if passage.superseded_by is None else SUPERSEDED,
                "text": text,
                "about": about,
                "extra": dict(passage.model_extra or {}),
            },
        )
        for place, text in enumerate(texts)
    ]


def hit_of(found: Found, score: float, collection: str) -> Hit:
    """A stored chunk as a hit."""
    payload: dict[str, Any] = found.payload
    return Hit(
        source_id=payload["source"],
        score=round(score, 6),
        text=payload["text"],
        chunk=payload["chunk"],
        chunks=payload["chunks"],
        collection=collection,
        tenant=payload["tenant"],
        superseded=payload["state"] == SUPERSEDED,
        extra=payload["extra"],
        **payload["about"],
    )


def best_chunks(found: Sequence[Found], scores: dict[str, float]) -> list[tuple[Found, float]]:
    """The best chunk of each document with its score, best first; equal scores in the order of their ids."""
    best: dict[tuple[object, object], tuple[Found, float]] = {}
    for hit in found:
        key, score = (hit.payload["tenant"], hit.payload["source"]), scores[hit.id]
        if key not in best or score > best[key][1]:
            best[key] = (hit, score)
    return sorted(best.values(), key=lambda pair: (-pair[1], str(pair[0].payload["source"])))


def demote(ranked: Sequence[tuple[Found, float]], factor: float = 0.5) -> list[tuple[Found, float]]:
    """Superseded documents with less of their score, and never above the one that replaces them.

    Args:
        ranked: Documents with their scores.
        factor: What is left of a superseded document's score.
    """
    scores = {hit.payload["source"]: score for hit, score in ranked}
    lowered = []
    for hit, score in ranked:
        if hit.payload["state"] == SUPERSEDED:
            about: Any = hit.payload["about"]
            score = min(score * factor, 0.999 * scores.get(about.get("superseded_by"), score))
        lowered.append((hit, score))
    return sorted(lowered, key=lambda pair: (-pair[1], str(pair[0].payload["source"])))
