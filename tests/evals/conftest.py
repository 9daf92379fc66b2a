"""A gold case and a trace of it, made once."""

from __future__ import annotations

import asyncio

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.words import Language
from yingzhi.evals.cases import GOLD, GoldCase, load_case
from yingzhi.evals.engine import run_case
from yingzhi.evals.trace import Trace
from yingzhi.graphs.build import build_graph


@pytest.fixture(scope="session")
def gold() -> GoldCase:
    """An emergency with findings, alerts, forbidden drugs and a must-not-miss."""
    return load_case(GOLD / "sjs-carbamazepine.yaml")


def run_both(case: GoldCase, resources: Resources) -> dict[Language, Trace]:
    """The case on the embedded engine, in both languages."""

    async def both() -> dict[Language, Trace]:
        graph = build_graph()
        languages: tuple[Language, ...] = ("zh", "en")
        return {lang: await run_case(case.id, case.presentation(lang), lang, resources, graph) for lang in languages}

    return asyncio.run(both())


@pytest.fixture(scope="session")
def traces(gold: GoldCase, resources: Resources) -> dict[Language, Trace]:
    """The gold case on the embedded engine, in both languages."""
    return run_both(gold, resources)


@pytest.fixture(scope="session")
def trace(traces: dict[Language, Trace]) -> Trace:
    """The English one."""
    return traces["en"]
