"""A patient's results in the form in which stop rules ask for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.lab import LabResult
from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.words import Text
from yingzhi.knowledge.lab_models import LabAnalyte
from yingzhi.knowledge.pack_models import Limit
from yingzhi.tools.drug_labs import read_drug_labs
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.labs.flags import built_in


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured result in its canonical unit."""

    names: Text
    value: float
    unit: str
    upper: float | None = None
    """Upper reference limit, in the same unit."""
    comparator: Literal["", "<", ">"] = ""


def from_results(labs: Iterable[LabResult]) -> dict[str, Reading]:
    """Readings by analyte from results that were read from a record; one that could not be used is left out."""
    return {
        lab.analyte: Reading(
            Text(en=lab.en, zh=lab.zh),
            lab.canonical,
            lab.canonical_unit,
            lab.high if lab.unit_origin != "missing" else None,
            lab.comparator,
        )
        for lab in labs
        if lab.canonical is not None and lab.problem is None
    }


def from_patient(patient: DrugPatient, formulary: Formulary, analytes: Mapping[str, LabAnalyte]) -> dict[str, Reading]:
    """Readings by analyte from a patient file, with the built-in reference limits of the patient's age and sex."""
    facts = read_drug_labs(patient.labs, patient.sex, patient.age, formulary.lab_states)
    values = dict(facts.values)
    if patient.egfr is not None:
        values.setdefault("egfr", patient.egfr)
    out = {}
    for analyte, value in values.items():
        record = analytes.get(analyte)
        if record is not None:
            upper = built_in(record, value, "", patient.sex, patient.age).high
            out[analyte] = Reading(Text(en=record.names.en, zh=record.names.zh), value, record.unit, upper)
    return out


def met(limit: Limit, readings: Mapping[str, Reading]) -> Text | None:
    """The patient's result in words if it meets a limit; None if it does not, or if that can't be told."""
    reading = readings.get(limit.analyte)
    if reading is None:
        return None
    words = next(_hits(limit, reading), None)
    if words is None:
        return None
    unit = f" {reading.unit}" if reading.unit else ""
    shown = f"{reading.comparator}{reading.value:g}{unit}"
    return Text(en=f"{reading.names.en} {shown}, {words.en}", zh=f"{reading.names.zh} {shown}，{words.zh}")


def _hits(limit: Limit, reading: Reading) -> Iterator[Text]:
    below = reading.comparator != ">"
    above = reading.comparator != "<"
    if limit.below is not None and below and reading.value < limit.below:
        yield Text(en=f"below {limit.below:g}", zh=f"低于{limit.below:g}")
    if limit.above is not None and above and reading.value > limit.above:
        yield Text(en=f"above {limit.above:g}", zh=f"高于{limit.above:g}")
    if limit.times_upper is not None and above and reading.upper and reading.value > limit.times_upper * reading.upper:
        yield Text(
            en=f"above {limit.times_upper:g} times the upper limit ({reading.upper:g})",
            zh=f"超过正常上限（{reading.upper:g}）的{limit.times_upper:g}倍",
        )
