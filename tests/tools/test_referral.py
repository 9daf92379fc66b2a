from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.errors import SettingsError
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import CARE_LEVELS, URGENCIES
from yingzhi.graphs.run import consult
from yingzhi.knowledge.models import Investigation
from yingzhi.knowledge.site_models import KINDS, Site
from yingzhi.tools.sites import can_do, read_site

BLISTERS = "An 80-year-old woman with itch for months, urticarial plaques and tense blisters on the thighs and belly."
SJS = (
    "A 30-year-old man took carbamazepine for three weeks. Painful dusky skin, atypical targets, epidermal detachment, "
    "mouth and eye erosions, fever."
)

PROFILE = """
id: riverside
names: {en: Riverside health centre, zh: 河畔卫生院}
kind: township
level: primary
equipment: [basic-instruments, glass-slide, microscope, blood-count-analyser]
drugs: [topical-corticosteroid, antihistamine]
specialists: [general-practice]
transfers:
  - {to: county, minutes: 45, names: {en: County hospital, zh: 县医院}}
  - {to: tertiary, minutes: 150}
"""


def profile(resources: Resources, folder: Path, text: str = PROFILE) -> Site:
    path = folder / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return read_site(str(path), resources.knowledge, {*resources.formulary.drugs, *resources.formulary.classes})


async def at(resources: Resources, site: str | Site, text: str, **fields: object) -> Consultation:
    chosen = resources.knowledge.sites[site] if isinstance(site, str) else site
    return await consult(Presentation.model_validate({"text": text, **fields}), replace(resources, site=chosen))


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("equipment: [basic-instruments, mri-scaner]", "mri-scaner"),
        ("tests: [skin-biopsi]", "skin-biopsi"),
        ("drugs: [topical-steroid-x]", "topical-steroid-x"),
        ("specialists: [dermatologie]", "dermatologie"),
    ],
)
def test_what_a_profile_names_and_nobody_knows_is_refused_by_name(resources: Resources, tmp_path: Path, line: str, named: str) -> None:
    field = line.partition(":")[0]
    kept = [row for row in PROFILE.splitlines() if not row.startswith(f"{field}:")]
    with pytest.raises(SettingsError) as refused:
        profile(resources, tmp_path, "\n".join([*kept, line]))
    assert named in str(refused.value)
    assert field in str(refused.value)


@pytest.mark.parametrize("text", ["[]", "id: x", "not: [a profile", "id: x\nnames: {en: A, zh: 甲}\nkind: hamlet\nlevel: primary"])
def test_a_file_that_is_no_profile_is_refused_in_one_sentence(resources: Resources, tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        profile(resources, tmp_path, text)
    assert "\n" not in str(refused.value)
    assert "site" in str(refused.value)


def test_a_file_that_is_not_there_is_refused_and_the_usual_sites_are_named(resources: Resources, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="village, township, county, tertiary"):
        read_site(str(tmp_path / "none.yaml"), resources.knowledge, ())


def test_a_larger_site_can_do_whatever_a_smaller_one_can(resources: Resources) -> None:
    sites = [resources.knowledge.sites[kind] for kind in KINDS]
    tests: list[Investigation] = list(resources.knowledge.investigations.values())
    for smaller, larger in pairwise(sites):
        here = {t.id for t in tests if can_do(t, smaller, smaller.level)}
        there = {t.id for t in tests if can_do(t, larger, larger.level)}
        assert here < there
    assert all(can_do(t, sites[-1], "tertiary") for t in tests)


async def test_a_village_clinic_is_told_what_it_can_not_do_and_where_to_send(resources: Resources) -> None:
    result = await at(resources, "village", BLISTERS)
    assert result.workup is not None
    assert result.referral is not None
    away = [t for rung in result.workup.rungs for t in rung.tests if t.elsewhere]
    assert away
    assert all(t.where is not None and t.where.zh for t in away)
    assert result.referral.refer
    assert result.referral.to is not None
    assert {n.id for n in result.referral.needs if n.kind == "test"} == {t.id for t in away if t.status == "recommended"}


async def test_a_tertiary_hospital_lacks_nothing(resources: Resources) -> None:
    result = await at(resources, "tertiary", BLISTERS)
    assert result.workup is not None
    assert result.referral is not None
    assert not any(t.elsewhere for rung in result.workup.rungs for t in rung.tests)
    assert not result.referral.refer
    assert result.referral.needs == []


async def test_the_letter_carries_what_is_needed_what_must_not_wait_and_what_goes_along(resources: Resources, tmp_path: Path) -> None:
    result = await at(resources, profile(resources, tmp_path), SJS)
    letter = next(d for d in result.documents if d.kind == "referral-letter")
    sections = {s.id: " ".join(x.text for x in s.sentences) for s in letter.sections}
    assert "150 min" in sections["to"]
    assert "Not done here" in sections["needed"]
    assert "Stop every drug" in sections["before"]
    assert "drugs" in sections["bring"]
    assert result.referral is not None
    assert result.referral.minutes == 150
    assert any("call ahead" in r.en for r in result.referral.reasons)


async def test_a_drug_that_is_not_in_stock_is_a_need(resources: Resources, tmp_path: Path) -> None:
    result = await at(
        resources,
        profile(resources, tmp_path),
        "A 50-year-old man with grouped vesicles in one dermatome of the left chest and burning pain for two days.",
    )
    assert result.referral is not None
    assert any(n.kind == "drug" for n in result.referral.needs)


async def test_a_decisive_test_that_is_not_done_here_is_a_reason_to_refer(resources: Resources, tmp_path: Path) -> None:
    site = profile(resources, tmp_path).model_copy(update={"level": "tertiary", "kind": "tertiary"})
    result = await at(resources, site, BLISTERS)
    assert result.referral is not None
    assert result.referral.refer
    assert any("Not done here" in r.en for r in result.referral.reasons)


@pytest.mark.parametrize("text", [BLISTERS, SJS, "A 16-year-old boy with comedones on the face for a year."])
async def test_a_profile_never_lowers_the_level_or_the_haste(resources: Resources, tmp_path: Path, text: str) -> None:
    plain = (await consult(Presentation(text=text), resources)).referral
    assert plain is not None
    for site in (*KINDS, profile(resources, tmp_path)):
        graded = (await at(resources, site, text)).referral
        assert graded is not None
        assert CARE_LEVELS.index(graded.level) >= CARE_LEVELS.index(plain.level)
        assert URGENCIES.index(graded.urgency) <= URGENCIES.index(plain.urgency)
