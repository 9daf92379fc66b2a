from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.tools.gain import field_of, finding_gain, test_gain
from yingzhi.tools.ranking import Observation, rank, stated

SIGNS = st.sampled_from(["present", "absent"])


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_probabilities_and_the_other_mass_sum_to_one(resources: Resources, data: st.DataObject) -> None:
    model = resources.model
    chosen = data.draw(st.lists(st.sampled_from(model.findings), max_size=15, unique=True))
    observed = [Observation(f, data.draw(st.sampled_from([1.0, -1.0, 0.5]))) for f in chosen]
    age = data.draw(st.none() | st.floats(0, 110))
    result = rank(model, observed, age=age, sex=data.draw(st.sampled_from(["female", "male", "unknown"])))
    assert result.probability.sum() + result.other == pytest.approx(1.0)
    assert (result.probability >= 0).all()
    assert result.other > 0


@given(weights=st.lists(st.floats(1e-9, 1.0), min_size=2, max_size=60))
def test_stated_probabilities_keep_the_order_and_sum_to_one(weights: list[float]) -> None:
    posterior = np.array(weights) / sum(weights)
    said = stated(posterior)
    assert said.sum() == pytest.approx(1.0)
    assert (np.diff(said[np.argsort(posterior, kind="stable")]) >= -1e-12).all()


def test_a_near_certain_diagnosis_is_stated_with_a_doubt() -> None:
    posterior = np.array([0.999, *[0.001 / 99] * 99])
    assert posterior[0] > stated(posterior)[0] > 0.9


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_order_of_findings_changes_nothing(resources: Resources, data: st.DataObject) -> None:
    model = resources.model
    chosen = [Observation(f, 1.0) for f in data.draw(st.lists(st.sampled_from(model.findings), max_size=10, unique=True))]
    shuffled = data.draw(st.permutations(chosen))
    assert np.allclose(rank(model, chosen).probability, rank(model, list(shuffled)).probability)


def test_what_another_finding_implies_is_not_counted_twice(resources: Resources) -> None:
    both = rank(resources.model, [Observation("tense-bulla", 1.0), Observation("bulla", 1.0), Observation("blister", 1.0)])
    one = rank(resources.model, [Observation("tense-bulla", 1.0)])
    assert np.allclose(both.probability, one.probability)


def test_a_hallmark_raises_its_disease_and_its_absence_lowers_it(resources: Resources) -> None:
    row = resources.model.row["herpes-zoster"]
    nothing, there, absent = (
        rank(resources.model, o).probability[row] for o in ([], [Observation("dermatomal", 1.0)], [Observation("dermatomal", -1.0)])
    )
    assert there > nothing > absent


def test_age_and_sex_bear_on_the_ranking(resources: Resources) -> None:
    model, itch = resources.model, [Observation("weal", 1.0)]
    child = rank(model, [Observation("high-fever", 1.0), Observation("strawberry-tongue", 1.0)], age=3).probability[
        model.row["kawasaki-disease"]
    ]
    old = rank(model, [Observation("high-fever", 1.0), Observation("strawberry-tongue", 1.0)], age=70).probability[
        model.row["kawasaki-disease"]
    ]
    assert child / (1 - child) > 3 * old / (1 - old)
    assert not np.allclose(rank(model, itch, sex="female").probability, rank(model, itch, sex="male").probability)


def test_information_gain_is_never_negative_and_never_more_than_there_is_to_know(resources: Resources) -> None:
    result = rank(resources.model, [Observation("bulla", 1.0), Observation("pruritus", 1.0)], age=80)
    field = field_of(resources.model, result.probability, result.other)
    gains = finding_gain(field)
    bits = -sum(p * np.log2(p) for p in [*result.probability, result.other] if p > 0)
    assert (gains >= 0).all()
    assert gains.max() <= bits + 1e-9
    many = test_gain(resources.model, field, ["dif-linear-igg-c3-bmz", "dif-intercellular-igg"])
    one = test_gain(resources.model, field, ["dif-linear-igg-c3-bmz"])
    assert many >= one - 1e-9
    assert test_gain(resources.model, field, []) == 0.0
