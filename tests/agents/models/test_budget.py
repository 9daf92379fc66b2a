from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.models.budget import Budget, BudgetSpent
from yingzhi.agents.models.settings import ModelSettings

PRICE = (2.0, 6.0)
lawful = settings(deadline=None, max_examples=80)
answers = st.lists(st.tuples(st.sampled_from(["m", "priceless"]), st.integers(0, 10**6), st.integers(0, 10**5)), max_size=12)


@dataclass
class Clock:
    now: float = 50.0

    def __call__(self) -> float:
        return self.now


def budget(clock: Clock | None = None, **fields: float) -> Budget:
    return Budget(ModelSettings.model_validate({"model": "m", "prices": {"m": PRICE}, **fields}), clock or Clock())


def spent(it: Budget) -> str:
    """What is spent; empty for nothing."""
    try:
        it.check()
    except BudgetSpent as end:
        return str(end.args[0])
    return ""


@lawful
@given(answers)
def test_tokens_and_cost_are_the_sum_of_the_answers(booked: list[tuple[str, int, int]]) -> None:
    it = budget()
    costs = [it.spend(*answer) for answer in booked]
    assert it.tokens == sum(i + o for _, i, o in booked)
    assert it.cost == pytest.approx(sum(costs))
    assert costs == [pytest.approx((i * PRICE[0] + o * PRICE[1]) / 1e6 if m == "m" else 0) for m, i, o in booked]


@lawful
@given(answers)
def test_what_is_spent_never_becomes_less(booked: list[tuple[str, int, int]]) -> None:
    it, before = budget(), (0, 0.0)
    for answer in booked:
        it.spend(*answer)
        assert (it.tokens, it.cost) >= before
        before = it.tokens, it.cost


@lawful
@given(st.integers(0, 40))
def test_so_many_requests_and_not_one_more(limit: int) -> None:
    it = budget(max_calls=limit)
    while not spent(it):
        it.calls += 1
    assert it.calls == limit
    assert spent(it) == "calls"


@lawful
@given(st.integers(0, 10**6), answers)
def test_no_request_once_the_tokens_are_spent(limit: int, booked: list[tuple[str, int, int]]) -> None:
    it = budget(max_total_tokens=limit)
    for answer in booked:
        it.spend(*answer)
    assert (spent(it) == "tokens") is (it.tokens >= limit)


@lawful
@given(st.floats(0, 5), answers)
def test_no_request_once_the_money_is_spent(limit: float, booked: list[tuple[str, int, int]]) -> None:
    it = budget(max_cost=limit, max_total_tokens=10**9)
    for answer in booked:
        it.spend(*answer)
    assert (spent(it) == "cost") is (it.cost >= limit)


def test_without_a_limit_money_is_counted_and_not_limited() -> None:
    it = budget(max_total_tokens=10**9)
    it.spend("m", 10**7, 10**7)
    assert it.cost == pytest.approx(80)
    assert not spent(it)


@lawful
@given(st.floats(0, 1000), st.lists(st.floats(0, 500), max_size=6))
def test_time_runs_from_the_first_moment_to_the_deadline(limit: float, steps: list[float]) -> None:
    clock = Clock()
    it = budget(clock, consultation_seconds=limit)
    for step in steps:
        clock.now += step
    assert it.seconds_left() == pytest.approx(limit - sum(steps), abs=1e-6)
    assert (spent(it) == "seconds") is (it.seconds_left() <= 0)


def test_looking_costs_nothing() -> None:
    it = budget(max_calls=1)
    assert [spent(it) for _ in range(5)] == [""] * 5
    assert (it.calls, it.tokens, it.cost) == (0, 0, 0)


@pytest.mark.parametrize(
    ("field", "name"), [("max_calls", "calls"), ("max_total_tokens", "tokens"), ("max_cost", "cost"), ("consultation_seconds", "seconds")]
)
def test_a_budget_of_nothing_allows_nothing(field: str, name: str) -> None:
    assert spent(budget(None, **{field: 0})) == name
