from __future__ import annotations

import asyncio
import gc
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from yingzhi.service.store import Database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "d.sqlite")
    opened.open("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)")
    yield opened
    opened.close()


def add(n: int) -> Callable[[sqlite3.Connection], object]:
    return lambda db: db.execute("INSERT INTO t VALUES (?)", (n,))


async def count(database: Database) -> int:
    found: int = await database.read(lambda db: db.execute("SELECT count(*) FROM t").fetchone()[0])
    return found


async def test_what_was_written_is_committed_before_the_caller_goes_on(database: Database, tmp_path: Path) -> None:
    await database.write(add(1))
    other = sqlite3.connect(tmp_path / "d.sqlite")
    assert other.execute("SELECT count(*) FROM t").fetchone()[0] == 1
    other.close()


async def test_a_failed_act_takes_nothing_of_the_others_in_its_group_back(database: Database) -> None:
    def bad(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO t VALUES (1000)")
        db.execute("INSERT INTO t VALUES (1)")

    await database.write(add(1))
    acts = [database.write(add(n)) for n in range(2, 200)]
    results = await asyncio.gather(*acts, database.write(bad), return_exceptions=True)
    assert isinstance(results[-1], sqlite3.IntegrityError)
    assert not any(isinstance(r, BaseException) for r in results[:-1])
    assert await count(database) == 199


async def test_many_acts_share_commits(tmp_path: Path) -> None:
    sizes: list[int] = []
    database = Database(tmp_path / "d.sqlite", lambda size, _seconds: sizes.append(size))
    database.open("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)")
    await asyncio.gather(*(database.write(add(n)) for n in range(500)))
    assert sum(sizes) == 500
    assert len(sizes) < 250
    database.close()


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError):
        await database.read(lambda db: db.execute("INSERT INTO t VALUES (1)"))


async def test_a_caller_that_is_cancelled_leaves_its_act_whole(database: Database) -> None:
    tasks = [asyncio.create_task(database.write(add(n))) for n in range(50)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await database.write(lambda _db: None)
    assert await count(database) == 50


async def test_a_log_that_cannot_be_emptied_makes_no_failure_of_what_was_committed(database: Database) -> None:
    await asyncio.gather(*(database.write(add(n)) for n in range(10)))
    reading = await database.write(lambda db: db.execute("SELECT n FROM t"))  # rows that nobody has fetched: SQLite refuses a checkpoint
    told = await asyncio.gather(database.write(add(100)), database.forget(), return_exceptions=True)
    reading.close()
    assert not isinstance(told[0], BaseException)
    assert isinstance(told[1], sqlite3.OperationalError)
    assert await count(database) == 11
    assert await database.forget() is True


async def test_a_log_that_another_reads_is_said_not_to_be_empty(database: Database, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "d.sqlite", isolation_level=None)
    await database.write(add(1))
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM t").fetchone()
    await database.write(add(2))
    await database.write(lambda db: db.execute("PRAGMA busy_timeout = 50").fetchone())
    assert await database.forget() is False
    other.execute("ROLLBACK")
    assert await database.forget() is True
    other.close()


async def test_queries_of_one_read_see_the_same(database: Database, tmp_path: Path) -> None:
    def twice(db: sqlite3.Connection) -> tuple[int, int]:
        first = db.execute("SELECT count(*) FROM t").fetchone()[0]
        with closing(sqlite3.connect(tmp_path / "d.sqlite", isolation_level=None)) as other:
            other.execute("INSERT INTO t VALUES (1)")
        return first, db.execute("SELECT count(*) FROM t").fetchone()[0]

    assert await database.read(twice) == (0, 0)
    assert await count(database) == 1


async def test_a_closed_database_refuses_instead_of_keeping_its_caller_for_ever(tmp_path: Path) -> None:
    database = Database(tmp_path / "d.sqlite")
    database.open("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)")
    database.close()
    async with asyncio.timeout(2):
        with pytest.raises(sqlite3.ProgrammingError):
            await database.write(add(1))


async def test_figures_that_cannot_be_kept_do_not_stop_the_writing(tmp_path: Path) -> None:
    def full(_size: int, _seconds: float) -> None:
        raise OSError("no space left on device")

    database = Database(tmp_path / "d.sqlite", full)
    database.open("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)")
    async with asyncio.timeout(5):
        for n in range(3):
            await database.write(add(n))
        assert await count(database) == 3
    database.close()


async def test_nobody_is_told_of_the_failure_of_an_act_whose_caller_was_cancelled(database: Database) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, complaint: complaints.append(complaint))
    await database.write(add(1))
    slow = asyncio.create_task(database.write(lambda _db: time.sleep(0.1)))
    tasks = [asyncio.create_task(database.write(add(1))) for _ in range(5)]
    await asyncio.sleep(0.02)
    _ = [task.cancel() for task in tasks]
    await asyncio.gather(*tasks, return_exceptions=True)
    await slow
    await database.write(lambda _db: None)
    del tasks  # what is complained of is an error that nobody can look at any more
    gc.collect()
    assert complaints == []
