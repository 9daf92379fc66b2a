"""API keys: for programs. Shown once; of the key itself only its SHA-256 is stored.

A key reads `yk_<10 hex digits>_<43 characters>`. The digits are public: they find the row, and name the key in lists and in the audit.
What follows is 256 random bits, so a plain hash is enough: there is nothing to guess that a slow one would protect.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from yingzhi.service.identity.principal import Principal, Role, roles_of
from yingzhi.service.identity.refusals import unauthorized

MARK = "yk_"
SHAPE = re.compile(r"(yk_[0-9a-f]{10})_[A-Za-z0-9_-]{43}")

SCHEMA = """
CREATE TABLE IF NOT EXISTS api_key (
    prefix TEXT PRIMARY KEY,              -- public
    tenant TEXT NOT NULL,
    digest BLOB NOT NULL,                 -- SHA-256 of the whole key
    name TEXT NOT NULL,                   -- what it is for
    roles TEXT NOT NULL,                  -- JSON list
    created INTEGER NOT NULL,             -- seconds UTC, as the next two
    expires INTEGER NOT NULL,
    revoked INTEGER,
    used TEXT                             -- day (UTC) of the last use
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS api_key_by_tenant ON api_key (tenant, created);
"""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """All that is known of a key, but not the key.

    Attributes:
        prefix: Its public beginning, e.g. `yk_0123456789`.
        tenant: Whose it is.
        name: What it is for, in its maker's words.
        roles: What it may do.
        created: When it was made.
        expires: From when on it is refused.
        revoked: When it was revoked, if it was.
        used: Day of its last use (UTC), if there was one.
    """

    prefix: str
    tenant: str
    name: str
    roles: frozenset[Role]
    created: datetime
    expires: datetime
    revoked: datetime | None
    used: date | None

    @property
    def principal(self) -> Principal:
        """Who speaks with it."""
        return Principal(self.prefix, self.tenant, self.roles, "key")


def create_key(
    db: sqlite3.Connection, tenant: str, *, name: str, roles: Iterable[Role], now: datetime, expires: datetime
) -> tuple[str, ApiKey]:
    """Make a key.

    Args:
        db: Within the caller's transaction.
        tenant: Whose it will be.
        name: What it is for.
        roles: What it may do.
        now: Aware.
        expires: Aware.

    Returns:
        The key, which can't be had again, and what is known of it.
    """
    prefix = f"{MARK}{secrets.token_hex(5)}"
    key = f"{prefix}_{secrets.token_urlsafe(32)}"
    db.execute(
        "INSERT INTO api_key (prefix, tenant, digest, name, roles, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (prefix, tenant, _digest(key), name, json.dumps(sorted(roles)), int(now.timestamp()), int(expires.timestamp())),
    )
    row = db.execute("SELECT * FROM api_key WHERE prefix = ? AND tenant = ?", (prefix, tenant)).fetchone()
    return key, _known(row)


def list_keys(db: sqlite3.Connection, tenant: str) -> list[ApiKey]:
    """The tenant's keys, oldest first."""
    rows = db.execute("SELECT * FROM api_key WHERE tenant = ? ORDER BY created, prefix", (tenant,))
    return [_known(row) for row in rows]


def revoke_key(db: sqlite3.Connection, tenant: str, prefix: str, now: datetime) -> bool:
    """Revoke the tenant's key from now on, for good; a key that was revoked before keeps its date.

    Returns:
        Whether the tenant has such a key.
    """
    query = "UPDATE api_key SET revoked = coalesce(revoked, ?) WHERE prefix = ? AND tenant = ?"
    return db.execute(query, (int(now.timestamp()), prefix, tenant)).rowcount == 1


def check_key(db: sqlite3.Connection, key: str, now: datetime) -> ApiKey:
    """What is known of a key that someone shows.

    Raises:
        Problem: 401; it is none of ours, expired or revoked. The last two are told only to one who has the whole key.
    """
    shape = SHAPE.fullmatch(key)
    row = db.execute("SELECT * FROM api_key WHERE prefix = ?", (shape[1],)).fetchone() if shape else None
    if not hmac.compare_digest(_digest(key), row["digest"] if row else bytes(32)) or row is None:
        raise unauthorized("the key is not accepted")
    known = _known(row)
    if known.revoked is not None:
        raise unauthorized("the key was revoked")
    if known.expires <= now:
        raise unauthorized("the key has expired")
    return known


def note_use(db: sqlite3.Connection, key: ApiKey, day: date) -> None:
    """Note the day of a use."""
    db.execute("UPDATE api_key SET used = max(coalesce(used, ''), ?) WHERE prefix = ? AND tenant = ?", (f"{day}", key.prefix, key.tenant))


def any_key(db: sqlite3.Connection) -> bool:
    """Whether a key was ever made, for any tenant; revoking the last one must not open the service to everyone."""
    return db.execute("SELECT 1 FROM api_key LIMIT 1").fetchone() is not None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="surrogateescape")).digest()


def _known(row: sqlite3.Row) -> ApiKey:
    return ApiKey(
        prefix=row["prefix"],
        tenant=row["tenant"],
        name=row["name"],
        roles=roles_of(json.loads(row["roles"])),
        created=datetime.fromtimestamp(row["created"], UTC),
        expires=datetime.fromtimestamp(row["expires"], UTC),
        revoked=None if row["revoked"] is None else datetime.fromtimestamp(row["revoked"], UTC),
        used=None if row["used"] is None else date.fromisoformat(row["used"]),
    )
