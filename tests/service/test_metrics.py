from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from yingzhi.agents.models.policy import POLICIES
from yingzhi.service.logs import Route
from yingzhi.service.metrics import ROUTES, Metrics, router


async def scraped(metrics: Metrics, accept: str = "") -> httpx.Response:
    app = FastAPI()
    app.state.metrics = metrics
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://loopback") as client:
        return await client.get("/metrics", headers={"accept": accept})


async def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families((await scraped(metrics)).text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


async def test_two_applications_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.request(Route("/a"), "GET", 200, 0.01)
    labels = (("method", "GET"), ("route", "/a"), ("status", "2xx"))
    assert (await samples(one))["yingzhi_requests_total", labels] == 1
    assert ("yingzhi_requests_total", labels) not in await samples(other)


async def test_each_figure_that_is_promised_is_there() -> None:
    metrics = Metrics()
    metrics.request(Route("/a"), "GET", 200, 0.01)
    metrics.run_ended("paused", "model", 3.0)
    metrics.hop(0.002)
    metrics.tokens(120, 30)
    metrics.provider_fault("timeout")
    metrics.commit(7, 0.004)
    metrics.open_streams.inc()
    metrics.queue_length.set(3)
    metrics.audit_entries.set(41)
    found = await samples(metrics)
    assert found["yingzhi_request_seconds_count", (("route", "/a"),)] == 1
    assert found["yingzhi_runs_total", (("status", "paused"),)] == 1
    assert found["yingzhi_run_seconds_sum", (("engine", "model"),)] == 3
    assert found["yingzhi_event_hop_seconds_count", ()] == 1
    assert found["yingzhi_model_tokens_total", (("direction", "in"),)] == 120
    assert found["yingzhi_provider_faults_total", (("kind", "timeout"),)] == 1
    assert found["yingzhi_commit_acts_sum", ()] == 7
    assert found["yingzhi_commit_seconds_bucket", (("le", "0.005"),)] == 1
    assert (found["yingzhi_open_streams", ()], found["yingzhi_queue_length", ()], found["yingzhi_audit_entries", ()]) == (1, 3, 41)


WORDS = st.text(max_size=40)


@given(word=WORDS, method=WORDS, status=st.integers(-1000, 100_000))
def test_no_word_from_outside_becomes_a_label(word: str, method: str, status: int) -> None:
    metrics = Metrics()
    metrics.request(word, method, status, 0.1)  # type: ignore[arg-type]
    metrics.run_ended(word, word, 1.0)  # type: ignore[arg-type]
    metrics.provider_fault(word)
    closed = {"other", "embedded", "model", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    closed |= {"1xx", "2xx", "3xx", "4xx", "5xx", "paused", "finished", "failed", "cancelled", *POLICIES}
    for family in metrics.registry.collect():
        for sample in family.samples:
            assert {value for name, value in sample.labels.items() if name != "le"} <= closed


async def test_routes_beyond_the_bound_are_counted_together() -> None:
    metrics = Metrics()
    for number in range(ROUTES + 50):
        metrics.request(Route(f"/{number}"), "GET", 200, 0.1)
    found = {labels for name, labels in await samples(metrics) if name == "yingzhi_requests_total"}
    assert len(found) == ROUTES + 1
    assert (("method", "GET"), ("route", "other"), ("status", "2xx")) in found


@pytest.mark.parametrize(
    ("accept", "kind"), [("", "text/plain"), ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text")]
)
async def test_the_format_is_the_one_that_is_asked_for(accept: str, kind: str) -> None:
    assert (await scraped(Metrics(), accept)).headers["content-type"].startswith(kind)


async def test_what_is_known_only_when_asked_is_asked_at_each_scrape() -> None:
    metrics = Metrics()
    asked = iter((5, 8))

    async def refresh() -> None:
        metrics.queue_length.set(next(asked))

    metrics.refresh.append(refresh)
    assert (await samples(metrics))["yingzhi_queue_length", ()] == 5
    assert (await samples(metrics))["yingzhi_queue_length", ()] == 8


COUNT = """
import sys
from pathlib import Path
from prometheus_client.exposition import generate_latest
from yingzhi.service.logs import Route
from yingzhi.service.metrics import Metrics
metrics = Metrics(Path(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    metrics.request(Route("/a/{b}"), "GET", 200, 0.01)
metrics.open_streams.inc(2)
if sys.argv[3] == "leaves":
    metrics.close()
sys.stdout.buffer.write(generate_latest(metrics.collected()))
"""


def test_processes_that_share_a_folder_are_counted_together(tmp_path: Path) -> None:
    def count(times: int, then: str) -> str:
        environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
        command = [sys.executable, "-c", COUNT, str(tmp_path), str(times), then]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60).stdout

    count(3, "leaves")
    text = count(4, "stays")
    assert 'yingzhi_requests_total{method="GET",route="/a/{b}",status="2xx"} 7.0' in text
    assert "yingzhi_open_streams 2.0" in text
