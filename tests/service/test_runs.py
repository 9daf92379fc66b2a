from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from tests.service.conftest import BLISTERS
from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.settings import checked
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.events import TERMINAL, RunStarted
from yingzhi.graphs.settings import Settings
from yingzhi.service.app import opened
from yingzhi.service.context import Context
from yingzhi.service.identity import DEV
from yingzhi.service.metrics import Metrics
from yingzhi.service.settings import ServiceSettings
from yingzhi.service.store.leases import LeaseLost, Owner, check, claim
from yingzhi.service.wire import Act, NewConsultation
from yingzhi.testing import FakeProvider

CASE = NewConsultation(case=Presentation(text=BLISTERS))


@asynccontextmanager
async def process(home: Path, resources: Resources, **more: Any) -> AsyncIterator[Context]:
    """A process of the service, without HTTP."""
    async with opened(ServiceSettings(engine=Settings(home=home), **more), resources, Metrics()) as context:
        yield context


async def ended(context: Context, consultation: str, run: str | None = None) -> list[str]:
    """Types of a run's events."""
    return [e.type async for e in context.consultations.events(DEV, consultation, run)]


async def test_what_a_dead_process_left_is_taken_up_at_once_and_ends_as_it_would_have(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as first:
        straight = await first.consultations.create(DEV, CASE)
        await ended(first, straight.id)
        first.consultations.runner._stopping = True  # from here on it takes nothing up, as if it were dead
        left = await first.consultations.create(DEV, CASE)
        assert (await first.consultations.view(DEV, left.id)).status == "queued"
    async with process(tmp_path, resources) as second:
        kinds = await ended(second, left.id)
        assert kinds[-1] == "run.paused"
        one, other = [await second.consultations.view(DEV, c) for c in (straight.id, left.id)]
        assert one.result is not None
        assert other.result is not None
        fields = {"id", "seconds"}
        assert one.result.model_dump(exclude=fields) == other.result.model_dump(exclude=fields)


async def test_an_owner_that_is_dead_holds_nothing_and_one_that_lives_does(tmp_path: Path) -> None:
    one, other = Owner(tmp_path), Owner(tmp_path)
    assert one.lives(other.name)
    other._file.close()  # type: ignore[union-attr]  # as the kernel does when a process is killed
    assert not one.lives(other.name)
    one.close()


async def test_a_lease_that_was_taken_over_can_write_nothing(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        context.consultations.runner._stopping = True
        admitted = await context.consultations.create(DEV, CASE)
        old, new = Owner(tmp_path / "o"), Owner(tmp_path / "o")

        def take(db: sqlite3.Connection, owner: Owner, now: float) -> Any:
            return claim(db, owner, admitted.id, now)

        run, lease, _ = await context.database.write(lambda db: take(db, old, 1000.0))
        assert run.attempt == 1
        assert await context.database.write(lambda db: take(db, new, 1001.0)) is None
        late, newer, _ = await context.database.write(lambda db: take(db, new, 2000.0))
        assert (late.id, late.attempt) == (run.id, 2)
        await context.database.write(lambda db: check(db, newer))
        with pytest.raises(LeaseLost):
            await context.database.write(lambda db: check(db, lease))
        old.close()
        new.close()


async def test_a_run_that_always_kills_its_process_is_given_up(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        context.consultations.runner._stopping = True
        admitted = await context.consultations.create(DEV, CASE)
        await context.database.write(lambda db: db.execute("UPDATE run SET attempt = 20 WHERE id = ?", (admitted.run,)))
    async with process(tmp_path, resources) as context:
        events = [e async for e in context.consultations.events(DEV, admitted.id)]
        assert [e.type for e in events] == ["run.failed"]
        assert (await context.consultations.view(DEV, admitted.id)).status == "failed"
        again = await context.consultations.retry(DEV, admitted.id)
        assert (await ended(context, admitted.id, again.run))[-1] == "run.paused"


@asynccontextmanager
async def modelled(resources: Resources, url: str, **fields: Any) -> AsyncIterator[Resources]:
    """The resources with a model at an address."""
    models = Models(checked({"model": "scripted", "base_url": url, "tools": "none", "json_mode": "object", **fields}, {}))
    try:
        yield replace(resources, models=models)
    finally:
        await models.aclose()


async def until(true: Callable[[], bool], seconds: float = 5.0) -> float:
    """Seconds until something is so."""
    began = perf_counter()
    while not true():
        assert perf_counter() - began < seconds, "it did not come to be"
        await asyncio.sleep(0.005)
    return perf_counter() - began


async def test_a_cancelled_run_ends_once_and_closes_the_provider_within_a_second(resources: Resources, tmp_path: Path) -> None:
    hang = FakeProvider(always="hang")
    async with hang as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        admitted = await context.consultations.create(DEV, CASE)
        await until(lambda: len(provider.requests) > 0)
        await context.consultations.cancel(DEV, admitted.id)
        assert await until(lambda: provider.open == 0, 1.0) < 1.0
        events = [e async for e in context.consultations.events(DEV, admitted.id)]
        assert [e.model_dump().get("reason") for e in events if e.type == "run.failed"] == ["cancelled"]
        assert (await context.consultations.view(DEV, admitted.id)).status == "cancelled"


async def test_a_cancelled_act_leaves_the_consultation_where_it_was(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        admitted = await context.consultations.create(DEV, CASE)
        await ended(context, admitted.id)
        before = await context.consultations.view(DEV, admitted.id)
        provider.always = "hang"
        more = Act(review=Review(action="answer", note="Fever."), revision=1)
        act = await context.consultations.act(DEV, admitted.id, more)
        await until(lambda: provider.open > 0 and len(provider.requests) > 5)
        await context.consultations.cancel(DEV, admitted.id)
        assert (await ended(context, admitted.id, act.run))[-1] == "run.failed"
        after = await context.consultations.view(DEV, admitted.id)
        assert (after.status, after.revision, after.result) == ("paused", 1, before.result)
        provider.always = None
        act = await context.consultations.act(DEV, admitted.id, more)
        assert (await ended(context, admitted.id, act.run))[-1] == "run.paused"


async def test_answers_that_were_paid_for_are_not_asked_for_again_after_a_crash(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model:
        async with process(tmp_path / "straight", with_model) as context:
            straight = await context.consultations.create(DEV, CASE)
            await ended(context, straight.id)
            whole = await context.consultations.view(DEV, straight.id)
        asked = len(provider.requests)
        provider.faults = {asked + 2: "hang"}  # the third request of the next consultation
        async with process(tmp_path, with_model, drain_seconds=0.01) as context:
            admitted = await context.consultations.create(DEV, CASE)
            await until(lambda: len(provider.requests) >= asked + 3)
        async with process(tmp_path, with_model) as context:
            events = [e async for e in context.consultations.events(DEV, admitted.id)]
            view = await context.consultations.view(DEV, admitted.id)
        assert all(one.seq < other.seq for one, other in pairwise(events))
        assert [e.attempt for e in events if isinstance(e, RunStarted)] == [1, 2]
        assert sum(isinstance(e, TERMINAL) for e in events) == 1
        assert view.result is not None
        assert whole.result is not None
        same = {"id", "seconds", "model_use", "pins"}
        assert view.result.model_dump(exclude=same) == whole.result.model_dump(exclude=same)
        again = [
            e.specialist
            for e in events[[i for i, e in enumerate(events) if isinstance(e, RunStarted)][1] :]
            if e.type == "specialist.started"
        ]
        assert "history" not in again
        assert len(provider.requests) - asked < 2 * asked


async def test_what_waits_in_line_is_cancelled_too(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        admitted = await context.consultations.create(DEV, CASE)
        await ended(context, admitted.id)
        provider.always = "hang"
        acts = [
            await context.consultations.act(DEV, admitted.id, Act(review=Review(action="answer", note=n), if_busy="enqueue")) for n in "abc"
        ]
        await context.consultations.cancel(DEV, admitted.id)
        assert [(await ended(context, admitted.id, a.run))[-1] for a in acts] == ["run.failed"] * 3
        assert (await context.consultations.view(DEV, admitted.id)).status == "paused"


async def test_an_act_that_was_meant_for_an_earlier_revision_comes_to_nothing_when_its_turn_comes(
    resources: Resources, tmp_path: Path
) -> None:
    async with process(tmp_path, resources) as context:
        admitted = await context.consultations.create(DEV, CASE)
        await ended(context, admitted.id)
        one, other = [
            Act(review=Review(action="answer", note=note), revision=1, if_busy="enqueue") for note in ("Fever.", "No fever.")
        ]  # fmt: skip
        first = await context.consultations.act(DEV, admitted.id, one)
        second = await context.consultations.act(DEV, admitted.id, other)
        assert (await ended(context, admitted.id, first.run))[-1] == "run.paused"
        events = [e async for e in context.consultations.events(DEV, admitted.id, second.run)]
        assert [e.model_dump()["reason"] for e in events] == ["revision: the consultation has moved on"]
        assert (await context.consultations.view(DEV, admitted.id)).revision == 2
