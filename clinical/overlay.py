"""A site's own interaction table: how it was imported, and where it and the built-in rules differ."""

from __future__ import annotations

from pydantic import Field

from yingzhi.clinical.words import Record, Severity


class UnreadName(Record):
    """A drug name of the table that is not taken, and how many of its rows were left out for it."""

    name: str
    rows: int
    reason: str = Field(description="unknown, misspelt, ambiguous or class.")
    suggestions: list[str] = Field(default_factory=list, description="Ids of drugs that it resembles.")


class OverlayReport(Record):
    """What an import did."""

    name: str
    title: str
    rows: int = Field(description="Rows of the table without its head.")
    pairs: int = Field(description="Pairs of drugs taken over.")
    repeated: int = Field(default=0, description="Rows that say a pair again; the worst level of a pair counts.")
    same_drug: int = Field(default=0, description="Rows whose two names are one drug.")
    ignored: int = Field(default=0, description="Rows of a level that the mapping leaves out.")
    unread_rows: int = Field(default=0, description="Rows left out because a name is not certain.")
    unread: list[UnreadName] = Field(default_factory=list, description="Names that are not certain, those of most rows first.")
    worse: int = Field(default=0, description="Pairs that the table grades worse than the built-in rules: they are raised.")
    milder: int = Field(default=0, description="Pairs that the table grades milder: the built-in grade stands.")
    agree: int = 0


class Disagreement(Record):
    """A pair on which the table and the built-in rules differ, side by side."""

    drug_a: str
    drug_b: str
    built_in: Severity
    built_in_sources: list[str] = Field(default_factory=list)
    table: Severity
    table_source: str
    holds: Severity = Field(description="The worse of the two, which is what a review uses.")
