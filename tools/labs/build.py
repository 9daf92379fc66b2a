"""From what was read behind a name to a result: which analyte, which unit, which flag, which findings."""

from __future__ import annotations

from dataclasses import dataclass

from yingzhi.clinical.lab import LabFlag, LabResult
from yingzhi.clinical.words import Sex, Span, Text
from yingzhi.tools.labs.flags import HIGH, LOW, Verdict, built_in, compare, critical, meanings
from yingzhi.tools.labs.scan import Reading
from yingzhi.tools.labs.table import Compiled, Hit, LabTable
from yingzhi.tools.labs.units import Unit, parse_unit

IMPOSSIBLE = Text(en="impossible value: not used", zh="数值不可能，未采用")
NO_UNIT = Text(en="no unit written: read only against the report's own range", zh="未写单位：仅按报告自带区间判读")
WRONG_UNIT = Text(en="the unit does not fit this analyte", zh="单位与该项目不符")
MARK_DIFFERS = Text(en="the report's mark and its range disagree", zh="报告箭头与参考区间不一致")
WORDS_DIFFER = Text(en="the words and the titre disagree", zh="文字结论与滴度不一致")
FRACTION = Text(en="written as a fraction of one, read as a percentage", zh="以小数书写，按百分比判读")
DOUBTS = {
    "sex": Text(en="sex not known: the limits of women and men disagree here", zh="性别未知：男女界值在此不一致"),
    "age": Text(en="age not known: read against adult limits", zh="年龄未知：按成人区间判读"),
    "no-interval": Text(en="no built-in interval for this patient", zh="无适用的内置参考区间"),
}


SAID: dict[str, LabFlag] = {
    "high": "high", "low": "low", "normal": "normal", "positive": "positive", "weak-positive": "positive", "negative": "negative",
    "indeterminate": "indeterminate",
}  # fmt: skip
"""The flag that a word stands for."""


@dataclass(slots=True)
class Draft:
    """A result in the making; the fields are those of `LabResult`."""

    value: float | None
    comparator: str
    titre: int | None
    unit: str
    qualitative: str
    canonical: float | None = None
    unit_origin: str = "none"
    low: float | None = None
    high: float | None = None
    reference_origin: str = "none"
    reference_source: str = ""
    flag: LabFlag = "unknown"
    flag_origin: str = "none"
    problem: Text | None = None


def choose(hit: Hit, reading: Reading, table: LabTable, wbc_seen: bool) -> Compiled | None:
    """Which of the analytes with this name the result belongs to; None when it is no result of any.

    A percentage and a count of the same cells share names: the unit tells them apart. A symbol counts only with a
    result that fits it.
    """
    candidates = [table.analytes[i] for i in hit.ids]
    if reading.empty:
        return None
    if not reading.numeric:
        return _by_words(candidates, reading, hit)
    if reading.titre is not None:
        return next((c for c in candidates if c.record.kind != "quantity"), None)
    unit = parse_unit(reading.unit) if reading.unit else None
    if unit is not None:
        fits = next((c for c in candidates if c.units.fits(unit)), None)
        return fits or (None if hit.symbol else next((c for c in candidates if c.record.kind != "quantity"), candidates[0]))
    if _is_fraction(reading, wbc_seen):
        share = next((c for c in candidates if c.record.fraction_of), None)
        if share:
            return share
    bare = next((c for c in candidates if c.record.bare_unit), None)
    if bare:
        return bare
    if hit.symbol and (hit.end - hit.start == 1 or not (reading.words or reading.low is not None or reading.high is not None)):
        return None
    return candidates[0]


def _by_words(candidates: list[Compiled], reading: Reading, hit: Hit) -> Compiled | None:
    if reading.words in ("positive", "negative", "weak-positive", "indeterminate"):
        return next((c for c in candidates if c.record.kind != "quantity"), None)
    if hit.symbol and hit.end - hit.start == 1:
        return None
    counts = [c for c in candidates if not c.record.fraction_of]  # "eosinophils raised" speaks of the count
    return (counts or candidates)[0]


def _is_fraction(reading: Reading, wbc_seen: bool) -> bool:
    return wbc_seen and reading.value is not None and 0 < reading.value < 1 and not reading.unit and not reading.comparator


def build(reading: Reading, chosen: Compiled, sex: Sex, age: float | None, wbc_seen: bool, span: Span) -> LabResult:
    """The result with its flag and what it means."""
    record = chosen.record
    draft = Draft(reading.value, reading.comparator, reading.titre, reading.unit, reading.words)
    if reading.titre is not None:
        _flag_titre(draft, reading, chosen)
    elif reading.value is not None:
        _flag_value(draft, reading, chosen, sex, age, wbc_seen)
    else:
        _flag_words(draft)
    if record.kind != "quantity":
        draft.flag = _as_sign(draft.flag)
    shown, excluded = meanings(record, draft.flag, draft.canonical, draft.comparator)
    fields = {name: getattr(draft, name) for name in Draft.__slots__}
    return LabResult(
        analyte=record.id, en=record.names.en, zh=record.names.zh, test=record.test, canonical_unit=record.unit,
        findings=shown, excluded=excluded, span=span, **fields,
    )  # fmt: skip


