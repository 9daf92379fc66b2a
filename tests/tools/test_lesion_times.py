"""How long one lesion lasts and how a blister breaks: neither is the course of the trouble, nor an ulcer."""

from __future__ import annotations

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.run import consult


async def findings_of(text: str, resources: Resources) -> set[str]:
    history = (await consult(Presentation(text=text), resources)).history
    assert history is not None
    return {f.id for f in history.findings if f.status == "present"}


@pytest.mark.parametrize("text", ["面部脓疱破溃后结痂。", "躯干水疱，破溃后糜烂。", "背部疱疹易破溃。"])
async def test_a_blister_that_breaks_is_no_ulcer(text: str, resources: Resources) -> None:
    assert "ulcer" not in await findings_of(text, resources)


async def test_a_lump_that_breaks_is_an_ulcer(resources: Resources) -> None:
    assert "ulcer" in await findings_of("小腿结节，近日破溃。", resources)


@pytest.mark.parametrize(
    "text", ["躯干风团，20分钟内可自行消退。", "全身风团，1~2小时后自行消退。", "Itchy weals that fade in about 30 minutes."]
)
async def test_the_time_a_weal_lasts_makes_it_evanescent(text: str, resources: Resources) -> None:
    assert "evanescent-weal" in await findings_of(text, resources)


@pytest.mark.parametrize(
    "text", ["前臂风团，约半小时消退。", "四肢红斑瘙痒，3天自行消退。", "Itchy red papules that fade in about 2 days."]
)
async def test_the_time_a_lesion_lasts_is_no_onset(text: str, resources: Resources) -> None:
    assert not await findings_of(text, resources) & {"hyperacute-onset", "acute-onset"}


async def test_the_time_since_it_began_is_an_onset(resources: Resources) -> None:
    assert "acute-onset" in await findings_of("四肢红斑瘙痒3天。", resources)
