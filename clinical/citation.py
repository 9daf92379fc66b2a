"""A source as it is shown to the reader."""

from __future__ import annotations

from pydantic import Field

from yingzhi.clinical.words import Record


class Citation(Record):
    """Something a reader can look up."""

    id: str
    title: str
    body: str = Field(description="Who issued it.")
    year: int | None = None
    jurisdiction: str = ""
    grade: str = Field(default="", description="Kind of source: guideline, consensus, review, textbook …")
    version: str = ""
    pmid: str = ""
    doi: str = ""
    url: str = ""
    superseded_by: str = ""
    passage: str = Field(default="", description="The words that the retrieval found, where it was retrieved.")
    collection: str = Field(default="knowledge", description="Where it was found.")


class Reference(Record):
    """A source in short, where a diagnosis, a test or a link carries it with it."""

    id: str
    title: str
    body: str = Field(description="Who issued it.")
    year: int | None = None
    jurisdiction: str = ""
    grade: str = Field(default="", description="Kind of source: guideline, consensus, review, textbook …")
