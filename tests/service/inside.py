"""What several of the tests of the service put up or look into."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Patient, Presentation
from yingzhi.service.context import Context
from yingzhi.service.wire import NewConsultation

CONTRADICTS = NewConsultation(case=Presentation(text="张三，男，45岁，红斑", patient=Patient(age=5)))
"""A case whose run fails."""


def in_files(context: Context, mark: str) -> list[str]:
    """The files of the service that hold some words."""
    return [path.name for path in context.settings.files.rglob("*.sqlite*") if mark.encode() in path.read_bytes()]


def copied(context: Context, home: Path) -> Path:
    """The files of a process as they would be found, were it killed now."""
    (home / "service").mkdir(parents=True)
    for name in ("service.sqlite", "checkpoints.sqlite"):
        with closing(sqlite3.connect(context.settings.files / name)) as now, closing(sqlite3.connect(home / "service" / name)) as kept:
            now.backup(kept)
    (home / "audit.key").write_bytes((context.settings.engine.home / "audit.key").read_bytes())
    (home / "audit.key").chmod(0o600)
    return home


def threads(home: Path) -> set[str]:
    """Consultations that the checkpoint file has something of."""
    with closing(sqlite3.connect(home / "service" / "checkpoints.sqlite")) as db:
        return {row[0] for row in db.execute("SELECT thread_id FROM checkpoints UNION SELECT thread_id FROM writes")}


def as_of_now(result: Consultation) -> dict[str, Any]:
    """What has to be the same whenever the process was killed."""
    left = result.model_dump(exclude={"id", "seconds", "model_use"})
    return {**left, "asked": [(use.specialist, use.outcome) for use in result.model_use]}
