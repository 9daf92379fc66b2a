"""Consultations, their runs, events and versions as rows. Every function runs inside its caller's transaction."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from yingzhi.service.wire import Status

RunStatus = Literal["queued", "running", "done", "failed", "cancelled"]
Action = Literal["start", "answer", "edit", "sign", "reject"]

OPEN = "('queued', 'running')"


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is carried out."""

    id: str
    tenant: str
    consultation: str
    number: int
    action: Action
    input: bytes
    """JSON of a Presentation (start) or a Review."""
    revision: int | None
    subject: str
    roles: str
    attempt: int
    seq: int = 0
    """Seq of its last event so far."""
    unwanted: bool = False
    """Somebody wants it ended."""


def consultation_row(db: sqlite3.Connection, tenant: str, consultation: str) -> sqlite3.Row | None:
    """The tenant's consultation of this id."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM consultation WHERE id = ? AND tenant = ?", (consultation, tenant)).fetchone()
    return row


def add_consultation(
    db: sqlite3.Connection,
    tenant: str,
    consultation: str,
    *,
    patient: str | None,
    case: bytes,
    now: float,
    origin: str = "",
    status: Status = "queued",
) -> None:
    """A new consultation."""
    db.execute(
        "INSERT INTO consultation (id, tenant, patient, created, updated, status, case_, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (consultation, tenant, patient, now, now, status, zlib.compress(case, 1), origin),
    )


def add_run(
    db: sqlite3.Connection,
    tenant: str,
    consultation: str,
    run: str,
    *,
    action: Action,
    given: bytes,
    revision: int | None,
    subject: str,
    roles: str,
    now: float,
) -> None:
    """A new run at the end of the consultation's line."""
    db.execute(
        "INSERT INTO run (id, tenant, consultation, number, kind, action, input, revision, subject, roles, status, created)"
        " SELECT ?, ?, ?, coalesce(max(number), 0) + 1, ?, ?, ?, ?, ?, ?, 'queued', ? FROM run WHERE consultation = ?",
        (run, tenant, consultation, "start" if action == "start" else "review", action, given, revision, subject, roles, now, consultation),
    )
    db.execute(
        "UPDATE consultation SET updated = ?, status = iif(status = 'running', status, 'queued') WHERE id = ? AND tenant = ?",
        (now, consultation, tenant),
    )


def busy(db: sqlite3.Connection, tenant: str, consultation: str) -> bool:
    """Whether a run waits or works."""
    query = f"SELECT 1 FROM run WHERE consultation = ? AND tenant = ? AND status IN {OPEN} LIMIT 1"
    return db.execute(query, (consultation, tenant)).fetchone() is not None


def end_run(db: sqlite3.Connection, run: Run, how: RunStatus, now: float) -> None:
    """A run is over."""
    db.execute("UPDATE run SET status = ?, ended = ? WHERE id = ?", (how, now, run.id))


def advance(db: sqlite3.Connection, consultation: str, checkpoint: str, outcome: str) -> None:
    """The consultation stands at this checkpoint now."""
    db.execute("UPDATE consultation SET head = ?, revision = revision + 1, outcome = ? WHERE id = ?", (checkpoint, outcome, consultation))


def settle(db: sqlite3.Connection, consultation: str, status: Status, now: float) -> None:
    """Where the consultation stands after a run, and nobody works on it; one whose next act waits is queued."""
    waits = f"EXISTS (SELECT 1 FROM run WHERE run.consultation = consultation.id AND run.status IN {OPEN})"
    db.execute(
        f"UPDATE consultation SET updated = ?, lease_owner = NULL, lease_until = 0, status = iif({waits}, 'queued', ?) WHERE id = ?",
        (now, status, consultation),
    )


def open_runs(db: sqlite3.Connection, tenant: str, most: int) -> int:
    """The tenant's runs that wait or work, counted up to `most`."""
    query = f"SELECT count(*) FROM (SELECT 1 FROM run WHERE status IN {OPEN} AND tenant = ? LIMIT ?)"
    found: int = db.execute(query, (tenant, most)).fetchone()[0]
    return found


def run_row(db: sqlite3.Connection, tenant: str, consultation: str, run: str | None = None) -> sqlite3.Row | None:
    """A run of the tenant's consultation; the newest where none is named."""
    query = "SELECT * FROM run WHERE consultation = ? AND tenant = ?"
    if run is None:
        row: sqlite3.Row | None = db.execute(query + " ORDER BY number DESC LIMIT 1", (consultation, tenant)).fetchone()
    else:
        row = db.execute(query + " AND id = ?", (consultation, tenant, run)).fetchone()
    return row


