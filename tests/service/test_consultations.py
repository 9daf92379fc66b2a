from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.service.conftest import BLISTERS, ZOSTER, Issuer, Running, acted, consulted, listen, run_server, settings_in
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.graphs.events import EVENT


@pytest.fixture
async def doctor(server: Running) -> AsyncIterator[httpx.AsyncClient]:
    """A doctor of a tenant that nobody else has."""
    headers = server.headers("doctor", tenant=f"t{uuid.uuid4().hex[:12]}")
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=30) as client:
        yield client


async def test_a_case_is_taken_in_followed_and_read(doctor: httpx.AsyncClient) -> None:
    answer = await doctor.post("/api/v1/consultations", json={"case": {"text": ZOSTER}})
    assert answer.status_code == 202
    consultation = answer.json()["id"]
    assert answer.headers["location"] == f"/api/v1/consultations/{consultation}"
    heard = await listen(doctor, f"/api/v1/consultations/{consultation}/events")
    events = [EVENT.validate_python(h.data) for h in heard]
    assert [h.id for h in heard] == [str(n) for n in range(1, len(heard) + 1)]
    assert all(e.type == h.type for e, h in zip(events, heard, strict=True))
    assert [h.type for h in heard if h.type in {"run.paused", "run.failed", "run.finished"}] == ["run.paused"]
    view = (await doctor.get(f"/api/v1/consultations/{consultation}")).json()
    assert view["status"] == "paused"
    assert view["revision"] == 1
    result = Consultation.model_validate(view["result"])
    assert result.id == consultation
    assert result.differential[0].id == "herpes-zoster"


async def test_a_stream_is_taken_up_behind_the_last_event_and_is_the_same(doctor: httpx.AsyncClient) -> None:
    consultation = await consulted(doctor)
    path = f"/api/v1/consultations/{consultation}/events"
    whole = await listen(doctor, path)
    for after in (0, 1, 7, len(whole) - 1, len(whole)):
        rest = await listen(doctor, path, headers={"Last-Event-ID": str(after)})
        assert rest == whole[after:]


async def test_the_doctor_answers_edits_and_signs(doctor: httpx.AsyncClient) -> None:
    consultation = await consulted(doctor)
    review = {
        "action": "answer",
        "answers": [{"finding": "nikolsky-sign", "status": "absent"}],
        "reports": [{"kind": "immunofluorescence", "text": "DIF: linear IgG and C3 along the basement membrane zone."}],
        "note": "Itch came three months before the blisters.",
    }
    heard = await acted(doctor, consultation, review=review, revision=1)
    assert heard[-1].type == "run.paused"
    second = (await doctor.get(f"/api/v1/consultations/{consultation}")).json()["result"]
    assert second["version"] == 2
    assert second["differential"][0]["id"] == "bullous-pemphigoid"
    assert "dif-linear-igg-c3-bmz" in next(c for c in second["changes"] if c["diagnosis"] == "bullous-pemphigoid")["because"]
    edit = {"document": "outpatient-record", "section": "chief-complaint", "sentence": 0, "text": "Blisters, two weeks."}
    await acted(doctor, consultation, review={"action": "edit", "edits": [edit]}, revision=2)
    heard = await acted(doctor, consultation, review={"action": "sign"}, revision=3)
    assert heard[-1].data["review"] == "signed"
    draft = (await doctor.get(f"/api/v1/consultations/{consultation}/documents/outpatient-record")).json()
    assert draft["status"] == "signed"
    assert "Blisters, two weeks." in str(draft)
    over = await doctor.post(f"/api/v1/consultations/{consultation}/acts", json={"review": {"action": "sign"}, "revision": 4})
    assert over.status_code == 409
    versions = (await doctor.get(f"/api/v1/consultations/{consultation}/versions")).json()
    assert [(v["revision"], v["action"]) for v in versions] == [(1, "start"), (2, "answer"), (3, "edit"), (4, "sign")]
    assert {v["by"] for v in versions} == {"someone"}


async def test_an_earlier_version_stays_as_it_was(doctor: httpx.AsyncClient) -> None:
    consultation = await consulted(doctor)
    path = f"/api/v1/consultations/{consultation}"
    before = (await doctor.get(path)).json()["result"]
    await acted(doctor, consultation, review={"action": "answer", "note": "There are erosions of the oral mucosa."}, revision=1)
    assert (await doctor.get(f"{path}/versions/1")).json()["result"] == before
    assert (await doctor.get(path)).json()["result"] != before


