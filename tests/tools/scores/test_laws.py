"""Laws that every score obeys, whatever the values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.score import Score, ScoreInput
from yingzhi.tools.scores import SCORES, compute

FALLING = {("scorten", "bicarbonate_mmol"), ("alden", "other_cause")}
"""Inputs of which more means fewer points: a low bicarbonate is the danger, another culprit exonerates this drug."""
IDS = sorted(SCORES)


def any_value(score: Score, one: ScoreInput) -> st.SearchStrategy[Any]:
    if one.kind == "flag":
        return st.booleans()
    if one.kind == "choice":
        return st.sampled_from([choice.value for choice in one.choices])
    low = 1.0 if one.factor else one.minimum  # signs on no skin are refused, see test_refusals
    high = 16.0 if score.limit and one.column == score.limit.column else one.maximum
    return st.integers(int(low), int(high)) if one.whole else st.floats(low, high)


def cases() -> st.SearchStrategy[tuple[Score, dict[str, Any]]]:
    def of(score: Score) -> st.SearchStrategy[tuple[Score, dict[str, Any]]]:
        return st.tuples(st.just(score), st.fixed_dictionaries({one.id: any_value(score, one) for one in score.inputs}))

    return st.sampled_from(IDS).flatmap(lambda name: of(SCORES[name]))


def points(one: ScoreInput, value: Any) -> float:
    """What the publication gives for an answer in words; for anything else the value itself."""
    chosen = next((choice for choice in one.choices if choice.value == value), None)
    return chosen.points if chosen is not None and chosen.points is not None else float(value)


@settings(max_examples=150, deadline=None)
@given(case=cases(), data=st.data())
def test_more_of_any_one_item_never_lowers_a_score(case: tuple[Score, dict[str, Any]], data: st.DataObject) -> None:
    score, values = case
    one = data.draw(st.sampled_from([one for one in score.inputs if one.role != "weights"]))
    other = data.draw(any_value(score, one))
    less, more = sorted((values[one.id], other), key=lambda value: points(one, value))
    if (score.id, one.id) in FALLING:
        less, more = more, less
    low, high = compute(score.id, values | {one.id: less}), compute(score.id, values | {one.id: more})
    assert low.total <= high.total
    assert all(a.value <= b.value for a, b in zip(low.subscores, high.subscores, strict=True))


@settings(max_examples=100, deadline=None)
@given(case=cases())
def test_a_score_and_its_parts_stay_within_their_bounds_and_add_up(case: tuple[Score, dict[str, Any]]) -> None:
    score, values = case
    result = compute(score.id, values)
    assert result.minimum <= result.total <= (result.maximum if result.maximum is not None else result.total)
    assert all(part.minimum <= part.value <= (part.maximum if part.maximum is not None else part.value) for part in result.subscores)
    counted = [part.value for part in result.subscores if part.in_total]
    assert not counted or sum(counted) == pytest.approx(result.total)


@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_a_score_depends_on_its_values_alone(case: tuple[Score, dict[str, Any]]) -> None:
    score, values = case
    shuffled = dict(reversed(values.items()))
    assert compute(score.id, values) == compute(score.id, shuffled) == compute(score.short, values)


def extreme(score: Score, one: ScoreInput, most: bool) -> Any:
    if (score.id, one.id) in FALLING:
        most = not most
    if one.kind == "flag":
        return most
    if one.kind == "choice":
        ranked = sorted(one.choices, key=lambda choice: points(one, choice.value)) if one.role != "weights" else list(one.choices)
        return ranked[-1 if most else 0].value
    return one.maximum if most else one.minimum


@pytest.mark.parametrize("name", [name for name in IDS if name != "vasi"])
@pytest.mark.parametrize("most", [True, False], ids=["top", "bottom"])
def test_both_ends_of_the_published_range_are_reached_exactly(name: str, most: bool) -> None:
    score = SCORES[name]
    result = compute(name, {one.id: extreme(score, one, most) for one in score.inputs})
    assert result.total == (score.maximum if most and score.maximum is not None else result.total if most else score.minimum)
    assert [part.value for part in result.subscores] == [part.maximum if most else part.minimum for part in result.subscores]


@pytest.mark.parametrize(("age", "head", "lower_limbs"), [("8-or-over", 7.2, 28.8), ("under-8", 14.4, 21.6)])
def test_easi_reaches_72_at_every_age_and_each_region_its_own_share(age: str, head: float, lower_limbs: float) -> None:
    score = SCORES["easi"]
    values = {one.id: extreme(score, one, True) for one in score.inputs} | {"age_group": age}
    result = compute("easi", values)
    assert result.total == 72
    assert [part.maximum for part in result.subscores] == [head, 14.4, 21.6, lower_limbs]


@pytest.mark.parametrize("name", ["pasi", "dlqi", "pdai", "bpdai", "clasi", "cdasi", "scorad", "salt"])
def test_the_greatest_parts_that_count_make_the_greatest_total(name: str) -> None:
    score = SCORES[name]
    counted = [part.maximum for part in score.parts if part.in_total and not part.sum_of and part.maximum is not None]
    assert sum(counted) == pytest.approx(score.maximum)


@pytest.mark.parametrize("region", ["head", "hands", "upper_limbs", "trunk", "lower_limbs", "feet"])
def test_vasi_reaches_100_only_with_the_whole_body_white(region: str) -> None:
    result = compute("vasi", {f"{region}_hand_units": 100, f"{region}_depigmentation": 100}, rest_zero=True)
    assert result.total == 100
    assert compute("vasi", {}, rest_zero=True).total == 0


def test_ihs4_has_no_upper_bound() -> None:
    assert SCORES["ihs4"].maximum is None
    assert compute("ihs4", {"nodules": 100, "abscesses": 100, "draining_tunnels": 100}).total == 700


@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_a_value_that_is_read_has_a_band_wherever_bands_are_published(case: tuple[Score, dict[str, Any]]) -> None:
    score, values = case
    result = compute(score.id, values)
    assert (result.band is not None) == bool(score.scales)
    assert len(result.other_bands) == max(0, len(score.scales) - 1)
