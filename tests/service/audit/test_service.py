"""The log of the service at work."""

from __future__ import annotations

import httpx
from fhir.resources.R4B.auditevent import AuditEvent

from tests.service.conftest import BLISTERS, Running, consulted
from yingzhi.service import audit


async def test_each_act_through_http_is_in_the_tenants_chain_and_no_word_of_the_case_is(server: Running) -> None:
    async with httpx.AsyncClient(
        base_url=server.url, headers=server.headers("doctor", tenant="audited", subject="s-1"), timeout=30
    ) as client:
        consultation = await consulted(client)
        assert (await client.get(f"/api/v1/consultations/{consultation}")).status_code == 200
        assert (await client.get("/api/v1/consultations", headers=server.headers("researcher", tenant="audited"))).status_code == 403
    database = server.context.database
    found = await database.read(lambda db: list(audit.entries(db, "audited")))
    acts = [entry.event["subtype"][0]["code"] for entry in found]
    assert acts[0] == "consultation.create"
    assert {"consultation.run-end", "consultation.read", "auth.refused"} <= set(acts)
    about = await database.read(lambda db: list(audit.entries(db, "audited", about=consultation)))
    assert [entry.seq for entry in about] == [entry.seq for entry, act in zip(found, acts, strict=True) if act.startswith("consultation.")]
    for entry in found:
        AuditEvent.model_validate_json(entry.body)
        assert not any(word in entry.body for word in BLISTERS.split() if len(word) > 4)
    key = audit.read_key(server.settings.engine.home)
    assert (await database.read(lambda db: audit.verify(db, key))).ok


async def test_the_services_metrics_count_its_requests_runs_and_commits(server: Running) -> None:
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers("doctor", tenant="counted"), timeout=30) as client:
        consultation = await consulted(client)
        text = (await client.get("/metrics")).text
    assert 'route="/api/v1/consultations/{' in text
    assert 'yingzhi_runs_total{status="paused"}' in text
    assert "yingzhi_commit_acts_count" in text
    assert consultation not in text
    assert "counted" not in text
