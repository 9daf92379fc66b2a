"""Reading the log: heads to keep elsewhere, entries by tenant."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

HEAD = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9_.@-]{0,126}[A-Za-z0-9])?|-):([1-9][0-9]{0,17}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Head:
    """Where a tenant's log stands; written `tenant:seq:hash`."""

    tenant: str
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.tenant}:{self.seq}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> Head:
        """Read what `str` writes.

        Raises:
            ValueError: It is not a head.
        """
        found = HEAD.fullmatch(text.strip())
        if not found:
            raise ValueError("a head reads tenant:seq:hash")
        return cls(found[1], int(found[2]), found[3])


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, as it is stored."""

    tenant: str
    seq: int
    at: str
    body: str
    previous: str
    hash: str

    @property
    def event(self) -> dict[str, Any]:
        """The AuditEvent."""
        event: dict[str, Any] = json.loads(self.body)
        return event


def heads(connection: sqlite3.Connection, tenant: str | None = None) -> list[Head]:
    """The heads of all tenants, or of one."""
    query = "SELECT tenant, seq, hash FROM audit_head WHERE ?1 IS NULL OR tenant = ?1 ORDER BY tenant"
    return [Head(*row) for row in connection.execute(query, (tenant,))]


def entries(
    connection: sqlite3.Connection,
    tenant: str,
    *,
    after: int = 0,
    last: int | None = None,
    act: str | None = None,
    about: str | None = None,
    by: str | None = None,
) -> Iterator[Entry]:
    """A tenant's entries, oldest first, one at a time.

    Args:
        connection: A reader's.
        tenant: Whose.
        after: Only those with a greater seq.
        last: Only the newest so many, of those that fit.
        act: Only this act.
        about: Only those with this id among their entities.
        by: Only those of this subject.
    """
    query, values = "SELECT tenant, seq, at, body, previous, hash FROM audit_entry WHERE tenant = ? AND seq > ?", [tenant, after]
    if act is not None:
        query, values = query + " AND json_extract(body, '$.subtype[0].code') = ?", [*values, act]
    if about is not None:
        query += " AND EXISTS (SELECT 1 FROM json_each(body, '$.entity') e WHERE json_extract(e.value, '$.what.identifier.value') = ?)"
        values = [*values, about]
    if by is not None:
        query, values = query + " AND json_extract(body, '$.agent[0].who.identifier.value') = ?", [*values, by]
    if last is None:
        query += " ORDER BY seq"
    else:
        query, values = f"SELECT * FROM ({query} ORDER BY seq DESC LIMIT ?) ORDER BY seq", [*values, last]
    for row in connection.execute(query, values):
        yield Entry(*row)
