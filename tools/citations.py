"""Sources and retrieved passages as citations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yingzhi.clinical.citation import Citation
from yingzhi.clinical.evidence import Hit
from yingzhi.knowledge.models import Source


def cite(source: Source) -> Citation:
    """A source of the knowledge as a citation."""
    return Citation(
        id=source.id,
        title=source.title,
        body=source.body,
        year=source.year,
        jurisdiction=source.jurisdiction,
        grade=source.grade,
        version=source.version,
        pmid=source.pmid,
        doi=source.doi,
        url=source.url,
        superseded_by=source.superseded_by,
    )


def cite_hit(hit: Hit) -> Citation:
    """A retrieved document as a citation, with the passage that was found."""
    return Citation(
        id=hit.source_id,
        title=hit.title or hit.source_id,
        body=hit.body or "",
        year=hit.year,
        jurisdiction=hit.jurisdiction or "",
        grade=hit.grade or "",
        version=hit.version or "",
        url=hit.url or "",
        superseded_by=hit.superseded_by or "",
        passage=hit.text,
        collection=hit.collection,
    )


def resolve(ids: Iterable[str], sources: Mapping[str, Source]) -> list[Citation]:
    """Citations for the ids that are sources, each once, in order; an id that is none is left out, never invented."""
    return [cite(sources[i]) for i in dict.fromkeys(ids) if i in sources]
