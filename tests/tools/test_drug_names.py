"""From names as written to drugs."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.tools.drug_names import fold, resolve_drug, suggest_drugs, unknown_drug
from yingzhi.tools.formulary import load_formulary

FORMULARY = load_formulary()


def bench(name: str) -> Any:
    """A module of the bench folder, which is not a package."""
    import sys

    path = Path(__file__).parents[2] / "bench" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"bench_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"bench_{name}"] = module
    spec.loader.exec_module(module)
    return module


VARIANTS = bench("drug_name_variants")


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
        ("環孢素軟膠囊", "ciclosporin"),
        ("阿司匹林肠溶片100mg*30片", "aspirin"),
        ("Avelox 400 mg tab", "moxifloxacin"),
        ("小儿布洛芬混悬液", "ibuprofen"),
    ],
)
def test_a_known_name_is_recognised_with_salt_strength_and_form(written: str, drug: str) -> None:
    match = resolve_drug(written, FORMULARY)
    assert match is not None
    assert match.drug == drug


@pytest.mark.parametrize("written", ["methotrexat", "ibuprofn", "penicilin", "aspirn", "西替利秦", "", "   ", "片", "water"])
def test_a_misspelt_or_foreign_name_is_never_taken(written: str) -> None:
    assert resolve_drug(written, FORMULARY) is None


@pytest.mark.parametrize(
    ("written", "drug", "how"),
    [
        ("jiaandieling", "methotrexate", "pinyin"),
        ("Jia An Die Ling", "methotrexate", "pinyin"),
        ("lvleitading", "loratadine", "pinyin"),
        ("lǜ léi tā dìng", "loratadine", "pinyin"),
        ("amoxycilline", "amoxicillin", None),
        ("erythromycine", "erythromycin", None),
        ("eritromycin", "erythromycin", "spelling"),
    ],
)
def test_pinyin_and_older_spellings_are_taken_and_shown_as_such(written: str, drug: str, how: str | None) -> None:
    match = resolve_drug(written, FORMULARY)
    if how is None:
        assert match is None
        assert suggest_drugs(written, FORMULARY)[0].drug == drug
    else:
        assert match is not None
        assert (match.drug, match.how) == (drug, how)


@pytest.mark.parametrize(
    "written", ["甲氨蝶呤（MTX）", "MTX片", "Methotrexate甲氨蝶呤片2.5mg", "methotrexate 甲氨蝶呤", "Sandimmun Neoral"]
)
def test_a_name_that_says_the_same_twice_is_taken(written: str) -> None:
    match = resolve_drug(written, FORMULARY)
    assert match is not None
    assert match.drug in {"methotrexate", "ciclosporin"}


@pytest.mark.parametrize("written", ["甲氨蝶呤(泰素)", "warfarin(aspirin)", "aspirin ibuprofen", "氟轻松 beitasiting"])
def test_a_name_that_says_two_things_is_asked_back(written: str) -> None:
    assert resolve_drug(written, FORMULARY) is None


def test_an_abbreviation_of_several_drugs_is_asked_back_with_all_of_them() -> None:
    one = unknown_drug("AZT", FORMULARY)
    assert one.reason == "ambiguous"
    assert {"zidovudine", "azathioprine"} <= {s.drug for s in one.suggestions}


def test_two_drugs_that_sound_alike_are_asked_back() -> None:
    assert resolve_drug("yikangzuo", FORMULARY) is None  # 益康唑, 异康唑
    assert unknown_drug("yikangzuo", FORMULARY).reason == "ambiguous"


@pytest.mark.parametrize("written", ["激素", "他汀", "头孢", "steroid", "抗生素", "避孕药", "中药"])
def test_a_whole_class_is_not_taken_for_a_drug(written: str) -> None:
    one = unknown_drug(written, FORMULARY)
    assert resolve_drug(written, FORMULARY) is None
    assert one.reason == "class"
    assert one.means is not None


def test_a_salt_that_makes_another_drug_is_not_taken_off() -> None:
    match = resolve_drug("fluocinolone acetonide acetate cream", FORMULARY)
    assert match is not None
    assert match.drug == "fluocinonide"


def test_a_misspelt_name_is_shown_as_a_suggestion() -> None:
    assert suggest_drugs("methotrexat", FORMULARY)[0].drug == "methotrexate"
    assert suggest_drugs("西替利秦", FORMULARY)[0].drug == "cetirizine"
    assert suggest_drugs("qqqqqqqq", FORMULARY) == ()


@pytest.mark.parametrize("seed", [7, 11, 23])
def test_of_six_hundred_variants_hardly_one_is_lost_and_none_is_silently_wrong(seed: int) -> None:
    verdicts = [VARIANTS.judge(v, FORMULARY) for v in VARIANTS.variants(FORMULARY, seed)]
    assert len(verdicts) >= 600
    assert verdicts.count("wrong") == 0
    assert (verdicts.count("right") + verdicts.count("asked")) / len(verdicts) >= 0.98


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
    unknown_drug(text, FORMULARY)


def test_every_name_of_the_formulary_stands_for_its_drug() -> None:
    for drug in FORMULARY.drugs.values():
        for name in (drug.id, drug.names.en, drug.names.zh, *drug.aliases.en, *drug.aliases.zh):
            match = resolve_drug(name, FORMULARY)
            assert match is not None, name
            assert match.drug == drug.id, name
