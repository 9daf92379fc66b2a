"""The checkpoint file of the service: LangGraph's own saver, which also says what it wrote last."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver


class Saver(AsyncSqliteSaver):
    """LangGraph's saver.

    Attributes:
        written: By thread, the id of the checkpoint that was written last in this process; reading it back would cost 6 ms.
    """

    def __init__(self, connection: aiosqlite.Connection) -> None:
        super().__init__(connection)
        self.written: dict[str, str] = {}

    async def aput(
        self, config: RunnableConfig, checkpoint: Checkpoint, metadata: CheckpointMetadata, new_versions: ChannelVersions
    ) -> RunnableConfig:
        """Write a checkpoint."""
        done: Any = await super().aput(config, checkpoint, metadata, new_versions)
        self.written[done["configurable"]["thread_id"]] = done["configurable"]["checkpoint_id"]
        return done  # type: ignore[no-any-return]


@asynccontextmanager
async def open_checkpoints(path: Path) -> AsyncIterator[Saver]:
    """The file, made if there is none; what is deleted from it is overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    async with aiosqlite.connect(path, timeout=10) as connection:
        await connection.execute("PRAGMA secure_delete=ON")
        yield Saver(connection)
