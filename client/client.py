"""The client: one method a route, models in and out, a stream that takes itself up again."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from types import TracebackType
from typing import Any, Literal

import httpx
from pydantic import TypeAdapter

from yingzhi.client.errors import Refused, Unreachable, raise_for
from yingzhi.clinical.consultation import Consultation, Review
from yingzhi.clinical.document import Document, DocumentKind
from yingzhi.clinical.medication import DrugPatient, MedicationReview
from yingzhi.clinical.presentation import Medication, Presentation
from yingzhi.graphs.events import EVENT, TERMINAL, Event, RunFailed
from yingzhi.service.wire import Admitted, Branch, Checkpoint, Item, Page, Status, Version, View

ATTEMPTS = 12
"""Times that a stream is taken up again without a new event in between: within 45 seconds a server has stopped and started."""
LONGEST = 5.0
"""Seconds between two of them at most."""
VERSIONS = TypeAdapter(list[Version])
CHECKPOINTS = TypeAdapter(list[Checkpoint])


class Client:
    """An async context manager.

    Args:
        url: Address of the service, e.g. `http://127.0.0.1:8321`.
        token: A token of the issuer or an API key; none in development mode.
        timeout: Seconds that an answer, or the next event of a stream, may take.
        http: An own HTTP client, with its proxy and certificates; its base address and headers are used as they are.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 60.0, http: httpx.AsyncClient | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = http or httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout)

    async def __aenter__(self) -> Client:
        """Open."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def consult(self, case: Presentation, *, patient_id: str | None = None) -> Consultation:
        """Begin a consultation and wait for its result.

        Raises:
            Refused: The case can't be worked on, or its run failed.
            Unreachable: The service can't be reached.
        """
        admitted = await self.create(case, patient_id=patient_id)
        async for event in self.events(admitted.id, admitted.run):
            if isinstance(event, RunFailed):
                raise Refused(event.reason, 422, event.reason.partition(": ")[0] if ": " in event.reason else "")
        view = await self.get(admitted.id)
        if view.result is None:
            raise Unreachable(f"the consultation is {view.status}")
        return view.result

    async def create(self, case: Presentation, *, patient_id: str | None = None, key: str | None = None) -> Admitted:
        """Begin a consultation.

        Args:
            case: The case.
            patient_id: Id from `add_patient`.
            key: Idempotency-Key; one is made when None, so that a request that is sent again begins nothing twice.
        """
        body: dict[str, Any] = {"case": case.model_dump(mode="json", exclude_unset=True)}
        if patient_id is not None:
            body["patient_id"] = patient_id
        answer = await self._send("POST", "/consultations", json=body, headers={"Idempotency-Key": key or uuid.uuid4().hex}, again=True)
        return Admitted.model_validate_json(answer.content)

    async def act(
        self, consultation: str, review: Review, *, revision: int | None = None, if_busy: Literal["reject", "enqueue"] = "reject"
    ) -> Admitted:
        """Answer, add, edit, reject or sign.

        Args:
            consultation: Which.
            review: The act.
            revision: What it is meant for; needed to edit, reject and sign.
            if_busy: Whether to wait in line behind a run that is at work.

        Raises:
            Conflict: A run is at work, the revision is stale or the consultation is over.
        """
        body = {"review": review.model_dump(mode="json", exclude_unset=True), "revision": revision, "if_busy": if_busy}
        answer = await self._send("POST", f"/consultations/{consultation}/acts", json=body)
        return Admitted.model_validate_json(answer.content)

    async def events(
        self, consultation: str, run: str | None = None, *, after: int = 0, on_disconnect: Literal["continue", "cancel"] = "continue"
    ) -> AsyncIterator[Event]:
        """The run's events behind a seq, to its terminal event; a stream that breaks off is taken up again where it was.

        There are none behind the terminal event.

        Raises:
            Unreachable: It could not be taken up again.
        """
        path, which = f"/api/v1/consultations/{consultation}/events", {"run": run} if run else {}
        missed = 0
        while missed < ATTEMPTS:
            try:
                async for event in self._listen(path, {**which, "after": after, "on_disconnect": on_disconnect}):
                    yield event
                    after, missed = event.seq, 0
                    if isinstance(event, TERMINAL):
                        return
                if missed and after and await self._ended_at(path, {**which, "after": after - 1}):
                    return
            except (httpx.TransportError, Unreachable):
                pass
            missed += 1
            await asyncio.sleep(min(0.1 * 2**missed, LONGEST))
        raise Unreachable("the stream broke off and could not be taken up again")

    async def _ended_at(self, path: str, params: dict[str, Any]) -> bool:
        """Whether what comes next is a terminal event."""
        async with aclosing(self._listen(path, params)) as events:
            async for event in events:
                return isinstance(event, TERMINAL)
        return False

    async def _listen(self, path: str, params: dict[str, Any]) -> AsyncGenerator[Event]:
        async with self._http.stream("GET", path, params=params) as response:
            if not response.is_success:
                await response.aread()
                raise_for(response)
            async for line in _lines(response):
                if line.startswith(b"data: "):
                    yield EVENT.validate_json(line[6:])

    async def get(self, consultation: str, revision: int | None = None) -> View:
        """The consultation as it stands, or as a revision has it."""
        path = f"/consultations/{consultation}" + (f"/versions/{revision}" if revision else "")
        return View.model_validate_json((await self._send("GET", path, again=True)).content)

    async def page(self, *, patient: str | None = None, status: Status | None = None, after: str | None = None, limit: int = 50) -> Page:
        """A page of consultations, newest first."""
        given = {"patient": patient, "status": status, "after": after, "limit": limit}
        params = {k: v for k, v in given.items() if v is not None}
        return Page.model_validate_json((await self._send("GET", "/consultations", params=params, again=True)).content)

    async def versions(self, consultation: str) -> list[Version]:
        """Every version, oldest first."""
        return VERSIONS.validate_json((await self._send("GET", f"/consultations/{consultation}/versions", again=True)).content)

    async def checkpoints(self, consultation: str) -> list[Checkpoint]:
        """The states that the graph was in, newest first."""
        return CHECKPOINTS.validate_json((await self._send("GET", f"/consultations/{consultation}/checkpoints", again=True)).content)

    async def branch(self, consultation: str, *, revision: int | None = None, checkpoint: str | None = None) -> Item:
        """A new consultation that begins at a version or checkpoint of this one."""
        place = Branch(revision=revision, checkpoint=checkpoint).model_dump()
        return Item.model_validate_json((await self._send("POST", f"/consultations/{consultation}/branches", json=place)).content)

    async def document(self, consultation: str, kind: DocumentKind, *, revision: int | None = None) -> Document:
        """A draft."""
        params = {"revision": revision} if revision else {}
        path = f"/consultations/{consultation}/documents/{kind}"
        return Document.model_validate_json((await self._send("GET", path, params=params, again=True)).content)

    async def document_file(self, consultation: str, kind: DocumentKind, format: Literal["text", "docx", "fhir"]) -> bytes:
        """A draft as a file."""
        path = f"/consultations/{consultation}/documents/{kind}"
        return (await self._send("GET", path, params={"format": format}, again=True)).content

    async def cancel(self, consultation: str) -> None:
        """End what is at work."""
        await self._send("POST", f"/consultations/{consultation}/cancel", again=True)

    async def delete(self, consultation: str) -> None:
        """Delete everything of a consultation."""
        await self._send("DELETE", f"/consultations/{consultation}")

    async def add_patient(self) -> str:
        """An id to keep a patient's consultations together."""
        return str((await self._send("POST", "/patients")).json()["id"])

    async def delete_patient(self, patient: str) -> int:
        """Delete everything of a patient; gives how many consultations there were."""
        return int((await self._send("DELETE", f"/patients/{patient}")).json()["consultations"])

    async def check_drugs(
        self, proposed: list[Medication], current: list[Medication] | None = None, patient: DrugPatient | None = None
    ) -> MedicationReview:
        """Judge drugs against one another and against the patient."""
        body = {
            "proposed": [m.model_dump(mode="json") for m in proposed],
            "current": [m.model_dump(mode="json") for m in current or []],
            "patient": (patient or DrugPatient()).model_dump(mode="json"),
        }
        return MedicationReview.model_validate_json((await self._send("POST", "/drugs/check", json=body, again=True)).content)

    async def _send(self, method: str, path: str, *, again: bool = False, **options: Any) -> httpx.Response:
        """A request; one that may be sent twice is, once, where the connection broke."""
        for attempt in range(2 if again else 1):
            try:
                response = await self._http.request(method, f"/api/v1{path}", **options)
            except httpx.TransportError as error:
                if attempt or not again:
                    raise Unreachable(f"the service can't be reached ({type(error).__name__})") from None
                await asyncio.sleep(0.2)
                continue
            raise_for(response)
            return response
        raise AssertionError("not reached")


async def _lines(response: httpx.Response) -> AsyncIterator[bytes]:
    """Lines as server-sent events have them; `aiter_lines` also breaks at characters that may stand in the words of a case."""
    rest = b""
    async for piece in response.aiter_bytes():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line
