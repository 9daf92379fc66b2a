"""What front ends do with consultations: create, act, follow, view. Every query carries the caller's tenant."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from time import time

from yingzhi.clinical.acknowledgement import Acknowledgement, DrugRole
from yingzhi.clinical.consultation import Consultation, Review
from yingzhi.clinical.document import Documentation
from yingzhi.clinical.errors import CaseError
from yingzhi.graphs.review import edited
from yingzhi.service import audit
from yingzhi.service.following import Following, permit
from yingzhi.service.identity.principal import Permission, Principal, Role
from yingzhi.service.identity.refusals import too_many
from yingzhi.service.ids import new_id
from yingzhi.service.problems import Problem, not_found
from yingzhi.service.sizes import check_addition, check_size
from yingzhi.service.store import leases
from yingzhi.service.store import rows as store
from yingzhi.service.wire import CONSULTATION, RUN, Act, Admitted, NewConsultation, View
from yingzhi.tools.intake import check_presentation

PERMISSION: dict[str, Permission] = {
    "answer": "consultation.answer",
    "edit": "consultation.edit",
    "sign": "consultation.sign",
    "reject": "consultation.sign",
}
READ_WITH = {"answers": {"answer"}, "reports": {"answer"}, "note": {"answer"}, "acknowledged": {"answer"}, "edits": {"edit", "sign"}}
"""What an act may bring; with another it would be lost without a word."""
AS_WHOM: dict[DrugRole, frozenset[Role]] = {
    "prescriber": frozenset({"doctor", "service"}),
    "pharmacist": frozenset({"pharmacist", "service"}),
    "nurse": frozenset({"nurse", "service"}),
}
"""In whose name a role may acknowledge a drug problem; a hospital's own system passes on what its clinicians did."""


