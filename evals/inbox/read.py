"""Reads out of the checkpoint store what doctors did with consultations. The store is opened for reading only."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar

from yingzhi.clinical.consultation import Fault, Review
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.document import Documentation
from yingzhi.clinical.errors import GoldError
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.remark import ModelUse, Remark
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.workup import Workup

T = TypeVar("T")
Outcome = Literal["pending", "signed", "rejected"]
ENDS: dict[str, Outcome] = {"sign": "signed", "reject": "rejected"}
TYPES = (Presentation, History, Differential, Workup, TreatmentReview, Documentation, Review, ModelUse, Fault, Remark)
"""All that may come back from a checkpoint as more than plain data: a crafted row runs code otherwise."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the doctor had before them: the part of a checkpoint that the inbox needs."""

    presentation: Presentation
    version: int
    history: History | None
    differential: Differential | None
    documentation: Documentation | None
    reviews: tuple[Review, ...]
    model_use: tuple[ModelUse, ...]

    @property
    def findings(self) -> list[Finding]:
        """What was read from the record."""
        return self.history.findings if self.history else []


@dataclass(frozen=True, slots=True)
class Act:
    """One act of the doctor, and what the doctor had before them."""

    review: Review
    before: Seen


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A consultation on which a doctor acted."""

    id: str
    """Stands for the consultation: a hash of its first checkpoint's random id, so that nothing of the patient or the caller is in it."""
    thread: str
    acts: tuple[Act, ...]
    last: Seen

    @property
    def first(self) -> Seen:
        """As it stood when the doctor first acted."""
        return self.acts[0].before

    @property
    def outcome(self) -> Outcome:
        """How the last act left it."""
        return ENDS.get(self.acts[-1].review.action, "pending")


def reviewed(store: Path) -> Iterator[Reviewed | None]:
    """Every consultation of a store on which a doctor acted; None for one that can't be read.

    Raises:
        GoldError: The file is not there, or is no store of checkpoints.
    """
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
    from langgraph.checkpoint.sqlite import SqliteSaver

    if not store.is_file():
        raise GoldError(f"{store.name}: there is no store of checkpoints there")
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            rows = connection.execute("SELECT DISTINCT thread_id FROM checkpoints WHERE checkpoint_ns = '' ORDER BY thread_id").fetchall()
        except sqlite3.DatabaseError:
            raise GoldError(f"{store.name}: not a store of checkpoints") from None
        reader = SqliteSaver(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=[(t.__module__, t.__name__) for t in TYPES]))
        reader.is_setup = True  # its set-up would write
        for (thread,) in rows:
            try:
                yield from _of_thread(reader, thread)
            except Exception:  # one damaged row must not keep the others back; what is wrong with it may hold patient text
                yield None


def _of_thread(reader: Any, thread: str) -> list[Reviewed]:
    """The consultations of one thread: a new case handed in under the same id begins another."""
    config = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    newest = reader.get_tuple(config)
    if newest is None or not newest.checkpoint["channel_values"].get("reviews"):
        return []
    cases: list[list[Any]] = []
    for row in sorted(reader.list(config), key=lambda r: str(r.checkpoint["id"])):
        if not cases or row.metadata.get("source") == "input":
            cases.append([])
        cases[-1].append(row)
    return [found for rows in cases if (found := _of_case(thread, rows))]


def _of_case(thread: str, rows: list[Any]) -> Reviewed | None:
    states = [_seen(row.checkpoint["channel_values"]) for row in rows if "presentation" in row.checkpoint["channel_values"]]
    acts = [Act(after.reviews[-1], before) for before, after in pairwise(states) if len(after.reviews) > len(before.reviews)]
    if not acts:
        return None
    digest = hashlib.sha256(str(rows[0].checkpoint["id"]).encode()).hexdigest()
    return Reviewed(digest[:12], thread, tuple(acts), states[-1])


def _seen(values: dict[str, Any]) -> Seen:
    return Seen(
        presentation=_one(Presentation, values["presentation"]),
        version=_one(int, values.get("version", 1)),
        history=_maybe(History, values.get("history")),
        differential=_maybe(Differential, values.get("differential")),
        documentation=_maybe(Documentation, values.get("documentation")),
        reviews=tuple(_one(Review, r) for r in values.get("reviews") or ()),
        model_use=tuple(_one(ModelUse, u) for u in values.get("model_use") or ()),
    )


def _one(kind: type[T], value: object) -> T:
    """The value, if it is of its type, as that of a crafted row is not.

    Raises:
        TypeError: It is of another.
    """
    if not isinstance(value, kind):
        raise TypeError(kind.__name__)
    return value


def _maybe(kind: type[T], value: object) -> T | None:
    return None if value is None else _one(kind, value)
