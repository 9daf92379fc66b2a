"""What a score will not compute, and how it says so."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.score import Score, ScoreInput, ScoreResult
from yingzhi.tools.scores import SCORES, compute, input_schema

IDS = sorted(SCORES)


def some_value(one: ScoreInput) -> Any:
    if one.kind == "flag":
        return True
    if one.kind == "choice":
        return one.choices[-1].value
    return one.minimum or 1


def full(score: Score) -> dict[str, Any]:
    return {one.id: some_value(one) for one in score.inputs}


@pytest.mark.parametrize("name", IDS)
def test_a_missing_item_is_refused_by_name_and_never_a_silent_zero(name: str) -> None:
    score = SCORES[name]
    for one in score.inputs:
        values = full(score)
        del values[one.id]
        with pytest.raises(CaseError) as refused:
            compute(name, values)
        assert refused.value.field == one.id
        assert one.label.zh in str(refused.value)
        assert one.label.en in str(refused.value)


def outcome(name: str, values: dict[str, Any]) -> ScoreResult | CaseError:
    try:
        return compute(name, values, rest_zero=True)
    except CaseError as refused:
        return refused


@pytest.mark.parametrize("name", IDS)
def test_zero_is_assumed_only_when_said_and_then_listed(name: str) -> None:
    score = SCORES[name]
    for one in score.inputs:
        values = full(score)
        del values[one.id]
        result = outcome(name, values)
        if isinstance(result, CaseError):  # zero would say nothing here, or contradict what is given
            assert result.field.startswith(one.row if one.factor else one.id)
        else:
            assert result.assumed_zero == [one.id]
            assert result.values[one.id] == 0
            assert result.total == compute(name, values | {one.id: result.values[one.id]}).total


@pytest.mark.parametrize(
    ("name", "field"),
    [("scorten", "urea_mmol"), ("dlqi", "q10"), ("poem", "itch"), ("uas7", "day3_wheals"), ("iga", "grade"), ("easi", "age_group")],
)
def test_what_zero_cannot_stand_for_is_asked_for_even_when_the_rest_is_zero(name: str, field: str) -> None:
    values = full(SCORES[name])
    del values[field]
    with pytest.raises(CaseError, match=field):
        compute(name, values, rest_zero=True)


@pytest.mark.parametrize("name", ["pasi", "easi", "masi", "mmasi", "vasi"])
def test_signs_graded_on_no_skin_are_refused_not_multiplied_away(name: str) -> None:
    score = SCORES[name]
    factor = next(one for one in score.inputs if one.factor)
    with pytest.raises(CaseError) as refused:
        compute(name, full(score) | {factor.id: 0})
    assert refused.value.field == factor.id


def test_an_affected_area_whose_signs_were_left_out_is_refused() -> None:
    with pytest.raises(CaseError) as refused:
        compute("pasi", {"head_area_percent": 20}, rest_zero=True)
    assert refused.value.field == "head_erythema"


def test_more_hands_of_vitiligo_than_a_body_has_are_refused() -> None:
    with pytest.raises(CaseError, match="at most 100 in all"):
        compute("vasi", full(SCORES["vasi"]) | {"head_hand_units": 60, "trunk_hand_units": 50})


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("pasi", "head_erythema", 5), ("pasi", "head_erythema", 1.5), ("pasi", "head_area_percent", 101), ("pasi", "head_area_percent", -1),
        ("easi", "head_erythema", 0.5), ("pdai", "chest_activity", 4), ("scorten", "glucose_mmol", 180), ("scorten", "malignancy", 1),
        ("scorten", "age_years", True), ("ihs4", "nodules", 2.5), ("abcd-dermoscopy", "colours", 0), ("fitzpatrick", "reaction", 4),
        ("hurley", "pattern", "III"), ("salt", "top_percent", float("nan")), ("salt", "top_percent", float("inf")),
        ("salt", "top_percent", 10**400), ("ihs4", "nodules", -(10**400)),
        ("poem", "itch", "4"), ("dlqi", "q1", [1]), ("vasi", "head_depigmentation", 60), ("clasi", "scalp_scarring", 2),
    ],
)  # fmt: skip
def test_a_value_out_of_its_range_is_refused_by_name(name: str, field: str, value: Any) -> None:
    with pytest.raises(CaseError) as refused:
        compute(name, full(SCORES[name]) | {field: value})
    assert refused.value.field == field


JUNK = st.one_of(
    st.text(min_size=12).map(lambda text: "王某某" + text), st.lists(st.integers()), st.dictionaries(st.text(), st.integers()), st.binary()
)


@settings(max_examples=80, deadline=None)
@given(name=st.sampled_from(IDS), data=st.data(), junk=JUNK)
def test_nonsense_is_refused_and_never_repeated(name: str, data: st.DataObject, junk: Any) -> None:
    score = SCORES[name]
    one = data.draw(st.sampled_from(score.inputs))
    with pytest.raises(CaseError) as refused:
        compute(name, full(score) | {one.id: junk})
    assert refused.value.field == one.id
    assert "王某某" not in str(refused.value)


def test_an_unknown_field_is_named_and_the_nearest_offered_but_words_of_a_record_are_not_repeated() -> None:
    with pytest.raises(CaseError, match=r"head_erytema.*head_erythema"):
        compute("pasi", full(SCORES["pasi"]) | {"head_erytema": 1})
    with pytest.raises(CaseError) as refused:
        compute("pasi", full(SCORES["pasi"]) | {"患者王某某，男，45岁": 1})
    assert "王某某" not in str(refused.value)


def test_an_unknown_score_is_refused_with_the_nearest() -> None:
    with pytest.raises(CaseError, match="pasi") as refused:
        compute("passi", {})
    assert refused.value.field == "score"


@pytest.mark.parametrize("name", IDS)
def test_the_json_schema_takes_what_compute_takes_and_refuses_what_it_refuses(name: str) -> None:
    score = SCORES[name]
    schema = jsonschema_rs.validator_for(input_schema(score, "zh"))
    values = full(score)
    compute(name, values)
    assert schema.is_valid(values)
    assert not schema.is_valid(values | {"more": 1})
    for one in score.inputs:
        assert not schema.is_valid({key: value for key, value in values.items() if key != one.id})
        assert not schema.is_valid(values | {one.id: "no such answer"})
        if one.kind == "number":
            assert not schema.is_valid(values | {one.id: one.maximum + 1})
