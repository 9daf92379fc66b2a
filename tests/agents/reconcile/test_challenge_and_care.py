"""When the devil's advocate is asked, and which level of care two opinions come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingzhi.agents.proposals import Challenge
from yingzhi.agents.reconcile.challenge import worth_challenging
from yingzhi.agents.reconcile.documentation import graver
from yingzhi.clinical.differential import Confidence, Diagnosis, Differential
from yingzhi.clinical.words import CARE_LEVELS, URGENCIES, Text
from yingzhi.clinical.workup import Referral

if TYPE_CHECKING:
    from tests.agents.reconcile.conftest import Worked


def _differential(*given_p: float, lane: tuple[int, ...] = (), confidence: Confidence = "moderate") -> Differential:
    return Differential(
        diagnoses=[
            Diagnosis(id=f"d{n}", en="d", zh="d", icd10="L00", probability=p, commonness="common", must_not_miss=n in lane)
            for n, p in enumerate(given_p)
        ],
        must_not_miss=[f"d{n}" for n in lane],
        other=0.0,
        confidence=confidence,
        converged=False,
    )


@pytest.mark.parametrize(
    ("case", "worth"),
    [
        (_differential(0.4, 0.25), True),
        (_differential(0.4, 0.2), False),
        (_differential(0.9, 0.05), False),
        (_differential(0.9, 0.05, lane=(1,)), True),
        (_differential(0.9, 0.049, lane=(1,)), False),
        (_differential(0.9, 0.05, 0.05, lane=(2,)), True),
        (_differential(0.95, 0.02, lane=(0,)), False),
        (_differential(0.03, 0.02), False),
        (_differential(0.03, 0.021), True),
        (_differential(0.9), False),
        (_differential(), False),
        (_differential(0.9, lane=(0,)), False),
        (_differential(0.4, 0.3, lane=(1,), confidence="none"), False),
        (_differential(0.4, 0.3, confidence="low"), True),
    ],
)
def test_the_advocate_is_asked_when_the_leader_is_close_or_a_danger_is_live_behind_it(case: Differential, worth: bool) -> None:
    assert worth_challenging(case) is worth


def test_the_advocate_speaks_against_and_asks_in_the_language_of_the_case(worked: list[Worked]) -> None:
    proposal = Challenge.model_validate(
        {
            "doubts": [{"disease": "herpes-zoster", "text": "疼痛先于皮疹，亦见于带状疱疹以外的疾病。", "citations": ["nejm-2020"]}],
            "ask": ["fever", "fever", "no-such-finding"],
        }
    )
    for w, language in ((worked[0], "zh"), (worked[1], "en")):
        ground = w.ground("challenge")
        doubt, asked = w.reconciled("challenge", proposal, ground)
        term = w.resources.knowledge.findings["fever"]
        assert (doubt.about, doubt.stance, doubt.citations) == ("herpes-zoster", "against", [])
        words = term.ask or term.names
        assert (asked.about, asked.stance, asked.text) == ("fever", "note", words.zh if language == "zh" else words.en)
        assert {(d.what, d.why) for d in ground.dropped} == {
            ("citation nejm-2020", "not retrieved"),
            ("ask no-such-finding", "unknown id"),
        }


REASONS = st.lists(st.sampled_from("abcd").map(lambda c: Text(en=c, zh=c)), max_size=3)
REFERRALS: st.SearchStrategy[Any] = st.builds(
    Referral, level=st.sampled_from(CARE_LEVELS), urgency=st.sampled_from(URGENCIES), refer=st.booleans(), reasons=REASONS
)


@given(a=REFERRALS, b=REFERRALS)
def test_the_graver_of_two_is_never_lower_than_either_and_keeps_the_reasons_of_both(a: Referral, b: Referral) -> None:
    both, turned = graver(a, b), graver(b, a)
    assert (both.level, both.urgency, both.refer) == (turned.level, turned.urgency, turned.refer)
    for one in (a, b):
        assert CARE_LEVELS.index(both.level) >= CARE_LEVELS.index(one.level)
        assert URGENCIES.index(both.urgency) <= URGENCIES.index(one.urgency)
        assert both.refer >= one.refer
        assert {r.en for r in one.reasons} <= {r.en for r in both.reasons}
    assert both.level in {a.level, b.level}
    assert both.urgency in {a.urgency, b.urgency}


@given(a=REFERRALS)
def test_the_graver_of_one_and_itself_is_itself(a: Referral) -> None:
    assert graver(a, a) == a
