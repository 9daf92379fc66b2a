"""A log of four tenants in a file, as the service writes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from yingzhi.service import audit
from yingzhi.service.identity.principal import Principal

TENANTS = ("derma-1", "derma-2", "医院".encode().hex(), "local")
ACTS = ("consultation.create", "consultation.read", "consultation.answer", "consultation.sign", "document.read")
FILE = Path("service", "service.sqlite")
BEGAN = datetime(2026, 3, 1, 8, tzinfo=UTC)


def doctor(tenant: str, subject: str = "5e7c9a") -> Principal:
    return Principal(subject, tenant, frozenset({"doctor"}), "user")


def consultation(number: int) -> str:
    return f"c_{number:032x}"


def connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(audit.SCHEMA)
    return connection


def fill(connection: sqlite3.Connection, entries: int, tenants: tuple[str, ...] = TENANTS) -> None:
    """The same number of entries for each tenant, in turn."""
    connection.execute("BEGIN IMMEDIATE")
    for number in range(entries):
        for place, tenant in enumerate(tenants):
            act = ACTS[(number + place) % len(ACTS)]
            at = BEGAN + timedelta(seconds=number, milliseconds=place)
            audit.record(connection, doctor(tenant, f"u{number % 3}"), act, entity=consultation(number), at=at)
    connection.execute("COMMIT")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Four tenants with nine entries each; the key is beside the file."""
    with closing(connect(tmp_path / FILE)) as connection:
        audit.attach(connection, tmp_path)
        fill(connection, 9)
        yield connection


@pytest.fixture
def key(log: sqlite3.Connection, tmp_path: Path) -> bytes:
    found = audit.read_key(tmp_path)
    assert found is not None
    return found
