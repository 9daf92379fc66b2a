"""Every table of the service, put together."""

from __future__ import annotations

CORE = """
CREATE TABLE IF NOT EXISTS patient (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, created REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS consultation (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    patient TEXT,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    status TEXT NOT NULL,                 -- queued, running, paused, finished, failed, cancelled
    outcome TEXT NOT NULL DEFAULT '',     -- signed, rejected
    revision INTEGER NOT NULL DEFAULT 0,  -- runs that ended well
    head TEXT,                            -- the checkpoint that counts
    case_ BLOB NOT NULL,                  -- the presentation as it came
    origin TEXT NOT NULL DEFAULT '',      -- the consultation and revision it branched from
    lease_owner TEXT,
    lease_token INTEGER NOT NULL DEFAULT 0,
    lease_until REAL NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS consultation_by_time ON consultation (tenant, created, id);
CREATE INDEX IF NOT EXISTS consultation_by_patient ON consultation (tenant, patient, created, id);
CREATE INDEX IF NOT EXISTS consultation_by_status ON consultation (tenant, status, created, id);
CREATE INDEX IF NOT EXISTS consultation_leased ON consultation (lease_owner) WHERE lease_owner IS NOT NULL;

CREATE TABLE IF NOT EXISTS run (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    consultation TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,                   -- start, review
    action TEXT NOT NULL,                 -- start, answer, edit, sign, reject
    input BLOB NOT NULL,
    revision INTEGER,                     -- what it was meant for; NULL takes what it finds
    subject TEXT NOT NULL,
    roles TEXT NOT NULL,
    status TEXT NOT NULL,                 -- queued, running, done, failed, cancelled
    attempt INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0,   -- after several lost attempts
    cancel INTEGER NOT NULL DEFAULT 0,    -- somebody wants it ended
    created REAL NOT NULL,
    ended REAL,
    UNIQUE (consultation, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS run_open ON run (status, tenant, created) WHERE status IN ('queued', 'running');

CREATE TABLE IF NOT EXISTS event (
    run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS version (
    consultation TEXT NOT NULL REFERENCES consultation (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    run TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    created REAL NOT NULL,
    result BLOB NOT NULL,                 -- the whole consultation as JSON, zlib
    PRIMARY KEY (consultation, revision)
);

CREATE TABLE IF NOT EXISTS idempotency (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,                    -- SHA-256: it is a caller's own, and may be a patient's number
    digest TEXT NOT NULL, consultation TEXT NOT NULL, run TEXT NOT NULL, created REAL NOT NULL,
    PRIMARY KEY (tenant, key)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS idempotency_by_time ON idempotency (created);
CREATE INDEX IF NOT EXISTS idempotency_by_consultation ON idempotency (consultation);

CREATE TABLE IF NOT EXISTS erasure (  -- threads whose checkpoints are still to be erased
    thread TEXT PRIMARY KEY, created REAL NOT NULL
) WITHOUT ROWID;
"""


def schema() -> str:
    """All statements; they change nothing when run again."""
    from yingzhi.service import audit, cds, identity

    return "\n".join((CORE, identity.SCHEMA, audit.SCHEMA, cds.SCHEMA))
