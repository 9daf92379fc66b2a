"""The endpoints against the real server: discovery, calls, feedback, and who gets in."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import uuid
from typing import Any

import httpx
import pytest

from tests.service.cds import specification
from tests.service.cds.calls import Json, bundle, call, order
from tests.service.conftest import Running
from yingzhi.service.cds import tally
from yingzhi.service.cds.reasons import REASONS, REASONS_SYSTEM

SERVICES = {"yingzhi-patient-view": "patient-view", "yingzhi-order-select": "order-select", "yingzhi-order-sign": "order-sign"}
SIGN = "/cds-services/yingzhi-order-sign"
NOW = "2026-03-02T08:15:00Z"


def pair() -> Json:
    """A call that gives a critical card, with a hook instance of its own."""
    body = call("order-sign", [order("trimethoprim", "d1", "draft")], requests=bundle(order("methotrexate")))
    return body | {"hookInstance": str(uuid.uuid4())}


def asked(server: Running, tenant: str, *roles: str, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.url, headers=server.headers(*roles, tenant=tenant) | headers, timeout=30)


async def counted(server: Running, tenant: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await server.context.database.read(lambda db: tally(db, tenant))]


@pytest.mark.parametrize(
    ("accept", "named", "word"), [("en", "en", "red flags"), ("zh-CN,zh;q=0.9", "zh-Hans", "危险信号"), ("", "zh-Hans", "危险信号")]
)
async def test_the_discovery_lists_three_services_in_the_readers_language(server: Running, accept: str, named: str, word: str) -> None:
    async with asked(server, "cds", **{"Accept-Language": accept}) as client:
        answer = await client.get("/cds-services")
    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == named
    listed = specification.Discovery.model_validate(answer.json()).services
    assert {s.id: s.hook for s in listed} == SERVICES
    assert all(s.prefetch and s.prefetch["patient"] == "Patient/{{context.patientId}}" for s in listed)
    assert word in (listed[0].title or "")


async def test_a_call_is_answered_as_the_specification_has_it(server: Running) -> None:
    async with asked(server, "cds", **{"Accept-Language": "en"}) as client:
        answer = await client.post(SIGN, json=pair())
    assert answer.status_code == 200, answer.text
    cards = specification.Response.model_validate(answer.json()).cards
    assert cards[0].indicator == "critical"
    assert [r.code for r in cards[0].overrideReasons or ()] == list(REASONS)
    assert "systemActions" not in answer.json()
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("role", ["doctor", "nurse", "pharmacist", "service"])
async def test_who_cares_for_patients_may_call(server: Running, role: str) -> None:
    async with asked(server, "cds", role) as client:
        assert (await client.post(SIGN, json=pair())).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/cds-services"), ("POST", SIGN), ("POST", f"{SIGN}/feedback")])
async def test_nobody_else_gets_in(server: Running, method: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=server.url) as stranger:
        answer = await stranger.request(method, path, json=pair())
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    for role in ("admin", "researcher"):
        async with asked(server, "cds", role) as client:
            assert (await client.request(method, path, json=pair())).status_code == 403


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        (SIGN, {"prefetch": {"patient": {"resourceType": "Patient", "birthDate": "soon"}}}, 422, "prefetch.patient.birthDate"),
        (SIGN, {"hookInstance": "x"}, 422, "hookInstance"),
        (SIGN, {"hook": "patient-view"}, 422, "hook"),
        (SIGN, {"surprise": 1}, 422, "surprise"),
        (SIGN, {"context": {"patientId": "p1"}}, 422, "context.userId"),
        ("/cds-services/yingzhi-patient-view", {"hook": "patient-view", "prefetch": {}}, 412, "prefetch.patient"),
        ("/cds-services/nothing", {}, 404, "service"),
        ("/cds-services/..%2F..%2Fetc", {}, 404, ""),
        (f"{SIGN}/feedback", {}, 422, "feedback"),
    ],
)
async def test_a_wrong_call_is_a_problem_that_names_the_field(server: Running, path: str, body: Json, status: int, field: str) -> None:
    whole = body if path.endswith("feedback") else pair() | body
    async with asked(server, "cds") as client:
        answer = await client.post(path, json=whole)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json().get("field", "") == field or not field
    assert "soon" not in answer.text


async def test_bodies_that_are_no_json_are_refused(server: Running) -> None:
    async with asked(server, "cds") as client:
        for content, kind in ((b"{", "application/json"), (b"\xff\xfe", "application/json"), (b"a=b", "application/x-www-form-urlencoded")):
            answer = await client.post(SIGN, content=content, headers={"Content-Type": kind})
            assert 400 <= answer.status_code < 500
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("place", ['"d1"', '"trimethoprim"', '"Practitioner/d1"', '"p1"', '"methotrexate"', '"order"', '"hook"'])
@pytest.mark.parametrize("sign", ["\\ud800", "\\u0000", "\\u202e", "\\ud83d\\ude00"])
async def test_signs_that_are_no_text_are_no_fault_of_ours(server: Running, place: str, sign: str) -> None:
    content = json.dumps(pair()).replace(place, place[:-1] + sign + '"')
    async with asked(server, "cds") as client:
        answer = await client.post(SIGN, content=content.encode(), headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 422}
    if answer.status_code == 200:
        specification.Response.model_validate(answer.json())


async def test_neither_the_record_nor_the_token_for_the_clients_server_reaches_a_log(
    server: Running, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "s3cr3t-13812345678"
    body = pair() | {"fhirServer": f"https://{secret}.example/fhir", "fhirAuthorization": {"access_token": secret}}
    body["context"] |= {"userId": f"Practitioner/{secret}"}
    body["prefetch"]["conditions"] = bundle({"resourceType": "Condition", "code": {"text": secret}})
    async with asked(server, "cds-log") as client:
        assert (await client.post(SIGN, json=body)).status_code == 200
        assert (await client.post(SIGN, json=body | {"hookInstance": secret})).status_code == 422
    here = threading.get_ident()
    said = [r.getMessage() + str(r.exc_info or "") for r in caplog.records if r.thread != here]
    written = "".join(capfd.readouterr())
    assert written.count("/cds-services/{service}") >= 2
    assert not [line for line in [*said, written] if secret in line]

    def everything(db: sqlite3.Connection) -> str:
        tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return json.dumps([[tuple(map(str, row)) for row in db.execute(f'SELECT * FROM "{t}"')] for t in tables])

    assert secret not in await server.context.database.read(everything)


async def given_cards(client: httpx.AsyncClient) -> list[Json]:
    cards: list[Json] = (await client.post(SIGN, json=pair())).json()["cards"]
    return cards


async def test_feedback_is_counted_by_rule_and_the_same_one_twice_only_once(server: Running) -> None:
    async with asked(server, "cds-count") as client:
        card = (await given_cards(client))[0]
        overridden = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": NOW}
        reason = {"reason": {"code": "will-monitor", "system": REASONS_SYSTEM, "display": "Monitored"}}
        taken = {
            "card": card["uuid"],
            "outcome": "accepted",
            "outcomeTimestamp": NOW,
            "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}],
        }
        for _ in range(2):
            answer = await client.post(f"{SIGN}/feedback", json={"feedback": [overridden | {"overrideReason": reason}, taken]})
            assert (answer.status_code, answer.json()) == (200, {"received": 2})
    rows = await counted(server, "cds-count")
    assert sorted(row[1:] for row in rows) == [("accepted", "", 1), ("overridden", "will-monitor", 1)]
    assert {row[0] for row in rows} == {"interaction:methotrexate+trimethoprim"} or all(
        "methotrexate" in r[0] or "folate" in r[0] for r in rows
    )


async def test_a_comment_is_kept_without_who_it_is_about(server: Running) -> None:
    comment = "患者张伟，电话13812345678，身份证110101199003078515，2025年3月2日已换药，风险可接受。"
    async with asked(server, "cds-comment") as client:
        card = (await given_cards(client))[0]
        one = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": NOW, "overrideReason": {"userComment": comment}}
        assert (await client.post(f"{SIGN}/feedback", json={"feedback": [one]})).status_code == 200
    kept = await server.context.database.read(
        lambda db: db.execute("SELECT comment FROM cds_feedback WHERE tenant = 'cds-comment'").fetchone()[0]
    )
    assert "风险可接受" in kept
    for private in ("张伟", "13812345678", "110101199003078515", "2025年3月2日"):
        assert private not in kept


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"card": "4e0a3a1e-3283-4575-ab82-028d55fe2719"}, 404, "feedback.1.card"),
        ({"outcome": "accepted"}, 422, "feedback.1.acceptedSuggestions"),
        ({"outcome": "ignored"}, 422, "feedback.1.outcome"),
        ({"outcomeTimestamp": "yesterday"}, 422, "feedback.1.outcomeTimestamp"),
        ({"overrideReason": {"reason": {"code": "made-up", "system": REASONS_SYSTEM}}}, 422, "feedback.1.overrideReason.reason.code"),
        ({"overrideReason": {"reason": {"code": "call 138 1234", "system": "urn:x"}}}, 422, "feedback.1.overrideReason.reason.code"),
        ({"overrideReason": {"reason": {"code": "a", "system": "Mr Zhang"}}}, 422, "feedback.1.overrideReason.reason.system"),
    ],
)
async def test_wrong_feedback_is_refused_whole(server: Running, change: Json, status: int, field: str) -> None:
    tenant = f"cds-wrong-{uuid.uuid4().hex[:8]}"
    async with asked(server, tenant) as client:
        right = {"card": (await given_cards(client))[0]["uuid"], "outcome": "overridden", "outcomeTimestamp": NOW}
        answer = await client.post(f"{SIGN}/feedback", json={"feedback": [right, right | change]})
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert await counted(server, tenant) == [], "nothing of it was kept"


async def test_a_reason_of_the_clients_own_is_kept_as_a_code(server: Running) -> None:
    async with asked(server, "cds-own") as client:
        one = {"card": (await given_cards(client))[0]["uuid"], "outcome": "overridden", "outcomeTimestamp": NOW}
        own = {"reason": {"code": "R-17", "system": "https://hospital.example/reasons", "display": "Zhang Wei asked"}}
        assert (await client.post(f"{SIGN}/feedback", json={"feedback": [one | {"overrideReason": own}]})).status_code == 200
    assert [row[1:] for row in await counted(server, "cds-own")] == [("overridden", "R-17", 1)]


async def test_a_card_of_another_tenant_or_service_is_not_there(server: Running) -> None:
    async with asked(server, "cds-mine") as mine, asked(server, "cds-theirs") as theirs:
        one = {"card": (await given_cards(mine))[0]["uuid"], "outcome": "overridden", "outcomeTimestamp": NOW}
        for client, path in ((theirs, SIGN), (mine, "/cds-services/yingzhi-order-select")):
            assert (await client.post(f"{path}/feedback", json={"feedback": [one]})).status_code == 404
    assert await counted(server, "cds-mine") == []


async def test_calls_and_feedback_are_audited(server: Running) -> None:
    async with asked(server, "cds-audit") as client:
        one = {"card": (await given_cards(client))[0]["uuid"], "outcome": "overridden", "outcomeTimestamp": NOW}
        await client.post(f"{SIGN}/feedback", json={"feedback": [one]})

    def acts(db: sqlite3.Connection) -> list[str]:
        rows = db.execute("SELECT body FROM audit_entry WHERE tenant = 'cds-audit' ORDER BY seq")
        return [json.loads(r[0])["subtype"][0]["code"] for r in rows]

    assert await server.context.database.read(acts) == ["cds.call", "cds.feedback"]
