"""Too much, too often, or what would be lost: refused by name."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.conftest import BLISTERS, Running, consulted
from tests.service.inside import CONTRADICTS, in_files
from tests.service.test_runs import CASE, ended, process
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Review
from yingzhi.clinical.presentation import Report
from yingzhi.service.identity import DEV
from yingzhi.service.limits import LimitSettings
from yingzhi.service.problems import Problem
from yingzhi.service.wire import Act


async def test_a_tenant_with_a_long_line_keeps_nobody_else_waiting(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        note = Act(review=Review(action="answer", note="More."), if_busy="enqueue")
        many = [await context.consultations.act(DEV, first.id, note) for _ in range(20)]
        many += [await context.consultations.create(DEV, CASE) for _ in range(20)]
        other = replace(DEV, tenant="other")
        late = await context.consultations.create(other, CASE)
        assert [e async for e in context.consultations.events(other, late.id)][-1].type == "run.paused"
        waiting = "SELECT count(*) FROM run WHERE tenant = ? AND status = 'queued'"
        left = await context.database.read(lambda db: db.execute(waiting, (DEV.tenant,)).fetchone()[0])
        assert left > len(many) / 2


async def test_no_way_in_leads_past_the_limit_of_a_tenant(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources, limits=LimitSettings(running=1)) as context:
        failed = await context.consultations.create(DEV, CONTRADICTS)
        await ended(context, failed.id)
        context.consultations.runner._stopping = True
        await context.consultations.create(DEV, CASE)
        with pytest.raises(Problem) as refused:
            await context.consultations.retry(DEV, failed.id)
        assert refused.value.status == 429


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ({"text": BLISTERS, "medications": [{"name": f"drug {n}"} for n in range(3000)]}, "case.medications"),
        ({"text": BLISTERS, "reports": [{"text": "x"}] * 1000}, "case.reports"),
        ({"text": BLISTERS, "answers": [{"finding": "itch", "status": "absent"}] * 30_000}, "case.answers"),
        ({"text": BLISTERS, "patient": {"allergies": ["penicillin"] * 10_000}}, "case.patient.allergies"),
        ({"text": BLISTERS, "reports": [{"text": "x" * 90_000}] * 10}, "case"),
        ({"text": BLISTERS, "medications": [{"name": "methotrexate", "dose": "x" * 2_000_000}]}, "case"),
    ],
)
async def test_a_case_that_would_keep_the_processor_from_all_others_is_refused(
    client: httpx.AsyncClient, case: dict[str, Any], field: str
) -> None:
    answer = await client.post("/api/v1/consultations", json={"case": case})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_an_act_that_brings_too_much_is_refused_and_so_is_too_much_in_many_acts(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        for review, field in (
            (Review(action="answer", note="x" * 150_000), "review.note"),
            (Review(action="answer", note="\x00\x01\x02\x03" * 10), "review.note"),
            (Review(action="answer", reports=[Report(text="x" * 150_000)]), "review.reports.0.text"),
            (Review(action="answer", reports=[Report(text="x")] * 500), "review.reports"),
        ):
            with pytest.raises(Problem) as refused:
                await context.consultations.act(DEV, first.id, Act(review=review, revision=1))
            assert (refused.value.status, refused.value.field) == (422, field)
        long = Review(action="answer", reports=[Report(text="No abnormality. " * 6000)])
        endings = []
        for _ in range(8):
            act = await context.consultations.act(DEV, first.id, Act(review=long))
            endings.append([e async for e in context.consultations.events(DEV, first.id, act.run)][-1])
        assert endings[0].type == "run.paused"
        assert (endings[-1].type, endings[-1].model_dump().get("reason")) == ("run.failed", "the case is larger than 600,000 bytes in all")
        assert (await context.consultations.view(DEV, first.id)).status == "paused"


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("sign", {"note": "Allergic to penicillin."}),
        ("edit", {"answers": [{"finding": "nikolsky-sign", "status": "present"}]}),
        ("reject", {"reports": [{"text": "DIF: negative."}]}),
        ("sign", {"acknowledged": [{"problem": "additive-qt", "fingerprint": "0", "reason": "no-alternative"}]}),
        ("answer", {"edits": [{"document": "soap-note", "section": "plan", "sentence": 0, "text": "x"}]}),
    ],
)
async def test_what_an_act_would_not_read_is_refused_instead_of_lost(client: httpx.AsyncClient, action: str, more: dict[str, Any]) -> None:
    consultation = await consulted(client)
    answer = await client.post(f"/api/v1/consultations/{consultation}/acts", json={"review": {"action": action, **more}, "revision": 1})
    assert (answer.status_code, answer.json()["field"]) == (422, f"review.{next(iter(more))}")


@pytest.mark.parametrize(
    ("roles", "role", "status"),
    [
        ("doctor", "prescriber", 202), ("nurse", "nurse", 202), ("service", "prescriber", 202),
        ("nurse", "prescriber", 403), ("doctor", "pharmacist", 403),
    ],
)  # fmt: skip
async def test_nobody_acknowledges_a_drug_problem_in_anothers_name(server: Running, roles: str, role: str, status: int) -> None:
    seen = {"problem": "additive-qt", "fingerprint": "0", "reason": "no-alternative", "role": role}
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers(roles), timeout=30) as client:
        given = await client.post("/api/v1/consultations", json={"case": {"text": BLISTERS, "acknowledged": [seen]}})
        assert (given.status_code, given.json().get("field")) == (status, "case.acknowledged.0.role" if status == 403 else None)
        consultation = await consulted(client)
        acted = await client.post(
            f"/api/v1/consultations/{consultation}/acts", json={"review": {"action": "answer", "acknowledged": [seen]}}
        )
        assert (acted.status_code, acted.json().get("field")) == (status, "review.acknowledged.0.role" if status == 403 else None)


async def test_a_key_that_a_caller_made_is_not_kept(client: httpx.AsyncClient, server: Running) -> None:
    mark = f"MRN{uuid.uuid4().hex}"
    answer = await client.post("/api/v1/consultations", json={"case": {"text": BLISTERS}}, headers={"Idempotency-Key": mark})
    again = await client.post("/api/v1/consultations", json={"case": {"text": BLISTERS}}, headers={"Idempotency-Key": mark})
    assert answer.json() == again.json()
    assert in_files(server.context, mark) == []
