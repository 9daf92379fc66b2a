"""Checks the values that a score is given against its definition. No value is ever filled in unasked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from decimal import Decimal

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.score import Score, ScoreInput, Step, Value

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,60}")


def check_values(score: Score, values: Mapping[str, object], rest_zero: bool) -> tuple[dict[str, Value], list[str]]:
    """The values in the order of the definition, and the ids of those that were not given and count as zero.

    Raises:
        CaseError: A value is missing, unknown or out of its range; the message names the field and what is expected, never the value.
    """
    _refuse_unknown(score, values)
    given = {one.id: _checked(one, values[one.id]) for one in score.inputs if values.get(one.id) is not None}
    missing = [one for one in score.inputs if one.id not in given]
    zeros = {one.id: value for one in missing if rest_zero and (value := _zero(one)) is not None}
    _refuse_missing([one for one in missing if one.id not in zeros])
    _refuse_excess(score, given)
    checked = {one.id: given[one.id] if one.id in given else zeros[one.id] for one in score.inputs}
    _refuse_contradiction(score, checked, set(zeros))
    return checked, [*zeros]


def exact(number: float) -> Decimal:
    """A number as it is written, so that 0.1 + 0.2 is 0.3 and an edge of a band is met exactly."""
    return Decimal(str(number))


def points_of(one: ScoreInput, value: Value) -> Decimal:
    """The points that a value gives, before its weight."""
    if one.kind == "flag":
        return Decimal(1 if value else 0)
    if one.kind == "choice":
        chosen = next(c for c in one.choices if c.value == value)
        return exact(chosen.points if chosen.points is not None else float(chosen.value))
    number = exact(float(value))
    if not one.steps:
        return number
    fitting = [step.points for step in one.steps if _beyond(step, number)]
    return exact(fitting[-1]) if fitting else Decimal(0)


def expected(one: ScoreInput) -> str:
    """What an input takes, in a few words that need no language."""
    if one.kind == "flag":
        return "true / false"
    if one.kind == "choice":
        return " | ".join(str(choice.value) for choice in one.choices)
    return f"{one.minimum:g}–{one.maximum:g}{f' {one.unit}' if one.unit else ''}"


def _beyond(step: Step, number: Decimal) -> bool:
    if step.above is not None:
        return number > exact(step.above)
    if step.below is not None:
        return number < exact(step.below)
    return number >= exact(step.at_least or 0)


def _checked(one: ScoreInput, value: object) -> Value:
    if one.kind == "flag":
        if isinstance(value, bool):
            return value
    elif one.kind == "choice":
        for choice in one.choices:
            if not isinstance(value, bool) and value == choice.value:
                return choice.value
    elif isinstance(value, int | float) and not isinstance(value, bool):  # not a number and infinity fit no range
        fits = one.minimum <= value <= one.maximum and not (one.whole and value != int(value))
        if fits:
            return int(value) if one.whole else value
    raise CaseError(f"{expected(one)}{', whole,' if one.whole else ''} is expected for {_named(one)}", one.id)


def _zero(one: ScoreInput) -> Value | None:
    """The value that says nothing is there; none where no value says so."""
    if one.always or one.role == "weights":
        return None
    if one.kind == "flag":
        return False
    if one.kind == "choice":
        return next((c.value for c in one.choices if c.value == 0), None)
    return 0 if one.minimum == 0 else None


def _refuse_unknown(score: Score, values: Mapping[str, object]) -> None:
    known = {one.id for one in score.inputs}
    for key in values:
        if key not in known:
            if not IDENTIFIER.fullmatch(str(key)):  # it may be words of a record, which are never repeated
                raise CaseError(f"a field that {score.short} does not have", "values")
            near = difflib.get_close_matches(key, sorted(known), 1)
            raise CaseError(f"{score.short} has no such input{f'; is {near[0]} meant?' if near else ''}", key)


def _refuse_missing(missing: list[ScoreInput]) -> None:
    if missing:
        first, rest = missing[0], missing[1:]
        more = f"; also missing: {', '.join(one.id for one in rest[:5])}{f' and {len(rest) - 5} more' if len(rest) > 5 else ''}"
        raise CaseError(f"a value is needed for {_named(first)}, {expected(first)}{more if rest else ''}", first.id)


def _refuse_excess(score: Score, given: Mapping[str, Value]) -> None:
    if score.limit is None:
        return
    cells = [one.id for one in score.inputs if one.column == score.limit.column]
    if sum(exact(float(given.get(name, 0))) for name in cells) > exact(score.limit.maximum):
        label = score.limit.label
        raise CaseError(f"at most {score.limit.maximum:g} in all for {label.en} ({label.zh})", score.limit.column)


def _refuse_contradiction(score: Score, checked: Mapping[str, Value], assumed: set[str]) -> None:
    """Signs graded where no skin is affected, or an affected area whose signs were left out, would vanish in the product."""
    for factor in (one for one in score.inputs if one.factor):
        others = [one for one in score.inputs if one.row == factor.row and not one.factor]
        graded = [one for one in others if points_of(one, checked[one.id])]
        if graded and not points_of(factor, checked[factor.id]):
            raise CaseError(f"{graded[0].id} is graded, so {_named(factor)} must be above zero", factor.id)
        left_out = [one for one in others if one.id in assumed]
        if points_of(factor, checked[factor.id]) and not graded and left_out:
            raise CaseError(f"{factor.id} is above zero, so a value is needed for {_named(left_out[0])}", left_out[0].id)


def _named(one: ScoreInput) -> str:
    return f"{one.label.en} ({one.label.zh})"
