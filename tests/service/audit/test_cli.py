from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from typer.testing import CliRunner, Result

from tests.service.audit.conftest import FILE, connect, consultation, doctor, fill
from yingzhi.cli.audit import app
from yingzhi.service import audit


def run(home: Path, *arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home)], input=given)


def test_a_whole_log_is_proved_and_its_heads_are_kept_and_compared(log: sqlite3.Connection, tmp_path: Path) -> None:
    kept = run(tmp_path, "head")
    assert kept.exit_code == 0
    assert len(kept.stdout.splitlines()) == 4
    fill(log, 1)
    ended = run(tmp_path, "verify", "--head", "-", given=kept.stdout)
    assert ended.exit_code == 0
    assert ended.stdout == "40 entries of 4 tenants as they were written, 4 kept heads compared\n"


def test_a_rollback_of_the_whole_file_is_told(log: sqlite3.Connection, tmp_path: Path) -> None:
    old = tmp_path / "old"
    (old / "service").mkdir(parents=True)
    with closing(sqlite3.connect(old / FILE)) as copy:
        log.backup(copy)
    (old / "audit.key").write_bytes((tmp_path / "audit.key").read_bytes())
    (old / "audit.key").chmod(0o600)
    fill(log, 2)
    (tmp_path / "heads").write_text(run(tmp_path, "head").stdout, encoding="utf-8")
    assert run(old, "verify").exit_code == 0
    ended = run(old, "verify", "--head", str(tmp_path / "heads"))
    assert ended.exit_code == 1
    assert "the file is an older one" in ended.stdout


def test_a_wrong_entry_gives_exit_code_1_and_is_named(log: sqlite3.Connection, tmp_path: Path) -> None:
    log.execute("DROP TRIGGER audit_entry_is_not_deleted")
    log.execute("DELETE FROM audit_entry WHERE tenant = 'derma-2' AND seq = 3")
    ended = run(tmp_path, "verify")
    assert ended.exit_code == 1
    assert "WRONG: tenant derma-2, entry 3: this entry is missing" in ended.stdout
    report = json.loads(run(tmp_path, "verify", "--json").stdout)
    assert (report["ok"], report["flaw"]["why"], report["flaw"]["seq"]) == (False, "gap", 3)
    assert run(tmp_path, "verify", "--tenant", "derma-1").exit_code == 0


def test_a_missing_key_is_told_apart_from_a_changed_log(log: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "audit.key").unlink()
    ended = run(tmp_path, "verify")
    assert ended.exit_code == 1
    assert "audit.key: is missing" in ended.stdout
    assert "WRONG" not in ended.stdout
    assert not (tmp_path / "audit.key").exists()


def test_who_did_what_is_shown_by_consultation(log: sqlite3.Connection, tmp_path: Path) -> None:
    ended = run(tmp_path, "show", "--tenant", "derma-1", "--about", consultation(3))
    assert ended.stdout.split() == ["4", "2026-03-01T08:00:03.000Z", "consultation.sign", "0", "user:u0", "doctor", consultation(3)]
    assert len(run(tmp_path, "show", "-n", "5").stdout.splitlines()) == 5
    assert run(tmp_path, "show", "--tenant", "-").stdout == ""


def test_the_export_is_fhir_and_its_chain_can_be_checked_elsewhere(log: sqlite3.Connection, tmp_path: Path) -> None:
    for line in run(tmp_path, "export", "--after", "6").stdout.splitlines():
        AuditEvent.model_validate_json(line)
    ended = run(tmp_path, "export", "--tenant", "derma-1", "--chain", "--out", str(tmp_path / "log.ndjson"))
    assert ended.exit_code == 0
    chain = [json.loads(line) for line in (tmp_path / "log.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [entry["seq"] for entry in chain] == list(range(1, 10))
    assert chain[-1]["hash"] == audit.heads(log, "derma-1")[0].hash
    again = run(tmp_path, "export", "--out", str(tmp_path / "log.ndjson"))
    assert again.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("verify", "--head", "nowhere"), "--head: neither"),
        (("verify", "--head", "-"), "--head: line 1"),
        (("export", "--out", "no/such/folder/x"), "--out: can't be written"),
    ],
)
def test_bad_input_ends_in_one_sentence_that_names_it(
    log: sqlite3.Connection, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    ended = run(tmp_path, *arguments, given="derma-1:0:abc\n")
    assert ended.exit_code == 2
    assert ended.stderr.startswith(says)
    assert len(ended.stderr.splitlines()) == 1


def test_without_a_database_or_with_another_file_it_says_so(tmp_path: Path) -> None:
    assert "there is none" in run(tmp_path, "verify").stderr
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_bytes(b"something else" * 1000)
    assert run(tmp_path, "head").exit_code == 2
    ended = run(tmp_path, "verify")
    assert ended.exit_code == 1
    assert "can't be read" in ended.stdout


def test_a_lost_key_is_replaced_only_on_purpose_and_the_log_tells_it(log: sqlite3.Connection, tmp_path: Path) -> None:
    first = (tmp_path / "audit.key").read_text(encoding="ascii")
    (tmp_path / "audit.key").unlink()
    assert run(tmp_path, "reseal").exit_code == 2
    assert not (tmp_path / "audit.key").exists()
    ended = run(tmp_path, "reseal", "--yes")
    assert ended.exit_code == 0
    assert ended.stdout.endswith("4 tenants sealed anew\n")
    assert (tmp_path / "audit.key").read_text(encoding="ascii") != first
    assert run(tmp_path, "verify").exit_code == 0
    assert "audit.reseal" in run(tmp_path, "show", "-n", "1").stdout


def test_another_key_is_put_aside_when_the_heads_are_sealed_anew(log: sqlite3.Connection, tmp_path: Path) -> None:
    (tmp_path / "audit.key").write_text("cd" * 32, encoding="ascii")
    assert run(tmp_path, "reseal", "--yes").exit_code == 0
    assert (tmp_path / "audit.key.old-1").read_text(encoding="ascii") == "cd" * 32
    assert run(tmp_path, "verify").exit_code == 0


def test_it_reads_beside_a_service_at_work(tmp_path: Path) -> None:
    with closing(connect(tmp_path / FILE)) as writer:
        audit.attach(writer, tmp_path)
        fill(writer, 2)
        writer.execute("BEGIN IMMEDIATE")
        audit.record(writer, doctor("local"), "audit.read", entity="local")
        assert run(tmp_path, "verify").stdout.startswith("8 entries of 4 tenants")
        writer.execute("COMMIT")
        assert run(tmp_path, "verify").stdout.startswith("9 entries of 4 tenants")
