"""The service as AG-UI's own client, from npm, sees it: it checks every event and their order, and keeps the state and the messages."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.service.conftest import BLISTERS, ZOSTER, Issuer, Running, run_server, settings_in
from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.settings import checked
from yingzhi.agents.specialist import Resources
from yingzhi.service.agui import FrontState
from yingzhi.testing import FakeProvider

PROJECT = Path(__file__).parent / "node"
REPORT = "Direct immunofluorescence: linear IgG and C3 along the basement membrane zone."


def missing() -> str:
    """Why the client can't be run here; empty if it can."""
    for name in ("node", "npm"):
        if shutil.which(name) is None:
            return f"{name} is not installed"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    return "" if int(version.strip().lstrip("v").split(".")[0]) >= 20 else f"node {version.strip()} is older than 20"


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest) -> Path:
    """The driver beside its locked packages, installed once and kept in pytest's cache."""
    if why := missing():
        pytest.skip(why)
    names = ("package.json", "package-lock.json", "driver.mjs")
    mark = hashlib.sha256(b"".join((PROJECT / n).read_bytes() for n in names)).hexdigest()[:12]
    assert request.config.cache is not None
    folder = Path(request.config.cache.mkdir(f"ag-ui-{mark}"))
    if not (folder / "installed").exists():
        for name in names:
            shutil.copy(PROJECT / name, folder / name)
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, f"the locked packages can't be installed: {done.stderr[-500:]}"
        (folder / "installed").touch()
    return folder


async def driven(node: Path, server: Running, *runs: dict[str, Any], role: str = "doctor", **more: Any) -> dict[str, Any]:
    """What the client saw of its runs."""
    headers = {"Authorization": f"Bearer {server.issuer.token(role)}"}
    given = {"url": f"{server.url}/ag-ui", "headers": headers, "runs": runs, **more}
    process = await asyncio.create_subprocess_exec(
        "node", "driver.mjs", cwd=node, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        out, error = await process.communicate(json.dumps(given).encode())
    assert process.returncode == 0, error.decode()
    seen: dict[str, Any] = json.loads(out)
    return seen


def kinds(run: dict[str, Any]) -> list[str]:
    return [e["type"] for e in run["events"]]


async def test_the_client_accepts_every_event_and_ends_with_our_state_and_the_result(node: Path, server: Running) -> None:
    seen = await driven(node, server, {"say": ZOSTER})
    (run,) = seen["runs"]
    assert run["error"] is None
    assert seen["warnings"] == []  # nothing was stripped, nothing is older than the client
    state = FrontState.model_validate(run["state"])
    assert (state.status, state.leading[0].id) == ("paused", "herpes-zoster")
    (open_,) = run["pendingInterrupts"]
    assert open_["reason"] == "review"
    assert kinds(run)[0] == "RUN_STARTED"
    assert kinds(run)[-1] == "RUN_FINISHED"
    assert {"STEP_STARTED", "TOOL_CALL_RESULT", "STATE_DELTA", "TEXT_MESSAGE_CONTENT"} <= set(kinds(run))
    assert not {"RAW", "CUSTOM"} & set(kinds(run))
    assert not any("rawEvent" in e for e in run["events"])
    last = run["messages"][-1]
    assert last["role"] == "assistant"
    assert "带状疱疹" in last["content"]
    calls = {c["id"] for m in run["messages"] for c in m.get("toolCalls", [])}
    assert calls == {m["toolCallId"] for m in run["messages"] if m["role"] == "tool"}  # none is left for the front end to answer


async def test_the_client_answers_the_interrupt_until_the_doctor_has_signed(node: Path, server: Running) -> None:
    answer = {"action": "answer", "answers": [{"finding": "nikolsky-sign", "status": "absent"}], "note": REPORT}
    seen = await driven(node, server, {"say": BLISTERS}, {"resume": {"payload": answer}}, {"resume": {"payload": {"action": "sign"}}})
    first, second, third = seen["runs"]
    assert [r["error"] for r in seen["runs"]] == [None, None, None]
    assert first["pendingInterrupts"][0]["id"] != second["pendingInterrupts"][0]["id"]
    assert third["pendingInterrupts"] == []
    assert len({r["state"]["consultation"] for r in seen["runs"]}) == 1
    assert [r["state"]["revision"] for r in seen["runs"]] == [1, 2, 3]
    assert second["state"]["leading"][0]["id"] == "bullous-pemphigoid"
    assert third["state"]["review"] == "signed"
    assert [m["role"] for m in third["messages"]].count("user") == 1
    results = [m["id"] for m in third["messages"] if m["id"].endswith("-result") and m["role"] == "assistant"]
    assert len(results) == len(set(results)) == 3
    assert seen["warnings"] == []


async def test_the_client_may_turn_away_and_come_back_by_our_id(node: Path, server: Running) -> None:
    seen = await driven(node, server, {"say": BLISTERS}, {"resume": {"status": "cancelled"}})
    assert [r["error"] for r in seen["runs"]] == [None, None]
    assert seen["runs"][1]["pendingInterrupts"] == []
    consultation = seen["runs"][0]["state"]["consultation"]
    back = await driven(node, server, {}, {"resume": {"payload": "No fever."}}, threadId=consultation)
    looked, answered = back["runs"]
    assert (looked["error"], answered["error"]) == (None, None)
    assert looked["state"]["consultation"] == consultation
    assert [m["role"] for m in looked["messages"]] == ["assistant"]
    assert answered["state"]["revision"] == 2


async def test_the_client_is_told_of_refusals(node: Path, server: Running) -> None:
    stale = {"interruptId": f"c_{'0' * 32}.1", "payload": {"action": "sign"}}
    nobody = await driven(node, server, {"say": BLISTERS}, role="researcher")
    lost = await driven(node, server, {"resume": stale})
    empty = await driven(node, server, {})
    for seen, status in ((nobody, 403), (lost, 404), (empty, 422)):
        (run,) = seen["runs"]
        assert run["status"] == status
        assert run["events"] == []
        assert "application/problem" not in run["error"]
        assert '"title"' in run["error"]


@pytest.fixture
async def provider() -> Any:
    """A language model that never answers."""
    async with FakeProvider(always="hang") as opened:
        yield opened


@pytest.fixture
def slow(tmp_path: Path, resources: Resources, issuer: Issuer, provider: FakeProvider) -> Iterator[Running]:
    """A server whose consultations wait for that model."""
    given = checked({"model": "slow", "base_url": provider.url, "tools": "native", "json_mode": "object"}, {})
    yield from run_server(settings_in(tmp_path / "home", issuer), replace(resources, models=Models(given)), issuer)


async def test_the_client_aborts_and_the_run_ends_at_once(node: Path, slow: Running, provider: FakeProvider) -> None:
    seen = await driven(node, slow, {"say": BLISTERS, "abortAfter": "STEP_STARTED"})
    (run,) = seen["runs"]
    assert "RUN_FINISHED" not in kinds(run)
    assert run["milliseconds"] < 10_000
    async with asyncio.timeout(2):
        while provider.open or slow.context.consultations.runner.working or slow.context.limits.streams.held("clinic"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    back = await driven(node, slow, {}, threadId=run["events"][0]["metadata"]["yingzhi"]["consultation"])
    assert back["runs"][0]["state"]["status"] == "cancelled"
