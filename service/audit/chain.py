"""The log: one hash chain a tenant, its head sealed with a key outside the database, and a sealed total over all tenants.

An entry's hash is the SHA-256 of the netstrings of tenant, seq, time, body and the hash before; the first follows 64 zeros.
Whoever writes the file without the key can't mend the head after a change, and can't take a whole tenant out of the total.
A head that is found unfit is never sealed anew: the log goes on, as care must, and its seal stays void until someone has looked.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from yingzhi.clinical.errors import SettingsError
from yingzhi.service.audit.event import Actor, system, write_event
from yingzhi.service.audit.key import make_key, netstrings, read_key, seal

SCHEMA = """
CREATE TABLE IF NOT EXISTS audit_entry (
    tenant TEXT NOT NULL,
    seq INTEGER NOT NULL,                 -- from 1, without gaps
    at TEXT NOT NULL,                     -- UTC, to the millisecond
    body TEXT NOT NULL,                   -- FHIR AuditEvent, canonical JSON
    previous TEXT NOT NULL,               -- hash of the entry before
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT;
CREATE TABLE IF NOT EXISTS audit_head (
    tenant TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL, seal TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS audit_total (
    one INTEGER PRIMARY KEY CHECK (one = 1), tenants INTEGER NOT NULL, entries INTEGER NOT NULL, seal TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS audit_entry_is_not_changed BEFORE UPDATE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER IF NOT EXISTS audit_entry_is_not_deleted BEFORE DELETE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
"""
GENESIS = "0" * 64
VOID = ""
"""The seal of a head that was found unfit."""

_HEAD = "SELECT seq, hash, seal = audit_seal('head', tenant, seq, hash) FROM audit_head WHERE tenant = ?"
_LAST = "SELECT seq, hash FROM audit_entry WHERE tenant = ? ORDER BY seq DESC LIMIT 1"
_ENTRY = "INSERT INTO audit_entry (tenant, seq, at, body, previous, hash) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_MOVE = (
    "INSERT INTO audit_head (tenant, seq, hash, seal) VALUES (?1, ?2, ?3, iif(?4, audit_seal('head', ?1, ?2, ?3), ''))"
    " ON CONFLICT (tenant) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, seal = excluded.seal"
)
_COUNT = (
    "UPDATE audit_total SET tenants = tenants + ?1, entries = entries + 1, seal = iif("
    "seal = audit_seal('total', tenants, entries), audit_seal('total', tenants + ?1, entries + 1), '')"
)
_BEGIN = (
    "INSERT INTO audit_total (one, tenants, entries, seal)"
    " SELECT 1, 1, 1, iif((SELECT count(*) FROM audit_entry) = 1, audit_seal('total', 1, 1), '')"
)


@dataclass(frozen=True, slots=True)
class _Tip:
    seq: int
    hash: str
    sound: bool
    """Whether the new head may be sealed."""
    new: bool = False


def attach(connection: sqlite3.Connection, home: Path) -> None:
    """Let a connection record; the key is bound to it and is nowhere else in the process.

    Args:
        connection: The writer's, once its tables are made.
        home: The folder of the key, which is made where neither a key nor an entry is there.

    Raises:
        SettingsError: The key is missing though there are entries, or it is not the one they were sealed with.
    """
    key = read_key(home)
    if key is None:
        if has_entries(connection):
            raise SettingsError(
                "audit.key: is missing though the audit log has entries; put its copy back, or look at `yingzhi audit reseal --help`"
            )
        key = make_key(home)
    elif not fits(connection, key):
        raise SettingsError(
            "audit.key: is not the key that the audit log was sealed with; put its copy back, or look at `yingzhi audit reseal --help`"
        )
    bind(connection, key)


def bind(connection: sqlite3.Connection, key: bytes) -> None:
    """Let a connection record with this key, unlooked at."""
    connection.create_function("audit_seal", -1, lambda *parts: seal(key, *parts), deterministic=True)


def record(
    connection: sqlite3.Connection,
    who: Actor,
    act: str,
    *,
    entity: str = "",
    patient: str = "",
    outcome: str | None = None,
    detail_codes: tuple[str, ...] = (),
    at: datetime | None = None,
) -> int:
    """Add an act to the tenant's log, inside the caller's transaction: what is taken back is not in the log either.

    Args:
        connection: One that `attach` was called for, within BEGIN IMMEDIATE.
        who: Who acts.
        act: One of `Act`.
        entity: Id of what it is done to, as the service made it: a consultation, patient, key, or the name of a tool or hook.
        patient: Id of the patient whom it concerns, where that is not the entity.
        outcome: 0 well, 4 refused, 8 failed here, 12 the service can't go on; the act's own (4 for `auth.refused`) where not given.
        detail_codes: Lower-case words, e.g. `stale-revision`; never words of a case.
        at: When; now where not given.

    Returns:
        Seq of the entry.

    Raises:
        ValueError: Something is not of the kind that may stand in the log.
        RuntimeError: There is no transaction.
    """
    if not connection.in_transaction:
        raise RuntimeError("audit.record: runs inside the transaction of the act")
    time = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = write_event(who, act, time, entity=entity, patient=patient, outcome=outcome, detail_codes=detail_codes)
    tip = _tip(connection, who.tenant)
    hash_ = _add(connection, who.tenant, tip, time, body)
    if hash_ is None:  # entries behind the head, which only another hand can have put there
        tip = _last(connection, who.tenant)
        hash_ = _add(connection, who.tenant, tip, time, body)
        assert hash_ is not None
    connection.execute(_MOVE, (who.tenant, tip.seq + 1, hash_, tip.sound))
    if connection.execute(_COUNT, (int(tip.new),)).rowcount == 0:
        connection.execute(_BEGIN)
    return tip.seq + 1


def link(tenant: str, seq: int, at: str, body: str, previous: str) -> str:
    """The hash of an entry."""
    return hashlib.sha256(netstrings(tenant, seq, at, body, previous)).hexdigest()


def has_entries(connection: sqlite3.Connection) -> bool:
    """Whether anything was ever recorded."""
    query = "SELECT EXISTS (SELECT 1 FROM audit_entry) OR EXISTS (SELECT 1 FROM audit_head) OR EXISTS (SELECT 1 FROM audit_total)"
    return bool(connection.execute(query).fetchone()[0])


def count_entries(connection: sqlite3.Connection) -> int:
    """How many entries all tenants have, by the sealed total."""
    row = connection.execute("SELECT entries FROM audit_total").fetchone()
    return row[0] if row else 0


def fits(connection: sqlite3.Connection, key: bytes) -> bool:
    """Whether a seal, of whatever head or of the total, was made with this key; true of an empty log."""
    empty = True
    cursor = connection.cursor()
    cursor.row_factory = None
    for tenants, entries, sealed in cursor.execute("SELECT tenants, entries, CAST(seal AS BLOB) FROM audit_total"):
        empty = False
        if sealed == seal(key, "total", tenants, entries).encode():
            return True
    for tenant, seq, hash_, sealed in cursor.execute(
        "SELECT CAST(tenant AS BLOB), seq, CAST(hash AS BLOB), CAST(seal AS BLOB) FROM audit_head WHERE tenant > '' AND hash > ''"
    ):
        empty = False
        if sealed == seal(key, "head", tenant.decode("utf-8", "replace"), seq, hash_.decode("utf-8", "replace")).encode():
            return True
    return empty


def reseal(connection: sqlite3.Connection, key: bytes) -> int:
    """Seal every head and the total as they are found, with an `audit.reseal` in each tenant's log that says so.

    For a key that is lost for good, once someone has looked at what `verify` says. Hashes are left as they are: what was changed
    in a chain is found for ever.

    Args:
        connection: Within BEGIN IMMEDIATE.
        key: The new key.

    Returns:
        How many tenants there are.
    """
    bind(connection, key)
    named = "SELECT tenant FROM audit_entry UNION SELECT tenant FROM audit_head ORDER BY 1"
    tenants = [row[0] for row in connection.execute(named)]
    found = {row[0]: row[1] for row in connection.execute("SELECT tenant, seq FROM audit_head")}
    for tenant in tenants:
        tip = _last(connection, tenant)
        connection.execute(_MOVE, (tenant, tip.seq, tip.hash, True))
    connection.execute("DELETE FROM audit_total")
    if tenants:
        (entries,) = connection.execute("SELECT sum(seq) FROM audit_head").fetchone()
        connection.execute(
            "INSERT INTO audit_total VALUES (1, ?, ?, ?)", (len(tenants), entries, seal(key, "total", len(tenants), entries))
        )
    for tenant in tenants:
        record(connection, system(tenant), "audit.reseal", entity="audit", detail_codes=(f"head-was.{found.get(tenant, 0)}",))
    return len(tenants)


def _tip(connection: sqlite3.Connection, tenant: str) -> _Tip:
    row = connection.execute(_HEAD, (tenant,)).fetchone()
    if row is None:
        last = _last(connection, tenant)
        return last if last.seq else _Tip(0, GENESIS, sound=True, new=True)
    return _Tip(row[0], row[1], bool(row[2]))


def _last(connection: sqlite3.Connection, tenant: str) -> _Tip:
    row = connection.execute(_LAST, (tenant,)).fetchone()
    return _Tip(row[0], row[1], sound=False) if row else _Tip(0, GENESIS, sound=False)


def _add(connection: sqlite3.Connection, tenant: str, tip: _Tip, at: str, body: str) -> str | None:
    hash_ = link(tenant, tip.seq + 1, at, body, tip.hash)
    added = connection.execute(_ENTRY, (tenant, tip.seq + 1, at, body, tip.hash, hash_)).rowcount
    return hash_ if added else None
