"""Laboratory results as the conditions that drug rules name. A number without its unit is not used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from yingzhi.clinical.medication import DrugLab, NotChecked
from yingzhi.clinical.words import Sex, Text
from yingzhi.knowledge.drug_models import LabState
from yingzhi.knowledge.lab_models import LabAnalyte
from yingzhi.tools.drug_spelling import fold
from yingzhi.tools.hepatic import Grade, child_pugh
from yingzhi.tools.labs.flags import built_in
from yingzhi.tools.labs.table import Compiled
from yingzhi.tools.labs.units import parse_unit, unit_table

RATIO = "ratio"
"""Unit of what has none, such as INR."""


@dataclass(frozen=True, slots=True)
class LabFacts:
    """What the results say."""

    values: dict[str, float] = field(default_factory=dict)
    """Analyte to value in its canonical unit."""
    present: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    gaps: tuple[NotChecked, ...] = ()


@lru_cache(maxsize=1)
def _analytes() -> tuple[dict[str, Compiled], dict[str, tuple[str, ...]]]:
    """Analytes by id with their units, and ids by folded name (a cell's name may mean its count or its share)."""
    from pydantic import TypeAdapter

    from yingzhi.knowledge.load import HERE, read_yaml

    adapter = TypeAdapter(list[LabAnalyte])
    rows = [a for path in sorted((HERE / "labs").glob("*.yaml")) for a in adapter.validate_python(read_yaml(path))]
    compiled = {a.id: Compiled(a, unit_table(a.unit, [(u.unit, u.factor, u.offset) for u in a.also])) for a in rows}
    names: dict[str, tuple[str, ...]] = {}
    for a in rows:
        for word in dict.fromkeys(map(fold, (a.id, a.names.en, a.names.zh, *a.aliases.en, *a.aliases.zh, *a.symbols))):
            names[word] = (*names.get(word, ()), a.id)
    return compiled, names


def _meant(lab: DrugLab, ids: tuple[str, ...], compiled: dict[str, Compiled]) -> str | None:
    """Of the analytes of one name that which the unit fits; the first where none or several do."""
    unit = parse_unit(lab.unit) if lab.unit.strip() else None
    fitting = [i for i in ids if unit is not None and compiled[i].units.fits(unit)]
    return next(iter(fitting or ids), None)


def read_drug_labs(labs: Sequence[DrugLab], sex: Sex, age: float | None, states: Iterable[LabState]) -> LabFacts:
    """Read a patient's results.

    Args:
        labs: As on the slips; of an analyte the most recent counts.
        sex: For the reference intervals.
        age: Years.
        states: The results that stand for a condition.

    Returns:
        Values in canonical units, the conditions they show present and absent, and one entry for every result that was
        not used: an unknown name, no unit, a unit of another kind, an impossible value.
    """
    if not labs:
        return LabFacts()
    compiled, names = _analytes()
    values: dict[str, float] = {}
    words: dict[str, bool] = {}
    taken: dict[str, DrugLab] = {}
    gaps: list[NotChecked] = []
    for lab in sorted(labs, key=lambda one: one.days_ago or 0.0):
        analyte = _meant(lab, names.get(fold(lab.name), ()), compiled)
        if analyte is None:
            gaps.append(_gap(lab, "no laboratory test is known by this name", "检验项目名称无法识别"))
            continue
        if (first := taken.setdefault(analyte, lab)) is not lab:
            if (first.days_ago or 0.0) == (lab.days_ago or 0.0) and (first.value, first.unit) != (lab.value, lab.unit):
                differ = ("two results of the same day differ; neither is used", "同一天有两个不同结果，均未采用")
                gaps.append(_gap(lab, *differ, compiled[analyte]))
                values.pop(analyte, None)
                words.pop(analyte, None)
            continue
        if isinstance(lab.value, str):
            words[analyte] = lab.value == "positive"
            continue
        value, trouble = _convert(lab.value, lab.unit, compiled[analyte])
        if value is None:
            gaps.append(_gap(lab, *trouble, compiled[analyte]))
        else:
            values[analyte] = value
    present, absent = _conditions(values, words, sex, age, states, compiled)
    return LabFacts(values, present, absent - present, tuple(gaps))


def _gap(lab: DrugLab, en: str, zh: str, analyte: Compiled | None = None) -> NotChecked:
    """A result that was not used, by its name on the slip; by the name of the analyte where the slip gives only an id."""
    names = analyte.record.names if analyte is not None and lab.name == analyte.record.id else None
    name_en, name_zh = (names.en, names.zh) if names else (lab.name, lab.name)
    return NotChecked(drug="", check="lab", needs=Text(en=f"{name_en}: {en}", zh=f"{name_zh}：{zh}"))


def _convert(value: float, unit: str, analyte: Compiled) -> tuple[float | None, tuple[str, str]]:
    record = analyte.record
    if record.unit == RATIO and not unit.strip():
        unit = RATIO
    if record.unit and not unit.strip():
        return None, (f"the unit is missing ({record.unit}?)", f"缺少单位（{record.unit}？）")
    parsed = parse_unit(unit) if unit.strip() else None
    if record.unit:
        converted = analyte.units.to_canonical(value, parsed) if parsed is not None else None
        if converted is None:
            return None, (f"the unit does not fit, {record.unit} is expected", f"单位不符，应为{record.unit}")
        value = converted
    if record.plausible is not None and not record.plausible[0] <= value <= record.plausible[1]:
        return None, ("an impossible value, perhaps in another unit", "数值不可能，请核对单位")
    return value, ("", "")


def _conditions(
    values: dict[str, float], words: dict[str, bool], sex: Sex, age: float | None, states: Iterable[LabState], compiled: dict[str, Compiled]
) -> tuple[frozenset[str], frozenset[str]]:
    present, absent = set(), set()
    for state in states:
        met = _met(state, values, words, sex, age, compiled)
        if met:
            present.add(state.condition)
        elif met is False and state.settles:
            absent.add(state.condition)
    return frozenset(present), frozenset(absent)


def _met(
    state: LabState, values: dict[str, float], words: dict[str, bool], sex: Sex, age: float | None, compiled: dict[str, Compiled]
) -> bool | None:
    if state.positive:
        return words.get(state.analyte)
    value = values.get(state.analyte)
    if value is None:
        return None
    if state.times_upper is not None:
        record = compiled[state.analyte].record
        upper = built_in(record, value, "", sex, age).high
        upper = upper if upper is not None else max((r.high for r in record.references if r.high is not None), default=None)
        return None if upper is None else value > upper * state.times_upper
    return (state.above is not None and value > state.above) or (state.below is not None and value < state.below)


def child_pugh_conditions(values: dict[str, float], present: frozenset[str]) -> frozenset[str]:
    """`child-pugh-b` or `-c` of a patient with chronic liver disease whose bilirubin, albumin and INR are known."""
    if "liver-disease" not in present or not {"total-bilirubin", "albumin", "inr"} <= values.keys():
        return frozenset()
    ascites: Grade = "mild" if "ascites" in present else "none"
    brain: Grade = "mild" if "hepatic-encephalopathy" in present else "none"
    _, letter = child_pugh(values["total-bilirubin"], values["albumin"], values["inr"], ascites, brain)
    return frozenset() if letter == "A" else frozenset({f"child-pugh-{letter.lower()}"})
