from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.service.audit.conftest import FILE, connect
from yingzhi.clinical.errors import SettingsError
from yingzhi.service import audit


def test_it_is_made_on_first_use_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "new"
    assert audit.read_key(home) is None
    key = audit.make_key(home)
    assert len(key) == 32
    assert audit.read_key(home) == key
    assert (home / "audit.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["audit.key"]


def test_those_who_make_it_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: audit.make_key(tmp_path), range(64)))) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    audit.make_key(tmp_path)
    os.chmod(tmp_path / "audit.key", 0o640)
    with pytest.raises(SettingsError, match=r"audit\.key: others"):
        audit.read_key(tmp_path)


@pytest.mark.parametrize("content", [b"", b"ab" * 31, b"zz" * 32, "密钥".encode(), b"ab" * 40])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "audit.key").write_bytes(content)
    os.chmod(tmp_path / "audit.key", 0o600)
    with pytest.raises(SettingsError, match=r"audit\.key: 64 hexadecimal"):
        audit.read_key(tmp_path)


def test_a_lost_key_is_reported_and_no_new_one_takes_its_place(log: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "audit.key").unlink()
    with pytest.raises(SettingsError, match="missing though the audit log has entries"):
        audit.attach(log, tmp_path)
    assert not (tmp_path / "audit.key").exists()
    found = audit.verify(log, None)
    assert (found.ok, found.flaw, found.key, found.entries) == (False, None, "missing", 36)


def test_another_key_is_reported_as_such(log: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "audit.key").write_text("ab" * 32, encoding="ascii")
    with pytest.raises(SettingsError, match="not the key"):
        audit.attach(log, tmp_path)
    found = audit.verify(log, audit.read_key(tmp_path))
    assert (found.ok, found.flaw, found.key, found.entries) == (False, None, "other", 36)


def test_without_the_key_a_changed_entry_is_still_found(log: sqlite3.Connection) -> None:
    log.execute("DROP TRIGGER audit_entry_is_not_changed")
    log.execute("UPDATE audit_entry SET at = '2020-01-01T00:00:00.000Z' WHERE tenant = 'derma-2' AND seq = 5")
    flaw = audit.verify(log, None).flaw
    assert flaw is not None
    assert (flaw.tenant, flaw.seq, flaw.why) == ("derma-2", 5, "changed")


def test_the_key_is_not_in_the_database(log: sqlite3.Connection, key: bytes, tmp_path: Path) -> None:
    log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(path.read_bytes() for path in (tmp_path / "service").iterdir())
    assert key not in stored
    assert key.hex().encode() not in stored


def test_an_empty_log_is_whole_with_and_before_a_key(tmp_path: Path) -> None:
    with closing(connect(tmp_path / FILE)) as connection:
        assert audit.verify(connection, audit.make_key(tmp_path)).ok
        audit.attach(connection, tmp_path)
        assert audit.verify(connection, audit.read_key(tmp_path)).ok
