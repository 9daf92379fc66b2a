"""The patient of a consultation as the drug rules ask for one: the record's facts, results, findings, and what the note says besides."""

from __future__ import annotations

from collections.abc import Iterator

from yingzhi.clinical.finding import Finding
from yingzhi.clinical.history import History
from yingzhi.clinical.lab import LabResult
from yingzhi.clinical.medication import DrugLab, DrugPatient
from yingzhi.clinical.presentation import Patient, Presentation
from yingzhi.tools.drug_note import NoteFacts, read_note, read_qtc
from yingzhi.tools.drug_spelling import fold
from yingzhi.tools.extraction import ABOUT_OTHERS
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.pregnancy import says_pregnant

KIDNEY = frozenset({"creatinine", "egfr"})
"""Analytes that have fields of their own."""
LIVER = frozenset({"total-bilirubin", "albumin", "inr"})
"""Items of the Child-Pugh class."""
PASSING = frozenset({"pregnancy", "lactating"})
"""Findings that count only while they last."""
FERTILE = (8.0, 62.0)
"""Years in which a pregnancy is believed."""
HIGHEST_CREATININE, HIGHEST_EGFR = 3000.0, 200.0
"""µmol/L and mL/min/1.73 m²."""


def drug_patient(history: History, formulary: Formulary, case: Presentation | None = None) -> DrugPatient:
    """The patient as the drug rules see them; what the record does not say stays unknown.

    Args:
        history: The record as it was read.
        formulary: For the names of conditions and the results that bear on drugs.
        case: The case itself, for what has no finding: weight, QTc, work, a wish for a child, rarer conditions.
    """
    given = history.patient
    said = read_note(case.text, given.age, formulary) if case else NoteFacts()
    qtc = [said.qtc_ms, *(read_qtc(report.text) for report in case.reports)] if case else []
    mine = [f for f in history.findings if f.experiencer == "patient" and not (f.temporality == "past" and f.id in PASSING)]
    named = [(n.disease, n.status) for n in history.named_diagnoses if n.experiencer == "patient"]
    present = [word for f in mine if f.status == "present" for word in (f.id, *_conditions(f, formulary))]
    absent = [word for f in mine if f.status == "absent" for word in (f.id, *_conditions(f, formulary, denied=True))]
    present += [*(d for d, status in named if status == "present"), *said.present]
    absent += [*(d for d, status in named if status == "absent"), *said.absent]
    nursing = given.lactating is None and given.sex != "male" and "lactating" in present
    return DrugPatient(
        **given.model_dump(exclude={"conditions", "weight_kg", "lactating", "pregnant"}),
        pregnant=expecting(given, case.text if case else ""),
        weight_kg=given.weight_kg or said.weight_kg,
        lactating=True if nursing else given.lactating,
        planning_pregnancy=True if "fertility-wish" in present else None,
        conditions=list(dict.fromkeys([*given.conditions, *present])),
        conditions_absent=list(dict.fromkeys(absent)),
        creatinine_umol_l=max((v for v in _values(history, "creatinine") if 0 < v <= HIGHEST_CREATININE), default=None),
        egfr=min((min(v, HIGHEST_EGFR) for v in _values(history, "egfr") if v >= 0), default=None),
        labs=list(_labs(history, formulary)),
        qtc_ms=max((ms for ms in qtc if ms is not None), default=None),
        medications=history.medications,
    )


def expecting(given: Patient, text: str) -> bool | None:
    """As recorded; where nothing is, weeks of pregnancy that the note gives count, whether or not a finding has that wording."""
    if given.pregnant is not None or given.sex == "male" or (given.age is not None and not FERTILE[0] <= given.age <= FERTILE[1]):
        return given.pregnant
    return True if says_pregnant(text) else None


def _conditions(finding: Finding, formulary: Formulary, *, denied: bool = False) -> Iterator[str]:
    """Conditions that the very words of a finding name (`SLE` of an autoimmune disease). Words deny none that only a test can deny."""
    if finding.id.startswith("family-") or finding.id in ABOUT_OTHERS:
        return
    for span in finding.spans:
        condition = formulary.condition_names.get(fold(span.text))
        record = formulary.conditions.get(condition or "")
        if record is not None and not (denied and record.tested):
            yield record.id


def _values(history: History, analyte: str) -> list[float]:
    """Every value of an analyte in its canonical unit: of several, the caller takes the one that warns."""
    return [lab.canonical for lab in history.labs if lab.analyte == analyte and lab.canonical is not None]


def _labs(history: History, formulary: Formulary) -> Iterator[DrugLab]:
    """Results that drug rules ask for; one without its unit goes along, so that it is listed as not used."""
    wanted = LIVER | {state.analyte for state in formulary.lab_states}
    for lab in history.labs:
        if lab.derived_from or not (lab.analyte in wanted or (lab.analyte in KIDNEY and lab.canonical is None)):
            continue
        if (one := _result(lab)) is not None:
            yield one


def _result(lab: LabResult) -> DrugLab | None:
    if lab.qualitative in ("positive", "weak-positive", "negative"):
        return DrugLab(name=lab.analyte, value="negative" if lab.qualitative == "negative" else "positive")
    if lab.canonical is not None and not lab.comparator:
        return DrugLab(name=lab.analyte, value=lab.canonical, unit=lab.canonical_unit)
    if lab.canonical is None and lab.value is not None:
        return DrugLab(name=lab.analyte, value=lab.value, unit=lab.unit[:40])
    return None
