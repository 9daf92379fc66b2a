"""Differential and workup: an opinion moves probabilities within its bound; the lane and the gates stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.proposals import DifferentialProposal, HistoryProposal, WorkupProposal
from yingzhi.agents.reconcile import reconcile_differential, reconcile_workup
from yingzhi.clinical.differential import Differential
from yingzhi.tools.differential import SHOWN

if TYPE_CHECKING:
    from tests.agents.reconcile.conftest import Propose, Worked

MODEST = settings(max_examples=80, deadline=None)
ROUNDED = 0.000051
"""Probabilities are rounded to four digits."""


def _coherent(d: Differential) -> None:
    shown = [x.probability for x in d.diagnoses]
    assert all(0 <= p <= 1 for p in (*shown, d.other))
    assert sum(shown) + d.other <= 1 + ROUNDED * (len(shown) + 1)
    assert shown == sorted(shown, reverse=True)
    assert len({x.id for x in d.diagnoses}) == len(shown)


def _lane_kept(base: Differential, result: Differential) -> None:
    assert set(base.must_not_miss) <= set(result.must_not_miss)
    assert set(result.must_not_miss) <= {d.id for d in result.diagnoses}
    alike = {"diagnoses", "must_not_miss", "other", "remarks"}
    assert result.model_dump(exclude=alike) == base.model_dump(exclude=alike)


def _moved_within(base: Differential, result: Differential, trust: float) -> None:
    """No odds move by more than the trust; a diagnosis that was not shown was no likelier than the last shown for its rank."""
    least = base.diagnoses[:SHOWN][-1].probability  # what follows is there for its danger
    before = {d.id: (d.probability, d.probability) for d in base.diagnoses} | {"": (base.other, base.other)}
    after = {d.id: d.probability for d in result.diagnoses} | {"": result.other}
    for i, now in after.items():
        for j, then in after.items():
            lowest, highest = before.get(j, (0.0, least))[0] - ROUNDED, before.get(i, (0.0, least))[1] + ROUNDED
            if lowest > 0 and then - ROUNDED > 0 and now > ROUNDED:
                assert (now - ROUNDED) * lowest <= trust * (then + ROUNDED) * highest, (i, j)


@MODEST
@given(data=st.data(), trust=st.floats(1, 20))
def test_an_opinion_moves_no_odds_by_more_than_the_trust_and_hides_no_danger(
    worked: list[Worked], hostile: Propose, data: st.DataObject, trust: float
) -> None:
    w = data.draw(st.sampled_from([*worked, worked[-1], worked[-1]]))
    result = w.reconciled("differential", data.draw(hostile("differential", w)), w.ground("differential"), trust=trust)
    _coherent(result)
    _lane_kept(w.differential, result)
    _moved_within(w.differential, result, trust)


@MODEST
@given(data=st.data(), trust=st.floats(1, 20))
def test_findings_that_only_a_model_read_hide_no_danger_either(
    worked: list[Worked], hostile: Propose, data: st.DataObject, trust: float
) -> None:
    w = data.draw(st.sampled_from([*worked, worked[-1], worked[-1]]))
    history = w.reconciled("history", data.draw(hostile("history", w)), w.ground("history"))
    result = w.reconciled("differential", data.draw(hostile("differential", w)), w.ground("differential"), history, trust)
    _coherent(result)
    _lane_kept(w.differential, result)
    _moved_within(w.differential, result, trust)


def test_a_flood_of_findings_counts_no_more_than_one_opinion(worked: list[Worked]) -> None:
    w = worked[-1]
    wanted = w.resources.knowledge.diseases["melanoma"].findings[:20]
    quote = w.case.text[:20]
    flood = [{"finding": f.finding, "status": "present", "quote": quote} for f in wanted]
    history = w.reconciled("history", HistoryProposal.model_validate({"findings": flood}), w.ground("history"))
    assert sum(f.derived_from == "model" for f in history.findings) > 10
    opinion = DifferentialProposal(ranking=["melanoma"])
    result = w.reconciled("differential", opinion, w.ground("differential"), history, 3.0)
    assert result.diagnoses[0].id == w.differential.diagnoses[0].id
    _moved_within(w.differential, result, 3.0)


def test_a_dangerous_diagnosis_stays_in_the_list_when_the_order_of_the_others_changes(worked: list[Worked]) -> None:
    w = worked[-1]
    lane = [*w.differential.must_not_miss, "melanoma"]
    there = {d.id for d in w.differential.diagnoses}
    spare = worked[0].differential.diagnoses[0].model_copy(update={"id": "melanoma", "probability": 0.1})
    shown = [*w.differential.diagnoses, *([] if "melanoma" in there else [spare])]
    base = w.differential.model_copy(
        update={"diagnoses": sorted(shown, key=lambda d: -d.probability), "must_not_miss": list(dict.fromkeys(lane))}
    )
    unseen = [i for i in sorted(w.resources.knowledge.diseases) if i not in there][:5]
    result = reconcile_differential(base, DifferentialProposal(ranking=unseen), w.case, w.history, w.ground("differential"), 20)
    assert "melanoma" in result.must_not_miss
    assert next(d.probability for d in result.diagnoses if d.id == "melanoma") < 0.05  # as likely as all else is now seen, not as before
    _coherent(result)
    _lane_kept(base, result)


@pytest.mark.parametrize("place", [0, 3])
def test_what_the_model_ranks_first_gains_and_is_told_from_what_it_does_not_name(worked: list[Worked], place: int) -> None:
    w = worked[-1]
    chosen = w.differential.diagnoses[place]
    result = w.reconciled("differential", DifferentialProposal(ranking=[chosen.id]), w.ground("differential"))
    after = {d.id: d.probability for d in result.diagnoses}
    assert after[chosen.id] > chosen.probability
    assert result.other < w.differential.other
    assert all(after[d.id] <= d.probability for d in w.differential.diagnoses if d.id != chosen.id)


def test_an_opinion_of_trust_one_changes_no_probability(worked: list[Worked]) -> None:
    w = worked[-1]
    proposal = DifferentialProposal(ranking=[d.id for d in w.differential.diagnoses[::-1]])
    result = w.reconciled("differential", proposal, w.ground("differential"), trust=1.0)
    assert result == w.differential


@MODEST
@given(data=st.data())
def test_no_gate_opens_and_no_test_is_lost_whatever_a_model_says(worked: list[Worked], hostile: Propose, data: st.DataObject) -> None:
    w = data.draw(st.sampled_from(worked))
    result = w.reconciled("workup", data.draw(hostile("workup", w)), w.ground("workup"))
    assert [(r.tier, r.open, r.why) for r in result.rungs] == [(r.tier, r.open, r.why) for r in w.workup.rungs]
    assert result.bypass == w.workup.bypass
    for before, after in zip(w.workup.rungs, result.rungs, strict=True):
        old = {t.id: t for t in before.tests}
        assert {t.id: t for t in after.tests if t.id in old} == old
        added = [t for t in after.tests if t.id not in old]
        assert len(added) <= 2
        assert len({t.id for t in after.tests}) == len(after.tests)
        for t in added:
            known = w.resources.knowledge.investigations[t.id]
            assert t.tier == after.tier == known.tier
            assert t.price == known.price
            assert t.status == ("recommended" if after.open else "waiting")
            assert t.id in w.relevant
    assert result.price_now == pytest.approx(sum(t.price for r in result.rungs for t in r.tests if t.status == "recommended"), abs=0.05)


@pytest.mark.parametrize("opened", [True, False])
def test_an_added_test_waits_behind_a_shut_gate_whatever_else_asks_for_it(worked: list[Worked], opened: bool) -> None:
    w = worked[0]
    every = w.resources.knowledge.investigations
    base = w.workup.model_copy(update={"rungs": [r.model_copy(update={"open": opened}) for r in w.workup.rungs]})
    for rung in base.rungs:
        ids = [i for i, t in every.items() if t.tier == rung.tier and i not in {t.id for t in rung.tests}][:3]
        proposal = WorkupProposal.model_validate({"tests": [{"test": i, "why": "It settles most."} for i in ids]})
        result = reconcile_workup(base, proposal, frozenset(every), w.ground("workup"))
        added = [t for r in result.rungs for t in r.tests if t.id in ids]
        assert [t.id for t in added] == ids[:2]
        assert all(t.tier == rung.tier and t.status == ("recommended" if opened else "waiting") for t in added)
        assert result.price_now == pytest.approx(sum(t.price for r in result.rungs for t in r.tests if t.status == "recommended"), abs=0.05)
        none = reconcile_workup(base, proposal, frozenset(), w.ground("workup"))
        assert none.rungs == base.rungs