@dataclass(slots=True)
class Consultations(Following):
    """The consultations of all tenants; each call names who asks.

    Attributes:
        running: Runs of one tenant at work or waiting, at most.
    """

    running: int = 1000

    async def create(self, who: Principal, new: NewConsultation, *, key: str | None = None) -> Admitted:
        """Take a case in; once this returns it will be worked on, whatever happens to this process.

        Args:
            who: Who asks.
            new: The case.
            key: Idempotency-Key; the same with the same body gives what the first call gave.

        Raises:
            Problem: 422 for a case that can't be worked on, an unknown patient or a key used for something else.
        """
        permit(who, "consultation.create")
        _check_acknowledged(who, new.case.acknowledged, "case.acknowledged")
        try:
            check_size(new.case)
            check_presentation(new.case)
        except CaseError as error:
            raise Problem(422, "The case can't be worked on", _sentence(error), field=f"case.{error.field}".rstrip(".")) from None
        key = hashlib.sha256(key.encode()).hexdigest() if key is not None else None
        given = new.case.model_copy(update={"id": "case"}).model_dump_json().encode()  # a caller's name for it is not kept
        digest = hashlib.sha256(new.model_dump_json().encode()).hexdigest()
        admitted = await self.database.write(lambda db: self._admit(db, who, new, given, digest, key))
        self.runner.submit(who.tenant, admitted.id)
        return admitted

    def _admit(self, db: sqlite3.Connection, who: Principal, new: NewConsultation, given: bytes, digest: str, key: str | None) -> Admitted:
        if key is not None and (known := _known_key(db, who.tenant, key, digest)):
            return known
        if new.patient_id is not None:
            query = "SELECT 1 FROM patient WHERE id = ? AND tenant = ?"
            if db.execute(query, (new.patient_id, who.tenant)).fetchone() is None:
                raise Problem(422, "The request is not as it should be", "there is no such patient", field="patient_id")
        check_room(db, who.tenant, self.running)
        now, consultation, run = time(), new_id(CONSULTATION), new_id(RUN)
        store.add_consultation(db, who.tenant, consultation, patient=new.patient_id, case=given, now=now)
        _add_run(db, who, consultation, run, "start", given, None, now)
        if key is not None:
            values = (who.tenant, key, digest, consultation, run, now)
            db.execute("INSERT INTO idempotency (tenant, key, digest, consultation, run, created) VALUES (?, ?, ?, ?, ?, ?)", values)
        audit.record(db, who, "consultation.create", entity=consultation, patient=new.patient_id or "")
        return Admitted(id=consultation, run=run, revision=0)

    async def act(self, who: Principal, consultation: str, act: Act) -> Admitted:
        """Take the doctor's act in.

        Raises:
            Problem: 404; 403; 409 while a run is at work, when it is over, or when the revision is stale; 422 for an act that names
                what is not there.
        """
        review = act.review.model_copy(update={"by": who.subject[:200]})
        permit(who, PERMISSION[review.action])
        _check_acknowledged(who, review.acknowledged, "review.acknowledged")
        if review.action != "answer" and act.revision is None:
            raise Problem(422, "The request is not as it should be", "needed to edit, sign or reject", field="revision")
        self._check_review(review)
        if review.edits:
            await self.database.read(lambda db: _check_edits(db, who, consultation, act.revision, review))
        given = review.model_dump_json().encode()
        admitted = await self.database.write(lambda db: self._admit_act(db, who, consultation, act, review, given))
        self.runner.submit(who.tenant, consultation)
        return admitted

    def _admit_act(self, db: sqlite3.Connection, who: Principal, consultation: str, act: Act, review: Review, given: bytes) -> Admitted:
        row = store.consultation_row(db, who.tenant, consultation)
        if row is None:
            raise not_found("consultation")
        revision = row["revision"]
        if row["outcome"]:
            raise Problem(409, "The consultation is over", f"it was {row['outcome']}", more={"revision": revision})
        if store.busy(db, who.tenant, consultation):
            if act.if_busy == "reject":
                raise Problem(
                    409, "The consultation is busy", "a run is at work", headers={"Retry-After": "1"}, more={"revision": revision}
                )
        elif not revision:
            raise Problem(409, "The consultation has no result", "its first run came to nothing", more={"revision": 0})
        if act.revision is not None and act.revision != revision:
            raise Problem(409, "The revision is stale", f"it stands at {revision}", field="revision", more={"revision": revision})
        check_room(db, who.tenant, self.running)
        run = new_id(RUN)
        _add_run(db, who, consultation, run, review.action, given, act.revision, time())
        audit.record(db, who, f"consultation.{review.action}", entity=consultation, patient=row["patient"] or "")
        return Admitted(id=consultation, run=run, revision=revision)

    def _check_review(self, review: Review) -> None:
        for field, actions in READ_WITH.items():
            if getattr(review, field) and review.action not in actions:
                raise Problem(422, "The request is not as it should be", f"not read with `{review.action}`", field=f"review.{field}")
        try:
            check_addition(review)
        except CaseError as error:
            raise Problem(422, "The act can't be worked on", _sentence(error), field=f"review.{error.field}".rstrip(".")) from None
        for number, answer in enumerate(review.answers):
            if answer.finding not in self.runner.engine.resources.knowledge.findings:
                raise Problem(
                    422, "The request is not as it should be", "not a finding of the lexicon", field=f"review.answers.{number}.finding"
                )

    async def view(self, who: Principal, consultation: str, version: int | None = None, *, act: audit.Act = "consultation.read") -> View:
        """The consultation with the result of its newest, or an earlier, revision.

        Args:
            who: Who asks.
            consultation: Which.
            version: Which revision; the newest by default.
            act: What the audit calls it.

        Raises:
            Problem: 404, also for another tenant's.
        """
        view, result = await self._seen(who, consultation, version, act)
        return view if result is None else view.model_copy(update={"result": Consultation.model_validate_json(result)})

    async def view_json(self, who: Principal, consultation: str, version: int | None = None) -> bytes:
        """The same as JSON, without reading the stored result."""
        view, result = await self._seen(who, consultation, version, "consultation.read")
        whole = view.model_dump_json().encode()
        return whole if result is None else whole.removesuffix(b"null}") + result + b"}"

    async def _seen(self, who: Principal, consultation: str, version: int | None, act: audit.Act) -> tuple[View, bytes | None]:
        permit(who, "consultation.read")
        row, run, found = await self.database.read(lambda db: _look(db, who.tenant, consultation, version))
        if row is None or run is None:
            raise not_found("consultation")
        if version is not None and found is None:
            raise not_found("version")
        await self.database.write(lambda db: audit.record(db, who, act, entity=consultation, patient=row["patient"] or ""))
        view = View(
            id=row["id"], status=row["status"], revision=row["revision"], run=run["id"], patient_id=row["patient"],
            created=row["created"], updated=row["updated"], origin=row["origin"], result=None,
        )  # fmt: skip
        return view, None if found is None else zlib.decompress(found["result"])

    async def retry(self, who: Principal, consultation: str) -> Admitted:
        """Begin a consultation again that never came to a result.

        Raises:
            Problem: 404; 409 where there is a result, or a run is at work.
        """
        permit(who, "consultation.create")
        admitted = await self.database.write(lambda db: _again(db, who, consultation, self.running))
        self.runner.submit(who.tenant, consultation)
        return admitted

    async def cancel(self, who: Principal, consultation: str) -> None:
        """End what is at work or waits; the consultation stays where it was before.

        Raises:
            Problem: 404.
        """
        permit(who, "consultation.answer")
        runs = await self.database.write(lambda db: _ask_to_cancel(db, who, consultation))
        self.runner.cancel(who.tenant, consultation, runs)

    async def cancel_run(self, who: Principal, consultation: str, run: str) -> None:
        """End one run, if it is still open; its reader went away."""
        runs = await self.database.write(lambda db: leases.ask_to_cancel(db, who.tenant, consultation, run))
        self.runner.cancel(who.tenant, consultation, runs)

    async def leave(self, who: Principal, consultation: str, run: str) -> None:
        """End a run whose reader went away, unless another follows it; when the process stops, readers go without wanting to."""
        if not self.closing.is_set() and not self.runner.engine.feeds.followed(run):
            await self.cancel_run(who, consultation, run)