async def test_a_branch_goes_on_from_an_earlier_version_and_leaves_the_first_alone(doctor: httpx.AsyncClient) -> None:
    consultation = await consulted(doctor)
    await acted(doctor, consultation, review={"action": "reject", "reason": "test"}, revision=1)
    path = f"/api/v1/consultations/{consultation}"
    assert (await doctor.post(f"{path}/branches", json={"revision": 2})).status_code == 409
    branch = (await doctor.post(f"{path}/branches", json={"revision": 1})).json()
    assert branch["origin"] == f"{consultation}@1"
    heard = await acted(doctor, branch["id"], review={"action": "sign"}, revision=1)
    assert heard[-1].type == "run.finished"
    first = (await doctor.get(path)).json()
    assert (first["revision"], first["result"]["review"]) == (2, "rejected")
    checkpoints = (await doctor.get(f"{path}/checkpoints")).json()
    assert [c["counts"] for c in checkpoints] == [True, True]
    then = (await doctor.get(f"{path}/checkpoints/{checkpoints[-1]['id']}")).json()
    assert then["review"] == "pending"
    again = await doctor.post(f"{path}/branches", json={"checkpoint": checkpoints[-1]["id"]})
    assert again.json()["status"] == "paused"


async def test_documents_come_as_json_text_word_and_fhir(doctor: httpx.AsyncClient) -> None:
    consultation = await consulted(doctor, ZOSTER)
    path = f"/api/v1/consultations/{consultation}/documents"
    kinds = [d["kind"] for d in (await doctor.get(path)).json()]
    assert {"outpatient-record", "soap-note", "patient-leaflet"} <= set(kinds)
    one = f"{path}/outpatient-record"
    assert "人工智能" in (await doctor.get(one, params={"format": "text"})).text
    assert (await doctor.get(one, params={"format": "docx"})).content[:2] == b"PK"
    assert (await doctor.get(one, params={"format": "fhir"})).json()["type"] == "document"
    assert (await doctor.get(f"{path}/nothing")).status_code == 422


async def test_a_bundle_and_a_phenopacket_are_cases_too(doctor: httpx.AsyncClient, examples: Path) -> None:
    bundle = json.loads((examples / "syphilis.bundle.json").read_text(encoding="utf-8"))
    packet = json.loads((examples / "neurofibromatosis.phenopacket.json").read_text(encoding="utf-8"))
    assert (await doctor.post("/api/v1/consultations", json={"bundle": bundle})).status_code == 202
    assert (await doctor.post("/api/v1/consultations", json={"phenopacket": packet})).status_code == 202
    both = await doctor.post("/api/v1/consultations", json={"bundle": bundle, "case": {"text": ZOSTER}})
    assert (both.status_code, both.json()["field"]) == (422, "case")
    wrong = await doctor.post("/api/v1/consultations", json={"bundle": {"resourceType": "Bundle", "entry": []}})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "type")


async def test_a_callers_name_for_a_case_is_not_kept(doctor: httpx.AsyncClient, server: Running) -> None:
    mark = f"MRN{uuid.uuid4().hex}"
    await consulted(doctor, id=mark)
    for path in server.settings.files.rglob("*.sqlite*"):
        assert mark.encode() not in path.read_bytes(), path.name


