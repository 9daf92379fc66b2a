from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.service.identity.conftest import Open
from yingzhi.service.identity import IdentitySettings, keys
from yingzhi.service.problems import Problem
from yingzhi.service.store import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.executescript(keys.SCHEMA)
    yield connection
    connection.close()


def make(db: sqlite3.Connection, tenant: str = "ward-a", **changed: Any) -> tuple[str, keys.ApiKey]:
    return keys.create_key(db, tenant, **{"name": "test", "roles": ["service"], "now": NOW, "expires": NOW + YEAR, **changed})


def refusal(db: sqlite3.Connection, key: str, now: datetime = NOW) -> str:
    with pytest.raises(Problem) as caught:
        keys.check_key(db, key, now)
    assert caught.value.status == 401
    assert key[14:] == "" or key[14:] not in f"{caught.value} {caught.value.body()} {caught.value.headers}"
    return caught.value.detail


def test_a_key_is_known_by_what_was_shown_once(db: sqlite3.Connection) -> None:
    key, made = make(db, roles=["doctor", "nurse"])
    assert keys.check_key(db, key, NOW) == made
    assert (made.principal.subject, made.principal.tenant, made.principal.kind) == (key[:13], "ward-a", "key")
    assert set(made.principal.roles) == {"doctor", "nurse"}


def test_the_key_is_nowhere_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite"
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        connection.executescript(keys.SCHEMA)
        key, _ = make(connection)
    connection.close()
    content = path.read_bytes()
    assert key[:13].encode() in content
    assert key[14:].encode() not in content


def test_keys_differ_and_hold_256_random_bits(db: sqlite3.Connection) -> None:
    made = {make(db)[0] for _ in range(200)}
    assert len(made) == len({key[14:] for key in made}) == 200
    assert {len(key[14:]) * 6 // 8 for key in made} == {32}


def test_no_part_of_a_key_and_no_other_text_is_one(db: sqlite3.Connection) -> None:
    key, _ = make(db)
    for wrong in (
        key[:-1],
        key + "A",
        key[:13],
        key[14:],
        key.upper(),
        key.replace("yk_", "yk-"),
        "",
        "yk_",
        f"{key} ",
        f"{key}\n",
        "yk_é",
    ):
        assert refusal(db, wrong) == "the key is not accepted"
    for at in range(14, len(key)):
        other = "A" if key[at] != "A" else "B"
        assert refusal(db, key[:at] + other + key[at + 1 :]) == "the key is not accepted"


def test_the_secret_of_one_key_does_not_open_another(db: sqlite3.Connection) -> None:
    (one, _), (two, _) = make(db), make(db)
    assert refusal(db, one[:13] + two[13:]) == "the key is not accepted"


def test_a_key_is_refused_from_its_expiry_on(db: sqlite3.Connection) -> None:
    key, _ = make(db)
    assert keys.check_key(db, key, NOW + YEAR - timedelta(seconds=1))
    assert refusal(db, key, NOW + YEAR) == "the key has expired"


def test_a_revoked_key_is_refused_for_good_and_keeps_its_date(db: sqlite3.Connection) -> None:
    key, made = make(db)
    assert keys.revoke_key(db, "ward-a", made.prefix, NOW)
    assert keys.revoke_key(db, "ward-a", made.prefix, NOW + YEAR)
    assert refusal(db, key) == "the key was revoked"
    assert keys.list_keys(db, "ward-a")[0].revoked == NOW


def test_only_who_has_the_whole_key_learns_that_it_was_revoked(db: sqlite3.Connection) -> None:
    key, made = make(db)
    keys.revoke_key(db, "ward-a", made.prefix, NOW)
    assert refusal(db, key[:-1] + ("A" if key[-1] != "A" else "B")) == "the key is not accepted"


def test_a_tenant_sees_and_revokes_its_own_keys_only(db: sqlite3.Connection) -> None:
    (_, mine), (other_key, other) = make(db), make(db, "ward-b")
    assert [k.prefix for k in keys.list_keys(db, "ward-a")] == [mine.prefix]
    assert not keys.revoke_key(db, "ward-a", other.prefix, NOW)
    assert keys.check_key(db, other_key, NOW).tenant == "ward-b"


def test_the_day_of_the_last_use_is_kept_and_never_goes_back(db: sqlite3.Connection) -> None:
    _, made = make(db)
    for day in (date(2026, 3, 2), date(2026, 3, 5), date(2026, 3, 4)):
        keys.note_use(db, made, day)
    assert keys.list_keys(db, "ward-a")[0].used == date(2026, 3, 5)


async def test_a_use_is_noted_once_a_day(database: Database, opened: Open) -> None:
    now = [NOW]
    commits = []
    database.observe = lambda size, _seconds: commits.append(size)
    key, made = await database.write(lambda db: make(db))
    identity = await opened(IdentitySettings(), now=lambda: now[0])
    for day in range(3):
        now[0] = NOW + timedelta(days=day)
        for _ in range(5):
            assert (await identity.authenticate({"authorization": f"Bearer {key}"}, None)).subject == made.prefix
        assert (await database.read(lambda db: keys.list_keys(db, "ward-a")))[0].used == now[0].date()
    assert sum(commits) == 1 + 3


async def test_a_revoked_key_is_refused_at_the_next_request(database: Database, opened: Open) -> None:
    key, made = await database.write(lambda db: make(db))
    identity = await opened(IdentitySettings(), now=lambda: NOW)
    assert await identity.authenticate({"authorization": f"Bearer {key}"}, None)
    await database.write(lambda db: keys.revoke_key(db, "ward-a", made.prefix, NOW))
    with pytest.raises(Problem, match="401"):
        await identity.authenticate({"authorization": f"Bearer {key}"}, None)


async def test_without_an_issuer_no_token_gets_in(database: Database, opened: Open) -> None:
    await database.write(lambda db: make(db))
    identity = await opened(IdentitySettings())
    with pytest.raises(Problem, match="401"):
        await identity.authenticate({"authorization": "Bearer a.b.c"}, "127.0.0.1")
