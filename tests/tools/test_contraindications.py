"""A list of drugs in a patient."""

from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.medication import DrugPatient, MedicationReview
from yingzhi.clinical.presentation import Medication
from yingzhi.tools.contraindications import read_regimen, review_addition, review_medications
from yingzhi.tools.formulary import load_formulary
from yingzhi.tools.renal import egfr_adult, egfr_child

FORMULARY = load_formulary()
DRUGS = sorted(FORMULARY.drugs)


def review(names: list[str], patient: DrugPatient | None = None) -> MedicationReview:
    return review_medications([], names, patient, FORMULARY)


def kinds(found: MedicationReview, drug: str) -> set[tuple[str, str]]:
    return {(a.kind, a.severity) for a in found.alerts if drug in a.drugs}


def test_pregnancy_forbids_isotretinoin() -> None:
    assert ("pregnancy", "contraindicated") in kinds(
        review(["isotretinoin"], DrugPatient(sex="female", age=25, pregnant=True)), "isotretinoin"
    )


def test_an_unknown_pregnancy_is_listed_as_not_checked() -> None:
    found = review(["isotretinoin"], DrugPatient(sex="female", age=25))
    assert ("isotretinoin", "pregnancy", "contraindicated") in {(n.drug, n.check, n.worst) for n in found.not_checked}
    assert not any(n.check == "pregnancy" for n in review(["isotretinoin"], DrugPatient(sex="male", age=25)).not_checked)


def test_kidney_function_is_computed_and_judged() -> None:
    patient = DrugPatient(sex="female", age=70, creatinine_umol_l=250)
    assert ("renal", "contraindicated") in kinds(review(["methotrexate"], patient), "methotrexate")


def test_an_unknown_kidney_function_is_listed_as_not_checked() -> None:
    found = review(["methotrexate"], DrugPatient(sex="female", age=70))
    assert any(n.check == "renal" and n.tests == ["renal-function"] for n in found.not_checked)
    assert not any(a.kind == "renal" for a in found.alerts)


def test_a_gene_that_was_not_tested_is_not_taken_for_absent() -> None:
    assert any(n.check == "condition" and "15:02" in n.needs.en for n in review(["carbamazepine"], DrugPatient(age=40)).not_checked)
    negative = DrugPatient(age=40, conditions_absent=["HLA-B*1502", "hla-a-3101"])
    assert not any(n.check == "condition" for n in review(["carbamazepine"], negative).not_checked)
    carrier = DrugPatient(age=40, conditions=["HLA-B*15:02阳性"])
    assert ("condition", "contraindicated") in kinds(review(["carbamazepine"], carrier), "carbamazepine")


def test_allergy_crosses_within_the_group_and_to_its_neighbours() -> None:
    patient = DrugPatient(age=40, allergies=["青霉素过敏"])
    assert ("allergy", "contraindicated") in kinds(review(["amoxicillin"], patient), "amoxicillin")
    assert ("allergy", "moderate") in kinds(review(["cefalexin"], patient), "cefalexin")
    assert not kinds(review(["doxycycline"], DrugPatient(sex="male", age=40, allergies=["青霉素过敏"])), "doxycycline")


def test_an_allergy_that_is_not_understood_is_listed() -> None:
    assert [n.drug for n in review(["cetirizine"], DrugPatient(age=40, allergies=["海鲜"])).not_checked if n.check == "allergy"] == ["海鲜"]


def test_tetracycline_is_forbidden_in_a_small_child() -> None:
    assert ("age", "contraindicated") in kinds(review(["doxycycline"], DrugPatient(age=5)), "doxycycline")
    assert not any(a.kind == "age" for a in review(["doxycycline"], DrugPatient(age=30)).alerts)


def test_a_topical_drug_escapes_systemic_limits() -> None:
    patient = DrugPatient(sex="male", age=50, conditions=["肝硬化"])
    assert not kinds(review_medications([], [Medication(name="酮康唑乳膏", route="外用")], patient, FORMULARY), "ketoconazole")
    assert kinds(review(["ketoconazole"], patient), "ketoconazole")


