"""Treatment options judged for one patient, and what is left."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.acknowledgement import REASONS, Acknowledgement
from yingzhi.clinical.alert import ALERT_LEVELS
from yingzhi.clinical.differential import Diagnosis, Differential
from yingzhi.clinical.history import History
from yingzhi.clinical.lab import LabResult
from yingzhi.clinical.presentation import Medication, Patient
from yingzhi.clinical.treatment import TreatmentOption, TreatmentReview
from yingzhi.clinical.words import Text
from yingzhi.tools.alert_board import acknowledge
from yingzhi.tools.interactions import pair_severity
from yingzhi.tools.treatment import review_treatment
from yingzhi.tools.treatment_alerts import LEVEL
from yingzhi.tools.treatment_choices import choices_of
from yingzhi.tools.treatment_options import shelf_of

TODAY = date(2026, 9, 1)
WORDS = Text(en="", zh="")


def history(patient: Patient, drugs: tuple[Medication, ...] = (), labs: tuple[LabResult, ...] = ()) -> History:
    return History(patient=patient, complaint=WORDS, impression=WORDS, findings=[], medications=list(drugs), labs=list(labs))


def differential(resources: Resources, disease: str) -> Differential:
    d = resources.knowledge.diseases[disease]
    diagnosis = Diagnosis(
        id=d.id, en=d.names.en, zh=d.names.zh, icd10=d.icd10, probability=0.9, commonness=d.commonness,
        must_not_miss=d.must_not_miss,
    )  # fmt: skip
    return Differential(diagnoses=[diagnosis], must_not_miss=[], other=0.1, confidence="high", converged=True)


def review(resources: Resources, disease: str, case: History) -> TreatmentReview:
    k = resources.knowledge
    shelf = shelf_of(k.packs.values(), k.measure_rules, k.sources, TODAY)
    return review_treatment(case, differential(resources, disease), k.diseases, resources.formulary, shelf)


def lab(analyte: str, value: float, high: float | None = None, test: str = "") -> LabResult:
    return LabResult(analyte=analyte, en=analyte, zh=analyte, value=value, canonical=value, high=high, unit_origin="report", test=test)


def option(disease: str, line: int, suitable: str, name: str = "x", **more: Any) -> TreatmentOption:
    return TreatmentOption(disease=disease, line=line, en=name, zh=name, suitable=suitable, **more)  # type: ignore[arg-type]


def named(found: TreatmentReview, drug: str) -> TreatmentOption:
    return next(o for o in found.options if o.drug == drug)


WOMAN = Patient(sex="female", age=30, pregnant=False, lactating=False)


def test_pregnancy_takes_methotrexate_and_acitretin_away_and_says_what_is_left(resources: Resources) -> None:
    found = review(resources, "psoriasis-vulgaris", history(Patient(sex="female", age=30, pregnant=True, lactating=False)))
    assert (named(found, "methotrexate").suitable, named(found, "acitretin").suitable) == ("no", "no")
    (choice,) = found.choices
    lost = [t.en for t in choice.lost]
    assert any(t.startswith("Methotrexate (") for t in lost)
    assert "Methotrexate" not in [t.en for t in choice.left]
    assert choice.left


def test_every_option_is_left_lost_or_open_and_never_two_of_them(resources: Resources) -> None:
    for disease in ("psoriasis-vulgaris", "atopic-dermatitis", "pemphigus-vulgaris", "acne-vulgaris"):
        found = review(resources, disease, history(Patient(sex="female", age=34)))
        (choice,) = found.choices
        assert len(choice.left) + len(choice.lost) + len(choice.open) == len(found.options)


def test_an_option_that_could_not_be_judged_is_open_and_not_left(resources: Resources) -> None:
    found = review(resources, "psoriasis-vulgaris", history(Patient(sex="female", age=30)))
    assert named(found, "methotrexate").suitable == "unknown"
    (choice,) = found.choices
    assert any(t.en.startswith("Methotrexate (Not checked") for t in choice.open)
    assert not any("Methotrexate" in t.en for t in choice.left)


def test_each_option_names_the_kind_of_evidence(resources: Resources) -> None:
    found = review(resources, "psoriasis-vulgaris", history(WOMAN))
    assert all(o.evidence is not None for o in found.options)


def test_light_is_not_for_a_patient_with_lupus_and_only_with_care_on_a_photosensitiser(resources: Resources) -> None:
    light = [o for o in review(resources, "psoriasis-vulgaris", history(WOMAN)).options if "UVB" in o.en]
    assert [o.suitable for o in light] == ["yes"]
    lupus = WOMAN.model_copy(update={"conditions": ["systemic-lupus-erythematosus"]})
    forbidden = [o for o in review(resources, "psoriasis-vulgaris", history(lupus)).options if "UVB" in o.en]
    assert [o.suitable for o in forbidden] == ["no"]
    taking = review(resources, "psoriasis-vulgaris", history(WOMAN, (Medication(name="doxycycline"),)))
    assert [o.suitable for o in taking.options if "UVB" in o.en] == ["caution"]
    stopped = review(resources, "psoriasis-vulgaris", history(WOMAN, (Medication(name="doxycycline", stopped_days_ago=40),)))
    assert [o.suitable for o in stopped.options if "UVB" in o.en] == ["yes"]


def test_a_result_at_which_a_drug_is_stopped_speaks_against_beginning_it(resources: Resources) -> None:
    fine = review(resources, "psoriasis-vulgaris", history(WOMAN, labs=(lab("egfr", 95), lab("wbc", 6.0))))
    low = review(resources, "psoriasis-vulgaris", history(WOMAN, labs=(lab("egfr", 95), lab("wbc", 2.9))))
    assert "below 3.5" not in str(named(fine, "methotrexate").why)
    assert named(low, "methotrexate").suitable == "caution"
    assert "below 3.5" in str(named(low, "methotrexate").why)


def test_a_result_that_meets_a_stop_rule_of_a_drug_that_is_taken_is_an_alert(resources: Resources) -> None:
    taking = (Medication(name="methotrexate", dose="15 mg weekly", started_days_ago=60),)
    found = review(resources, "psoriasis-vulgaris", history(WOMAN, taking, (lab("wbc", 2.9), lab("alt", 200, 40))))
    (alert,) = [a for a in found.alerts if a.id == "stop-rule-methotrexate"]
    assert alert.level == "critical"
    assert "2.9" in alert.why.en
    assert "200" in alert.why.en
    assert alert.sources
    quiet = review(resources, "psoriasis-vulgaris", history(WOMAN, taking, (lab("wbc", 6.0), lab("alt", 30, 40))))
    assert not [a for a in quiet.alerts if a.id.startswith("stop-rule")]


def test_packs_have_dates_for_what_is_taken_and_weeks_for_what_is_proposed(resources: Resources) -> None:
    taking = (Medication(name="甲氨蝶呤", started_days_ago=62),)
    found = review(resources, "psoriasis-vulgaris", history(WOMAN, taking, (lab("egfr", 95, test="renal-function"),)))
    packs = {p.drug: p for p in found.packs}
    assert packs["methotrexate"].taken
    assert packs["methotrexate"].start == date(2026, 7, 1)
    assert any(v.state == "next" and v.day is not None and v.day >= TODAY for v in packs["methotrexate"].calendar)
    proposed = [p for p in found.packs if not p.taken]
    assert proposed
    assert all(p.start is None and all(v.day is None for v in p.calendar) for p in proposed)
    assert {o.drug for o in found.options if o.suitable == "no"}.isdisjoint(p.drug for p in found.packs if not p.taken)


def test_an_unknown_first_day_is_said_and_no_date_is_made_up(resources: Resources) -> None:
    found = review(resources, "psoriasis-vulgaris", history(WOMAN, (Medication(name="methotrexate"),)))
    pack = next(p for p in found.packs if p.drug == "methotrexate")
    assert pack.start is None
    assert any("first dose" in t.en for t in pack.not_known)


def test_an_ointment_brings_no_pack(resources: Resources) -> None:
    found = review(resources, "psoriasis-vulgaris", history(WOMAN, (Medication(name="methotrexate gel", route="topical"),)))
    assert "methotrexate" not in {p.drug for p in found.packs if p.taken}


@pytest.mark.parametrize(("lines", "note"), [
    ([(1, "yes"), (2, "yes")], None),
    ([(1, "no"), (2, "yes")], "None of the first-line options is left"),
    ([(1, "unknown"), (3, "caution")], "the nearest are later options"),
    ([(1, "no"), (2, "no")], "None of the listed options is left"),
    ([(0, "yes"), (1, "no")], "lost or open"),
    ([(0, "yes")], None),
])  # fmt: skip
def test_the_note_says_when_a_line_is_lost(lines: list[tuple[int, str]], note: str | None) -> None:
    (choice,) = choices_of([option("d", line, fit) for line, fit in lines])
    assert (choice.note is None) if note is None else (choice.note is not None and note in choice.note.en)


def test_choices_keep_the_order_of_the_diagnoses() -> None:
    found = choices_of([option("b", 1, "yes"), option("b", 2, "no"), option("a", 1, "yes")])
    assert [c.disease for c in found] == ["b", "a"]


MIXED = (
    Medication(name="warfarin", dose="3 mg daily"),
    Medication(name="aspirin", dose="100 mg daily"),
    Medication(name="ibuprofen", dose="400 mg tid"),
    Medication(name="citalopram", dose="40 mg daily"),
    Medication(name="fluconazole", dose="200 mg daily"),
    Medication(name="chlorphenamine", dose="4 mg tid"),
)
OLD = Patient(sex="male", age=72)


def test_there_is_one_alert_a_problem_and_every_rule_alert_is_reached_from_one(resources: Resources) -> None:
    found = review(resources, "psoriasis-vulgaris", history(OLD, MIXED))
    ours = [a for a in found.alerts if a.sums]
    assert len(ours) == len(found.problems) == len(found.current.problems)
    assert len(ours) < len(found.current.alerts), "some pairs are one problem"
    assert sorted(i for a in ours for i in a.sums) == sorted(a.id for a in found.current.alerts)
    assert len({a.id for a in found.alerts}) == len(found.alerts)


def test_an_alert_is_as_grave_as_the_gravest_rule_alert_behind_it(resources: Resources) -> None:
    found = review(resources, "psoriasis-vulgaris", history(OLD, MIXED))
    tiers = {a.id: LEVEL[a.tier] for a in found.current.alerts}
    for alert in (a for a in found.alerts if a.sums):
        assert alert.level == min((tiers[i] for i in alert.sums), key=ALERT_LEVELS.index)
        assert alert.sources
        assert alert.act is not None


def test_a_problem_says_for_whom_how_fast_and_what_instead(resources: Resources) -> None:
    found = review(resources, "psoriasis-vulgaris", history(OLD, MIXED))
    assert all(set(p.presence) == {"prescriber", "pharmacist", "nurse"} for p in found.problems)
    assert any(part.onset != "unknown" for p in found.problems for part in p.problem.parts)
    instead = [a for p in found.problems for a in p.alternatives]
    assert instead
    taken = [m.name for m in MIXED]
    for one in instead:
        rest = [d for d in taken if d != one.instead_of]
        assert all(pair_severity(one.drug, d, resources.formulary) in {"none", "minor"} for d in rest)
    assert not any(p.alternatives for p in found.problems if p.problem.tier in {"watch", "note"})


def test_an_acknowledgement_quiets_a_problem_until_it_changes(resources: Resources) -> None:
    k = resources.knowledge

    def judged(drugs: tuple[Medication, ...], *seen: Acknowledgement) -> TreatmentReview:
        return review_treatment(
            history(OLD, drugs), differential(resources, "psoriasis-vulgaris"), k.diseases, resources.formulary, acknowledged=seen
        )

    first = judged(MIXED)
    loud = next(p for p in first.problems if p.presence["prescriber"] == "interrupt" and p.problem.tier == "decide")
    seen = acknowledge(loud.problem, "monitoring-in-place")
    again = next(p for p in judged(MIXED, seen).problems if p.problem.id == loud.problem.id)
    assert again.presence["prescriber"] == "fold"
    assert again.presence["nurse"] == loud.presence["nurse"], "another reader has not seen it"
    before, after = (next(a for a in judged(MIXED, *s).alerts if a.id == f"medication:{loud.problem.id}") for s in ((), (seen,)))
    assert (after.level, after.sums) == (before.level, before.sums), "it is quiet, not gone"
    assert before.acknowledged is None
    assert after.acknowledged == REASONS["monitoring-in-place"]
    changed = next(p for p in judged((*MIXED, Medication(name="naproxen")), seen).problems if p.problem.id == loud.problem.id)
    assert (changed.presence["prescriber"], changed.changed, changed.acknowledged) == ("interrupt", ["prescriber"], [])


def test_an_option_is_not_open_for_want_of_a_dose_that_is_set_when_it_is_given(resources: Resources) -> None:
    known = Patient(sex="male", age=40)
    settled = (lab("egfr", 95), lab("alt", 20, 40), lab("wbc", 6))
    found = review(resources, "psoriasis-vulgaris", history(known, labs=settled))
    assert all("Dose" not in o.why.en for o in found.options if o.why)


def test_what_the_screening_before_a_drug_asks_for_comes_from_its_pack(resources: Resources) -> None:
    found = review(resources, "psoriasis-vulgaris", history(WOMAN))
    pack = resources.knowledge.packs["methotrexate"]
    must = {s.what.en for s in pack.screen if s.need == "must"}
    assert {t.en for t in named(found, "methotrexate").before} <= must
    assert named(found, "methotrexate").before
