"""Computes a score from its items, in exact decimal arithmetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from yingzhi.clinical.score import Part, Reading, Scale, Score, ScoreInput, ScoreResult, Subscore, Value
from yingzhi.tools.scores.catalogue import find_score
from yingzhi.tools.scores.values import check_values, exact, points_of

Sums = dict[str, Decimal]
"""Points by part; the key is empty for inputs of no part."""


def compute(id: str, values: Mapping[str, object], *, rest_zero: bool = False) -> ScoreResult:
    """Compute a severity score from its items, with the published band and its source.

    Args:
        id: Id or short name of the score, e.g. `pasi`.
        values: The value of every input by its id, as the definition in `SCORES` asks for it.
        rest_zero: Say outright that every item not given was looked at and is zero (none, not there). They are listed in the result.
            Items for which zero says nothing, such as age or a laboratory value, are still asked for.

    Raises:
        CaseError: No such score, or a value is missing, unknown or out of range; the message names the field.
    """
    score = find_score(id)
    checked, assumed = check_values(score, values, rest_zero)
    sums = _by_rows(score, checked) if score.formula == "rows" else _by_parts(score, checked)
    outside = {part.id for part in score.parts if not part.in_total}
    total = sum((value for key, value in sums.items() if key not in outside), Decimal(0))
    for part in score.parts:
        if part.sum_of:
            sums[part.id] = sum((sums[key] for key in part.sum_of), Decimal(0))
    readings = [_read(score, scale, sums[scale.of] if scale.of else total) for scale in score.scales]
    return ScoreResult(
        score=score.id,
        names=score.names,
        total=float(total),
        minimum=score.minimum,
        maximum=score.maximum,
        unit=score.unit,
        subscores=[_subscore(score, part, sums, checked) for part in score.parts],
        band=readings[0] if readings else None,
        other_bands=[one for one in readings[1:] if one],
        values=checked,
        assumed_zero=assumed,
        note=score.note,
        source=score.sources[0],
    )


def band_range(score: Score, scale: Scale, index: int) -> str:
    """The bounds of a band as text: `4–10`, `>7–21`, `≥57`.

    Args:
        score: The score, which knows whether only whole numbers occur and where it ends.
        scale: The scale.
        index: Which of its bands.
    """
    band, after = scale.bands[index], scale.bands[index + 1] if index + 1 < len(scale.bands) else None
    edge = band.above if band.above is not None else band.at_least or 0
    low = f">{edge:g}" if band.above is not None else f"{edge:g}"
    if after is None:
        return low if band.above is not None or edge == score.maximum else f"≥{low}"
    end = after.at_least or 0
    below = f"{end - 1:g}" if score.whole else f"<{end:g}"
    high = f"{after.above:g}" if after.above is not None else below
    return low if low == high else f"{low}{'…' if edge < 0 else '–'}{high}"


def _by_parts(score: Score, values: Mapping[str, Value]) -> Sums:
    doubled = {one.part for one in score.inputs if one.role == "doubles" and values[one.id]}
    sums: Sums = {part.id: Decimal(0) for part in score.parts}
    for one in score.inputs:
        if one.role == "item":
            weight = exact(one.weight) * (2 if one.part in doubled else 1) * _row_weight(score, one.row, values)
            sums[one.part] = sums.get(one.part, Decimal(0)) + weight * points_of(one, values[one.id])
    return sums


def _by_rows(score: Score, values: Mapping[str, Value]) -> Sums:
    cells: dict[str, list[ScoreInput]] = defaultdict(list)
    for one in score.inputs:
        if one.row:
            cells[one.row].append(one)
    sums: Sums = {}
    for row, inputs in cells.items():
        factor = next(points_of(one, values[one.id]) for one in inputs if one.factor)
        rest = sum((points_of(one, values[one.id]) for one in inputs if not one.factor), Decimal(0))
        sums[row] = _row_weight(score, row, values) * factor * rest
    return sums


def _row_weight(score: Score, row: str, values: Mapping[str, Value]) -> Decimal:
    if row not in score.rows:
        return Decimal(1)
    picked = next((str(values[one.id]) for one in score.inputs if one.role == "weights"), "")
    return exact(score.rows[row].weight_by.get(picked, score.rows[row].weight))


def _read(score: Score, scale: Scale, value: Decimal) -> Reading | None:
    held = [n for n, band in enumerate(scale.bands) if band.holds(float(value))]
    if not held:
        return None
    text = scale.bands[held[-1]].label
    return Reading(scale=scale.name, text=text, range=band_range(score, scale, held[-1]), source=score.source(scale.source))


def _subscore(score: Score, part: Part, sums: Sums, values: Mapping[str, Value]) -> Subscore:
    most = part.maximum
    if most is not None and part.id in score.rows:
        most = float(exact(most) * _row_weight(score, part.id, values) / exact(score.rows[part.id].weight))
    return Subscore(
        id=part.id,
        label=part.label,
        value=float(sums[part.id]),
        minimum=part.minimum,
        maximum=most,
        in_total=part.in_total and not part.sum_of,
    )
