from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter

import pytest

from tests.service.audit.conftest import FILE, TENANTS, connect, consultation, doctor, fill
from yingzhi.service import audit
from yingzhi.service.audit.chain import GENESIS
from yingzhi.service.store import Database

APPEND = """
import sqlite3, sys
from pathlib import Path
from yingzhi.service import audit
from yingzhi.service.identity.principal import Principal
home, number = Path(sys.argv[1]), sys.argv[2]
connection = sqlite3.connect(home / "service" / "service.sqlite", isolation_level=None, timeout=60)
audit.attach(connection, home)
for count in range(40):
    connection.execute("BEGIN IMMEDIATE")
    for tenant in ("shared", "own-" + number):
        audit.record(connection, Principal(number, tenant, frozenset({"nurse"}), "user"), "consultation.read", entity="c_" + "0" * 32)
    connection.execute("COMMIT")
"""


def test_each_tenant_has_a_chain_of_its_own_without_gaps(log: sqlite3.Connection) -> None:
    for tenant in TENANTS:
        chain = list(audit.entries(log, tenant))
        assert [entry.seq for entry in chain] == list(range(1, 10))
        assert chain[0].previous == GENESIS
        assert all(a.hash == b.previous for a, b in pairwise(chain))
        assert str(audit.heads(log, tenant)[0]) == f"{tenant}:9:{chain[-1].hash}"


def test_the_hash_is_what_the_documentation_says(log: sqlite3.Connection) -> None:
    entry = next(audit.entries(log, "derma-1", after=3))
    parts = [p.encode() for p in (entry.tenant, str(entry.seq), entry.at, entry.body, entry.previous)]
    assert hashlib.sha256(b"".join(b"%d:%b," % (len(p), p) for p in parts)).hexdigest() == entry.hash


def test_what_is_taken_back_leaves_no_entry(log: sqlite3.Connection, key: bytes) -> None:
    before = audit.heads(log)
    log.execute("BEGIN IMMEDIATE")
    audit.record(log, doctor("derma-1"), "patient.create", entity="p_" + "1" * 32)
    log.execute("ROLLBACK")
    assert audit.heads(log) == before
    assert audit.verify(log, key).ok


async def test_it_is_written_in_the_transaction_of_the_act_by_the_services_writer(tmp_path: Path) -> None:
    database = Database(tmp_path / FILE)
    database.open(audit.SCHEMA)
    try:
        await database.write(lambda db: audit.attach(db, tmp_path))

        def fails(db: sqlite3.Connection) -> None:
            audit.record(db, doctor("t"), "consultation.sign", entity=consultation(1))
            raise LookupError

        with pytest.raises(LookupError):
            await database.write(fails)
        assert await database.write(lambda db: audit.record(db, doctor("t"), "consultation.read", entity=consultation(1))) == 1
        assert await database.read(audit.count_entries) == 1
        key = audit.read_key(tmp_path)
        assert (await database.read(lambda db: audit.verify(db, key))).ok
    finally:
        database.close()


def test_recording_outside_a_transaction_is_refused(log: sqlite3.Connection) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        audit.record(log, doctor("derma-1"), "consultation.read")


def test_entries_can_neither_be_changed_nor_deleted_by_mistake(log: sqlite3.Connection) -> None:
    for statement in ("UPDATE audit_entry SET body = ''", "DELETE FROM audit_entry"):
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            log.execute(statement)


def test_several_processes_append_to_one_chain(tmp_path: Path) -> None:
    with closing(connect(tmp_path / FILE)) as connection:
        at_work = [subprocess.Popen([sys.executable, "-c", APPEND, str(tmp_path), str(n)], stderr=subprocess.PIPE) for n in range(4)]
        for process in at_work:
            assert process.communicate(timeout=120)[1].decode() == ""
            assert process.returncode == 0
        chain = list(audit.entries(connection, "shared"))
        assert [entry.seq for entry in chain] == list(range(1, 161))
        assert {entry.event["agent"][0]["who"]["identifier"]["value"] for entry in chain} == {"0", "1", "2", "3"}
        found = audit.verify(connection, audit.read_key(tmp_path))
        assert found.ok
        assert (found.tenants, found.entries) == (5, 320)


def test_an_entry_takes_less_than_a_tenth_of_a_millisecond(log: sqlite3.Connection) -> None:
    who = doctor("derma-1")
    log.execute("BEGIN IMMEDIATE")

    def batch() -> float:
        times = []
        for number in range(100):
            began = perf_counter()
            audit.record(log, who, "consultation.read", entity=consultation(number))
            times.append(perf_counter() - began)
        return median(times)

    assert min(batch() for _ in range(8)) < 1e-4
    log.execute("ROLLBACK")


def test_a_head_that_was_tampered_with_is_never_sealed_anew(log: sqlite3.Connection, key: bytes) -> None:
    log.execute("DROP TRIGGER audit_entry_is_not_deleted")
    (sixth,) = [entry.hash for entry in audit.entries(log, "derma-1") if entry.seq == 6]
    log.execute("DELETE FROM audit_entry WHERE tenant = 'derma-1' AND seq > 6")
    log.execute("UPDATE audit_head SET seq = 6, hash = ? WHERE tenant = 'derma-1'", (sixth,))
    fill(log, 1)
    assert [entry.seq for entry in audit.entries(log, "derma-1")][-1] == 7
    flaw = audit.verify(log, key).flaw
    assert flaw is not None
    assert (flaw.tenant, flaw.why) == ("derma-1", "head-changed")


@pytest.mark.parametrize(
    "damage", ["DELETE FROM audit_head WHERE tenant = 'derma-1'", "UPDATE audit_head SET seq = 4", "DELETE FROM audit_total"]
)
def test_the_service_goes_on_recording_over_a_damaged_log_and_the_damage_stays_visible(
    log: sqlite3.Connection, key: bytes, damage: str
) -> None:
    log.execute(damage)
    fill(log, 2)
    assert [entry.seq for entry in audit.entries(log, "derma-1")] == list(range(1, 12))
    assert not audit.verify(log, key).ok


def test_entries_are_found_by_act_by_what_they_are_about_and_by_whom(log: sqlite3.Connection) -> None:
    log.execute("BEGIN IMMEDIATE")
    patient = "p_" + "7" * 32
    audit.record(log, doctor("derma-1", "u9"), "consultation.sign", entity=consultation(4), patient=patient)
    log.execute("COMMIT")
    assert [e.seq for e in audit.entries(log, "derma-1", about=patient)] == [10]
    assert [e.seq for e in audit.entries(log, "derma-1", about=consultation(4))] == [5, 10]
    assert [e.seq for e in audit.entries(log, "derma-1", by="u9")] == [10]
    assert [e.seq for e in audit.entries(log, "derma-1", act="consultation.sign", last=2)] == [9, 10]
    assert list(audit.entries(log, "nobody-here")) == []
