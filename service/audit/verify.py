"""Is the log what was written? Every entry, link, head and the total are looked at; the first that is wrong is named."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from yingzhi.service.audit.chain import GENESIS, fits, link
from yingzhi.service.audit.key import seal
from yingzhi.service.audit.read import Head

Why = Literal[
    "changed", "order", "gap", "repeated", "foreign", "extra", "missing-tail",
    "head-missing", "head-changed", "head-mismatch", "total", "absent", "rolled-back", "rewritten", "unreadable",
]  # fmt: skip
SENTENCES: dict[Why, str] = {
    "changed": "what stands in this entry is not what was written",
    "order": "this entry does not follow the one before it: they were exchanged, or one of them was replaced",
    "gap": "this entry is missing",
    "repeated": "this entry stands there twice",
    "foreign": "this entry was written to another tenant's log",
    "extra": "this entry was not written by the service: the sealed head stands before it",
    "missing-tail": "this entry and all after it, up to the sealed head, are missing",
    "head-missing": "the head of this tenant's log is missing",
    "head-changed": "the seal of this tenant's head does not fit: the head was changed, or was found changed when an entry was added",
    "head-mismatch": "the last entry is not the one that the head was sealed for",
    "total": "the sealed total does not fit: a whole tenant's log is missing or was added, or the total was changed",
    "absent": "there is no log of this tenant",
    "rolled-back": "the log ends before the entry that was kept elsewhere: the file is an older one",
    "rewritten": "this entry is not the one that was kept elsewhere",
    "unreadable": "the database can't be read as what it should be",
}
KeyState = Literal["good", "missing", "other"]

# Tenant and seq stand in the table and in its index: the index gives the order, the table the values, and both must agree.
_ENTRIES = (
    "SELECT CAST(t.tenant AS BLOB), t.seq, CAST(t.at AS BLOB), CAST(t.body AS BLOB), CAST(t.previous AS BLOB), CAST(t.hash AS BLOB),"
    " typeof(t.tenant) || typeof(t.seq) || typeof(t.at) || typeof(t.body) || typeof(t.previous) || typeof(t.hash)"
    " || iif(t.tenant IS i.tenant AND t.seq IS i.seq, '', 'torn')"
    " FROM audit_entry i CROSS JOIN audit_entry t ON t.rowid = i.rowid"
)
_STORED = "SELECT count(*) FROM audit_entry NOT INDEXED"
_TYPES = "textintegertexttexttexttext"
_HEAD = "SELECT seq, CAST(hash AS BLOB), CAST(seal AS BLOB), typeof(seq) || typeof(hash) FROM audit_head WHERE tenant = ?"
_BARE = (
    "SELECT CAST(tenant AS BLOB) FROM audit_head h"
    " WHERE NOT EXISTS (SELECT 1 FROM audit_entry e WHERE e.tenant = h.tenant) ORDER BY tenant LIMIT 1"
)
_SITE = re.compile(r'"source":\{"observer":\{[^{}]*\{[^{}]*\}\},"site":"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first thing that is wrong.

    Attributes:
        tenant: Whose log; empty for what is of all.
        seq: Which entry; 0 where it is not an entry.
        why: What is wrong with it.
    """

    tenant: str
    seq: int
    why: Why

    def __str__(self) -> str:
        place = f"tenant {self.tenant}, " * bool(self.tenant) + f"entry {self.seq}: " * bool(self.seq)
        return (place.removesuffix(", ") + ": " if place.endswith(", ") else place) + SENTENCES[self.why]


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Attributes:
        tenants: Whole logs that were read to their end.
        entries: Entries that are as they were written.
        flaw: The first that is not; reading ends there.
        key: Whether the seals could be checked: with no key, or another, only the chains are.
    """

    tenants: int = 0
    entries: int = 0
    flaw: Flaw | None = None
    key: KeyState = "good"

    @property
    def ok(self) -> bool:
        """Whether all is as it was written, by a key that fits."""
        return self.flaw is None and self.key == "good"


class _Found(Exception):
    def __init__(self, tenant: str, seq: int, why: Why) -> None:
        self.flaw = Flaw(tenant, seq, why)


@dataclass(slots=True)
class _Walk:
    """Where the reading stands."""

    cursor: sqlite3.Cursor
    key: bytes | None
    tenant: str = ""
    seq: int = 0
    hash: str = GENESIS
    head: tuple[int, str, bool] | None = None
    """Seq, hash and whether the seal fits."""
    tenants: int = 0
    entries: int = 0

    def enter(self, name: bytes, seq: int) -> None:
        try:
            self.tenant = name.decode()
        except UnicodeDecodeError:
            raise _Found(name.decode("utf-8", "replace"), seq, "changed") from None
        self.seq, self.hash = 0, GENESIS
        self.head = None
        if row := self.cursor.execute(_HEAD, (self.tenant,)).fetchone():
            if row[3] != "integertext":
                raise _Found(self.tenant, 0, "head-changed")
            hash_ = row[1].decode("utf-8", "replace")
            fit = self.key is None or row[2] == seal(self.key, "head", self.tenant, row[0], hash_).encode()
            self.head = (row[0], hash_, fit)

    def step(self, row: tuple[Any, ...]) -> None:
        seq = row[1]
        if row[6] != _TYPES:
            raise _Found(self.tenant, self.seq + 1, "changed")
        try:
            at, body, previous, hash_ = (column.decode() for column in row[2:6])
        except UnicodeDecodeError:
            raise _Found(self.tenant, seq, "changed") from None
        good = link(self.tenant, seq, at, body, previous) == hash_
        if not good and self._is_foreign(seq, at, body, previous, hash_):
            raise _Found(self.tenant, seq, "foreign")
        if seq != self.seq + 1:
            raise _Found(self.tenant, *((self.seq + 1, "gap") if seq > self.seq else (seq, "repeated")))
        if self.head is not None and self.head[2] and seq > self.head[0]:
            raise _Found(self.tenant, seq, "extra")
        if previous != self.hash:
            raise _Found(self.tenant, seq, "order")
        if not good:
            raise _Found(self.tenant, seq, "changed")
        self.seq, self.hash = seq, hash_
        self.entries += 1

    def leave(self) -> None:
        if self.head is None:
            raise _Found(self.tenant, 0, "head-missing")
        seq, hash_, fit = self.head
        if not fit:
            raise _Found(self.tenant, 0, "head-changed")
        if seq > self.seq:
            raise _Found(self.tenant, self.seq + 1, "missing-tail")
        if hash_ != self.hash or seq != self.seq:
            raise _Found(self.tenant, self.seq, "head-mismatch")
        self.tenants += 1

    def _is_foreign(self, seq: int, at: str, body: str, previous: str, hash_: str) -> bool:
        found = _SITE.search(body)
        return found is not None and found[1] != self.tenant and link(found[1], seq, at, body, previous) == hash_


def verify(connection: sqlite3.Connection, key: bytes | None, tenant: str | None = None) -> Verification:
    """Look at the whole log, or one tenant's, as it stands at this moment; entries are streamed, so memory does not grow with them.

    Args:
        connection: A reader's; what is written meanwhile is not seen.
        key: From `read_key`; without one the chains are checked, and what was cut off at their ends is not found.
        tenant: Only this log; the total over all is left out then.
    """
    try:
        with _snapshot(connection) as cursor:
            state: KeyState = "missing" if key is None else "good" if fits(connection, key) else "other"
            walk = _Walk(cursor.connection.cursor(), key if state == "good" else None)
            walk.cursor.row_factory = None
            try:
                _walk(walk, cursor, tenant)
            except _Found as found:
                return Verification(walk.tenants, walk.entries, found.flaw, state)
            return Verification(walk.tenants, walk.entries, None, state)
    except (sqlite3.DatabaseError, UnicodeDecodeError):  # sqlite3 raises the second for a schema of broken bytes
        return Verification(flaw=Flaw("", 0, "unreadable"))


def compare(connection: sqlite3.Connection, kept: Iterable[Head]) -> Flaw | None:
    """The first kept head that the log does not hold any more: an older file was put in its place, or a chain was written anew."""
    query = "SELECT CAST(hash AS BLOB) FROM audit_entry WHERE tenant = ? AND seq = ?"
    for head in kept:
        row = connection.execute(query, (head.tenant, head.seq)).fetchone()
        if row is None:
            return Flaw(head.tenant, head.seq, "rolled-back")
        if row[0] != head.hash.encode():
            return Flaw(head.tenant, head.seq, "rewritten")
    return None


def against(verification: Verification, connection: sqlite3.Connection, kept: Iterable[Head]) -> Verification:
    """A verification with the heads that were kept elsewhere taken into account."""
    if verification.flaw is not None:
        return verification
    return replace(verification, flaw=compare(connection, kept))


def _walk(walk: _Walk, cursor: sqlite3.Cursor, tenant: str | None) -> None:
    only = " WHERE i.tenant = ?" if tenant is not None else ""
    current: bytes | None = None
    for row in cursor.execute(f"{_ENTRIES}{only} ORDER BY i.tenant, i.seq", () if tenant is None else (tenant,)):
        if row[0] != current:
            if current is not None:
                walk.leave()
            current = row[0]
            walk.enter(row[0], row[1])
        walk.step(row)
    if current is not None:
        walk.leave()
    if tenant is not None:
        if current is None:
            walk.enter(tenant.encode(), 0)
            raise _Found(tenant, 1 if walk.head else 0, "missing-tail" if walk.head else "absent")
        return
    if bare := cursor.execute(_BARE).fetchone():
        raise _Found(bare[0].decode("utf-8", "replace"), 1, "missing-tail")
    if cursor.execute(_STORED).fetchone()[0] != walk.entries:
        raise _Found("", 0, "unreadable")
    _check_total(walk, cursor)


def _check_total(walk: _Walk, cursor: sqlite3.Cursor) -> None:
    row = cursor.execute("SELECT tenants, entries, CAST(seal AS BLOB) FROM audit_total").fetchone()
    if row is None:
        if walk.entries:
            raise _Found("", 0, "total")
        return
    fit = walk.key is None or row[2] == seal(walk.key, "total", row[0], row[1]).encode()
    if not fit or (row[0], row[1]) != (walk.tenants, walk.entries):
        raise _Found("", 0, "total")


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[sqlite3.Cursor]:
    """Everything is read as of one moment."""
    own = not connection.in_transaction
    if own:
        connection.execute("BEGIN")
    try:
        cursor = connection.cursor()
        cursor.row_factory = None
        yield cursor
    finally:
        if own and connection.in_transaction:
            connection.execute("ROLLBACK")
