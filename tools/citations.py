"""Sources and retrieved passages as citations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yingzhi.clinical.citation import Citation, Reference
from yingzhi.clinical.differential import Diagnosis, SystemicLink
from yingzhi.clinical.evidence import Hit
from yingzhi.clinical.workup import Workup
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


def reference(source: Source) -> Reference:
    """A source of the knowledge in short."""
    return Reference(
        id=source.id, title=source.title, body=source.body, year=source.year, jurisdiction=source.jurisdiction, grade=source.grade
    )


def references(ids: Iterable[str], records: Mapping[str, Reference]) -> list[Reference]:
    """The records of the ids that are sources, each once, in order."""
    return [records[i] for i in dict.fromkeys(ids) if i in records]


def referenced_diagnoses(diagnoses: Iterable[Diagnosis], records: Mapping[str, Reference]) -> list[Diagnosis]:
    """The diagnoses, each with the records of what it rests on: its own sources and those of its cells."""
    return [
        d.model_copy(update={"references": references([*d.sources, *(c.source for c in d.cells if c.source)], records)}) for d in diagnoses
    ]


def referenced_links(links: Iterable[SystemicLink], records: Mapping[str, Reference]) -> list[SystemicLink]:
    """The links with the records of their sources."""
    return [link.model_copy(update={"references": references([link.source, *link.sources], records)}) for link in links]


def referenced_workup(workup: Workup, records: Mapping[str, Reference]) -> Workup:
    """The ladder with the records of the sources of every test and of its cautions."""
    rungs = []
    for rung in workup.rungs:
        tests = [
            t.model_copy(update={"references": references([t.source, *(s for c in t.cautions for s in c.sources)], records)})
            for t in rung.tests
        ]
        rungs.append(rung.model_copy(update={"tests": tests}))
    return workup.model_copy(update={"rungs": rungs})
