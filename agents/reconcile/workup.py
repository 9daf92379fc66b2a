"""Workup: a model may prefer and add tests; a gate opens for no model."""

from __future__ import annotations

from yingzhi.agents.proposals import WorkupProposal
from yingzhi.agents.reconcile.common import MODEL, Ground, remarks, wording
from yingzhi.clinical.words import Text
from yingzhi.clinical.workup import Rung, TestAdvice, Workup
from yingzhi.knowledge.models import Investigation
from yingzhi.tools.ladder import ALWAYS_OPEN
from yingzhi.tools.red_flags import text

MOST_ADDED = 2
"""Tests that a model may add to a tier."""


def reconcile_workup(base: Workup, proposal: WorkupProposal, relevant: frozenset[str], ground: Ground) -> Workup:
    """The playbook's ladder: the same gates, every test it had, those that the model prefers first in their tier.

    Args:
        base: The playbook's ladder.
        proposal: The model's.
        relevant: Tests that some live diagnosis asks for; others are not added.
        ground: What it is held against.
    """
    tests = ground.resources.knowledge.investigations
    wanted: dict[str, str] = {}
    for form in proposal.tests:
        if form.test not in tests:
            ground.drop("test", form.test, "unknown id")
        else:
            wanted.setdefault(form.test, wording(form.why, ground, "why", form.test, limit=200) if form.why else "")
    rungs = [_rung(rung, wanted, relevant, ground, base.bypass is not None) for rung in base.rungs]
    price = sum(t.price for r in rungs for t in r.tests if t.status == "recommended")
    return base.model_copy(
        update={"rungs": rungs, "price_now": round(price, 1), "remarks": remarks(proposal.remarks, ground, tests.keys())}
    )


def _rung(rung: Rung, wanted: dict[str, str], relevant: frozenset[str], ground: Ground, emergency: bool) -> Rung:
    order = list(wanted)
    there = {t.id for t in rung.tests}
    kept = sorted(rung.tests, key=lambda t: order.index(t.id) if t.id in wanted else len(order))
    ground.taken += sum(1 for t in kept if t.id in wanted)
    added: list[TestAdvice] = []
    known = ground.resources.knowledge.investigations
    for i in order:
        if i in there or known[i].tier != rung.tier:
            continue
        if emergency and rung.tier not in ALWAYS_OPEN:
            ground.drop("test", i, "an emergency: the ladder is shortened")
            continue
        if i not in relevant:
            ground.drop("test", i, "no live diagnosis asks for it")
        elif len(added) < MOST_ADDED:
            added.append(_advice(known[i], rung.open, wanted[i]))
            ground.taken += 1
    return rung.model_copy(update={"tests": [*kept, *added]})


def _advice(test: Investigation, opened: bool, why: str) -> TestAdvice:
    return TestAdvice(
        id=test.id,
        en=test.names.en,
        zh=test.names.zh,
        tier=test.tier,
        price=test.price,
        gain=0.0,
        status="recommended" if opened else "waiting",
        why=Text(en=f"Model: {why}" if why else "Proposed by the model", zh=f"模型建议：{why}" if why else "模型建议"),
        risk=text(test.risk),
        turnaround=text(test.turnaround),
        source=test.source,
        derived_from=MODEL,
    )
