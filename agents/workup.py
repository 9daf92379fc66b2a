"""Workup (检查路径): which test next, behind which gate, at what price and risk, and what this site can't do."""

from __future__ import annotations

from dataclasses import replace

from yingzhi.agents.specialist import Desk, Resources, Specialist, View
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Text
from yingzhi.clinical.workup import Workup
from yingzhi.knowledge.load import Knowledge
from yingzhi.tools.asks import asks_of
from yingzhi.tools.chart import chart_of
from yingzhi.tools.differential import LIVE
from yingzhi.tools.done_tests import done_tests
from yingzhi.tools.ladder import Bench, build_workup
from yingzhi.tools.observations import rank_record
from yingzhi.tools.rare import known_diseases
from yingzhi.tools.systemic import LINKED

ERUPTION = "drug-eruption"
"""The group of diseases that a drug sets off."""


def plan_workup(view: View, desk: Desk) -> Workup:
    """The playbook: the ladder for the current differential."""
    case: Presentation = view["presentation"]
    history: History = view["history"]
    differential: Differential = view["differential"]
    r = desk.resources
    ranking = rank_record(r.model, history, case.setting)
    about = [d.id for d in differential.diagnoses if d.probability >= LIVE or d.id in differential.must_not_miss]
    bench = bench_of(case, history, r)
    likely = (d for d in differential.diagnoses if d.probability >= LINKED and d.id in r.knowledge.diseases)
    eruption = next((Text(en=d.en, zh=d.zh) for d in likely if r.knowledge.diseases[d.id].group == ERUPTION), None)
    asks = asks_of(differential.systemic_links, history.red_flags, bench.chart, bench.tests, eruption)
    bench = replace(bench, diseases=known_diseases(differential.diagnoses, bench.diseases), asks=asks)
    return desk.call_about(about, build_workup, ranking, differential, history.findings, history.red_flags, bench)


def bench_of(case: Presentation, history: History, r: Resources) -> Bench:
    """What the ladder is built with; a site's profile says more than the level that a case names."""
    k = r.knowledge
    chart = chart_of(history, r.model.ancestors, r.formulary)
    return Bench(
        model=r.model,
        diseases=k.diseases,
        tests=k.investigations,
        terms=k.findings,
        risks=k.test_risks,
        chart=chart,
        done=done_tests(history, case.reports, chart, k.investigations, k.findings, r.shown_by),
        setting=r.site.level if r.site else case.setting,
        site=r.site,
        sites=k.sites,
        pointed=frozenset(d for a in history.red_flags if a.level == "critical" for d in _points_to(a.id, k)),
    )


def _points_to(flag: str, k: Knowledge) -> tuple[str, ...]:
    return k.red_flags[flag].points_to if flag in k.red_flags else ()


WORKUP = Specialist(
    name="workup",
    zh="检查路径",
    result=Workup,
    reads=("presentation", "history", "differential"),
    tools=(build_workup,),
    playbook=plan_workup,
)
