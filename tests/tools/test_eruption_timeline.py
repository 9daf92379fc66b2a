"""Drugs by days against the onset of an eruption."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.eruption import EruptionCase, EruptionTimeline, Exposure, Suspect
from yingzhi.clinical.presentation import Medication
from yingzhi.tools.eruption_timeline import eruption_timeline
from yingzhi.tools.formulary import load_formulary

FORMULARY = load_formulary()
ONSET = 10.0


def exposure(name: str, latency: float | None, **more: object) -> Exposure:
    """A drug begun so many days before the onset."""
    stopped = more.pop("stopped_before", None)
    taken = Medication(
        name=name,
        started_days_ago=None if latency is None else ONSET + latency,
        stopped_days_ago=None if stopped is None else ONSET + float(stopped),  # type: ignore[arg-type]
    )
    return Exposure(medication=taken, **more)  # type: ignore[arg-type]


def timeline(kind: str, *exposures: Exposure, organ_impaired: bool | None = None) -> EruptionTimeline:
    case = EruptionCase(eruption=kind, onset_days_ago=ONSET, exposures=list(exposures), organ_impaired=organ_impaired)
    return eruption_timeline(case, FORMULARY)


def suspect(kind: str, one: Exposure) -> Suspect:
    return timeline(kind, one).suspects[0]


@pytest.mark.parametrize(
    ("latency", "more", "total"),
    [
        (14, {}, 6),  # 3 suggestive + 0 + 0 + 0 + 3 strongly associated
        (40, {}, 5),
        (3, {}, 4),
        (100, {}, 2),
        (-1, {}, 0),
        (3, {"reacted_before": "same"}, 10),
        (20, {"reacted_before": "other"}, 6),
        (14, {"reacted_before": "none"}, 4),
        (14, {"continued_without_harm": True}, 4),
        (14, {"similar_reacted": "other"}, 7),
    ],
)
def test_alden_adds_up_as_published(latency: float, more: dict[str, object], total: float) -> None:
    one = suspect("sjs-ten", exposure("carbamazepine", latency, **more))
    assert one.alden is not None
    assert one.alden.total == one.points == total


def test_alden_takes_a_point_off_where_another_drug_passes_three() -> None:
    found = timeline("sjs-ten", exposure("carbamazepine", 14), exposure("amoxicillin", 14))
    totals = {s.drug: s.points for s in found.suspects}
    assert totals == {"carbamazepine": 5, "amoxicillin": 3}  # each passes three, so each loses one
    alone = timeline("sjs-ten", exposure("carbamazepine", 14), exposure("ramipril", 200))
    assert {s.drug: s.points for s in alone.suspects} == {"carbamazepine": 6, "ramipril": -3}


def test_a_drug_that_left_the_body_is_cleared_only_when_its_half_life_is_known() -> None:
    gone = exposure("lamotrigine", 20, stopped_before=12, half_life_days=1)
    unknown = exposure("lamotrigine", 20, stopped_before=12)
    assert suspect("sjs-ten", gone).points == 3
    assert suspect("sjs-ten", unknown).points == 6
    assert any("half-life" in t.en for t in timeline("sjs-ten", unknown).missing)
    assert timeline("sjs-ten", gone, organ_impaired=True).suspects[0].points == 5


@pytest.mark.parametrize(
    ("kind", "drug", "latency", "fit"),
    [
        ("exanthem", "amoxicillin", 8, "typical"),
        ("exanthem", "amoxicillin", 18, "possible"),
        ("exanthem", "amoxicillin", 60, "late"),
        ("dress", "allopurinol", 30, "typical"),
        ("dress", "allopurinol", 2, "early"),
        ("agep", "clarithromycin", 2, "typical"),
        ("agep", "hydroxychloroquine", 20, "typical"),
        ("agep", "clarithromycin", 20, "late"),
        ("lichenoid", "hydrochlorothiazide", 120, "typical"),
        ("pemphigoid", "sitagliptin", 400, "typical"),
        ("urticaria-anaphylaxis", "ramipril", 900, "typical"),
        ("fixed-drug-eruption", "ibuprofen", 0, "typical"),
    ],
)
def test_latency_is_held_against_the_window_of_its_kind(kind: str, drug: str, latency: float, fit: str) -> None:
    assert suspect(kind, exposure(drug, latency)).fit == fit


def test_a_second_exposure_is_quicker() -> None:
    assert suspect("dress", exposure("carbamazepine", 2)).fit == "early"
    assert suspect("dress", exposure("carbamazepine", 2, reacted_before="same")).fit == "typical"


def test_the_likeliest_cause_stands_first_and_what_came_after_last() -> None:
    found = timeline(
        "dress", exposure("ibuprofen", -1), exposure("amlodipine", 700), exposure("allopurinol", 28), exposure("cetirizine", 5)
    )
    assert found.suspects[0].drug == "allopurinol"
    assert found.suspects[-1].drug == "ibuprofen"
    assert "Allopurinol" in found.now[0].en


def test_an_unknown_start_or_name_is_never_taken_for_innocent() -> None:
    found = timeline("sjs-ten", exposure("phenytoin", None), exposure("ramipril", 300), exposure("小药片", 12))
    assert found.suspects[0].drug == "phenytoin"
    assert [u.name for u in found.unknown] == ["小药片"]
    said = " ".join(t.en for t in found.missing)
    assert "Phenytoin: day of the first dose" in said
    assert "小药片" in said


def test_relatives_that_may_cross_react_are_named() -> None:
    found = timeline("dress", exposure("carbamazepine", 28), exposure("phenytoin", 3))
    assert found.suspects[0].related == ["phenytoin"]
    assert any("cross-react" in t.en for t in found.now)
    assert found.suspects[0].avoid


@pytest.mark.parametrize("kind", ["sjs-ten", "dress"])
def test_what_kills_is_never_given_again(kind: str) -> None:
    assert "Never again" in timeline(kind, exposure("carbamazepine", 20)).rechallenge.en


def test_a_kind_that_is_not_known_is_refused_with_the_kinds_there_are() -> None:
    with pytest.raises(CaseError, match="eruption: a kind of eruption is expected: agep"):
        timeline("rash", exposure("carbamazepine", 20))


def test_a_kind_may_be_named_by_its_disease_or_in_chinese() -> None:
    assert timeline("固定性药疹", exposure("ibuprofen", 1)).eruption == "fixed-drug-eruption"
    assert timeline("exanthematous-drug-eruption", exposure("amoxicillin", 8)).eruption == "exanthem"


@given(
    st.sampled_from(sorted(FORMULARY.eruptions)),
    st.lists(
        st.tuples(st.sampled_from(sorted(FORMULARY.drugs)), st.one_of(st.none(), st.integers(-9, 500))),
        min_size=1,
        max_size=6,
        unique_by=lambda pair: pair[0],
    ),
)
@settings(max_examples=100, deadline=None)
def test_every_drug_is_placed_once_and_in_order(kind: str, drugs: list[tuple[str, int | None]]) -> None:
    found = timeline(kind, *(exposure(d, None if t is None else float(t)) for d, t in drugs))
    assert sorted(s.drug for s in found.suspects) == sorted(d for d, _ in drugs)
    points = [s.points for s in found.suspects]
    assert points == sorted(points, reverse=True)
    assert found.now
    assert (found.suspects[0].alden is not None) == (kind == "sjs-ten")
