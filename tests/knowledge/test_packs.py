"""The pack files as a whole."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

import pytest
from pydantic import ValidationError

from yingzhi.agents.specialist import Resources
from yingzhi.knowledge.check import check_knowledge
from yingzhi.knowledge.load import Knowledge
from yingzhi.knowledge.pack_load import read_packs, read_sources
from yingzhi.knowledge.pack_models import DrugPack, StopRule

PACKS = {p.id: p for p in read_packs()}
LIVE_FORBIDDEN = {
    "methotrexate",
    "azathioprine",
    "ciclosporin",
    "mycophenolate",
    "cyclophosphamide",
    "rituximab",
    "tnf-inhibitors",
    "upadacitinib",
}


@pytest.fixture(scope="module")
def knowledge(resources: Resources) -> Knowledge:
    return resources.knowledge


def changed(k: Knowledge, pack: DrugPack) -> list[str]:
    """What the check says of the packs with one of them replaced."""
    packs = MappingProxyType({**k.packs, pack.id: pack})
    return [line for line in check_knowledge(dataclasses.replace(k, packs=packs)) if line.startswith("pack ")]


def test_at_least_forty_five_systemic_drugs_have_a_full_pack() -> None:
    full = {drug for pack in PACKS.values() if not pack.short for drug in pack.drugs}
    assert len(full) >= 45
    wanted = {
        "isotretinoin", "acitretin", "alitretinoin", "methotrexate", "ciclosporin", "azathioprine", "mycophenolate-mofetil",
        "cyclophosphamide", "prednisone", "prednisolone", "hydroxychloroquine", "dapsone", "colchicine", "thalidomide", "sulfasalazine",
        "apremilast", "adalimumab", "secukinumab", "guselkumab", "ustekinumab", "dupilumab", "lebrikizumab", "nemolizumab", "omalizumab",
        "rituximab", "ivig", "tofacitinib", "baricitinib", "upadacitinib", "abrocitinib", "ritlecitinib", "deucravacitinib",
        "spironolactone", "terbinafine", "itraconazole", "griseofulvin", "voriconazole", "rifampicin", "clofazimine", "miltefosine",
        "sodium-stibogluconate", "dimethyl-fumarate", "methoxsalen", "propranolol", "allopurinol", "tripterygium-glycosides",
        "compound-glycyrrhizin", "spesolimab",
    }  # fmt: skip
    assert wanted <= full
    assert {"doxycycline", "minocycline", "fluconazole", "ivermectin", "aciclovir", "total-glucosides-of-paeony", "cetirizine"} <= {
        drug for pack in PACKS.values() for drug in pack.drugs
    }


def test_the_check_finds_nothing_wrong_with_the_packs(knowledge: Knowledge) -> None:
    assert [line for line in check_knowledge(knowledge) if line.startswith(("pack ", "measure rule "))] == []


def test_no_source_is_written_twice() -> None:
    assert len(read_sources()) > 400


@pytest.mark.parametrize("pack", PACKS.values(), ids=lambda p: p.id)
def test_every_line_has_both_languages_and_says_something(pack: DrugPack) -> None:
    for words in (*(s.what for s in pack.screen), *(w.what for w in pack.watch)):
        assert words.en.strip()
        assert any("一" <= c <= "鿿" for c in words.zh) or words.zh.isupper()
    for rule in pack.stop:
        assert rule.when.zh != rule.when.en
    assert pack.counsel


@pytest.mark.parametrize("name", sorted(LIVE_FORBIDDEN))
def test_immunosuppressants_say_when_live_vaccines_may_be_given(name: str) -> None:
    live = [v for v in PACKS[name].vaccines if v.live]
    assert live
    assert all(v.weeks_before is not None for v in live)
    assert all(v.months_after is not None or v.weeks_after is not None for v in live)


@pytest.mark.parametrize(("name", "female", "male"), [
    ("acitretin", 36, None), ("miltefosine", 5, None), ("griseofulvin", None, 6), ("methotrexate", 6, 3), ("isotretinoin", 3, None),
])  # fmt: skip
def test_wash_out_times_are_those_of_the_sources(name: str, female: int | None, male: int | None) -> None:
    rules = {rule.sex: rule for rule in PACKS[name].conception}
    if female is not None:
        assert (rules["female"].needed, rules["female"].months_after) == ("yes", female)
    if male is not None:
        assert rules["male"].months_after == male


@pytest.mark.parametrize(("change", "problem"), [
    ({"drugs": ("no-such-drug",)}, "drug no-such-drug is unknown"),
    ({"drugs": ("methotrexate", "azathioprine")}, "drug azathioprine has another pack"),
])  # fmt: skip
def test_the_check_names_a_wrong_drug(knowledge: Knowledge, change: dict[str, object], problem: str) -> None:
    assert any(problem in line for line in changed(knowledge, PACKS["methotrexate"].model_copy(update=change)))


def test_the_check_names_a_wrong_test_source_condition_and_limit(knowledge: Knowledge) -> None:
    pack = PACKS["methotrexate"]
    screen = pack.screen[0].model_copy(update={"tests": ("no-such-test",), "source": "no-such-source"})
    stop = StopRule.model_validate(
        {"source": "bnf-2024", "kind": "stop", "when": {"en": "x", "zh": "甲"}, "act": {"en": "y", "zh": "乙"},
         "limits": [{"analyte": "hbsag", "below": 1}, {"analyte": "wbc"}, {"analyte": "platelets", "below": 150000}]}
    )  # fmt: skip
    closer = pack.watch[0].sooner[0].model_copy(update={"every_weeks": 60.0})
    watch = pack.watch[0].model_copy(update={"sooner": (closer,)})
    found = changed(knowledge, pack.model_copy(update={"screen": (screen,), "stop": (stop,), "watch": (watch,)}))
    for problem in ("test no-such-test", "source no-such-source", "hbsag is no measured analyte", "limit of wbc has no value",
                    "limit of platelets is not plausible", "closer watch is wider"):  # fmt: skip
        assert any(problem in line for line in found), problem


def test_a_full_pack_answers_for_both_sexes(knowledge: Knowledge) -> None:
    pack = PACKS["methotrexate"]
    women = tuple(rule for rule in pack.conception if rule.sex == "female")
    assert any("male patients" in line for line in changed(knowledge, pack.model_copy(update={"conception": women})))


def test_an_unknown_key_in_a_pack_is_refused() -> None:
    with pytest.raises(ValidationError, match="dose"):
        DrugPack.model_validate({**PACKS["methotrexate"].model_dump(), "dose": "15 mg"})
