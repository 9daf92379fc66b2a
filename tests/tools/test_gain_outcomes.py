from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.tools.gain import Field, field_of, outcomes
from yingzhi.tools.gain import test_gain as gain_of
from yingzhi.tools.inference import DiagnosisModel


@pytest.fixture(scope="module")
def model(resources: Resources) -> DiagnosisModel:
    return resources.model


def fielded(model: DiagnosisModel, seed: int) -> Field:
    weights = np.random.default_rng(seed).dirichlet(np.full(len(model.diseases) + 1, 0.02))
    return field_of(model, weights[:-1], float(weights[-1]))


SEEDS = st.integers(0, 2**16)


@given(seed=SEEDS, data=st.data())
def test_what_a_test_would_do_averages_to_what_is_believed_now(resources: Resources, seed: int, data: st.DataObject) -> None:
    """The present probability lies between the two that either result would give."""
    model = resources.model
    test = resources.knowledge.investigations[data.draw(st.sampled_from(sorted(resources.knowledge.investigations)))]
    for swing in outcomes(model, fielded(model, seed), test.yields):
        low, high = sorted((swing.if_found, swing.if_not))
        assert 0 <= low <= swing.now + 1e-3
        assert swing.now - 1e-3 <= high <= 1


@given(seed=SEEDS, data=st.data())
def test_a_test_settles_no_more_than_there_is_to_settle(resources: Resources, seed: int, data: st.DataObject) -> None:
    model, field = resources.model, fielded(resources.model, seed)
    test = resources.knowledge.investigations[data.draw(st.sampled_from(sorted(resources.knowledge.investigations)))]
    assert 0 <= gain_of(model, field, test.yields) <= field.bits + 1e-9


@given(seed=SEEDS, data=st.data())
def test_a_test_that_shows_more_is_never_said_to_move_less(resources: Resources, seed: int, data: st.DataObject) -> None:
    model, field = resources.model, fielded(resources.model, seed)
    yields = data.draw(st.lists(st.sampled_from(model.findings), min_size=1, max_size=6, unique=True))
    few = {s.diagnosis: abs(s.if_found - s.if_not) for s in outcomes(model, field, yields[:-1])}
    many = {s.diagnosis: abs(s.if_found - s.if_not) for s in outcomes(model, field, yields)}
    for diagnosis, moved in few.items():
        assert many[diagnosis] >= moved - 2e-3


def test_a_test_of_unknown_findings_says_nothing(model: DiagnosisModel) -> None:
    assert outcomes(model, fielded(model, 1), ["no-such-finding"]) == []
    assert gain_of(model, fielded(model, 1), ["no-such-finding"]) == 0
