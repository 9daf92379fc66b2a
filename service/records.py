"""What is kept of patients and consultations: lists, versions, checkpoints, branches, erasure."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from time import time
from typing import Any

from langgraph.checkpoint.base import CheckpointTuple

from yingzhi.clinical.consultation import Consultation
from yingzhi.graphs.result import assemble
from yingzhi.service import audit
from yingzhi.service.checkpoints import INTERRUPT, Saver, made_at
from yingzhi.service.consultations import Consultations, check_room
from yingzhi.service.execution import state_of
from yingzhi.service.following import permit
from yingzhi.service.identity.principal import Principal
from yingzhi.service.ids import new_id
from yingzhi.service.problems import Problem, not_found
from yingzhi.service.store import rows as store
from yingzhi.service.wire import CONSULTATION, PATIENT, RUN, Branch, Checkpoint, Item, Page, Status, Version

AGAIN = 60.0
"""Seconds after which an erased thread is erased once more: a process that had lost its lease may have written meanwhile."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records of all tenants; each call names who asks."""

    consultations: Consultations

    async def page(self, who: Principal, *, patient: str | None, status: Status | None, after: str | None, limit: int) -> Page:
        """A page of the tenant's consultations."""
        permit(who, "consultation.read")
        before = _cursor(after)
        rows = await self.consultations.database.read(
            lambda db: store.page_of(db, who.tenant, patient=patient, status=status, before=before, limit=limit + 1)
        )
        items = [
            Item(
                id=r["id"], patient_id=r["patient"], status=r["status"], outcome=r["outcome"], revision=r["revision"],
                created=r["created"], updated=r["updated"], origin=r["origin"],
            )
            for r in rows[:limit]
        ]  # fmt: skip
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(items=items, next=f"{last['created']!r}~{last['id']}" if last is not None else None)

    async def versions(self, who: Principal, consultation: str) -> list[Version]:
        """The consultation's versions, oldest first."""
        await self._own(who, consultation)
        rows = await self.consultations.database.read(lambda db: store.versions(db, who.tenant, consultation))
        return [
            Version(
                revision=r["revision"], run=r["run"], action=r["action"], by=r["subject"], checkpoint=r["checkpoint"], created=r["created"]
            )
            for r in rows
        ]

    async def checkpoints(self, who: Principal, consultation: str, limit: int = 200) -> list[Checkpoint]:
        """The states that the graph was in, newest first."""
        counting = {v.checkpoint for v in await self.versions(who, consultation)}
        found = await self.consultations.runner.engine.saver.marks(consultation, limit)
        return [
            Checkpoint(
                id=checkpoint, created=made_at(checkpoint).isoformat(), step=marks.get("step", 0),
                run=str(marks.get("run", "")), counts=checkpoint in counting,
            )
            for checkpoint, marks in found
        ]  # fmt: skip

    async def at(self, who: Principal, consultation: str, checkpoint: str) -> Consultation:
        """The consultation as it was at a checkpoint."""
        await self._own(who, consultation)
        found = await self._checkpoint(consultation, checkpoint)
        await self.consultations.database.write(lambda db: audit.record(db, who, "consultation.read", entity=consultation))
        return await self._as_of(who, consultation, found)

    async def _as_of(self, who: Principal, consultation: str, found: CheckpointTuple) -> Consultation:
        """The result of the version that stands on a checkpoint, with what it was made with then; of a step in between it is made now."""
        checkpoint = found.checkpoint["id"]
        row = await self.consultations.database.read(lambda db: store.version_on(db, who.tenant, consultation, checkpoint))
        if row is not None:
            return Consultation.model_validate_json(zlib.decompress(row["result"]))
        return assemble(consultation, state_of(found), self.consultations.runner.engine.resources, 0.0)

    async def branch(self, who: Principal, consultation: str, place: Branch) -> Item:
        """A new consultation that begins where this one stood; this one is not changed.

        Raises:
            Problem: 404; 409 for a version that was signed or rejected; 422 where neither or both places are named.
        """
        permit(who, "consultation.create")
        if (place.revision is None) == (place.checkpoint is None):
            raise Problem(422, "The request is not as it should be", "name a revision or a checkpoint", field="revision")
        await self._own(who, consultation)
        checkpoint = place.checkpoint or await self._checkpoint_of(who, consultation, place.revision)
        found = await self._checkpoint(consultation, checkpoint)
        if state_of(found).get("outcome"):
            raise Problem(409, "The consultation was over there", "choose an earlier version")
        new, origin, body = new_id(CONSULTATION), f"{consultation}@{place.revision or place.checkpoint}", None
        if any(w[1] == INTERRUPT for w in found.pending_writes or ()):  # it stood at the doctor's turn: there is nothing to run
            result = await self._as_of(who, consultation, found)
            body = zlib.compress(result.model_copy(update={"id": new}).model_dump_json().encode(), 1)
        most = self.consultations.running
        await self.consultations.database.write(lambda db: _reserve(db, who, consultation, new))
        try:
            copied = await _copy(self.consultations.runner.engine.saver, found, new)
            await self.consultations.database.write(lambda db: _add_branch(db, who, consultation, new, copied, body, origin, most))
        except Problem:
            await self.erase_checkpoints([new])
            raise
        self.consultations.runner.submit(who.tenant, new)
        return (await self._item(who, new))[0]

    async def add_patient(self, who: Principal) -> str:
        """A patient's id; whose it is only the caller knows."""
        permit(who, "patient.write")
        patient = new_id(PATIENT)

        def add(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO patient (id, tenant, created) VALUES (?, ?, ?)", (patient, who.tenant, time()))
            audit.record(db, who, "patient.create", entity=patient)

        await self.consultations.database.write(add)
        return patient

    async def erase_patient(self, who: Principal, patient: str) -> int:
        """Delete everything of a patient; the audit keeps ids and acts. Gives how many consultations there were."""
        permit(who, "consultation.delete")

        def erase(db: sqlite3.Connection) -> list[str]:
            if not db.execute("DELETE FROM patient WHERE id = ? AND tenant = ?", (patient, who.tenant)).rowcount:
                raise not_found("patient")
            query = "SELECT id FROM consultation WHERE patient = ? AND tenant = ?"
            gone = [r[0] for r in db.execute(query, (patient, who.tenant))]
            audit.record(db, who, "patient.delete", entity=patient)
            return _erase(db, who, gone)

        gone = await self.consultations.database.write(erase)
        await self.erase_checkpoints(gone)
        return len(gone)

    async def erase_consultation(self, who: Principal, consultation: str) -> None:
        """Delete everything of a consultation."""
        permit(who, "consultation.delete")

        def erase(db: sqlite3.Connection) -> None:
            if store.consultation_row(db, who.tenant, consultation) is None:
                raise not_found("consultation")
            _erase(db, who, [consultation])

        await self.consultations.database.write(erase)
        await self.erase_checkpoints([consultation])

    async def erase_checkpoints(self, threads: Collection[str]) -> bool:
        """Erase what the checkpoint file has of these; False while another process still reads what is left in a log."""
        runner = self.consultations.runner
        for thread in threads:
            await runner.stop(thread)
            await runner.engine.saver.adelete_thread(thread)
        return not threads or (await self.consultations.database.forget() and await runner.engine.saver.forget())

    async def erase_noted(self) -> None:
        """Erase the checkpoints of whatever was deleted of late; started again after a crash it goes on."""
        database, now = self.consultations.database, time()
        query = "SELECT thread, created FROM erasure WHERE created <= ?"
        noted = await database.read(lambda db: [(r[0], r[1]) for r in db.execute(query, (now,))])
        if await self.erase_checkpoints([thread for thread, _ in noted]):
            done = [(thread,) for thread, since in noted if now - since > AGAIN]
            await database.write(lambda db: db.executemany("DELETE FROM erasure WHERE thread = ?", done).close())

    async def _own(self, who: Principal, consultation: str) -> sqlite3.Row:
        permit(who, "consultation.read")
        row = await self.consultations.database.read(lambda db: store.consultation_row(db, who.tenant, consultation))
        if row is None:
            raise not_found("consultation")
        return row

    async def _item(self, who: Principal, consultation: str) -> list[Item]:
        row = await self._own(who, consultation)
        return [Item(**{("patient_id" if k == "patient" else k): row[k] for k in _ITEM})]

    async def _checkpoint(self, consultation: str, checkpoint: str) -> CheckpointTuple:
        config: Any = {"configurable": {"thread_id": consultation, "checkpoint_ns": "", "checkpoint_id": checkpoint}}
        found = await self.consultations.runner.engine.saver.aget_tuple(config)
        if found is None or "presentation" not in found.checkpoint["channel_values"]:
            raise not_found("checkpoint")
        return found

    async def _checkpoint_of(self, who: Principal, consultation: str, revision: int | None) -> str:
        row = await self.consultations.database.read(lambda db: store.version_row(db, who.tenant, consultation, revision))
        if row is None:
            raise not_found("version")
        return str(row["checkpoint"])


_ITEM = ("id", "patient", "status", "outcome", "revision", "created", "updated", "origin")


def _cursor(after: str | None) -> tuple[float, str] | None:
    if after is None:
        return None
    created, _, last = after.partition("~")
    try:
        return float(created), last
    except ValueError:
        raise Problem(422, "The request is not as it should be", "not the `next` of a page", field="after") from None


def _erase(db: sqlite3.Connection, who: Principal, consultations: list[str]) -> list[str]:
    for consultation in consultations:
        audit.record(db, who, "consultation.delete", entity=consultation)
    store.erase(db, who.tenant, consultations, time())
    return consultations


async def _copy(saver: Saver, found: CheckpointTuple, thread: str) -> str:
    """Copy a checkpoint to a new thread, with the mark that it waits; what later acts left on it stays behind."""
    config: Any = {"configurable": {"thread_id": thread, "checkpoint_ns": ""}}
    written = await saver.aput(config, found.checkpoint, found.metadata, found.checkpoint["channel_versions"])
    for task, channel, value in found.pending_writes or ():
        if channel == INTERRUPT:
            await saver.aput_writes(written, [(channel, value)], task)
    return saver.written.pop(thread)


def _reserve(db: sqlite3.Connection, who: Principal, consultation: str, new: str) -> None:
    """Note a thread for erasing, later on: should this process die while it copies, nobody would know of the copy."""
    if store.consultation_row(db, who.tenant, consultation) is None:
        raise not_found("consultation")
    db.execute("INSERT INTO erasure (thread, created) VALUES (?, ?)", (new, time() + AGAIN))


def _add_branch(
    db: sqlite3.Connection, who: Principal, consultation: str, new: str, checkpoint: str, body: bytes | None, origin: str, most: int
) -> None:
    row = store.consultation_row(db, who.tenant, consultation)
    if row is None or not db.execute("DELETE FROM erasure WHERE thread = ?", (new,)).rowcount:
        raise not_found("consultation")  # it was deleted meanwhile
    if body is None:
        check_room(db, who.tenant, most)
    now, run = time(), new_id(RUN)
    store.add_consultation(db, who.tenant, new, patient=row["patient"], case=zlib.decompress(row["case_"]), now=now, origin=origin)
    roles = ",".join(sorted(who.roles))
    store.add_run(db, who.tenant, new, run, action="start", given=b"", revision=None, subject=who.subject, roles=roles, now=now)
    db.execute("UPDATE consultation SET head = ? WHERE id = ?", (checkpoint, new))
    if body is not None:
        db.execute("UPDATE run SET status = 'done', ended = ? WHERE id = ?", (now, run))
        db.execute(
            "INSERT INTO version (consultation, revision, run, action, subject, checkpoint, created, result)"
            " VALUES (?, 1, ?, 'branch', ?, ?, ?, ?)",
            (new, run, who.subject, checkpoint, now, body),
        )
        db.execute("UPDATE consultation SET revision = 1, status = 'paused' WHERE id = ?", (new,))
    audit.record(db, who, "consultation.branch", entity=new, patient=row["patient"] or "")
