"""The checkpoint file of the service: LangGraph's own saver, which also says what it wrote last."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

NOTHING = "00000000-0000-0000-0000-000000000000"
"""A checkpoint that is not there: who starts from it starts from nothing, whatever lies in the thread."""
INTERRUPT = "__interrupt__"
"""Channel of the mark that the graph waits for the doctor."""


class _Turn(asyncio.Lock):
    """Whose turn it is on the connection. One that is broken off leaves no transaction open, which would lock every other process out."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        super().__init__()
        self.connection = connection

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the turn."""
        try:
            if kind is not None:  # what was asked of the connection before comes first, and what comes next comes after
                with suppress(sqlite3.Error, ValueError):
                    await self.connection.rollback()
        finally:
            self.release()


class Saver(AsyncSqliteSaver):
    """LangGraph's saver.

    Attributes:
        written: By thread, the id of the checkpoint that was written last in this process; reading it back would cost 6 ms.
    """

    def __init__(self, connection: aiosqlite.Connection) -> None:
        super().__init__(connection)
        self.lock = _Turn(connection)
        self.written: dict[str, str] = {}

    async def forget(self) -> bool:
        """Empty the write-ahead log, in which what was deleted may still stand; False while another process reads it."""
        async with self.lock, self.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)") as found:  # refused within a transaction
            row = await found.fetchone()
        return row is not None and not row[0]

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: ChannelVersions
    ) -> RunnableConfig:
        """Write a checkpoint."""
        done: Any = await super().aput(config, checkpoint, metadata, new_versions)
        self.written[done["configurable"]["thread_id"]] = done["configurable"]["checkpoint_id"]
        return done  # type: ignore[no-any-return]

    async def marks(self, thread: str, limit: int) -> list[tuple[str, dict[str, Any]]]:
        """Ids and marks of a thread's checkpoints, newest first, without their states, of which each takes milliseconds to read."""
        query = (
            "SELECT checkpoint_id, metadata FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '' ORDER BY checkpoint_id DESC LIMIT ?"
        )
        async with self.lock, self.conn.execute(query, (thread, limit)) as found:
            return [(row[0], json.loads(row[1])) for row in await found.fetchall()]

    async def forget_steps(self, thread: str, checkpoint: str) -> None:
        """Take from a checkpoint what a step behind it left there, e.g. the act of a run that came to nothing.

        LangGraph would hand it to the next run that starts there, in place of what that one is given.
        """
        query = "DELETE FROM writes WHERE thread_id = ? AND checkpoint_ns = '' AND checkpoint_id = ? AND channel <> ?"
        async with self.lock, self.conn.execute(query, (thread, checkpoint, INTERRUPT)):
            await self.conn.commit()


@asynccontextmanager
async def open_checkpoints(path: Path) -> AsyncIterator[Saver]:
    """The file, made if there is none; what is deleted from it is overwritten."""
    _make(path)
    async with aiosqlite.connect(path, timeout=10) as connection:
        await connection.execute("PRAGMA secure_delete=ON")
        saver = Saver(connection)
        await saver.setup()
        yield saver


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)  # SQLite gives the files beside it the same rights


def made_at(checkpoint: str) -> datetime:
    """When a checkpoint was made, which its id says (UUID version 6, RFC 9562)."""
    ticks = int(checkpoint[:8] + checkpoint[9:13] + checkpoint[15:18], 16)
    return datetime(1582, 10, 15, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
