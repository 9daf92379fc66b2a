from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Answer, Presentation
from yingzhi.clinical.words import TIERS
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.run import consult
from yingzhi.tools.intake import read_case


def assert_gates_hold(c: Consultation) -> None:
    """The law: what is recommended stands behind an open gate; an invasive gate opens only on a narrow field, a danger or a red flag."""
    assert c.workup is not None
    assert tuple(r.tier for r in c.workup.rungs) == TIERS
    for rung in c.workup.rungs:
        assert all(t.tier == rung.tier for t in rung.tests)
        if not rung.open:
            assert all(t.status != "recommended" for t in rung.tests)
        if rung.open and rung.tier in {"minor-invasive", "invasive-or-costly"}:
            danger = any(d.id in c.must_not_miss and d.probability >= 0.05 for d in c.differential)
            flag = any(a.level == "critical" and a.kind == "red-flag" for a in c.alerts)
            assert c.converged or danger or flag, rung.why.en
        if c.confidence == "none":
            assert not rung.open or rung.tier in {"ask-examine", "non-invasive"} or any(a.level == "critical" for a in c.alerts)


async def test_no_example_gets_an_invasive_test_before_its_gate(resources: Resources) -> None:
    graph = build_graph()
    for path in EXAMPLES:
        assert_gates_hold(await consult(read_case(path.read_bytes(), path.stem), resources, graph=graph))


EXAMPLES = sorted(p for p in (Path(__file__).parents[2] / "examples").iterdir() if p.suffix in {".txt", ".json"})
DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.skipif(not DATA.is_dir(), reason="the development cases are not part of the project")
@pytest.mark.parametrize("name", ["vignettes_en.jsonl", "vignettes_zh.jsonl", "forum_cases_zh.jsonl"])
async def test_no_development_case_gets_an_invasive_test_before_its_gate(resources: Resources, name: str) -> None:
    graph = build_graph()
    rows: list[dict[str, Any]] = [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    for row in rows:
        assert_gates_hold(await consult(Presentation(id=row["id"], text=row["text"]), resources, graph=graph))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_combination_of_answers_opens_a_gate_early(resources: Resources, data: st.DataObject) -> None:
    import asyncio

    ids = sorted(resources.knowledge.findings)
    answers = data.draw(
        st.lists(st.builds(Answer, finding=st.sampled_from(ids), status=st.sampled_from(["present", "absent"])), min_size=1, max_size=12)
    )
    assert_gates_hold(asyncio.run(consult(Presentation(answers=answers), resources)))
