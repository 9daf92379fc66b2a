from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingzhi.evals.summary import wilson


@given(of=st.integers(1, 5000), data=st.data())
def test_a_share_lies_inside_its_interval_and_the_interval_among_the_shares(of: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, of))
    low, high = wilson(right, of)
    assert 0 <= low <= right / of + 1e-12
    assert right / of - 1e-12 <= high <= 1
    assert high - low > 0


def test_the_interval_is_the_published_one_and_nothing_tells_nothing() -> None:
    assert wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=5e-4)
    assert wilson(0, 0) == (0.0, 1.0)
