"""What is known of pregnancy and breast-feeding: how much of the formulary it covers, and that it says where it comes from."""

from __future__ import annotations

import pytest

from yingzhi.knowledge.drug_load import load_drug_knowledge
from yingzhi.knowledge.drug_models import Reproduction
from yingzhi.knowledge.pack_load import read_packs
from yingzhi.tools.formulary import load_formulary

FORMULARY = load_formulary()
SYSTEMIC = {drug: profile for drug, profile in FORMULARY.profiles.items() if not profile.local_only}
SOURCES = {source.id for source in load_drug_knowledge(None).sources}
WITH_PREGNANCY = 0.97
WITH_LACTATION = 0.97
MARKED = 0
"""Lines of packs whose figure no source was found for."""


def share(word: str) -> float:
    return sum(getattr(profile, word) is not None for profile in SYSTEMIC.values()) / len(SYSTEMIC)


def entries() -> list[tuple[str, Reproduction]]:
    found = ((drug, entry) for drug, p in SYSTEMIC.items() for entry in (p.pregnancy, p.lactation))
    return [(drug, entry) for drug, entry in found if entry]


def test_nearly_every_systemic_drug_says_something_of_pregnancy() -> None:
    assert share("pregnancy") >= WITH_PREGNANCY


def test_nearly_every_systemic_drug_says_something_of_breast_feeding() -> None:
    assert share("lactation") >= WITH_LACTATION


def test_every_drug_with_a_pack_says_something_of_pregnancy() -> None:
    packed = {drug for pack in read_packs() for drug in pack.drugs} & set(SYSTEMIC)
    assert not sorted(drug for drug in packed if SYSTEMIC[drug].pregnancy is None)


@pytest.mark.parametrize(
    "group",
    [
        "antihistamine-second-generation",
        "antihistamine-first-generation",
        "systemic-corticosteroid",
        "systemic-retinoid",
        "tetracycline-group",
        "penicillin-group",
        "cephalosporin",
        "macrolide",
        "fluoroquinolone",
        "triazole-antifungal",
        "herpes-antiviral",
        "jak-inhibitor",
        "tnf-inhibitor",
        "il17-inhibitor",
        "il23-inhibitor",
        "il4-13-inhibitor",
        "chinese-patent-medicine",
        "nsaid",
        "statin",
        "ace-inhibitor",
        "arb",
        "ssri",
        "vitamin-k-antagonist",
        "factor-xa-inhibitor",
        "cytotoxic",
    ],
)
def test_no_drug_of_the_groups_that_dermatology_meets_is_silent_on_pregnancy(group: str) -> None:
    members = [drug for drug in SYSTEMIC if group in FORMULARY.drugs[drug].classes]
    assert members
    assert not [drug for drug in members if SYSTEMIC[drug].pregnancy is None]


def test_every_entry_speaks_both_languages_and_names_a_source_that_exists() -> None:
    bare = [drug for drug, entry in entries() if not (entry.text.en.strip() and entry.text.zh.strip() and entry.source in SOURCES)]
    assert not bare


def test_no_line_of_a_pack_is_left_without_a_source_for_its_figure() -> None:
    marked = sum(pack.model_dump_json().count('"unverified":true') for pack in read_packs())
    assert marked == MARKED
