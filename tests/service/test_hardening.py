"""What must hold when things come at the worst moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.service.test_runs import CASE, ended, modelled, process, until
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Review
from yingzhi.service.identity import DEV
from yingzhi.service.wire import Act, Branch
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


async def test_a_branch_knows_nothing_of_what_was_done_where_it_was_cut(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        await context.consultations.act(DEV, first.id, Act(review=Review(action="reject", reason="test"), revision=1))
        await ended(context, first.id)
        branch = await context.records.branch(DEV, first.id, Branch(revision=1))
        await context.consultations.act(DEV, branch.id, Act(review=Review(action="sign"), revision=1))
        await ended(context, branch.id)
        view = await context.consultations.view(DEV, branch.id)
        assert view.result is not None
        assert view.result.review == "signed"


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


async def test_a_tenant_with_a_long_line_keeps_nobody_else_waiting(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        note = Act(review=Review(action="answer", note="More."), if_busy="enqueue")
        many = [await context.consultations.act(DEV, first.id, note) for _ in range(20)]
        many += [await context.consultations.create(DEV, CASE) for _ in range(20)]
        other = replace(DEV, tenant="other")
        late = await context.consultations.create(other, CASE)
        assert [e async for e in context.consultations.events(other, late.id)][-1].type == "run.paused"
        waiting = "SELECT count(*) FROM run WHERE tenant = ? AND status = 'queued'"
        assert await context.database.read(lambda db: db.execute(waiting, (DEV.tenant,)).fetchone()[0]) > len(many) / 2
