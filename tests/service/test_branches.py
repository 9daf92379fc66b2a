"""Branches, versions and what is added later."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.service.conftest import BLISTERS
from tests.service.inside import as_of_now
from tests.service.test_runs import CASE, ended, modelled, process, until
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.service.identity import DEV
from yingzhi.service.problems import Problem
from yingzhi.service.wire import Act, Branch, NewConsultation
from yingzhi.testing import FakeProvider


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


async def test_a_list_of_checkpoints_reads_none_of_their_states(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        admitted = await context.consultations.create(DEV, CASE)
        await ended(context, admitted.id)
        before = await context.records.checkpoints(DEV, admitted.id)
        found = await context.records._checkpoint(admitted.id, before[0].id)
        assert abs(datetime.fromisoformat(before[0].created) - datetime.fromisoformat(found.checkpoint["ts"])) < timedelta(seconds=1)
        saver = context.consultations.runner.engine.saver
        saver.conn.execute("UPDATE checkpoints SET checkpoint = x'c1'")
        saver.conn.commit()
        assert await context.records.checkpoints(DEV, admitted.id) == before


async def test_what_an_earlier_version_was_made_with_is_told_as_it_was(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        admitted = await context.consultations.create(DEV, CASE)
        await ended(context, admitted.id)
        first = (await context.consultations.view(DEV, admitted.id)).result
        assert first is not None
    later = replace(resources, knowledge=replace(resources.knowledge, hash="0" * 16))
    async with process(tmp_path, later) as context:
        checkpoint = (await context.records.checkpoints(DEV, admitted.id))[0].id
        assert await context.records.at(DEV, admitted.id, checkpoint) == first
        branch = await context.records.branch(DEV, admitted.id, Branch(revision=1))
        assert (await context.consultations.view(DEV, branch.id)).result == first.model_copy(update={"id": branch.id})


async def test_a_branch_from_where_no_drafts_could_be_made_waits_for_the_doctor(resources: Resources, tmp_path: Path) -> None:
    broken = replace(resources, knowledge=replace(resources.knowledge, red_flags=None))  # type: ignore[arg-type]
    async with process(tmp_path, broken) as context:
        admitted = await context.consultations.create(DEV, CASE)
        await ended(context, admitted.id)
        view = await context.consultations.view(DEV, admitted.id)
        assert view.result is not None
        assert (view.status, view.result.documents) == ("paused", [])
        branch = await context.records.branch(DEV, admitted.id, Branch(revision=1))
        assert (branch.status, branch.revision) == ("paused", 1)


async def test_words_that_are_added_move_nothing_that_was_read_before(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        first = await context.consultations.create(DEV, NewConsultation(case=Presentation(text=f"  \n {BLISTERS}")))
        await ended(context, first.id)
        before = (await context.consultations.view(DEV, first.id)).result
        await context.consultations.act(DEV, first.id, Act(review=Review(action="answer", note="No fever."), revision=1))
        await ended(context, first.id)
        after = (await context.consultations.view(DEV, first.id)).result
        assert before is not None
        assert after is not None
        assert before.history is not None
        assert after.history is not None
        spans = {f.id: f.spans for f in after.history.findings}
        assert all(spans[f.id] == f.spans for f in before.history.findings)
        assert before.history.findings


async def test_a_branch_from_a_step_of_a_run_at_work_goes_on_by_itself(resources: Resources, tmp_path: Path) -> None:
    async with FakeProvider() as provider, modelled(resources, provider.url) as with_model, process(tmp_path, with_model) as context:
        straight = await context.consultations.create(DEV, CASE)
        await ended(context, straight.id)
        asked = len(provider.requests)
        provider.faults = {asked + 2: "hang"}
        at_work = await context.consultations.create(DEV, CASE)
        await until(lambda: len(provider.requests) >= asked + 3)
        steps = await context.records.checkpoints(DEV, at_work.id)
        assert not any(step.counts for step in steps)
        branch = await context.records.branch(DEV, at_work.id, Branch(checkpoint=steps[0].id))
        assert (await ended(context, branch.id))[-1] == "run.paused"
        one, other = [(await context.consultations.view(DEV, c)).result for c in (straight.id, branch.id)]
        assert one is not None
        assert other is not None
        assert as_of_now(other) == as_of_now(one)
        assert (await context.consultations.view(DEV, at_work.id)).status == "running"
        with pytest.raises(Problem) as none:
            await context.records.branch(DEV, at_work.id, Branch(checkpoint=steps[-1].id))  # the input, before any step
        assert none.value.status == 404
        await context.consultations.cancel(DEV, at_work.id)
        assert (await ended(context, at_work.id))[-1] == "run.failed"