def add_events(db: sqlite3.Connection, run: str, events: Iterable[tuple[int, str, str]]) -> None:
    """Events of a run: (seq, type, JSON)."""
    db.executemany("INSERT INTO event (run, seq, type, body) VALUES (?, ?, ?, ?)", ((run, *e) for e in events))


def events_after(db: sqlite3.Connection, run: str, after: int, limit: int = 2000) -> list[tuple[int, str, str]]:
    """Events of a run with seq > after, in order."""
    query = "SELECT seq, type, body FROM event WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?"
    return [(r[0], r[1], r[2]) for r in db.execute(query, (run, after, limit))]


def last_seq(db: sqlite3.Connection, run: str) -> int:
    """Seq of a run's last event; 0 where there is none."""
    found: int = db.execute("SELECT coalesce(max(seq), 0) FROM event WHERE run = ?", (run,)).fetchone()[0]
    return found


def add_version(db: sqlite3.Connection, run: Run, revision: int, checkpoint: str, result: bytes, now: float) -> None:
    """What a run ended with; a version is never changed."""
    db.execute(
        "INSERT INTO version (consultation, revision, run, action, subject, checkpoint, created, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (run.consultation, revision, run.id, run.action, run.subject, checkpoint, now, result),
    )


def version_row(db: sqlite3.Connection, tenant: str, consultation: str, revision: int | None = None) -> sqlite3.Row | None:
    """A version of the tenant's consultation; the newest where none is named."""
    query = "SELECT v.* FROM version v JOIN consultation c ON c.id = v.consultation WHERE c.id = ? AND c.tenant = ?"
    if revision is None:
        row: sqlite3.Row | None = db.execute(query + " ORDER BY v.revision DESC LIMIT 1", (consultation, tenant)).fetchone()
    else:
        row = db.execute(query + " AND v.revision = ?", (consultation, tenant, revision)).fetchone()
    return row


def version_on(db: sqlite3.Connection, tenant: str, consultation: str, checkpoint: str) -> sqlite3.Row | None:
    """The version of the tenant's consultation that stands on a checkpoint."""
    query = "SELECT v.* FROM version v JOIN consultation c ON c.id = v.consultation WHERE c.id = ? AND c.tenant = ? AND v.checkpoint = ?"
    row: sqlite3.Row | None = db.execute(query, (consultation, tenant, checkpoint)).fetchone()
    return row


def versions(db: sqlite3.Connection, tenant: str, consultation: str) -> Sequence[sqlite3.Row]:
    """All versions without their results, oldest first."""
    return db.execute(
        "SELECT v.revision, v.run, v.action, v.subject, v.checkpoint, v.created FROM version v JOIN consultation c ON c.id = v.consultation"
        " WHERE c.id = ? AND c.tenant = ? ORDER BY v.revision",
        (consultation, tenant),
    ).fetchall()


def page_of(
    db: sqlite3.Connection, tenant: str, *, patient: str | None, status: str | None, before: tuple[float, str] | None, limit: int
) -> Sequence[sqlite3.Row]:
    """Consultations, newest first, those that come after `before` (created, id)."""
    query = "SELECT id, patient, created, updated, status, outcome, revision, origin FROM consultation WHERE tenant = ?"
    values: list[object] = [tenant]
    if patient is not None:
        query, values = query + " AND patient = ?", [*values, patient]
    if status is not None:
        query, values = query + " AND status = ?", [*values, status]
    if before is not None:
        query, values = query + " AND (created, id) < (?, ?)", [*values, *before]
    return db.execute(query + " ORDER BY created DESC, id DESC LIMIT ?", (*values, limit)).fetchall()


def erase(db: sqlite3.Connection, tenant: str, consultations: Iterable[str], now: float) -> int:
    """Delete consultations with all that hangs on them; their checkpoints are noted for erasing."""
    count = 0
    for consultation in consultations:
        gone = db.execute("DELETE FROM consultation WHERE id = ? AND tenant = ?", (consultation, tenant)).rowcount
        if gone:
            db.execute("DELETE FROM idempotency WHERE tenant = ? AND consultation = ?", (tenant, consultation))
            db.execute("INSERT OR IGNORE INTO erasure (thread, created) VALUES (?, ?)", (consultation, now))
            count += gone
    return count
