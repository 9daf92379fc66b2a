"""Figures for Prometheus, in a registry of the application's own. No label can hold a name, an id or a tenant: each has a closed list."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from yingzhi.agents.models.policy import POLICIES
from yingzhi.service.logs.lines import METHODS, Route

NAMESPACE = "yingzhi"
OTHER = "other"
ROUTES = 400
"""Templates at most; there are far fewer, and what would go beyond is counted as `other`."""
STATUSES = frozenset({"paused", "finished", "failed", "cancelled"})
SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LONG = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)


class Metrics:
    """What is counted, from nought; its methods keep the labels closed.

    Attributes:
        registry: Of this application alone.
        shared: Folder in which several processes keep their figures together; each of them must have been started with its name in
            PROMETHEUS_MULTIPROC_DIR, which is read where prometheus_client is imported.
        refresh: Called before each scrape, for what is known only when asked: the length of the queue, the count of audit entries.
    """

    def __init__(self, shared: Path | None = None) -> None:
        self.registry = CollectorRegistry()
        self.shared = shared
        self.refresh: list[Callable[[], Awaitable[None]]] = []
        self._routes: set[str] = set()
        if shared is None:
            ProcessCollector(registry=self.registry)
        self._requests = self._counter("requests", "Requests answered.", "route", "method", "status")
        self._request_seconds = self._histogram(
            "request_seconds", "Until an answer was whole; of a stream, until it began.", SHORT, "route"
        )
        self._runs = self._counter("runs", "Runs of consultations that ended.", "status")
        self._run_seconds = self._histogram("run_seconds", "How long a run took.", LONG, "engine")
        self._hop = self._histogram("event_hop_seconds", "From the graph to the readers of an event.", SHORT)
        self._tokens = self._counter("model_tokens", "Tokens that language models read and wrote.", "direction")
        self._faults = self._counter("provider_faults", "Failed calls of language models.", "kind")
        self._commit_seconds = self._histogram("commit_seconds", "A commit of the database.", SHORT)
        self._commit_acts = self._histogram("commit_acts", "Acts that shared a commit.", SIZES)
        self.open_streams = self._gauge("open_streams", "Event streams open now.", "livesum")
        self.queue_length = self._gauge("queue_length", "Runs that wait or work.", "mostrecent")
        self.audit_entries = self._gauge("audit_entries", "Entries in the audit log, of all tenants.", "mostrecent")

    def request(self, route: Route, method: str, status: int, seconds: float) -> None:
        """A request was answered.

        Args:
            route: Its template.
            method: Its method.
            status: HTTP status.
            seconds: Until the answer was whole; of a stream, until it began.
        """
        name = self._closed(route)
        kind = f"{status // 100}xx" if 100 <= status <= 599 else OTHER
        self._requests.labels(name, method if method in METHODS else OTHER, kind).inc()
        self._request_seconds.labels(name).observe(seconds)

    def run_ended(self, how: str, engine: Literal["embedded", "model"] = "embedded", seconds: float | None = None) -> None:
        """A run ended: paused, finished, failed or cancelled; with its seconds where they are known."""
        self._runs.labels(how if how in STATUSES else OTHER).inc()
        if seconds is not None:
            self._run_seconds.labels("model" if engine == "model" else "embedded").observe(seconds)

    def hop(self, seconds: float) -> None:
        """An event went from the graph to its readers."""
        self._hop.observe(seconds)

    def tokens(self, tokens_in: int, tokens_out: int) -> None:
        """A model read and wrote tokens."""
        self._tokens.labels("in").inc(max(0, tokens_in))
        self._tokens.labels("out").inc(max(0, tokens_out))

    def provider_fault(self, kind: str) -> None:
        """A model's provider failed, by the kind that the retry policy names."""
        self._faults.labels(kind if kind in POLICIES else OTHER).inc()

    def commit(self, acts: int, seconds: float) -> None:
        """The database committed a group of acts."""
        self._commit_acts.observe(acts)
        self._commit_seconds.observe(seconds)

    def collected(self) -> CollectorRegistry:
        """This process's figures, or those of all that share a folder."""
        if self.shared is None:
            return self.registry
        together = CollectorRegistry()
        MultiProcessCollector(together, str(self.shared))  # type: ignore[no-untyped-call]
        return together

    def close(self) -> None:
        """Leave the folder: what was counted stays, what is open now is taken out."""
        if self.shared is not None:
            mark_process_dead(os.getpid(), str(self.shared))  # type: ignore[no-untyped-call]

    def _closed(self, route: Route) -> str:
        if not isinstance(route, Route):
            return OTHER
        if route not in self._routes:
            if len(self._routes) >= ROUTES:
                return OTHER
            self._routes.add(str(route))
        return str(route)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, namespace=NAMESPACE, registry=self.registry)

    def _gauge(self, name: str, words: str, mode: Literal["livesum", "mostrecent"]) -> Gauge:
        return Gauge(name, words, namespace=NAMESPACE, registry=self.registry, multiprocess_mode=mode)

    def _histogram(self, name: str, words: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, words, labels, namespace=NAMESPACE, buckets=buckets, registry=self.registry)


router = APIRouter()


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """The figures in Prometheus' text format, or OpenMetrics where asked for; from `app.state.metrics`."""
    figures: Metrics = request.app.state.metrics
    for refresh in figures.refresh:
        await refresh()
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(figures.collected()), headers={"content-type": media_type})
