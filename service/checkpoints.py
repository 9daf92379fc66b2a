"""The checkpoint file of the service: LangGraph's own saver, each call one transaction in one thread of its own.

Its asynchronous saver holds a transaction, and with it the file, over several turns of the event loop: a run that is cancelled in
between leaves it open, and a loop that is busy keeps every other process waiting.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.sqlite import SqliteSaver

T = TypeVar("T")

NOTHING = "00000000-0000-0000-0000-000000000000"
"""A checkpoint that is not there: who starts from it starts from nothing, whatever lies in the thread."""
INTERRUPT = "__interrupt__"
"""Channel of the mark that the graph waits for the doctor."""
WAIT = 10.0
"""Seconds that a process waits for another's transaction."""


class Saver(SqliteSaver):
    """LangGraph's saver.

    Attributes:
        written: By thread, the id of the checkpoint that was written last in this process; reading it back would cost 6 ms.
        worker: Where the file is read and written.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.written: dict[str, str] = {}
        self.worker = ThreadPoolExecutor(1, thread_name_prefix="checkpoints")

    @contextmanager
    def cursor(self, transaction: bool = True) -> Iterator[sqlite3.Cursor]:
        """A cursor, within a transaction that is committed whole or not at all."""
        with self.lock, closing(self.conn.cursor()) as cursor:
            try:
                yield cursor
            except BaseException:
                self.conn.rollback()
                raise
            if transaction:
                self.conn.commit()

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """A checkpoint with its state, the thread's newest where none is named."""
        return await self._ask(lambda: self.get_tuple(config))

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: ChannelVersions
    ) -> RunnableConfig:
        """Write a checkpoint."""
        done: Any = await self._ask(lambda: self.put(config, checkpoint, metadata, new_versions))
        self.written[done["configurable"]["thread_id"]] = done["configurable"]["checkpoint_id"]
        return done  # type: ignore[no-any-return]

    async def aput_writes(self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = "") -> None:
        """Write what a step has given so far."""
        kept = list(writes)
        await self._ask(lambda: self.put_writes(config, kept, task_id, task_path))

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete all checkpoints of a thread."""
        await self._ask(lambda: self.delete_thread(thread_id))

    async def marks(self, thread: str, limit: int) -> list[tuple[str, dict[str, Any]]]:
        """Ids and marks of a thread's checkpoints, newest first, without their states, of which each takes milliseconds to read."""
        query = (
            "SELECT checkpoint_id, metadata FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '' ORDER BY checkpoint_id DESC LIMIT ?"
        )
        rows = await self._ask(lambda: self.conn.execute(query, (thread, limit)).fetchall())
        return [(row[0], json.loads(row[1])) for row in rows]

    async def forget_steps(self, thread: str, checkpoint: str) -> None:
        """Take from a checkpoint what a step behind it left there, e.g. the act of a run that came to nothing.

        LangGraph would hand it to the next run that starts there, in place of what that one is given.
        """
        query = "DELETE FROM writes WHERE thread_id = ? AND checkpoint_ns = '' AND checkpoint_id = ? AND channel <> ?"

        def forget() -> None:
            with self.cursor() as cursor:
                cursor.execute(query, (thread, checkpoint, INTERRUPT))

        await self._ask(forget)

    async def forget(self) -> bool:
        """Empty the write-ahead log, in which what was deleted may still stand; False while another process reads it."""
        return await self._ask(lambda: not self.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    async def _ask(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.worker, work)


@asynccontextmanager
async def open_checkpoints(path: Path) -> AsyncIterator[Saver]:
    """The file, made if there is none; what is deleted from it is overwritten."""
    saver = Saver(_connect(path))
    saver.setup()
    try:
        yield saver
    finally:
        await asyncio.to_thread(saver.worker.shutdown)
        saver.conn.close()


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)  # SQLite gives the files beside it the same rights
    connection = sqlite3.connect(path, timeout=WAIT, check_same_thread=False)
    connection.execute("PRAGMA secure_delete=ON")
    return connection


def made_at(checkpoint: str) -> datetime:
    """When a checkpoint was made, which its id says (UUID version 6, RFC 9562)."""
    ticks = int(checkpoint[:8] + checkpoint[9:13] + checkpoint[15:18], 16)
    return datetime(1582, 10, 15, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