def test_a_dosage_form_in_the_name_settles_the_route() -> None:
    assert not review(["他克莫司软膏", "酮康唑"]).alerts
    assert review(["他克莫司", "酮康唑"]).alerts


def test_an_unknown_name_is_listed_and_the_others_are_still_checked() -> None:
    found = review(["methotrexate", "wonderdrug", "复方新诺明"])
    assert [u.name for u in found.unknown] == ["wonderdrug"]
    assert found.not_checked[0].check == "name"
    assert found.alerts[0].severity == "contraindicated"


def test_two_drugs_of_one_class_are_a_duplication() -> None:
    assert any(a.kind == "duplicate" for a in review(["loratadine", "chlorphenamine", "cyproheptadine"]).alerts)


def test_a_stopped_drug_is_left_out() -> None:
    patient = DrugPatient(medications=[Medication(name="methotrexate", stopped_days_ago=400)])
    assert [d.drug for d in review_medications(["methotrexate"], ["co-trimoxazole"], patient, FORMULARY).drugs] == ["co-trimoxazole"]


@given(st.lists(st.sampled_from(DRUGS), min_size=1, max_size=6, unique=True), st.sampled_from(DRUGS))
@settings(max_examples=60, deadline=None)
def test_adding_a_drug_never_removes_an_alert(names: list[str], more: str) -> None:
    patient = DrugPatient(sex="female", age=30, pregnant=True, egfr=40, conditions=["hepatitis-b"])
    before = {a.id for a in review(names, patient).alerts if a.kind != "combined"}
    assert before <= {a.id for a in review([*names, more], patient).alerts}


@given(st.permutations(["methotrexate", "ibuprofen", "co-trimoxazole", "isotretinoin", "warfarin"]))
@settings(max_examples=20, deadline=None)
def test_the_order_of_a_list_changes_no_alert(names: list[str]) -> None:
    assert review(names).alerts == review(sorted(names)).alerts


def test_kidney_equations_agree_with_worked_values() -> None:
    assert egfr_adult(88.4, 50, "female") == 69.0 or abs((egfr_adult(88.4, 50, "female") or 0) - 69) < 2
    assert egfr_adult(88.4, 50, "unknown") is None
    assert egfr_child(44.2, 110) == 90.9


ROUTES = ["", "oral", "topical"]
PATIENTS = [
    DrugPatient(sex="female", age=70, egfr=25, conditions=["青光眼"], allergies=["青霉素过敏"], weight_kg=50),
    DrugPatient(sex="female", age=30),
    DrugPatient(sex="male", age=5, conditions=["G6PD缺乏症"]),
]


@settings(max_examples=120, deadline=None)
@given(
    names=st.lists(st.sampled_from(DRUGS), min_size=1, max_size=7, unique=True),
    routes=st.lists(st.sampled_from(ROUTES), min_size=7, max_size=7),
    patient=st.sampled_from([None, *PATIENTS]),
)
def test_one_drug_more_is_judged_as_in_the_whole_list(names: list[str], routes: list[str], patient: DrugPatient | None) -> None:
    taken = [Medication(name=n, route=r) for n, r in zip(names, routes, strict=False)]
    *rest, new = taken
    whole = review_medications([], taken, patient, FORMULARY)
    added = review_addition(new, read_regimen([], rest, patient, FORMULARY), FORMULARY)
    assert added is not None
    drug = added.drug
    assert [a.model_dump() for a in added.alerts] == [a.model_dump() for a in whole.alerts if drug in a.drugs]
    assert [n.model_dump() for n in added.not_checked] == [n.model_dump() for n in whole.not_checked if n.drug == drug]


def test_a_drug_that_is_taken_already_is_judged_as_it_is_taken() -> None:
    regimen = read_regimen([], [Medication(name="甲氨蝶呤", dose="10 mg daily")], None, FORMULARY)
    added = review_addition(Medication(name="methotrexate", route="oral"), regimen, FORMULARY)
    assert added is not None
    assert {a.kind for a in added.alerts} == {"dose"}, "under another name it is no second drug"


def test_a_name_that_is_not_certain_is_not_judged() -> None:
    assert review_addition(Medication(name="xyzzyplex"), read_regimen([], [], None, FORMULARY), FORMULARY) is None
