"""Runs that are begun again, cancelled, or taken up."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.service.test_runs import CASE, ended, modelled, process, until
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Review
from yingzhi.service.identity import DEV
from yingzhi.service.wire import Act
from yingzhi.testing import FakeProvider


async def test_an_act_that_follows_a_cancelled_one_is_the_one_that_is_carried_out(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        provider.always = "hang"
        asked = len(provider.requests)
        await context.consultations.act(DEV, first.id, Act(review=Review(action="answer", note="Withdrawn words."), revision=1))
        await until(lambda: len(provider.requests) > asked)
        await context.consultations.cancel(DEV, first.id)
        await ended(context, first.id)
        provider.always = None
        await context.consultations.act(DEV, first.id, Act(review=Review(action="sign"), revision=1))
        await ended(context, first.id)
        view = await context.consultations.view(DEV, first.id)
        assert view.result is not None
        assert view.result.review == "signed"
        assert view.result.version == 1


async def test_a_consultation_that_is_begun_again_begins_from_nothing(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        straight = await context.consultations.create(DEV, CASE)
        await ended(context, straight.id)
        asked = len(provider.requests)
        provider.faults = {asked + 2: "hang"}
        again = await context.consultations.create(DEV, CASE)
        await until(lambda: len(provider.requests) >= asked + 3)
        await context.consultations.cancel(DEV, again.id)
        await ended(context, again.id)
        provider.faults = {}
        await context.consultations.retry(DEV, again.id)
        await ended(context, again.id)
        one, other = [(await context.consultations.view(DEV, c)).result for c in (straight.id, again.id)]
        assert one is not None
        assert other is not None
        assert [u.specialist for u in other.model_use] == [u.specialist for u in one.model_use]
        same = {"id", "seconds", "model_use"}
        assert other.model_dump(exclude=same) == one.model_dump(exclude=same)


async def test_what_a_model_has_answered_within_a_step_is_not_asked_for_again(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model:
        async with process(tmp_path / "straight", with_model) as context:
            await ended(context, (await context.consultations.create(DEV, CASE)).id)
        asked = len(provider.requests)
        provider.faults = {asked + 4: "hang"}  # the last of the three that are asked side by side
        async with process(tmp_path, with_model, drain_seconds=0.5) as context:
            admitted = await context.consultations.create(DEV, CASE)
            await until(lambda: len(provider.requests) >= asked + 5)
        async with process(tmp_path, with_model) as context:
            assert (await ended(context, admitted.id))[-1] == "run.paused"
    assert len(provider.requests) == 2 * asked + 1


async def test_what_waits_is_cancelled_at_once_though_no_place_is_free(resources: Resources, tmp_path: Path) -> None:
    async with (
        FakeProvider() as provider,
        modelled(resources, provider.url) as with_model,
        process(tmp_path, with_model, at_once=1, drain_seconds=0.1) as context,
    ):
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        provider.always = "hang"
        busy = await context.consultations.create(DEV, CASE)
        await until(lambda: context.consultations.runner.working == 1)
        note = Act(review=Review(action="answer", note="More."), if_busy="enqueue")
        acts = [await context.consultations.act(DEV, first.id, note) for _ in range(3)]
        new = await context.consultations.create(DEV, CASE)
        async with asyncio.timeout(2):
            await context.consultations.cancel(DEV, first.id)
            await context.consultations.cancel(DEV, new.id)
            for consultation, run in (*((first.id, act.run) for act in acts), (new.id, new.run)):
                assert (await ended(context, consultation, run)) == ["run.failed"]
        assert (await context.consultations.view(DEV, first.id)).status == "paused"
        assert (await context.consultations.view(DEV, new.id)).status == "cancelled"
        assert (await context.consultations.view(DEV, busy.id)).status == "running"
        assert context.consultations.runner.working == 1
