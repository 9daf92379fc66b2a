"""Nothing of a patient survives their deletion, wherever it stood."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import Any

from tests.service.conftest import BLISTERS
from tests.service.inside import copied, in_files, threads
from tests.service.test_runs import CASE, ended, modelled, process, until
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.presentation import Presentation
from yingzhi.service.identity import DEV
from yingzhi.service.problems import Problem
from yingzhi.service.wire import Branch, NewConsultation
from yingzhi.testing import FakeProvider


async def test_nothing_of_a_patient_survives_in_a_branch_that_was_under_way_when_they_were_deleted(
    resources: Resources, tmp_path: Path
) -> None:
    mark = f"marker{uuid.uuid4().hex}"
    async with process(tmp_path, resources) as context:
        for moment in (0.0, 0.005, 0.02):
            patient = await context.records.add_patient(DEV)
            case = NewConsultation(case=Presentation(text=f"{BLISTERS} {mark}"), patient_id=patient)
            first = await context.consultations.create(DEV, case)
            await ended(context, first.id)
            branches = [asyncio.create_task(context.records.branch(DEV, first.id, Branch(revision=1))) for _ in range(8)]
            await asyncio.sleep(moment)
            await context.records.erase_patient(DEV, patient)
            for result in await asyncio.gather(*branches, return_exceptions=True):
                assert not isinstance(result, Exception) or (isinstance(result, Problem) and result.status == 404), result
            page = await context.records.page(DEV, patient=patient, status=None, after=None, limit=10)
            assert page.items == []
            await context.records.erase_noted()
            assert in_files(context, mark) == []


async def test_a_copy_that_nobody_knows_of_because_its_process_died_is_erased(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path / "one", resources) as context:
        first = await context.consultations.create(DEV, CASE)
        await ended(context, first.id)
        copies: list[Path] = []

        def keep(statement: str) -> None:
            if statement == "COMMIT":
                copies.append(copied(context, tmp_path / f"dead{len(copies)}"))

        context.consultations.runner.engine.saver.conn.set_trace_callback(keep)
        await context.records.branch(DEV, first.id, Branch(revision=1))
        context.consultations.runner.engine.saver.conn.set_trace_callback(None)
    home = copies[-1]  # the checkpoint is copied, the branch is not yet on record
    assert threads(home) > {first.id}
    async with process(home, resources) as context:
        await context.database.write(lambda db: db.execute("UPDATE erasure SET created = created - 1000").close())
        await context.records.erase_noted()
        assert threads(home) == {first.id}


async def test_deleting_while_checkpoints_are_written_goes_well(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        context.consultations.runner._stopping = True
        saver = context.consultations.runner.engine.saver
        place: Any = {"configurable": {"thread_id": "other", "checkpoint_ns": "", "checkpoint_id": "a"}}

        async def write(task: str) -> None:
            while True:
                await saver.aput_writes(place, [("channel", task)], task)

        writers = [asyncio.create_task(write(f"{n}")) for n in range(4)]
        for _ in range(20):
            admitted = await context.consultations.create(DEV, CASE)
            await context.records.erase_consultation(DEV, admitted.id)
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)


async def test_a_consultation_can_be_deleted_before_anything_ever_ran(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        context.consultations.runner._stopping = True
        admitted = await context.consultations.create(DEV, CASE)
        await context.records.erase_consultation(DEV, admitted.id)


async def test_what_another_process_deletes_is_broken_off_here_and_its_provider_is_let_go(resources: Resources, tmp_path: Path) -> None:
    async with (
        FakeProvider(always="hang") as provider,
        modelled(resources, provider.url) as with_model,
        process(tmp_path, with_model) as one,
        process(tmp_path, with_model) as other,
    ):
        other.consultations.runner._stopping = True
        admitted = await one.consultations.create(DEV, CASE)
        await until(lambda: len(provider.requests) > 0)
        await other.records.erase_consultation(DEV, admitted.id)
        await until(lambda: provider.open == 0, 3)
        await until(lambda: not one.consultations.runner.working)
        await other.records.erase_noted()
        assert threads(tmp_path) == set()


async def test_a_key_is_free_again_once_what_it_stood_for_is_deleted(resources: Resources, tmp_path: Path) -> None:
    async with process(tmp_path, resources) as context:
        first = await context.consultations.create(DEV, CASE, key="k")
        await context.records.erase_consultation(DEV, first.id)
        both = await asyncio.gather(*(context.consultations.create(DEV, CASE, key="k") for _ in range(5)))
        assert {a.id for a in both} == {both[0].id} != {first.id}
