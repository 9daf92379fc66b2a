"""A written dose against the limits of its drug: at once, a day, a week, by weight, over the course, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yingzhi.clinical.medication import TIER_OF, DoseReading, DrugAlert, NotChecked
from yingzhi.clinical.presentation import Medication
from yingzhi.clinical.words import Severity, Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES, DoseRule
from yingzhi.tools.doses import Dose, Fault, read_dose
from yingzhi.tools.drug_patient import PatientState
from yingzhi.tools.formulary import Formulary

NEEDS: dict[str, Text] = {
    "empty": Text(en="Dose and how often", zh="剂量和频次"),
    "no-amount": Text(en="Dose: an amount with its unit", zh="剂量：数值和单位"),
    "impossible": Text(en="Dose: an amount above zero", zh="剂量：大于零的数值"),
    "unit": Text(en="Dose: a unit that doses have (mg, g, µg, IU, ml)", zh="剂量：应为剂量单位（mg、g、µg、IU、ml）"),
    "ambiguous": Text(en="Dose: how often, so that it reads one way only", zh="剂量：频次写法有歧义，请明确"),
    "count": Text(en="Dose: the strength of one tablet or unit, in mg", zh="剂量：每片（支）的含量（mg）"),
    "often": Text(en="Dose: how often", zh="剂量：给药频次"),
    "area": Text(en="Dose per m²: the amount in mg", zh="按体表面积的剂量：请给出实际mg数"),
    "weight": Text(en="Body weight", zh="体重"),
    "other-unit": Text(en="Dose: in the unit of its limit", zh="剂量：单位与限量单位不一致"),
    "age": Text(en="Age", zh="年龄"),
    "egfr": Text(en="eGFR, or creatinine with age and sex", zh="eGFR，或肌酐加年龄、性别"),
}
UNIT_ERROR = 10.0
"""A dose this many times its limit is more likely a slip of the unit or the point."""
SLACK = 1.001


@dataclass(frozen=True, slots=True)
class Taking:
    """One drug as it is taken."""

    drug: str
    medication: Medication
    route: str
    weight: float | None


def check_dose(
    taking: Taking, state: PatientState | None, formulary: Formulary
) -> tuple[list[DrugAlert], list[NotChecked], DoseReading | None]:
    """Judge the dose of one drug.

    Args:
        taking: The drug, the record of it, its route and the patient's weight in kg.
        state: The patient; None = only limits that hold for everyone.
        formulary: The formulary.

    Returns:
        Alerts, what could not be judged and why, and the dose as it was read (None if it was not).
    """
    rules = [r for r in formulary.dose_rules.get(taking.drug, ()) if _route_fits(r, taking, formulary)]
    dose = read_dose(taking.medication.dose)
    if isinstance(dose, str):
        return [], _fault(taking.drug, dose, rules), None
    alerts: list[DrugAlert] = []
    too_often: list[DrugAlert] = []
    gaps: dict[str, NotChecked] = {}
    for rule in rules:
        passed, missing = _passed(rule, dose, taking)
        if missing and (rule.ask or missing != "often"):
            gaps.setdefault(missing, _gap(taking.drug, missing, rule.severity))
        if passed is None:
            continue
        holds, fact = _applies(rule, state)
        if holds:
            (alerts if rule.least_days is None else too_often).append(_alert(taking.drug, rule, passed, formulary))
        elif holds is None:
            gaps.setdefault(fact, _gap(taking.drug, fact, rule.severity))
    return too_often or alerts, list(gaps.values()), _reading(taking, dose)  # taken too often, its amounts are wrong with it


def _route_fits(rule: DoseRule, taking: Taking, formulary: Formulary) -> bool:
    drug = formulary.drugs[taking.drug]
    if drug.ingredients and drug.id not in {t.partition(">=")[0] for t in rule.terms}:
        return False  # the dose written is that of the combination
    route = taking.route or drug.routes[0]
    return route in rule.routes if rule.routes else route not in LOCAL_ROUTES


def _fault(drug: str, fault: Fault, rules: list[DoseRule]) -> list[NotChecked]:
    asked = [r for r in rules if r.ask]
    if fault == "empty" and not asked:
        return []
    worst: Severity = asked[0].severity if asked else "unknown"
    return [_gap(drug, fault, worst)]


def _gap(drug: str, what: str, worst: Severity) -> NotChecked:
    if what == "weight":
        return NotChecked(drug=drug, check="weight", needs=NEEDS[what], worst=worst)
    if what == "egfr":
        return NotChecked(drug=drug, check="renal", needs=NEEDS[what], worst=worst, tests=["renal-function"])
    return NotChecked(drug=drug, check="age" if what == "age" else "dose", needs=NEEDS[what], worst=worst)


@dataclass(frozen=True, slots=True)
class Passed:
    """The limit that a dose passes."""

    value: float
    limit: float
    words: Text
    """With `{}` for the number and the unit."""


def _passed(rule: DoseRule, dose: Dose, taking: Taking) -> tuple[Passed | None, str]:
    """The first limit passed, or what is missing to tell."""
    if rule.least_days is not None:
        if dose.every_days is None:
            return None, "" if dose.once else "often"
        if dose.every_days < rule.least_days - 0.01:
            return Passed(dose.every_days, rule.least_days, _how_often(dose.every_days)), ""
    if rule.most_days is not None and taking.medication.started_days_ago is not None:
        days = _days(taking.medication)
        if days > rule.most_days:
            return Passed(days, rule.most_days, Text(en="{} days so far", zh="已用{}天")), ""
    missing = ""
    for limit, (value, lack), words in _amounts(rule, dose, taking):
        if value is None:
            missing = missing or lack
        elif value > limit * SLACK:
            return Passed(value, limit, words), ""
    return None, missing


def _how_often(days: float) -> Text:
    if days > 1.01:
        return Text(en=f"every {days:.3g} days", zh=f"每{days:.3g}天一次")
    times = round(1 / days)
    return Text(en="every day" if times == 1 else f"{times} times a day", zh=f"每日{times}次")


def _amounts(rule: DoseRule, dose: Dose, taking: Taking) -> Iterator[tuple[float, tuple[float | None, str], Text]]:
    """Every limit on an amount with the amount it is held against, or what that lacks."""
    weight, days = taking.weight, _days(taking.medication)
    u = rule.unit
    for limit, amount, per_kg, words in (
        (rule.per_dose, dose.single, False, Text(en="{} " + u + " at once", zh="单次{} " + u)),
        (rule.per_kg_dose, dose.single, True, Text(en="{} " + u + "/kg at once", zh="单次{} " + u + "/kg")),
        (rule.per_day, dose.daily, False, Text(en="{} " + u + " a day", zh="每日{} " + u)),
        (rule.per_kg_day, dose.daily, True, Text(en="{} " + u + "/kg a day", zh="每日{} " + u + "/kg")),
        (rule.per_week, None if dose.daily is None else dose.daily * 7, False, Text(en="{} " + u + " a week", zh="每周{} " + u)),
        (rule.total, _times(dose.daily, days), False, Text(en="{} " + u + " in all", zh="累计{} " + u)),
        (rule.total_per_kg, _times(dose.daily, days), True, Text(en="{} " + u + "/kg in all", zh="累计{} " + u + "/kg")),
    ):
        if limit is None:
            continue
        if rule.total in (None, 0) and rule.total_per_kg is None and amount is None:
            yield limit, (None, "often"), words
        elif amount is not None:
            yield limit, _in_unit(amount, dose, rule.unit, per_kg, weight), words


def _times(daily: float | None, days: float) -> float | None:
    return daily * days if daily is not None and days else None


def _days(medication: Medication) -> float:
    """Days of treatment so far; 0 when the start is not known."""
    started = medication.started_days_ago
    return 0.0 if started is None else max(0.0, started - (medication.stopped_days_ago or 0.0))


def _in_unit(amount: float, dose: Dose, unit: str, per_kg: bool, weight: float | None) -> tuple[float | None, str]:
    if dose.per_m2:
        return None, "area"
    if dose.unit == "count":
        return None, "count"
    if (dose.unit == "mg") != (unit in ("mg", "g")) or (dose.unit != "mg" and dose.unit != unit):
        return None, "other-unit"
    value = amount / 1000 if unit == "g" else amount
    if dose.per_kg == per_kg:
        return value, ""
    if weight is None:
        return None, "weight"
    return (value * weight if dose.per_kg else value / weight), ""


def _applies(rule: DoseRule, state: PatientState | None) -> tuple[bool | None, str]:
    """Whether the patient is one the limit is for; None and the missing fact when that is not known."""
    age, egfr = (None, None) if state is None else (state.age, state.egfr)
    if rule.any_of and not (state is not None and state.present & set(rule.any_of)):
        return False, ""
    if rule.egfr_below is not None:
        if egfr is None:
            return None, "egfr"
        if egfr >= rule.egfr_below:
            return False, ""
    if rule.age_below is None and rule.age_from is None:
        return True, ""
    if age is None:
        return (True, "") if rule.age_below is None and rule.age_from is not None and rule.age_from <= 18 else (None, "age")
    return (rule.age_from or 0) <= age < (rule.age_below or 200), ""


def _alert(drug: str, rule: DoseRule, passed: Passed, formulary: Formulary) -> DrugAlert:
    name = formulary.display[drug]
    en, zh = (t.format(f"{passed.value:.3g}") for t in (passed.words.en, passed.words.zh))
    limit = f"{passed.limit:g}"
    least = rule.least_days is not None and passed.limit == rule.least_days
    slip = passed.value >= passed.limit * UNIT_ERROR and not least
    severity: Severity = "contraindicated" if slip and rule.severity == "major" else rule.severity
    why_en = rule.risk.en if least else f"{en[:1].upper()}{en[1:]}, limit {limit}. {rule.risk.en}"
    why_zh = rule.risk.zh if least else f"{zh}，上限{limit}。{rule.risk.zh}"
    if slip:
        why_en += " Over ten times the limit: look for a slip of the unit or the decimal point."
        why_zh += "超过上限10倍：请核对单位或小数点。"
    return DrugAlert(
        id=f"dose:{drug}:{rule.id}",
        kind="dose",
        tier=TIER_OF[severity],
        severity=severity,
        drugs=[drug],
        title=Text(en=f"{name.en}: {en}", zh=f"{name.zh}：{zh}"),
        why=Text(en=why_en, zh=why_zh),
        act=Text(en=rule.act.en, zh=rule.act.zh),
        sources=[rule.source],
        problem=f"dose-{drug}",
    )


def _reading(taking: Taking, dose: Dose) -> DoseReading:
    daily = None if dose.as_needed else dose.daily
    return DoseReading(
        drug=taking.drug,
        written=taking.medication.dose,
        daily=None if daily is None else round(daily, 4),
        weekly=None if daily is None else round(daily * 7, 4),
        unit=dose.unit,
        every_days=None if dose.every_days is None else round(dose.every_days, 4),
        per_kg=dose.per_kg,
    )
