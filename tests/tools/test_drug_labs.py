"""Laboratory results as the drug rules see them."""

import pytest

from yingzhi.clinical.medication import DrugLab, DrugPatient, MedicationReview
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.drug_patient import PatientState, patient_state
from yingzhi.tools.formulary import load_formulary
from yingzhi.tools.hepatic import child_pugh

FORMULARY = load_formulary()


def state(*labs: DrugLab, **facts: object) -> PatientState:
    return patient_state(DrugPatient.model_validate({"sex": "male", "age": 50, **facts, "labs": list(labs)}), FORMULARY)


def review(drug: str, *labs: DrugLab) -> MedicationReview:
    return review_medications([], [drug], DrugPatient(sex="male", age=50, labs=list(labs)), FORMULARY)


@pytest.mark.parametrize(("value", "unit"), [(221, "μmol/L"), (2.5, "mg/dL"), (221, "umol/l")])
def test_creatinine_counts_in_either_unit(value: float, unit: str) -> None:
    found = state(DrugLab(name="肌酐", value=value, unit=unit))
    assert found.egfr is not None
    assert 28 < found.egfr < 33


def test_a_number_without_its_unit_is_listed_and_not_used() -> None:
    found = review("methotrexate", DrugLab(name="creatinine", value=2.5))
    assert any(n.check == "lab" and "unit is missing" in n.needs.en for n in found.not_checked)
    assert any(n.check == "renal" for n in found.not_checked)
    assert not any(a.kind == "renal" for a in found.alerts)


@pytest.mark.parametrize(
    ("lab", "words"),
    [
        (DrugLab(name="creatinine", value=90, unit="kg"), "unit does not fit"),
        (DrugLab(name="potassium", value=54, unit="mmol/L"), "impossible"),
        (DrugLab(name="血糖素X", value=3, unit="mmol/L"), "no laboratory test"),
    ],
)
def test_what_can_t_be_is_named_plainly(lab: DrugLab, words: str) -> None:
    assert any(words in n.needs.en for n in review("cetirizine", lab).not_checked)


def test_two_results_of_one_day_that_differ_are_both_left_out() -> None:
    found = state(DrugLab(name="ALT", value=30, unit="U/L"), DrugLab(name="谷丙转氨酶", value=300, unit="U/L"))
    assert "transaminases-raised" not in found.present | found.absent
    assert any("two results" in g.needs.en for g in found.gaps)


def test_the_latest_result_counts() -> None:
    old, new = DrugLab(name="K", value=2.9, unit="mmol/L", days_ago=9), DrugLab(name="potassium", value=4.2, unit="mmol/L", days_ago=1)
    assert "hypokalaemia-lab" in state(old).present
    assert "hypokalaemia-lab" in state(old, new).absent


@pytest.mark.parametrize(
    ("lab", "drug", "kind"),
    [
        (DrugLab(name="ALT", value=160, unit="U/L"), "methotrexate", "condition"),
        (DrugLab(name="中性粒细胞", value=0.9, unit="10^9/L"), "azathioprine", "condition"),
        (DrugLab(name="血钾", value=5.9, unit="mmol/L"), "spironolactone", "condition"),
        (DrugLab(name="乙肝表面抗原", value="positive"), "adalimumab", "condition"),
        (DrugLab(name="HLA-B*58:01", value="positive"), "allopurinol", "condition"),
        (DrugLab(name="igra", value="positive"), "infliximab", "condition"),
    ],
)
def test_a_result_speaks_against_the_drug_it_bears_on(lab: DrugLab, drug: str, kind: str) -> None:
    assert any(a.kind == kind and a.severity in {"major", "contraindicated"} for a in review(drug, lab).alerts)


def test_a_negative_result_settles_what_was_open() -> None:
    open_, settled = review("allopurinol"), review("allopurinol", DrugLab(name="HLA-B*58:01", value="negative"))
    assert any("58:01" in n.needs.en for n in open_.not_checked)
    assert not any("58:01" in n.needs.en for n in settled.not_checked)


def test_a_negative_surface_antigen_alone_does_not_exclude_past_hepatitis_b() -> None:
    found = state(DrugLab(name="HBsAg", value="negative"))
    assert "hepatitis-b" not in found.absent
    assert "hepatitis-b" in state(DrugLab(name="HBsAg", value="negative"), DrugLab(name="anti-HBc", value="negative")).absent


@pytest.mark.parametrize(
    ("bilirubin", "albumin", "inr", "points", "letter"), [(20, 40, 1.1, 5, "A"), (40, 32, 1.8, 8, "B"), (60, 25, 2.5, 11, "C")]
)
def test_child_pugh_agrees_with_worked_values(bilirubin: float, albumin: float, inr: float, points: int, letter: str) -> None:
    assert child_pugh(bilirubin, albumin, inr, "none", "none") == (points, letter)
    assert child_pugh(bilirubin, albumin, inr, "severe", "severe")[0] == points + 4


def test_decompensated_cirrhosis_is_computed_and_forbids_the_hepatotoxic() -> None:
    labs = [
        DrugLab(name="总胆红素", value=60, unit="μmol/L"),
        DrugLab(name="白蛋白", value=25, unit="g/L"),
        DrugLab(name="INR", value=2.5),
    ]
    patient = DrugPatient(sex="male", age=50, conditions=["肝硬化"], labs=labs)
    assert any(a.severity == "contraindicated" for a in review_medications([], ["terbinafine"], patient, FORMULARY).alerts)
    sound = DrugPatient(sex="male", age=50, labs=labs)
    assert "child-pugh-c" not in patient_state(sound, FORMULARY).present  # the class is one of cirrhosis


def test_a_long_qtc_speaks_against_what_prolongs_it() -> None:
    patient = DrugPatient(sex="female", age=50, qtc_ms=505, pregnant=False)
    assert any(a.severity in {"major", "contraindicated"} for a in review_medications([], ["azithromycin"], patient, FORMULARY).alerts)


def test_work_at_the_wheel_and_in_the_sun_is_heard() -> None:
    driver = DrugPatient(sex="male", age=40, occupation=["货车司机"])
    farmer = DrugPatient(sex="male", age=40, occupation=["farmer"])
    assert any("driving" in a.problem for a in review_medications([], ["苯海拉明"], driver, FORMULARY).alerts)
    assert any("outdoor" in a.problem for a in review_medications([], ["doxycycline"], farmer, FORMULARY).alerts)
    assert not any("driving" in a.problem for a in review_medications([], ["氯雷他定"], driver, FORMULARY).alerts)