async def test_the_same_key_gives_the_same_consultation_and_another_body_is_refused(doctor: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k1"}
    body = {"case": {"text": ZOSTER}}
    answers = await asyncio.gather(*(doctor.post("/api/v1/consultations", json=body, headers=headers) for _ in range(10)))
    assert {a.status_code for a in answers} == {202}
    assert len({a.json()["id"] for a in answers}) == 1
    other = await doctor.post("/api/v1/consultations", json={"case": {"text": BLISTERS}}, headers=headers)
    assert (other.status_code, other.json()["field"]) == (422, "Idempotency-Key")


async def test_another_tenant_sees_nothing(doctor: httpx.AsyncClient, server: Running) -> None:
    consultation = await consulted(doctor)
    stranger = server.headers("doctor", "admin", tenant=f"t{uuid.uuid4().hex[:12]}")
    path = f"/api/v1/consultations/{consultation}"
    async with httpx.AsyncClient(base_url=server.url, headers=stranger) as other:
        for method, where in (
            ("GET", path), ("GET", f"{path}/events"), ("GET", f"{path}/documents"), ("GET", f"{path}/documents/soap-note"),
            ("GET", f"{path}/versions"), ("GET", f"{path}/versions/1"), ("GET", f"{path}/checkpoints"), ("DELETE", path),
            ("POST", f"{path}/cancel"), ("POST", f"{path}/retry"),
        ):  # fmt: skip
            assert (await other.request(method, where)).status_code == 404, where
        assert (await other.post(f"{path}/acts", json={"review": {"action": "sign"}, "revision": 1})).status_code == 404
        assert (await other.post(f"{path}/branches", json={"revision": 1})).status_code == 404
        assert (await other.get("/api/v1/consultations")).json()["items"] == []


async def test_a_stale_or_second_act_is_refused(doctor: httpx.AsyncClient) -> None:
    consultation = await consulted(doctor)
    path = f"/api/v1/consultations/{consultation}/acts"
    await acted(doctor, consultation, review={"action": "answer", "note": "Fever since yesterday."}, revision=1)
    stale = await doctor.post(path, json={"review": {"action": "sign"}, "revision": 1})
    assert (stale.status_code, stale.json()["revision"]) == (409, 2)
    unnamed = await doctor.post(path, json={"review": {"action": "sign"}})
    assert (unnamed.status_code, unnamed.json()["field"]) == (422, "revision")
    both = await asyncio.gather(*(doctor.post(path, json={"review": {"action": "sign"}, "revision": 2}) for _ in range(5)))
    assert sorted(a.status_code for a in both) == [202, 409, 409, 409, 409]


async def test_a_hundred_posts_at_once_make_one_line_and_lose_nothing(doctor: httpx.AsyncClient) -> None:
    consultation = await consulted(doctor)
    path = f"/api/v1/consultations/{consultation}"
    notes = [f"Addendum number {n}." for n in range(100)]
    posts = (doctor.post(f"{path}/acts", json={"review": {"action": "answer", "note": n}, "if_busy": "enqueue"}) for n in notes)
    answers = await asyncio.gather(*posts)
    assert {a.status_code for a in answers} == {202}
    await asyncio.gather(*(listen(doctor, f"{path}/events", params={"run": a.json()["run"]}) for a in answers))
    versions = (await doctor.get(f"{path}/versions")).json()
    assert [v["revision"] for v in versions] == list(range(1, 102))
    checkpoints = (await doctor.get(f"{path}/checkpoints")).json()
    assert sum(c["counts"] for c in checkpoints) == 101
    result = (await doctor.get(path)).json()["result"]
    assert result["version"] == 101
    text = (await doctor.get(f"{path}/documents/outpatient-record", params={"format": "text"})).text
    assert text
    reject = [doctor.post(f"{path}/acts", json={"review": {"action": "answer", "note": n}, "revision": 101}) for n in notes[:20]]
    codes = sorted(a.status_code for a in await asyncio.gather(*reject))
    assert codes == [202] + [409] * 19


async def test_a_list_goes_through_pages_and_keeps_to_the_patient(doctor: httpx.AsyncClient) -> None:
    patient = (await doctor.post("/api/v1/patients")).json()["id"]
    mine = [
        (await doctor.post("/api/v1/consultations", json={"case": {"text": ZOSTER}, "patient_id": patient})).json()["id"] for _ in range(3)
    ]
    others = [(await doctor.post("/api/v1/consultations", json={"case": {"text": ZOSTER}})).json()["id"] for _ in range(2)]
    seen: list[str] = []
    after: str | None = None
    while True:
        page = (await doctor.get("/api/v1/consultations", params={"limit": 2, **({"after": after} if after else {})})).json()
        seen += [i["id"] for i in page["items"]]
        if (after := page["next"]) is None:
            break
    assert seen == [*reversed(others), *reversed(mine)]
    own = (await doctor.get("/api/v1/consultations", params={"patient": patient})).json()["items"]
    assert [i["id"] for i in own] == list(reversed(mine))
    unknown = await doctor.post("/api/v1/consultations", json={"case": {"text": ZOSTER}, "patient_id": "p_" + "0" * 32})
    assert (unknown.status_code, unknown.json()["field"]) == (422, "patient_id")


async def test_everything_of_a_patient_is_deleted_down_to_the_bytes(doctor: httpx.AsyncClient, server: Running) -> None:
    mark = f"marker{uuid.uuid4().hex}"
    patient = (await doctor.post("/api/v1/patients")).json()["id"]
    body = {"case": {"text": f"{ZOSTER} {mark}"}, "patient_id": patient}
    consultation = (await doctor.post("/api/v1/consultations", json=body)).json()["id"]
    await listen(doctor, f"/api/v1/consultations/{consultation}/events")
    await acted(doctor, consultation, review={"action": "answer", "note": f"More: {mark}."}, revision=1)
    assert (await doctor.delete(f"/api/v1/patients/{patient}")).status_code == 403
    who = server.issuer.token("doctor", "admin", tenant=_tenant(doctor))
    gone = await doctor.delete(f"/api/v1/patients/{patient}", headers={"Authorization": f"Bearer {who}"})
    assert gone.json() == {"consultations": 1}
    assert (await doctor.get(f"/api/v1/consultations/{consultation}")).status_code == 404
    for path in server.settings.files.rglob("*.sqlite*"):
        assert mark.encode() not in path.read_bytes(), path.name


def _tenant(client: httpx.AsyncClient) -> str:
    import jwt

    claims = jwt.decode(client.headers["authorization"].split()[1], options={"verify_signature": False})
    return str(claims["tenant"])


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "case"),
        ({"case": {"text": " "}}, 422, "case.text"),
        ({"case": {"text": ZOSTER, "patient": {"age": 400}}}, 422, "case.patient.age"),
        ({"case": {"text": ZOSTER}, "colour": 1}, 422, "colour"),
        ({"case": {"text": ZOSTER}, "patient_id": "../../etc"}, 422, "patient_id"),
    ],
)
async def test_a_case_that_cannot_be_worked_on_is_refused_by_field(
    client: httpx.AsyncClient, body: dict[str, object], status: int, field: str
) -> None:
    answer = await client.post("/api/v1/consultations", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["field"] == field
    assert ZOSTER not in answer.text


async def test_a_case_that_contradicts_itself_fails_by_field_and_can_be_deleted(doctor: httpx.AsyncClient, server: Running) -> None:
    answer = await doctor.post("/api/v1/consultations", json={"case": {"text": "张三，男，45岁，红斑", "patient": {"age": 5}}})
    path = f"/api/v1/consultations/{answer.json()['id']}"
    heard = await listen(doctor, f"{path}/events")
    assert heard[-1].type == "run.failed"
    assert "patient.age" in heard[-1].data["reason"]
    assert "张三" not in heard[-1].data["reason"]
    view = (await doctor.get(path)).json()
    assert (view["status"], view["revision"], view["result"]) == ("failed", 0, None)
    assert (await doctor.get(f"{path}/documents")).status_code == 409
    assert (await doctor.post(f"{path}/acts", json={"review": {"action": "answer", "note": "x"}})).status_code == 409
    admin = server.headers("admin", tenant=_tenant(doctor))
    assert (await doctor.delete(path, headers=admin)).status_code == 204
    assert (await doctor.get(path)).status_code == 404


async def test_a_slow_body_is_refused_in_time(server: Running, resources: Resources, tmp_path: Path, issuer: Issuer) -> None:
    for running in run_server(settings_in(tmp_path, issuer, body_seconds=0.3), resources, issuer):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(running.url.rsplit(":", 1)[1]))
        authorization = running.headers()["Authorization"]
        head = f"POST /api/v1/consultations HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        began = time.perf_counter()
        answer = await asyncio.wait_for(reader.read(), 10)
        assert time.perf_counter() - began < 3
        assert b" 408 " in answer.split(b"\r\n")[0]
        writer.close()


async def test_bodies_that_are_no_json_or_too_large_are_refused(client: httpx.AsyncClient, server: Running) -> None:
    path = "/api/v1/consultations"
    broken = await client.post(path, content=b'{"case": ', headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["detail"]) == (422, "the body is not well-formed JSON")
    form = await client.post(path, content=b"case=x", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert form.status_code in {415, 422}
    large = await client.post(path, content=b" " * (server.settings.max_body + 1), headers={"Content-Type": "application/json"})
    assert (large.status_code, large.headers["content-type"]) == (413, "application/problem+json")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(server.settings.max_body // 50_000 + 2):
            yield b" " * 50_000

    streamed = await client.post(path, content=endless(), headers={"Content-Type": "application/json"})
    assert streamed.status_code == 413


@pytest.mark.parametrize("bad", ["..%2f..%2fetc", "c_1", "C_" + "0" * 32, "c_" + "g" * 32, "%00", "c_" + "0" * 33])
async def test_ids_that_are_none_are_refused(client: httpx.AsyncClient, bad: str) -> None:
    answer = await client.get(f"/api/v1/consultations/{bad}")
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"