def _sentence(error: CaseError) -> str:
    return str(error).removeprefix(f"{error.field}: ")


def check_room(db: sqlite3.Connection, tenant: str, most: int) -> None:
    """Refuse another run of a tenant that has so many.

    Raises:
        Problem: 429.
    """
    if store.open_runs(db, tenant, most) >= most:
        raise too_many(f"{most} consultations of this tenant are at work, which is the most at once", 5)


def _check_acknowledged(who: Principal, acknowledged: Sequence[Acknowledgement], field: str) -> None:
    """Nobody acknowledges in another's name."""
    for number, one in enumerate(acknowledged):
        if who.roles.isdisjoint(AS_WHOM[one.role]):
            raise Problem(403, "Not allowed", f"nobody of your roles acknowledges as {one.role}", field=f"{field}.{number}.role")


def _known_key(db: sqlite3.Connection, tenant: str, key: str, digest: str) -> Admitted | None:
    row = db.execute("SELECT * FROM idempotency WHERE tenant = ? AND key = ?", (tenant, key)).fetchone()
    if row is None:
        return None
    if row["digest"] != digest:
        raise Problem(422, "The key was used for another request", "take a new one", field="Idempotency-Key")
    return Admitted(id=row["consultation"], run=row["run"], revision=0)


def _add_run(
    db: sqlite3.Connection,
    who: Principal,
    consultation: str,
    run: str,
    action: store.Action,
    given: bytes,
    revision: int | None,
    now: float,
) -> None:
    roles = ",".join(sorted(who.roles))
    store.add_run(
        db, who.tenant, consultation, run, action=action, given=given, revision=revision, subject=who.subject, roles=roles, now=now
    )


def _check_edits(db: sqlite3.Connection, who: Principal, consultation: str, revision: int | None, review: Review) -> None:
    row = store.version_row(db, who.tenant, consultation, revision)
    if row is None:  # that it is not there is told where it is taken in
        return
    result = Consultation.model_validate_json(zlib.decompress(row["result"]))
    if result.referral is None:
        raise Problem(422, "The request is not as it should be", "there are no drafts", field="review.edits")
    try:
        edited(Documentation(documents=result.documents, referral=result.referral), review.edits)
    except CaseError as error:
        raise Problem(422, "The request is not as it should be", _sentence(error), field=f"review.{error.field}") from None


def _look(
    db: sqlite3.Connection, tenant: str, consultation: str, version: int | None
) -> tuple[sqlite3.Row | None, sqlite3.Row | None, sqlite3.Row | None]:
    row = store.consultation_row(db, tenant, consultation)
    return row, store.run_row(db, tenant, consultation), store.version_row(db, tenant, consultation, version)


def _again(db: sqlite3.Connection, who: Principal, consultation: str, running: int) -> Admitted:
    row = store.consultation_row(db, who.tenant, consultation)
    if row is None:
        raise not_found("consultation")
    if row["revision"] or store.busy(db, who.tenant, consultation):
        raise Problem(409, "The consultation need not begin again", f"it is {row['status']}", more={"revision": row["revision"]})
    check_room(db, who.tenant, running)
    run = new_id(RUN)
    _add_run(db, who, consultation, run, "start", zlib.decompress(row["case_"]) if row["head"] is None else b"", None, time())
    audit.record(db, who, "consultation.create", entity=consultation)
    return Admitted(id=consultation, run=run, revision=0)


def _ask_to_cancel(db: sqlite3.Connection, who: Principal, consultation: str) -> list[str]:
    if store.consultation_row(db, who.tenant, consultation) is None:
        raise not_found("consultation")
    audit.record(db, who, "consultation.cancel", entity=consultation)
    return leases.ask_to_cancel(db, who.tenant, consultation)
