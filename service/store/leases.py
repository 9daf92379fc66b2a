"""Who may work on a consultation: one owner at a time, with a token that goes up, so that a stale owner's writes are refused.

An owner is a process. It holds a locked file as long as it lives, which the kernel lets go of when it is killed: the next process
need not wait for the lease to run out. One that hangs keeps its file, and loses its leases by time.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from yingzhi.service.store.rows import Run, last_seq

AT_ONCE = 5
"""Attempts that follow one another at once."""
LEASE = 20.0
"""Seconds a lease holds without being renewed."""


class LeaseLost(Exception):
    """Another process works on the consultation now, or it was deleted."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write what a run does."""

    consultation: str
    token: int


class Owner:
    """This process as an owner of leases."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.name = f"{os.getpid()}-{secrets.token_hex(8)}"
        hidden = folder / f".{self.name}"
        self._file: IO[bytes] | None = hidden.open("wb")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        hidden.rename(folder / self.name)  # nobody sees it without its lock
        for other in folder.glob("[!.]*"):
            self.lives(other.name)  # which removes what a dead one left

    def close(self) -> None:
        """Stop being one."""
        if self._file is not None:
            (self.folder / self.name).unlink(missing_ok=True)
            self._file.close()
            self._file = None

    def lives(self, name: str) -> bool:
        """Whether another owner's process is there."""
        path = self.folder / name
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        path.unlink(missing_ok=True)
        return False


def claim(
    db: sqlite3.Connection, owner: Owner, consultation: str, now: float, *, unwanted: bool = False
) -> tuple[Run, Lease, sqlite3.Row] | None:
    """Take the consultation's next run, if nobody works on it; with `unwanted` only one that somebody wants ended.

    Returns:
        The run with its attempt counted, the lease, and the consultation's row; None where there is nothing to do.
    """
    row = db.execute("SELECT * FROM consultation WHERE id = ?", (consultation,)).fetchone()
    if row is None or _held(row, owner, now):
        return None
    found = db.execute(
        "SELECT * FROM run WHERE consultation = ? AND status IN ('queued', 'running') ORDER BY number LIMIT 1", (consultation,)
    ).fetchone()
    if found is None or (not found["cancel"] and (unwanted or found["not_before"] > now)):
        return None
    token = row["lease_token"] + 1
    db.execute(
        "UPDATE consultation SET lease_owner = ?, lease_token = ?, lease_until = ?, status = 'running', updated = ? WHERE id = ?",
        (owner.name, token, now + LEASE, now, consultation),
    )
    rest = now + _rest(found["attempt"] + 1)
    db.execute("UPDATE run SET status = 'running', attempt = attempt + 1, not_before = ? WHERE id = ?", (rest, found["id"]))
    run = Run(
        id=found["id"], tenant=found["tenant"], consultation=consultation, number=found["number"], action=found["action"],
        input=found["input"], revision=found["revision"], subject=found["subject"], roles=found["roles"], attempt=found["attempt"] + 1,
        seq=last_seq(db, found["id"]) if found["attempt"] else 0, unwanted=bool(found["cancel"]),
    )  # fmt: skip
    return run, Lease(consultation, token), row


def _rest(attempt: int) -> float:
    """Seconds before the next attempt, should this one be lost with its process: one that kills it must not keep it from all others."""
    return 0.0 if attempt <= AT_ONCE else min(60.0, 0.5 * 2.0 ** (attempt - AT_ONCE - 1))


def _held(row: sqlite3.Row, owner: Owner, now: float) -> bool:
    if row["lease_owner"] is None or row["lease_owner"] == owner.name:  # its own: the runner has one task a consultation
        return False
    return row["lease_until"] > now and owner.lives(row["lease_owner"])


def check(db: sqlite3.Connection, lease: Lease) -> None:
    """Refuse to write for a lease that is not the newest.

    Raises:
        LeaseLost: It is not, or the consultation is gone.
    """
    row = db.execute("SELECT lease_token FROM consultation WHERE id = ?", (lease.consultation,)).fetchone()
    if row is None or row[0] != lease.token:
        raise LeaseLost


def renew(db: sqlite3.Connection, owner: Owner, now: float) -> None:
    """Hold all of this process's leases longer."""
    db.execute("UPDATE consultation SET lease_until = ? WHERE lease_owner = ?", (now + LEASE, owner.name))


def waiting(db: sqlite3.Connection, now: float, limit: int = 500) -> list[tuple[str, str]]:
    """(tenant, consultation) with a run that waits, or that a process may have left behind.

    The least often lost come first; among them each tenant's first, then each one's second: a long line keeps nobody else out.
    """
    query = (
        "WITH open AS (SELECT tenant, consultation, max(attempt) AS lost, min(created) AS since FROM run"
        " WHERE status IN ('queued', 'running') AND not_before <= ? GROUP BY consultation)"
        " SELECT tenant, consultation FROM open"
        " ORDER BY lost, row_number() OVER (PARTITION BY tenant ORDER BY lost, since), since LIMIT ?"
    )
    return [(r[0], r[1]) for r in db.execute(query, (now, limit))]


def lost(db: sqlite3.Connection, leases: Iterable[Lease]) -> list[Lease]:
    """Which of the leases were taken over, or are of consultations that were deleted."""
    query = "SELECT 1 FROM consultation WHERE id = ? AND lease_token = ?"
    return [lease for lease in leases if db.execute(query, (lease.consultation, lease.token)).fetchone() is None]


def put_back(db: sqlite3.Connection, run: str, lease: Lease, *, at_once: bool) -> None:
    """A run was broken off: it is the next process's, or this one's again; at once, or after the rest that its attempts make due."""
    mine = "(SELECT 1 FROM consultation WHERE id = ? AND lease_token = ?)"
    query = f"UPDATE run SET status = 'queued', not_before = iif(?, 0, not_before) WHERE id = ? AND status = 'running' AND EXISTS {mine}"
    db.execute(query, (at_once, run, lease.consultation, lease.token))
    query = "UPDATE consultation SET lease_owner = NULL, lease_until = 0 WHERE id = ? AND lease_token = ?"
    db.execute(query, (lease.consultation, lease.token))


def ask_to_cancel(db: sqlite3.Connection, tenant: str, consultation: str, run: str | None = None) -> list[str]:
    """Mark the open runs of the tenant's consultation, or one of them, as unwanted; gives their ids."""
    query = "UPDATE run SET cancel = 1 WHERE consultation = ? AND tenant = ? AND status IN ('queued', 'running')"
    values = (consultation, tenant) if run is None else (consultation, tenant, run)
    return [r[0] for r in db.execute(query + (" AND id = ?" if run else "") + " RETURNING id", values).fetchall()]


def to_cancel(db: sqlite3.Connection) -> list[str]:
    """Runs that are open and unwanted."""
    return [r[0] for r in db.execute("SELECT id FROM run WHERE status IN ('queued', 'running') AND cancel = 1")]