def _as_sign(flag: LabFlag) -> LabFlag:
    if flag in HIGH:
        return "positive"
    return "negative" if flag in LOW or flag == "normal" else flag


def _flag_words(result: Draft) -> None:
    result.flag, result.flag_origin = SAID.get(result.qualitative, "unknown"), "words"


def _flag_titre(result: Draft, reading: Reading, chosen: Compiled) -> None:
    limit = reading.titre_limit or chosen.record.positive_from
    n = result.titre or 0
    result.flag_origin = "titre"
    if limit is not None:
        result.reference_origin = "report" if reading.titre_limit else "built-in"
        result.reference_source = "" if reading.titre_limit else chosen.record.source
        if result.comparator == "<":
            result.flag = "negative" if n <= limit else "unknown"
        else:
            result.flag = "positive" if n >= limit else "negative"
    said = SAID.get(result.qualitative)
    if said in ("positive", "negative") and said != result.flag:
        result.problem = WORDS_DIFFER if result.flag != "unknown" else None
        result.flag = said
        result.flag_origin = "words"


def _flag_value(result: Draft, reading: Reading, chosen: Compiled, sex: Sex, age: float | None, wbc_seen: bool) -> None:
    unit = _unit_of(result, reading, chosen, wbc_seen)
    assert result.value is not None
    if unit is not None:
        result.canonical = chosen.units.to_canonical(result.value, unit)
        if _impossible(chosen, result.canonical):
            result.canonical, result.problem, result.flag = None, IMPOSSIBLE, "unknown"
            return
    _flag_by_interval(result, reading, chosen, unit, sex, age)
    _flag_by_mark(result, reading)
    if result.canonical is not None:
        result.flag = critical(chosen.record, result.canonical, result.flag, age)
        if result.flag.startswith("critical") and result.flag_origin == "none":
            result.flag_origin = "range"


def _impossible(chosen: Compiled, canonical: float | None) -> bool:
    bounds = chosen.record.plausible
    return canonical is not None and bounds is not None and not bounds[0] <= canonical <= bounds[1]


def _unit_of(result: Draft, reading: Reading, chosen: Compiled, wbc_seen: bool) -> Unit | None:
    """The unit to convert from; sets where it comes from."""
    if reading.unit:
        result.unit_origin = "report"
        unit = parse_unit(reading.unit)
        if unit is not None and chosen.units.fits(unit):
            return unit
        if chosen.record.unit:
            result.problem = WRONG_UNIT
        return None
    if chosen.record.fraction_of and _is_fraction(reading, wbc_seen):
        result.unit_origin, result.problem = "convention", FRACTION
        return Unit("fraction", 1.0)
    if chosen.record.bare_unit:
        result.unit_origin = "convention"
        return parse_unit(chosen.record.bare_unit)
    result.unit_origin = "missing" if chosen.record.unit else "none"
    result.problem = NO_UNIT if chosen.record.unit else None
    return None


def _flag_by_interval(result: Draft, reading: Reading, chosen: Compiled, unit: Unit | None, sex: Sex, age: float | None) -> None:
    value = result.canonical if result.canonical is not None else result.value
    assert value is not None
    if reading.low is not None or reading.high is not None:
        result.low, result.high = (_side(side, chosen, unit) for side in (reading.low, reading.high))
        result.reference_origin, result.flag_origin = "report", "range"
        result.flag = compare(value, result.comparator, result.low, result.high)
        return
    if result.canonical is None:
        return
    verdict: Verdict = built_in(chosen.record, result.canonical, result.comparator, sex, age)
    result.flag, result.low, result.high = verdict.flag, verdict.low, verdict.high
    result.reference_source = verdict.source
    if verdict.source:
        result.reference_origin = "built-in"
        result.flag_origin = "range" if verdict.flag != "unknown" else "none"
    if verdict.doubt:
        result.problem = result.problem or DOUBTS[verdict.doubt]


def _side(limit: float | None, chosen: Compiled, unit: Unit | None) -> float | None:
    if limit is None or unit is None:
        return limit
    return chosen.units.to_canonical(limit, unit)


def _flag_by_mark(result: Draft, reading: Reading) -> None:
    """The report's own arrow or word: it fills a gap, and beats a built-in interval, which is not that laboratory's."""
    mark = SAID.get(reading.words)
    if mark is None or mark in (result.flag, "indeterminate") or _as_sign(mark) == _as_sign(result.flag) == "positive":
        return
    if result.reference_origin == "report" and result.flag != "unknown":
        result.problem = MARK_DIFFERS
        return
    result.flag, result.flag_origin = mark, "mark"
