"""Alerts summed up into problems, and the laws of a whole list."""

from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.medication import DrugPatient, DrugProblem, MedicationReview
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.drug_rules import ORDER
from yingzhi.tools.duplicates import ACT
from yingzhi.tools.formulary import load_formulary

FORMULARY = load_formulary()
DRUGS = sorted(FORMULARY.drugs)
PATIENT = DrugPatient(
    sex="female", age=30, pregnant=True, egfr=40, weight_kg=60, conditions=["hepatitis-b", "diabetes", "driver"], allergies=["penicillin"]
)
LISTS = st.lists(st.sampled_from(DRUGS), min_size=1, max_size=7, unique=True)


def review(names: list[str], patient: DrugPatient | None = PATIENT) -> MedicationReview:
    return review_medications([], names, patient, FORMULARY)


def covers(after: DrugProblem, before: DrugProblem) -> bool:
    """Whether a problem still says what it said: the same drugs, no part milder."""
    worst = {d: min(ORDER[p.severity] for p in after.parts if d in p.drugs) for d in after.drugs}
    return all(worst.get(d, 9) <= ORDER[p.severity] for p in before.parts for d in p.drugs)


@given(LISTS, st.sampled_from(DRUGS))
@settings(max_examples=150, deadline=None)
def test_adding_a_drug_never_takes_a_problem_away_or_makes_it_milder(names: list[str], more: str) -> None:
    after = {p.id: p for p in review([*names, more]).problems}
    for before in review(names).problems:
        assert before.id in after
        assert covers(after[before.id], before)


@given(LISTS.flatmap(lambda names: st.tuples(st.just(names), st.permutations(names))))
@settings(max_examples=80, deadline=None)
def test_the_order_of_a_list_changes_nothing(both: tuple[list[str], list[str]]) -> None:
    one, other = (review(names) for names in both)
    assert one.problems == other.problems
    assert one.alerts == other.alerts
    assert one.not_checked == other.not_checked
    assert one.interactions == other.interactions


@given(LISTS, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_an_alias_changes_nothing(names: list[str], random: object) -> None:
    def other(drug: str) -> str:
        record = FORMULARY.drugs[drug]
        words = [record.names.en, record.names.zh, *record.aliases.en, *record.aliases.zh]
        return random.choice(words)  # type: ignore[attr-defined, no-any-return]

    plain, written = review(names), review([other(n) for n in names])
    routed = {d for d in names if any(set(m.routes) & {"topical", "ophthalmic", "nasal"} for m in (FORMULARY.drugs[d],))}
    if not routed:  # a brand may say "cream", which is a fact of its own
        assert plain.problems == written.problems


@given(LISTS)
@settings(max_examples=100, deadline=None)
def test_every_alert_stands_in_exactly_one_problem(names: list[str]) -> None:
    found = review(names)
    assert sorted(a for p in found.problems for a in p.alerts) == sorted(a.id for a in found.alerts)
    by_id = {a.id: a for a in found.alerts}
    for p in found.problems:
        assert ORDER[p.severity] == min(ORDER[by_id[a].severity] for a in p.alerts)
        assert {d for a in p.alerts for d in by_id[a].drugs} == set(p.drugs)


@given(LISTS)
@settings(max_examples=60, deadline=None)
def test_every_problem_says_why_what_to_do_and_on_what_it_rests(names: list[str]) -> None:
    for p in review(names).problems:
        for part in p.parts:
            assert part.why.en
            assert part.why.zh
            assert part.act.en
            assert part.act.zh
            assert "{" not in part.why.en + part.why.zh + part.act.en + part.act.zh
            assert part.sources or p.kind in {"duplicate", "allergy"} or part.act == ACT  # that two drugs are of a class is no finding


def test_one_problem_stands_for_all_the_pairs_behind_it() -> None:
    found = review(["warfarin", "aspirin", "clopidogrel", "naproxen"], None)
    bleeding = [p for p in found.problems if p.id == "additive-bleeding"]
    assert len(bleeding) == 1
    assert set(bleeding[0].drugs) == {"warfarin", "aspirin", "clopidogrel", "naproxen"}
    assert len(bleeding[0].alerts) > 3


def test_one_condition_is_one_problem_for_all_its_drugs() -> None:
    found = review(["prednisone", "adalimumab", "methotrexate"], DrugPatient(sex="male", age=50, egfr=90, conditions=["乙肝"]))
    assert [set(p.drugs) for p in found.problems if p.id == "condition-hepatitis-b"] == [{"prednisone", "adalimumab", "methotrexate"}]


def test_a_fingerprint_changes_with_what_is_said_and_with_nothing_else() -> None:
    names = ["warfarin", "aspirin"]
    before = {p.id: p.fingerprint for p in review(names, None).problems}
    assert before == {p.id: p.fingerprint for p in review(names[::-1], None).problems}
    after = {p.id: p.fingerprint for p in review([*names, "ibuprofen"], None).problems}
    assert before["additive-bleeding"] != after["additive-bleeding"]


def test_the_same_drug_under_two_names_is_seen() -> None:
    found = review(["泰诺林", "acetaminophen"], None)
    assert [p.id for p in found.problems] == ["duplicate-same-paracetamol"]
    assert review(["paracetamol"], None).problems == []


def test_a_combination_beside_what_it_holds_is_seen() -> None:
    assert any(p.id.startswith("duplicate-content") for p in review(["碳酸钙D3", "维生素D"], None).problems)


def test_a_pregnant_patient_learns_which_drugs_nothing_is_recorded_of() -> None:
    without = next(d for d in sorted(FORMULARY.drugs) if FORMULARY.profiles[d].pregnancy is None and not FORMULARY.profiles[d].local_only)
    found = review([without], DrugPatient(sex="female", age=30, pregnant=True))
    assert any(n.check == "pregnancy" and n.drug == without for n in found.not_checked)
