"""Evidence: the records that are searched, and what a search gives back."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from yingzhi.clinical.words import Record, Text

Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=512)]
Body = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

NO_EVIDENCE = Text(en="No evidence found.", zh="未找到证据。")
"""What is said when a search finds nothing: an outright statement, never an empty space."""


class About(Record):
    """What is known about a document besides its words."""

    title: str | None = Field(default=None, description="Title as published.")
    year: int | None = Field(default=None, ge=1500, le=2200, description="Year of publication.")
    body: str | None = Field(default=None, description="Who issued it: journal, society, agency, hospital.")
    jurisdiction: str | None = Field(default=None, description="Where it applies: CN, US, EU, GB, international …")
    grade: str | None = Field(default=None, description="Strength of recommendation or level of evidence, in the body's own scale.")
    version: str | None = Field(default=None, description="Version or edition, as the body names it.")
    superseded_by: str | None = Field(default=None, description="Id of the document that replaces this one.")
    url: str | None = Field(default=None, description="Where it can be read.")
    language: str | None = Field(default=None, description="BCP 47 tag, e.g. `en`, `zh-Hans`.")


class Passage(About):
    """A document to be searched. Fields not named here are kept under `model_extra` and come back with the hit."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True, frozen=True)

    id: Key = Field(description="The document's id; writing the same id again replaces the document.")
    text: Body = Field(description="The whole text; long ones are cut into chunks.")


class Hit(About):
    """A document that was found, with its best chunk."""

    source_id: str = Field(description="Id of the whole document.")
    score: float = Field(description="Higher is better; comparable within one search only.")
    text: str = Field(description="The chunk of the document that fits the query best.")
    chunk: int = Field(default=0, ge=0, description="Which chunk of the document that is, counted from 0.")
    chunks: int = Field(default=1, ge=1, description="How many chunks the document has.")
    collection: str = Field(description="Collection it stands in.")
    tenant: str = Field(description="Whose it is; `public` is everyone's.")
    superseded: bool = Field(default=False, description="Whether another document replaces it.")
    extra: dict[str, JsonValue] = Field(default_factory=dict, description="Fields of the record that have no place above.")


class Evidence(Record):
    """The answer to one search."""

    query: str = Field(description="The question as asked.")
    collection: str
    found: bool = Field(description="False means: searched, and no evidence found.")
    hits: list[Hit] = Field(default_factory=list, description="Best first, one a document.")
