from __future__ import annotations

import random
import sqlite3
import tracemalloc
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.service.audit.conftest import FILE, TENANTS, connect, doctor, fill
from yingzhi.service import audit
from yingzhi.service.audit.chain import link

MUTATIONS = 1_000
COLUMNS = ("tenant", "at", "body", "previous", "hash")
Mutation = Callable[[sqlite3.Connection, random.Random], None]


def content(db: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    """Every value with its type, byte for byte."""
    names = {"audit_entry": "tenant seq at body previous hash", "audit_head": "tenant seq hash seal", "audit_total": "tenants entries seal"}
    columns = {table: ", ".join(f"quote(CAST({c} AS BLOB)) || typeof({c})" for c in text.split()) for table, text in names.items()}
    return [sorted(db.execute(f"SELECT {columns[table]} FROM {table}").fetchall(), key=repr) for table in names]


def _place(r: random.Random) -> tuple[str, int]:
    return r.choice(TENANTS), r.randint(1, 9)


def _flipped(r: random.Random, value: str) -> bytes:
    raw = bytearray(value.encode())
    raw[r.randrange(len(raw))] ^= 1 << r.randrange(8)
    return bytes(raw)


def flip_entry(db: sqlite3.Connection, r: random.Random) -> None:
    place, column = _place(r), r.choice(COLUMNS)
    (value,) = db.execute(f"SELECT {column} FROM audit_entry WHERE tenant = ? AND seq = ?", place).fetchone()
    db.execute(f"UPDATE audit_entry SET {column} = CAST(? AS TEXT) WHERE tenant = ? AND seq = ?", (_flipped(r, value), *place))


def flip_seq(db: sqlite3.Connection, r: random.Random) -> None:
    tenant, seq = _place(r)
    db.execute("UPDATE OR IGNORE audit_entry SET seq = ? WHERE tenant = ? AND seq = ?", (seq ^ (1 << r.randrange(40)), tenant, seq))


def flip_head(db: sqlite3.Connection, r: random.Random) -> None:
    tenant, column = r.choice(TENANTS), r.choice(("tenant", "hash", "seal"))
    (value,) = db.execute(f"SELECT {column} FROM audit_head WHERE tenant = ?", (tenant,)).fetchone()
    db.execute(f"UPDATE audit_head SET {column} = CAST(? AS TEXT) WHERE tenant = ?", (_flipped(r, value), tenant))


def edit_head(db: sqlite3.Connection, r: random.Random) -> None:
    tenant, other = r.sample(TENANTS, 2)
    match r.randrange(5):
        case 0:
            db.execute("UPDATE audit_head SET seq = seq + ? WHERE tenant = ?", (r.choice([-3, -1, 1, 5]), tenant))
        case 1:
            db.execute("DELETE FROM audit_head WHERE tenant = ?", (tenant,))
        case 2:
            db.execute(
                "UPDATE audit_head SET (seq, hash, seal) = (SELECT seq, hash, seal FROM audit_head WHERE tenant = ?2) WHERE tenant = ?1",
                (tenant, other),
            )
        case 3:
            db.execute("INSERT INTO audit_head SELECT 'ghost', ?, hash, seal FROM audit_head WHERE tenant = ?", (r.randint(0, 9), tenant))
        case _:
            db.execute("UPDATE audit_head SET seal = '' WHERE tenant = ?", (tenant,))


def edit_total(db: sqlite3.Connection, r: random.Random) -> None:
    match r.randrange(4):
        case 0:
            db.execute("UPDATE audit_total SET entries = entries + ?", (r.choice([-9, -1, 1]),))
        case 1:
            db.execute("UPDATE audit_total SET tenants = tenants + ?", (r.choice([-1, 1]),))
        case 2:
            (value,) = db.execute("SELECT seal FROM audit_total").fetchone()
            db.execute("UPDATE audit_total SET seal = CAST(? AS TEXT)", (_flipped(r, value),))
        case _:
            db.execute("DELETE FROM audit_total")


def delete_one(db: sqlite3.Connection, r: random.Random) -> None:
    db.execute("DELETE FROM audit_entry WHERE tenant = ? AND seq = ?", _place(r))


def delete_some(db: sqlite3.Connection, r: random.Random) -> None:
    tenant = r.choice(TENANTS)
    for seq in r.sample(range(1, 10), r.randint(2, 9)):
        db.execute("DELETE FROM audit_entry WHERE tenant = ? AND seq = ?", (tenant, seq))


def cut_tail(db: sqlite3.Connection, r: random.Random) -> None:
    tenant, kept = r.choice(TENANTS), r.randint(0, 8)
    db.execute("DELETE FROM audit_entry WHERE tenant = ? AND seq > ?", (tenant, kept))


def cut_tail_and_mend_head(db: sqlite3.Connection, r: random.Random) -> None:
    tenant, kept = r.choice(TENANTS), r.randint(1, 8)
    db.execute("DELETE FROM audit_entry WHERE tenant = ? AND seq > ?", (tenant, kept))
    db.execute(
        "UPDATE audit_head SET seq = ?2, hash = (SELECT hash FROM audit_entry WHERE tenant = ?1 AND seq = ?2) WHERE tenant = ?1",
        (tenant, kept),
    )
    if r.random() < 0.5:
        db.execute("UPDATE audit_total SET entries = entries - ?", (9 - kept,))


def swap(db: sqlite3.Connection, r: random.Random) -> None:
    """Exchange places or contents, within a tenant or between two."""
    (a, b), columns = (_place(r), _place(r)), r.choice(["body", "at, body", "at, body, hash", "at, body, previous, hash"])
    rows = [db.execute(f"SELECT {columns} FROM audit_entry WHERE tenant = ? AND seq = ?", place).fetchone() for place in (a, b)]
    marks = ", ".join("?" * len(rows[0]))
    for row, place in ((rows[0], b), (rows[1], a)):
        db.execute(f"UPDATE audit_entry SET ({columns}) = (SELECT {marks}) WHERE tenant = ? AND seq = ?", (*row, *place))


def duplicate(db: sqlite3.Connection, r: random.Random) -> None:
    tenant, seq = _place(r)
    target = r.choice([tenant, tenant, r.choice(TENANTS), "ghost"])
    db.execute(
        "INSERT OR REPLACE INTO audit_entry SELECT ?, ?, at, body, previous, hash FROM audit_entry WHERE tenant = ? AND seq = ?",
        (target, r.choice([10, 10, 11, r.randint(1, 12), 0, -1]), tenant, seq),
    )


def move(db: sqlite3.Connection, r: random.Random) -> None:
    (tenant, seq), target = _place(r), r.choice(TENANTS)
    db.execute(
        "UPDATE OR REPLACE audit_entry SET tenant = ?, seq = ? WHERE tenant = ? AND seq = ?", (target, r.choice([seq, 10]), tenant, seq)
    )


def rewrite(db: sqlite3.Connection, r: random.Random) -> None:
    """Change an entry and make all hashes after it, and the head, fit: all that can be done without the key."""
    tenant, start = _place(r)
    previous = None
    for seq, at, body, before in db.execute(
        "SELECT seq, at, body, previous FROM audit_entry WHERE tenant = ? AND seq >= ? ORDER BY seq", (tenant, start)
    ).fetchall():
        changed = body.replace('"outcome":"0"', '"outcome":"8"') if seq == start else body
        previous = previous or before
        hash_ = link(tenant, seq, at, changed, previous)
        db.execute(
            "UPDATE audit_entry SET body = ?, previous = ?, hash = ? WHERE tenant = ? AND seq = ?", (changed, previous, hash_, tenant, seq)
        )
        previous = hash_
    if r.random() < 0.5:
        db.execute("UPDATE audit_head SET hash = ? WHERE tenant = ?", (previous, tenant))


def append(db: sqlite3.Connection, r: random.Random) -> None:
    """Add an entry that fits the chain, with or without moving the head."""
    tenant = r.choice(TENANTS)
    seq, at, body, hash_ = db.execute(
        "SELECT seq, at, body, hash FROM audit_entry WHERE tenant = ? ORDER BY seq DESC LIMIT 1", (tenant,)
    ).fetchone()
    new = link(tenant, seq + 1, at, body, hash_)
    db.execute("INSERT INTO audit_entry VALUES (?, ?, ?, ?, ?, ?)", (tenant, seq + 1, at, body, hash_, new))
    if r.random() < 0.5:
        db.execute("UPDATE audit_head SET seq = ?, hash = ? WHERE tenant = ?", (seq + 1, new, tenant))


def remove_tenant(db: sqlite3.Connection, r: random.Random) -> None:
    tenant = r.choice(TENANTS)
    db.execute("DELETE FROM audit_entry WHERE tenant = ?", (tenant,))
    if r.random() < 0.7:
        db.execute("DELETE FROM audit_head WHERE tenant = ?", (tenant,))
        if r.random() < 0.5:
            db.execute("UPDATE audit_total SET tenants = tenants - 1, entries = entries - 9")


def rename_tenant(db: sqlite3.Connection, r: random.Random) -> None:
    a, b = r.sample(TENANTS, 2)
    b = r.choice([b, "ghost"])
    for table in ("audit_entry", "audit_head"):
        db.execute(f"UPDATE {table} SET tenant = 'aside' WHERE tenant = ?", (a,))
        db.execute(f"UPDATE {table} SET tenant = ? WHERE tenant = ?", (a, b))
        db.execute(f"UPDATE {table} SET tenant = ? WHERE tenant = 'aside'", (b,))


def retype(db: sqlite3.Connection, r: random.Random) -> None:
    """A table without its rules holds the same bytes as another type, or nothing at all."""
    place, column = _place(r), r.choice(COLUMNS)
    db.execute("CREATE TABLE plain AS SELECT * FROM audit_entry")
    db.execute("DROP TABLE audit_entry")
    db.execute("CREATE TABLE audit_entry (tenant, seq, at, body, previous, hash)")
    db.execute("INSERT INTO audit_entry SELECT * FROM plain")
    db.execute("DROP TABLE plain")
    value = r.choice([f"CAST({column} AS BLOB)", "NULL", "7"])
    db.execute(f"UPDATE audit_entry SET {column} = {value} WHERE tenant = ? AND seq = ?", place)


KINDS: tuple[Mutation, ...] = (
    flip_entry, flip_entry, flip_entry, flip_seq, flip_head, edit_head, edit_total, delete_one, delete_some, cut_tail,
    cut_tail_and_mend_head, swap, swap, duplicate, move, rewrite, append, remove_tenant, rename_tenant, retype,
)  # fmt: skip


def test_each_of_a_thousand_mutations_is_found(log: sqlite3.Connection, key: bytes) -> None:
    chance = random.Random(20260301)
    pristine = content(log)
    tried: Counter[str] = Counter()
    why: Counter[str] = Counter()
    while tried.total() < MUTATIONS:
        kind = chance.choice(KINDS)
        log.execute("BEGIN")
        log.execute("DROP TRIGGER audit_entry_is_not_changed")
        log.execute("DROP TRIGGER audit_entry_is_not_deleted")
        kind(log, chance)
        if content(log) != pristine:
            found = audit.verify(log, key)
            assert not found.ok, f"{kind.__name__} was not found, after {tried.total()}"
            tried[kind.__name__] += 1
            why[found.flaw.why if found.flaw else found.key] += 1
        log.execute("ROLLBACK")
    assert audit.verify(log, key) == audit.Verification(tenants=4, entries=36)
    assert set(tried) == {kind.__name__ for kind in KINDS}
    assert set(why) >= {"changed", "order", "gap", "foreign", "extra", "missing-tail", "head-missing", "head-changed", "total"}


CASES = {
    "body": ("UPDATE audit_entry SET body = replace(body, '\"0\"', '\"4\"') WHERE tenant = 'derma-2' AND seq = 4", "derma-2", 4, "changed"),
    "time": ("UPDATE audit_entry SET at = '2026-03-01T07:00:00.000Z' WHERE tenant = 'derma-2' AND seq = 1", "derma-2", 1, "changed"),
    "link": ("UPDATE audit_entry SET previous = hash WHERE tenant = 'derma-2' AND seq = 6", "derma-2", 6, "order"),
    "hole": ("DELETE FROM audit_entry WHERE tenant = 'derma-2' AND seq IN (3, 4)", "derma-2", 3, "gap"),
    "tail": ("DELETE FROM audit_entry WHERE tenant = 'derma-2' AND seq > 7", "derma-2", 8, "missing-tail"),
    "all": ("DELETE FROM audit_entry WHERE tenant = 'derma-2'", "derma-2", 1, "missing-tail"),
    "seal": ("UPDATE audit_head SET seal = hash WHERE tenant = 'local'", "local", 0, "head-changed"),
    "no head": ("DELETE FROM audit_head WHERE tenant = 'local'", "local", 0, "head-missing"),
    "no total": ("DELETE FROM audit_total", "", 0, "total"),
    "moved": ("UPDATE audit_entry SET tenant = 'local', seq = 10 WHERE tenant = 'derma-2' AND seq = 9", "derma-2", 9, "missing-tail"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_first_wrong_entry_is_named_and_why(log: sqlite3.Connection, key: bytes, name: str) -> None:
    statement, tenant, seq, why = CASES[name]
    log.executescript("DROP TRIGGER audit_entry_is_not_changed; DROP TRIGGER audit_entry_is_not_deleted")
    log.execute(statement)
    flaw = audit.verify(log, key).flaw
    assert flaw is not None
    assert (flaw.tenant, flaw.seq, flaw.why) == (tenant, seq, why)


def test_exchanged_entries_are_named_as_a_changed_order(log: sqlite3.Connection, key: bytes) -> None:
    log.execute("DROP TRIGGER audit_entry_is_not_changed")
    for old, new in ((3, 99), (5, 3), (99, 5)):
        log.execute("UPDATE audit_entry SET seq = ? WHERE tenant = 'local' AND seq = ?", (new, old))
    flaw = audit.verify(log, key).flaw
    assert flaw is not None
    assert (flaw.tenant, flaw.seq, flaw.why) == ("local", 3, "order")


def test_an_entry_of_another_tenant_is_named_as_such(log: sqlite3.Connection, key: bytes) -> None:
    log.executescript("DROP TRIGGER audit_entry_is_not_changed; DROP TRIGGER audit_entry_is_not_deleted")
    log.execute("UPDATE OR REPLACE audit_entry SET tenant = 'derma-1' WHERE tenant = 'local' AND seq = 4")
    flaw = audit.verify(log, key).flaw
    assert flaw is not None
    assert (flaw.tenant, flaw.seq, flaw.why) == ("derma-1", 4, "foreign")


def test_a_tenant_can_be_looked_at_alone(log: sqlite3.Connection, key: bytes) -> None:
    log.execute("DROP TRIGGER audit_entry_is_not_deleted")
    log.execute("DELETE FROM audit_entry WHERE tenant = 'local' AND seq = 2")
    assert audit.verify(log, key, "derma-1") == audit.Verification(tenants=1, entries=9)
    assert not audit.verify(log, key, "local").ok
    absent = audit.verify(log, key, "nobody-here").flaw
    assert absent is not None
    assert absent.why == "absent"


def test_an_older_file_put_in_place_is_found_by_a_head_that_was_kept(log: sqlite3.Connection, key: bytes, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "older.sqlite", isolation_level=None)) as older:
        log.backup(older)
        fill(log, 3)
        kept = audit.heads(log)
        assert audit.verify(older, key).ok, "an older file is whole in itself"
        found = audit.against(audit.verify(older, key), older, kept).flaw
        assert found is not None
        assert (found.why, found.seq) == ("rolled-back", 12)
        assert audit.against(audit.verify(log, key), log, kept).ok
        fill(log, 2)
        assert audit.against(audit.verify(log, key), log, kept).ok, "a log that went on still holds what was kept"


def test_a_log_begun_anew_is_found_by_a_head_that_was_kept(log: sqlite3.Connection, tmp_path: Path) -> None:
    kept = audit.heads(log)
    with closing(connect(tmp_path / "other.sqlite")) as other:
        audit.attach(other, tmp_path)
        fill(other, 20, tuple(reversed(TENANTS)))
        found = audit.compare(other, kept)
        assert found is not None
        assert found.why == "rewritten"


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    with closing(connect(tmp_path / FILE)) as connection:
        audit.attach(connection, tmp_path)
        fill(connection, 2_500, ("a", "b"))
        key = audit.read_key(tmp_path)
        size = (tmp_path / FILE).stat().st_size
        tracemalloc.start()
        try:
            assert audit.verify(connection, key).entries == 5_000
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 100_000 < size / 20


def test_verifying_sees_one_moment_while_others_write(log: sqlite3.Connection, key: bytes, tmp_path: Path) -> None:
    with closing(connect(tmp_path / FILE)) as reader:
        reader.execute("BEGIN")
        assert audit.heads(reader)[0].seq == 9
        fill(log, 5)
        assert audit.verify(reader, key).entries == 36
        reader.execute("COMMIT")
        assert audit.verify(reader, key).entries == 56


def test_a_flipped_byte_of_the_file_is_found_or_changes_nothing(log: sqlite3.Connection, key: bytes, tmp_path: Path) -> None:
    whole = content(log)
    log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = (tmp_path / FILE).read_bytes()
    chance = random.Random(7)
    found = 0
    for number in range(400):
        damaged = bytearray(raw)
        damaged[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        path = tmp_path / f"damaged-{number}.sqlite"
        path.write_bytes(bytes(damaged))
        with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
            if audit.verify(connection, key).ok:
                assert content(connection) == whole
            else:
                found += 1
    assert found > 150


def test_a_file_that_is_no_log_is_reported(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes(b"not a database at all" * 500)
    with closing(sqlite3.connect(tmp_path / "x.sqlite")) as connection:
        flaw = audit.verify(connection, b"k" * 32).flaw
    assert flaw is not None
    assert flaw.why == "unreadable"


def test_resealing_says_so_and_does_not_hide_a_changed_entry(log: sqlite3.Connection, tmp_path: Path) -> None:
    other = b"n" * 32
    log.execute("BEGIN IMMEDIATE")
    assert audit.reseal(log, other) == 4
    log.execute("COMMIT")
    assert audit.verify(log, other) == audit.Verification(tenants=4, entries=40)
    for tenant in TENANTS:
        *_, last = audit.entries(log, tenant)
        assert last.event["subtype"][0]["code"] == "audit.reseal"
        assert last.event["entity"][0]["detail"][0]["valueString"] == "head-was.9"
    log.execute("DROP TRIGGER audit_entry_is_not_changed")
    log.execute("UPDATE audit_entry SET at = '' WHERE tenant = 'local' AND seq = 2")
    log.execute("BEGIN IMMEDIATE")
    audit.reseal(log, other)
    audit.record(log, doctor("local"), "audit.read", entity="local")
    log.execute("COMMIT")
    flaw = audit.verify(log, other).flaw
    assert flaw is not None
    assert (flaw.seq, flaw.why) == (2, "changed")
