"""From names as written to drugs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.tools.drug_names import fold, resolve_drug, suggest_drugs
from yingzhi.tools.formulary import load_formulary

FORMULARY = load_formulary()


@pytest.mark.parametrize(
    ("written", "drug"),
    [
        ("Methotrexate", "methotrexate"),
        ("MTX", "methotrexate"),
        ("甲氨蝶呤片", "methotrexate"),
        ("cyclosporin A", "ciclosporin"),
        ("acyclovir", "aciclovir"),
        ("盐酸西替利嗪片", "cetirizine"),
        ("cetirizine hydrochloride 10 mg tablets", "cetirizine"),
        ("复方新诺明", "co-trimoxazole"),
        ("卤米松乳膏", "halometasone"),
        ("ＩＶＩＧ", "ivig"),
        ("雷公藤多苷片", "tripterygium-glycosides"),
        ("0.1% tacrolimus ointment", "tacrolimus"),
        ("双氯芬酸钠缓释片", "diclofenac"),
    ],
)
def test_a_known_name_is_recognised_with_salt_strength_and_form(written: str, drug: str) -> None:
    match = resolve_drug(written, FORMULARY)
    assert match is not None
    assert match.drug == drug


@pytest.mark.parametrize("written", ["methotrexat", "ibuprofn", "penicilin", "aspirn", "西替利秦", "", "   ", "片", "water"])
def test_a_misspelt_or_foreign_name_is_never_taken(written: str) -> None:
    assert resolve_drug(written, FORMULARY) is None


def test_a_misspelt_name_is_shown_as_a_suggestion() -> None:
    assert suggest_drugs("methotrexat", FORMULARY)[0].drug == "methotrexate"
    assert suggest_drugs("qqqqqqqq", FORMULARY) == ()


@given(st.sampled_from(sorted(FORMULARY.drugs)), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_case_spacing_and_hyphens_change_nothing(drug: str, random: object) -> None:
    for name in (FORMULARY.drugs[drug].names.en, FORMULARY.drugs[drug].names.zh, *FORMULARY.drugs[drug].aliases.en):
        for written in (name.upper(), name.lower(), name.replace(" ", "-"), f" {name} "):
            match = resolve_drug(written, FORMULARY)
            assert match is not None
            assert match.drug == drug


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    resolve_drug(text, FORMULARY)
