from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.testing import CliRunner

from yingzhi.cli.keys import app
from yingzhi.clinical.errors import SettingsError
from yingzhi.service import audit
from yingzhi.service.identity import SCHEMA, IdentitySettings, check_start


class Ended(NamedTuple):
    code: int
    out: str
    err: str
    error: BaseException | None


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("YINGZHI_HOME", str(tmp_path))
    monkeypatch.delenv("YINGZHI_TENANT", raising=False)

    def run(*arguments: str) -> Ended:
        result = CliRunner().invoke(app, arguments)
        return Ended(result.exit_code, result.stdout, result.stderr, result.exception)

    return run


def refused(run: Run, *arguments: str) -> str:
    error = run(*arguments).error
    assert isinstance(error, SettingsError)
    return str(error)


def test_a_key_is_made_listed_and_revoked(run: Run, tmp_path: Path) -> None:
    made = run("create", "--name", "聊天前端", "--role", "doctor", "--role", "nurse", "--tenant", "ward-a", "--days", "30")
    key = made.out.strip()
    assert made.code == 0
    assert made.out.count("\n") == 1
    assert "first key" in made.err
    assert key not in made.err
    listed = run("list", "--tenant", "ward-a")
    assert key[:13] in listed.out
    assert "聊天前端" in listed.out
    assert key[14:] not in listed.out + listed.err
    assert key[:13] not in run("list", "--tenant", "ward-b").out
    assert run("revoke", key[:13], "--tenant", "ward-a").code == 0
    (document,) = json.loads(run("list", "--tenant", "ward-a", "--json").out)
    assert (document["state"], document["roles"], document["used"]) == ("revoked", ["doctor", "nurse"], None)


def test_a_key_lets_the_service_start_on_an_outside_address(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "service" / "service.sqlite"
    with pytest.raises(SettingsError):
        check_start(IdentitySettings(), "0.0.0.0", path)
    assert run("create", "--name", "one", "--role", "service").code == 0
    assert check_start(IdentitySettings(), "0.0.0.0", path) == ""
    assert "first key" not in run("create", "--name", "two", "--role", "service").err


def test_making_and_revoking_are_audited(run: Run, tmp_path: Path) -> None:
    key = run("create", "--name", "one", "--role", "service").out.strip()
    run("revoke", key[:13])
    connection = sqlite3.connect(tmp_path / "service" / "service.sqlite")
    acts = [e.event["subtype"][0]["code"] for e in audit.entries(connection, "local")]
    body = "".join(e.body for e in audit.entries(connection, "local"))
    connection.close()
    assert acts == ["key.create", "key.revoke"]
    assert body.count(key[:13]) == 2
    assert key[14:] not in body


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("create", "--name", "x", "--role", "root"), "--role: one of doctor, nurse"),
        (("create", "--name", "x", "--role", "doctor", "--role", "Nurse"), "--role: "),
        (("create", "--name", " ", "--role", "doctor"), "--name: "),
        (("create", "--name", "x\ny", "--role", "doctor"), "--name: "),
        (("create", "--name", "x", "--role", "doctor", "--tenant", "a/b"), "--tenant: "),
        (("create", "--name", "x", "--role", "doctor", "--tenant", "public"), "--tenant: "),
        (("list", "--tenant", ""), "--tenant: "),
        (("revoke", "yk_0000000000"), "PREFIX: "),
    ],
)
def test_bad_input_is_named(arguments: tuple[str, ...], named: str, run: Run) -> None:
    assert refused(run, *arguments).startswith(named)


def test_a_whole_key_given_for_its_public_part_is_not_repeated(run: Run) -> None:
    key = run("create", "--name", "one", "--role", "service").out.strip()
    assert key[14:] not in refused(run, "revoke", key)


def test_another_tenants_key_is_not_revoked(run: Run) -> None:
    key = run("create", "--name", "one", "--role", "service", "--tenant", "ward-a").out.strip()
    assert refused(run, "revoke", key[:13], "--tenant", "ward-b").startswith("PREFIX: ")
    assert "valid" in run("list", "--tenant", "ward-a").out


def test_a_file_that_is_no_database_is_said_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "service.sqlite").write_bytes(b"not a database, not a database at all" * 100)
    assert refused(run, "list").startswith("YINGZHI_HOME: ")


def test_importing_the_package_loads_no_library_of_tokens() -> None:
    script = (
        "import sys, yingzhi.service.limits, yingzhi.service.identity\n"
        "print([m for m in ('jwt', 'httpx', 'cryptography') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
    assert "api_key" in SCHEMA
