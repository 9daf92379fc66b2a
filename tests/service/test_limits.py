from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.errors import SettingsError
from yingzhi.service.limits import SECOND, Limits, LimitSettings, Rate, Slots, open_limits
from yingzhi.service.problems import Problem

RATES = st.floats(0.01, 10_000, allow_nan=False)
BURSTS = st.integers(1, 50)
STEPS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3 * SECOND)), max_size=200)
"""(who asks, nanoseconds after the one before)"""


class Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@settings(deadline=None)
@given(RATES, BURSTS, STEPS)
def test_waiting_as_long_as_told_succeeds_and_a_second_less_does_not(per_second: float, burst: int, steps: list[tuple[int, int]]) -> None:
    clock = Clock()
    rate = Rate(per_second, burst, clock=clock)
    for who, passed in steps:
        clock.now += passed
        seconds = rate.take(str(who))
        assert isinstance(seconds, int)
        if seconds:
            came = clock.now
            assert rate.wait(str(who)) == seconds
            clock.now = came + (seconds - 1) * SECOND
            assert rate.wait(str(who)) == 1
            clock.now = came + seconds * SECOND
            assert rate.wait(str(who)) == 0
            assert rate.take(str(who)) == 0


@settings(deadline=None)
@given(RATES, BURSTS, STEPS)
def test_no_span_of_time_lets_more_through_than_burst_and_rate(per_second: float, burst: int, steps: list[tuple[int, int]]) -> None:
    clock = Clock()
    rate = Rate(per_second, burst, clock=clock)
    through: list[int] = []
    for _, passed in steps:
        clock.now += passed
        if not rate.take("one"):
            through.append(clock.now)
    for first in range(len(through)):
        for last in range(first, len(through)):
            assert last - first + 1 <= burst + per_second * (through[last] - through[first]) / SECOND + 1e-6


@settings(deadline=None)
@given(RATES, BURSTS, st.lists(st.integers(0, 5), max_size=80))
def test_a_full_bucket_gives_its_burst_at_one_moment(per_second: float, burst: int, others: list[int]) -> None:
    rate = Rate(per_second, burst, clock=Clock())
    for other in others:
        rate.take(f"other-{other}")
    assert [rate.take("one") for _ in range(burst)] == [0] * burst
    assert rate.take("one") >= 1


@settings(deadline=None)
@given(RATES, BURSTS, STEPS)
def test_what_one_is_told_does_not_depend_on_others_nor_on_what_is_forgotten(
    per_second: float, burst: int, steps: list[tuple[int, int]]
) -> None:
    clock = Clock()
    shared = Rate(per_second, burst, clock=clock)
    alone: dict[str, Rate] = defaultdict(lambda: Rate(per_second, burst, clock=clock))
    for who, passed in steps:
        clock.now += passed
        assert shared.take(str(who)) == alone[str(who)].take(str(who))


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 300), st.integers(0, SECOND // 10)), max_size=400))
def test_memory_is_bounded_over_any_number_of_callers(remembered: int, steps: list[tuple[int, int]]) -> None:
    clock = Clock()
    rate = Rate(1.0, 3, remembered, clock)
    for who, passed in steps:
        clock.now += passed
        rate.take(str(who))
        assert len(rate) <= remembered


def test_callers_that_came_and_went_are_forgotten() -> None:
    clock = Clock()
    rate = Rate(10.0, 5, 100_000, clock)
    for who in range(20_000):
        clock.now += SECOND // 100
        rate.take(str(who))
    assert len(rate) <= 20


def test_asking_how_long_to_wait_takes_nothing() -> None:
    rate = Rate(1.0, 1, clock=Clock())
    assert [rate.wait("one") for _ in range(5)] == [0] * 5
    assert len(rate) == 0
    assert rate.take("one") == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=100), st.integers(1, 5))
def test_a_tenant_holds_no_more_places_than_there_are_and_gives_each_back_once(steps: list[tuple[str, bool]], at_once: int) -> None:
    slots = Slots(at_once, "streams")
    held: dict[str, list[Any]] = defaultdict(list)
    for tenant, take in steps:
        if not take and held[tenant]:
            slot = held[tenant].pop()
            slot.free()
            slot.free()
        elif take and len(held[tenant]) < at_once:
            held[tenant].append(slots.take(tenant))
        elif take:
            with pytest.raises(Problem) as caught:
                slots.take(tenant)
            assert caught.value.status == 429
            assert int(caught.value.headers["Retry-After"]) > 0
        assert {t: slots.held(t) for t in "abc"} == {t: len(held[t]) for t in "abc"}
    for slot in [s for some in held.values() for s in some]:
        slot.free()
    assert len(slots) == 0


def test_a_place_is_given_back_when_its_work_fails() -> None:
    slots = Slots(1, "streams")

    def work() -> None:
        with slots.take("ward-a"):
            raise RuntimeError

    for _ in range(3):
        with pytest.raises(RuntimeError):
            work()
    assert slots.held("ward-a") == 0


def test_what_was_admitted_before_is_taken_up_beyond_the_limit() -> None:
    slots = Slots(1, "consultations")
    slots.take("ward-a")
    again = slots.take("ward-a", always=True)
    assert slots.held("ward-a") == 2
    again.free()
    with pytest.raises(Problem):
        slots.take("ward-a")


def test_one_tenants_limit_leaves_the_others_alone() -> None:
    limits = open_limits(LimitSettings(burst=1, running=1, streams=1, requests_per_second=0.5), clock=Clock())

    def use(limits: Limits, tenant: str) -> None:
        limits.request(tenant)
        limits.running.take(tenant)
        limits.streams.take(tenant)

    use(limits, "ward-a")
    with pytest.raises(Problem) as caught:
        limits.request("ward-a")
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "2"})
    use(limits, "ward-b")


def test_settings_are_read_from_the_environment_and_a_wrong_one_is_named() -> None:
    assert LimitSettings.from_environment({"YINGZHI_SERVE_STREAMS": "7", "YINGZHI_SERVE_FAILURES_BURST": "3"}).streams == 7
    for name, value in {"BURST": "0", "REQUESTS_PER_SECOND": "nan", "STREAMS": "many", "RUNNING": "-1", "REMEMBERED": "1e99"}.items():
        with pytest.raises(SettingsError, match=rf"^YINGZHI_SERVE_{name}: "):
            LimitSettings.from_environment({f"YINGZHI_SERVE_{name}": value})
