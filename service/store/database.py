"""One SQLite file, one writer: acts from everywhere are committed in groups, so that a commit's fsync is shared."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

T = TypeVar("T")
Act = Callable[[sqlite3.Connection], T]

GROUP = 128
"""Acts in one commit at most."""
WAIT = 10.0
"""Seconds that a process waits for another's commit."""


@dataclass(slots=True)
class _Job:
    act: Act[Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[Any]
    alone: bool = False
    """Outside of any transaction, after the group's."""
    result: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class Database:
    """The file, its writer thread and a few readers; open one in each process.

    Attributes:
        path: The file.
        observe: Told of each commit: acts in it, and seconds it took.
    """

    path: Path
    observe: Callable[[int, float], None] = field(default=lambda _size, _seconds: None)
    _jobs: queue.SimpleQueue[_Job | None] = field(default_factory=queue.SimpleQueue)
    _writer: threading.Thread | None = None
    _closed: bool = False
    _readers: ThreadPoolExecutor | None = None
    _local: threading.local = field(default_factory=threading.local)

    def open(self, schema: str, prepare: Act[None] = lambda _connection: None) -> None:
        """Make the tables that are not there, and start.

        Args:
            schema: Statements that change nothing when run again.
            prepare: Given the writer's connection before its first act.
        """
        self._closed = False
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.touch(mode=0o600)  # SQLite gives the files beside it the same rights
        connection = self._connect()
        connection.executescript(schema)
        prepare(connection)
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="reader")
        self._writer = threading.Thread(target=self._write_all, args=(connection,), name="writer", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """Commit what was asked for, and stop."""
        self._closed = True
        if self._writer is not None:
            self._jobs.put(None)
            self._writer.join(WAIT)
            self._writer = None
        if self._readers is not None:
            self._readers.shutdown()
            self._readers = None

    async def write(self, act: Act[T]) -> T:
        """Run statements in a transaction of which they are a part that stands or falls alone.

        Args:
            act: Given the connection, in the writer's thread; an exception takes back what this act did, and nothing else.

        Returns:
            What the act gave, once it is committed.
        """
        return await self._ask(act, alone=False)

    async def forget(self) -> bool:
        """Empty the write-ahead log, in which deleted rows may still stand.

        Returns:
            Whether it is empty; else another process is reading it.
        """
        return await self._ask(lambda db: not db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0], alone=True)

    async def _ask(self, act: Act[T], *, alone: bool) -> T:
        if self._closed:
            raise sqlite3.ProgrammingError("the database is closed")
        loop = asyncio.get_running_loop()
        job = _Job(act, loop, loop.create_future(), alone)
        job.done.add_done_callback(_look_at)
        self._jobs.put(job)
        result: T = await asyncio.shield(job.done)
        return result

    async def read(self, query: Act[T]) -> T:
        """Run queries on a reader's connection; all of them see the same, which is what is committed."""
        assert self._readers is not None, "the database is not open"
        return await asyncio.get_running_loop().run_in_executor(self._readers, lambda: self._look(query))

    def _look(self, query: Act[T]) -> T:
        connection = self._reader()
        connection.execute("BEGIN")
        try:
            return query(connection)
        finally:
            connection.execute("ROLLBACK")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")  # what a patient asked to have deleted is overwritten
        return connection

    def _reader(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._connect()
            connection.execute("PRAGMA query_only=ON")
        return connection

    def _write_all(self, connection: sqlite3.Connection) -> None:
        going = True
        while going:
            jobs: list[_Job] = []
            job = self._jobs.get()
            while job is not None:
                jobs.append(job)
                if len(jobs) == GROUP or self._jobs.empty():
                    break
                job = self._jobs.get()
            going = job is not None
            if jobs:
                self._commit(connection, jobs)
        connection.close()

    def _commit(self, connection: sqlite3.Connection, jobs: list[_Job]) -> None:
        began = perf_counter()
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in jobs:
                if not job.alone:
                    _run(connection, job)
            connection.execute("COMMIT")
        except BaseException as error:  # nothing of the group stands, and each is told
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for job in jobs:
                job.error = None if job.alone else error
        for job in jobs:
            if job.alone:
                _try(connection, job)
        for loop in {job.loop for job in jobs}:
            with suppress(RuntimeError):  # the loop is closed; what it asked for is committed all the same
                loop.call_soon_threadsafe(_tell, [j for j in jobs if j.loop is loop])
        with suppress(Exception):  # without this thread nothing is ever written again
            self.observe(len(jobs), perf_counter() - began)


def _run(connection: sqlite3.Connection, job: _Job) -> None:
    connection.execute("SAVEPOINT act")
    _try(connection, job)
    if job.error is not None:
        connection.execute("ROLLBACK TO act")
    connection.execute("RELEASE act")


def _try(connection: sqlite3.Connection, job: _Job) -> None:
    try:
        job.result = job.act(connection)
    except Exception as error:
        job.error = error


def _look_at(done: asyncio.Future[Any]) -> None:
    """A caller that was cancelled is not told what became of its act, which is nothing to complain of."""
    if not done.cancelled():
        done.exception()


def _tell(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.done.done():  # the one who asked was cancelled
            continue
        if job.error is not None:
            job.done.set_exception(job.error)
        else:
            job.done.set_result(job.result)
