"""Claims about stays in countries where regional infections of the skin are met."""

from __future__ import annotations

import pytest

from yingzhi.tools.places import stays


@pytest.mark.parametrize(
    "text", ["two weeks in Guatemala", "she was in Costa Rica for ten days", "back from Ghana", "travelled to India", "去过泰国"]
)
def test_a_stay_is_read(text: str) -> None:
    assert [denied for _, _, denied in stays(text)] == [False]


@pytest.mark.parametrize("text", ["She was not in Africa", "no travel to India", "否认去过泰国"])
def test_a_denied_stay_is_read_as_denied(text: str) -> None:
    assert [denied for _, _, denied in stays(text)] == [True]


@pytest.mark.parametrize("text", ["cysts were seen in India ink", "for years in the south of England"])
def test_ink_and_other_countries_are_no_stay(text: str) -> None:
    assert stays(text) == []
