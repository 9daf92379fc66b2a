"""One patient told in Chinese and in English comes out the same."""

from __future__ import annotations

import asyncio

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.words import Language
from yingzhi.evals.cases import load_cases
from yingzhi.evals.pairs import Pair, read_pairs

LEADING_FLOOR = 0.95


@pytest.fixture(scope="module")
def pairs(resources: Resources) -> list[Pair]:
    return asyncio.run(read_pairs(load_cases(), resources))


def test_nearly_every_pair_leads_with_the_same_diagnosis(pairs: list[Pair]) -> None:
    apart = {p.case: p.leading for p in pairs if not p.same_leading}
    assert len(pairs) - len(apart) >= LEADING_FLOOR * len(pairs) > 0, apart


def test_every_pair_raises_the_same_alerts(pairs: list[Pair]) -> None:
    assert {p.case: sorted(p.alerts["zh"] ^ p.alerts["en"]) for p in pairs if not p.same_alerts} == {}


def _pair(leading: dict[Language, str], alerts: dict[Language, set[str]]) -> Pair:
    return Pair("a-case", leading, alerts, {"zh": frozenset(), "en": frozenset()})


def test_an_alert_at_another_level_is_not_the_same_alert() -> None:
    one = _pair({"zh": "scabies", "en": "scabies"}, {"zh": {"erythroderma critical"}, "en": {"erythroderma warning"}})
    assert one.same_leading
    assert not one.same_alerts
