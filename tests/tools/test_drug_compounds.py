"""Combinations: what an ingredient does holds for the product, whoever sells it."""

from __future__ import annotations

import pytest

from yingzhi.clinical.medication import DrugPatient, MedicationReview
from yingzhi.clinical.presentation import Medication
from yingzhi.tools.allergies import check_allergies, read_allergies
from yingzhi.tools.alternatives import alternatives
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.doses import split_dose
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.drug_patient import route_of
from yingzhi.tools.formulary import load_formulary
from yingzhi.tools.interactions import pair_severity

FORMULARY = load_formulary()
COMPOUNDS = sorted(d.id for d in FORMULARY.drugs.values() if d.ingredients)
RANK = {"contraindicated": 0, "major": 1, "moderate": 2, "minor": 3, "none": 4, "unknown": 4}
REPRODUCTION = ("contraindicated", "avoid", "caution", "compatible")


def review(names: list[str], patient: DrugPatient | None = None) -> MedicationReview:
    return review_medications((), [Medication(name=n) for n in names], patient, FORMULARY)


@pytest.mark.parametrize("compound", COMPOUNDS)
def test_a_combination_has_every_trait_and_rule_of_its_ingredients(compound: str) -> None:
    whole = FORMULARY.profiles[compound]
    own = FORMULARY.drugs[compound].effects
    for part in FORMULARY.drugs[compound].ingredients:
        profile = FORMULARY.profiles[part]
        assert all(whole.levels[word] >= level for word, level in profile.levels.items() if word not in own), part
        assert profile.allergy_groups <= whole.allergy_groups
        assert profile.duplicates <= whole.duplicates
        if profile.pregnancy:
            assert whole.pregnancy
            if FORMULARY.drugs[compound].pregnancy is None:
                assert REPRODUCTION.index(whole.pregnancy.level) <= REPRODUCTION.index(profile.pregnancy.level)


@pytest.mark.parametrize(
    ("compound", "other", "worst"),
    [
        ("flupentixol-melitracen", "selegiline", "contraindicated"),
        ("budesonide-formoterol", "ritonavir", "major"),
        ("xiaoke", "fluconazole", "moderate"),
        ("elvitegravir-cobicistat-emtricitabine-tenofovir", "simvastatin", "contraindicated"),
        ("valsartan-hydrochlorothiazide", "lithium", "major"),
        ("rifampicin-isoniazid", "apixaban", "major"),
        ("xinhuang", "methotrexate", "major"),
    ],
)
def test_a_combination_interacts_as_its_ingredient_does(compound: str, other: str, worst: str) -> None:
    assert RANK[pair_severity(compound, other, FORMULARY)] <= RANK[worst]
    assert pair_severity(compound, other, FORMULARY) == pair_severity(other, compound, FORMULARY)


@pytest.mark.parametrize(
    ("written", "drug"),
    [
        ("皮康王", "ketoconazole-clobetasol"),
        ("派瑞松乳膏", "triamcinolone-econazole"),
        ("信必可 吸入", "budesonide-formoterol"),
        ("黛力新", "flupentixol-melitracen"),
        ("感康", "paracetamol-amantadine-compound"),
        ("去痛片", "qutongpian"),
        ("铝碳酸镁", "hydrotalcite"),
        ("低分子肝素", "low-molecular-weight-heparin"),
        ("Atovaquone", "atovaquone"),
        ("氟替卡松吸入", "fluticasone-propionate"),
    ],
)
def test_a_brand_of_a_combination_is_not_taken_for_one_of_its_ingredients(written: str, drug: str) -> None:
    match = resolve_drug(written, FORMULARY)
    assert match is not None
    assert match.drug == drug


@pytest.mark.parametrize("written", ["MPA", "DXM", "EPO", "zoster vaccine", "带状疱疹疫苗", "泰诺", "新康泰克"])
def test_a_name_of_several_products_is_asked_back(written: str) -> None:
    assert resolve_drug(written, FORMULARY) is None
    assert review([written]).unknown[0].means is not None


def test_one_substance_in_two_products_is_named() -> None:
    found = review(["感康", "感冒灵"])
    (content,) = [a for a in found.alerts if a.id.startswith("duplicate-content")]
    assert "Paracetamol" in content.why.en
    assert "对乙酰氨基酚" in content.why.zh
    assert content.sources


def test_two_nsaids_one_of_them_in_a_patent_medicine_are_a_duplication() -> None:
    assert any(a.kind == "duplicate" for a in review(["新癀片", "布洛芬"]).alerts)


@pytest.mark.parametrize(
    ("allergy", "given", "severity"),
    [
        ("对乙酰氨基酚", "ganmaoling", "contraindicated"),
        ("去痛片", "phenobarbital", "major"),
        ("复方酮康唑", "clobetasol-propionate", "major"),
    ],
)
def test_an_allergy_reaches_through_a_combination(allergy: str, given: str, severity: str) -> None:
    allergens, unread = read_allergies([allergy], FORMULARY)
    assert not unread
    assert check_allergies(given, allergens, FORMULARY)[0].severity == severity


def test_an_alternative_is_given_the_same_way_and_is_no_allergen() -> None:
    nasal = alternatives("fluticasone-propionate", [], None, FORMULARY, route="nasal", limit=20)
    assert nasal
    assert all("nasal" in FORMULARY.drugs[d].routes for d in nasal)
    allergens, _ = read_allergies(["青霉素"], FORMULARY)
    free = alternatives("cefalexin", [], None, FORMULARY, allergens=allergens, limit=20)
    assert all(not check_allergies(d, allergens, FORMULARY) for d in free)


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("信必可 吸入 bid", ("信必可 吸入", "bid")),
        ("甲氨蝶呤 每周一次", ("甲氨蝶呤", "每周一次")),
        ("氯雷他定，必要时", ("氯雷他定", "必要时")),
        ("prednisone daily", ("prednisone", "daily")),
        ("hs", ("hs", "")),
        ("每周一次", ("每周一次", "")),
        ("qd 甲氨蝶呤", ("qd 甲氨蝶呤", "")),
        ("Co-Diovan", ("Co-Diovan", "")),
    ],
)
def test_a_frequency_without_an_amount_is_no_part_of_the_name(written: str, parts: tuple[str, str]) -> None:
    assert split_dose(written) == parts


@pytest.mark.parametrize("allele", ["HLA-B*15:02", "HLA-B*1502", "hla-b1502"])
def test_an_allele_is_known_with_and_without_its_colon(allele: str) -> None:
    found = review(["卡马西平"], DrugPatient(sex="female", age=40, conditions=[allele]))
    assert any(a.severity == "contraindicated" and "hla-b-1502" in a.id for a in found.alerts)


@pytest.mark.parametrize("compound", COMPOUNDS)
def test_a_systemic_combination_is_never_milder_than_its_ingredient(compound: str) -> None:
    record = FORMULARY.drugs[compound]
    if FORMULARY.profiles[compound].local_only or record.effects:  # an effect of its own takes back what the small amount does not do
        return
    for part in record.ingredients:
        for other in FORMULARY.drugs:
            if other not in (compound, *record.ingredients):
                assert RANK[pair_severity(compound, other, FORMULARY)] <= RANK[pair_severity(part, other, FORMULARY)], (part, other)


def test_no_name_of_the_formulary_is_read_as_a_route_that_the_drug_has_not() -> None:
    for drug in FORMULARY.drugs.values():
        for word in (drug.names.en, drug.names.zh, *drug.aliases.en, *drug.aliases.zh):
            assert route_of(Medication(name=word)) in ("", *drug.routes), (drug.id, word)
