"""The likelihood of rare diseases: laws that hold for every patient, and simulated patients that are found."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.history import Phenotype
from yingzhi.clinical.words import Text
from yingzhi.tools.rare import RareArm
from yingzhi.tools.rare.diagnosis import MODE_NAMES, ONSET_NAMES, term_weight
from yingzhi.tools.rare.index import RareIndex
from yingzhi.tools.rare.likelihood import W_ABSENT, W_PRESENT, absent_ratio, most_specific, present_ratio, profile_fit
from yingzhi.tools.rare.patient import MODES, ONSETS, weigh_patient
from yingzhi.tools.rare.ranking import rank_rare

CASES = settings(max_examples=25, deadline=None)
NUMBERS = st.lists(st.integers(0, 10**9), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def index(resources: Resources) -> RareIndex:
    assert resources.rare is not None
    return resources.rare.index


def phenotypes(index: RareIndex, present: list[int], absent: list[int] | None = None) -> list[Phenotype]:
    """Positions as a record."""
    sides = [("present", t) for t in present] + [("absent", t) for t in absent or []]
    return [Phenotype(id=index.term_id(t), en="a", zh="a", status=s) for s, t in sides]  # type: ignore[arg-type]


def findings(index: RareIndex, numbers: list[int]) -> list[int]:
    """Any numbers as terms that a patient can show."""
    usable = np.flatnonzero(np.diff(index.up_ptr))
    return [int(usable[n % len(usable)]) for n in numbers]


@CASES
@given(numbers=NUMBERS)
def test_an_absent_finding_never_speaks_for_a_disease(index: RareIndex, numbers: list[int]) -> None:
    assert absent_ratio(index, findings(index, numbers)).max() <= 0


@CASES
@given(numbers=NUMBERS)
def test_the_order_of_findings_does_not_matter(index: RareIndex, numbers: list[int]) -> None:
    there = findings(index, numbers)
    one, other = (rank_rare(index, phenotypes(index, order), None, "unknown") for order in (there, there[::-1]))
    assert np.allclose(np.sort(one.score), np.sort(other.score), atol=1e-4)


@CASES
@given(numbers=NUMBERS)
def test_a_finding_that_another_implies_adds_nothing(index: RareIndex, numbers: list[int]) -> None:
    there = findings(index, numbers)
    general = [int(a) for t in there for a in index.implied(t)]
    assert set(most_specific(index, [*there, *general], []).present) == set(most_specific(index, there, []).present)


@CASES
@given(numbers=NUMBERS)
def test_coverage_is_a_share(index: RareIndex, numbers: list[int]) -> None:
    covered, silent = profile_fit(index, findings(index, numbers), np.arange(0, index.profiles, 37))
    assert covered.min() >= 0
    assert covered.max() <= 1.001
    assert np.isfinite(silent).all()


@CASES
@given(numbers=st.lists(st.integers(0, 10**9), min_size=1, max_size=5), row=st.integers(0, 10**6))
def test_the_cells_of_the_matrix_add_up_to_what_the_ranking_counts(index: RareIndex, numbers: list[int], row: int) -> None:
    row %= index.profiles
    terms = most_specific(index, findings(index, numbers), findings(index, [n // 7 for n in numbers]))
    if np.isin(index.denied[0], np.array(terms.present, dtype=np.int32)).any():
        return  # a feature that was looked for and not found weighs on top of its cell
    told = sum(term_weight(index, row, t, False) for t in terms.present) + sum(term_weight(index, row, t, True) for t in terms.absent)
    counted = W_PRESENT * present_ratio(index, terms.present)[row] + W_ABSENT * absent_ratio(index, terms.absent)[row]
    assert told == pytest.approx(float(counted) / np.log(2), abs=0.02)


def test_most_patients_drawn_from_a_profile_are_given_its_disease_first(index: RareIndex) -> None:
    rng = random.Random(3)
    skin = [r for r in range(index.profiles) if index.skin[r] > 0.5 and index.direct_ptr[r + 1] - index.direct_ptr[r] >= 12]
    first = 0
    for row in rng.sample(skin, 40):
        part = slice(int(index.direct_ptr[row]), int(index.direct_ptr[row + 1]))
        there = [int(t) for t, p in zip(index.direct[part], index.direct_share[part], strict=True) if rng.random() < p]
        if len(there) >= 3:
            first += int(rank_rare(index, phenotypes(index, there), None, "unknown").diseases[0] == index.disease[row])
        else:
            first += 1
    assert first >= 34


def test_an_infant_makes_a_disease_of_adults_less_likely_and_an_adult_leaves_one_of_infants_alone(index: RareIndex) -> None:
    adult = [i for i, (_, begins, _) in enumerate(ONSETS) if begins >= 16]
    late = np.flatnonzero((index.onset.sum(axis=1) > 0) & (index.onset[:, adult].sum(axis=1) == index.onset.sum(axis=1)))
    infantile = np.flatnonzero(index.onset[:, 3] > 0)
    assert (weigh_patient(index, 0.5, "unknown", ())[late] < 0).all()
    assert (weigh_patient(index, 60, "unknown", ())[infantile] == 0).all()


def test_sex_bears_on_x_linked_diseases_alone(index: RareIndex) -> None:
    recessive, dominant = index.modes == 1 << MODES["HP:0001419"], index.modes == 1 << MODES["HP:0001423"]
    girl, boy = weigh_patient(index, None, "female", ()), weigh_patient(index, None, "male", ())
    assert (girl[recessive] < 0).all()
    assert (boy[dominant] < 0).all()
    autosomal = index.modes == 1 << MODES["HP:0000007"]
    assert not girl[autosomal].any()
    assert not boy[autosomal].any()


def test_a_mode_of_inheritance_that_the_case_names_bears_on_the_disease(index: RareIndex) -> None:
    weights = weigh_patient(index, None, "unknown", ["HP:0000007"])
    assert (weights[index.modes == 1 << MODES["HP:0000007"]] > 0).all()
    assert (weights[index.modes == 1 << MODES["HP:0000006"]] < 0).all()
    assert not weights[index.modes == 0].any()


def test_a_group_lends_its_weight_and_none_is_lost(resources: Resources) -> None:
    arm = resources.rare
    assert isinstance(arm, RareArm)
    index = arm.index
    there = [p for t in ("HP:0000973", "HP:0001582", "HP:0002097", "HP:0000023") if (p := index.position(t)) is not None]
    lent = rank_rare(index, phenotypes(index, there), None, "unknown")
    alone = rank_rare(index, phenotypes(index, there), None, "unknown", frozenset(range(index.forms)))
    assert np.logaddexp.reduce(lent.score) == pytest.approx(np.logaddexp.reduce(alone.score), abs=1e-3)
    assert set(lent.diseases.tolist()) <= set(alone.diseases.tolist())


def test_every_onset_and_mode_has_a_name_in_both_languages() -> None:
    assert len(ONSET_NAMES) == len(ONSETS)
    assert MODE_NAMES.keys() == MODES.keys()
    said: list[Text] = [*ONSET_NAMES, *MODE_NAMES.values()]
    assert all(t.en and t.zh for t in said)
