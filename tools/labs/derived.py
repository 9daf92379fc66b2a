"""Results that follow from other results: absolute cell counts and the estimated filtration rate."""

from __future__ import annotations

from yingzhi.clinical.lab import LabResult
from yingzhi.clinical.words import Sex
from yingzhi.tools.labs.flags import built_in, critical, meanings
from yingzhi.tools.labs.table import Compiled, LabTable
from yingzhi.tools.labs.units import tidy

MG_PER_DL = 88.4
"""µmol/L of creatinine in one mg/dL."""


def egfr_ckd_epi_2021(creatinine_umol_l: float, sex: Sex, age_years: float) -> float | None:
    """Estimated glomerular filtration rate by the CKD-EPI 2021 creatinine equation.

    Args:
        creatinine_umol_l: Serum creatinine in µmol/L.
        sex: The equation needs it.
        age_years: The equation holds from 18 years on.

    Returns:
        mL/min/1.73 m², or None where the equation does not apply.

    Source: Inker et al., N Engl J Med 2021 (doi 10.1056/NEJMoa2102953).
    """
    if sex == "unknown" or age_years < 18 or creatinine_umol_l <= 0:
        return None
    kappa, alpha = (0.7, -0.241) if sex == "female" else (0.9, -0.302)
    ratio = creatinine_umol_l / MG_PER_DL / kappa
    rate = 142 * min(ratio, 1.0) ** alpha * max(ratio, 1.0) ** -1.200 * 0.9938**age_years
    return tidy(rate * (1.012 if sex == "female" else 1.0))


def add_derived(results: list[LabResult], table: LabTable, sex: Sex, age: float | None) -> list[LabResult]:
    """The results, with absolute counts and eGFR added where the report does not give them.

    A share of cells says nothing of its own once the count is known: its findings are then left to the count.
    """
    added = [r for r in (_count(percent, results, table, sex, age) for percent in results) if r]
    rate = _rate(results, table, sex, age)
    every = [*results, *added, *([rate] if rate else [])]
    known = {r.analyte for r in every if r.flag not in ("unknown", "indeterminate")}
    for result in every:
        compiled = table.analytes[result.analyte].record
        if compiled.absolute in known:
            result.findings, result.excluded = [], []
    return every


def _count(percent: LabResult, results: list[LabResult], table: LabTable, sex: Sex, age: float | None) -> LabResult | None:
    record = table.analytes[percent.analyte].record
    if not record.fraction_of or not record.absolute or percent.canonical is None or percent.comparator:
        return None
    if any(r.analyte == record.absolute and r.canonical is not None for r in results):
        return None
    before = [r for r in results if r.analyte == record.fraction_of and r.canonical is not None and not r.comparator]
    if not before or sum(r.analyte == percent.analyte for r in results) > 1:
        return None
    total = before[-1]
    assert total.canonical is not None
    value = tidy(total.canonical * percent.canonical / 100)
    return _computed(table.analytes[record.absolute], value, [total.analyte, percent.analyte], sex, age)


def _rate(results: list[LabResult], table: LabTable, sex: Sex, age: float | None) -> LabResult | None:
    if age is None or "egfr" not in table.analytes or any(r.analyte == "egfr" and r.value is not None for r in results):
        return None
    creatinine = [r for r in results if r.analyte == "creatinine" and r.canonical is not None and not r.comparator]
    if not creatinine or creatinine[-1].canonical is None:
        return None
    value = egfr_ckd_epi_2021(creatinine[-1].canonical, sex, age)
    if value is None:
        return None
    return _computed(table.analytes["egfr"], float(f"{value:.3g}"), ["creatinine"], sex, age)


def _computed(compiled: Compiled, value: float, sources: list[str], sex: Sex, age: float | None) -> LabResult:
    record = compiled.record
    verdict = built_in(record, value, "", sex, age)
    flag = critical(record, value, verdict.flag, age)
    shown, excluded = meanings(record, flag, value)
    return LabResult(
        analyte=record.id, en=record.names.en, zh=record.names.zh, test=record.test,
        value=value, unit=record.unit, canonical=value, canonical_unit=record.unit, unit_origin="none",
        low=verdict.low, high=verdict.high, reference_source=verdict.source,
        reference_origin="built-in" if verdict.source else "none",
        flag=flag, flag_origin="range" if flag != "unknown" else "none",
        findings=shown, excluded=excluded, derived_from=sources,
    )  # fmt: skip
