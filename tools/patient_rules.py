"""What in one patient speaks against one drug: disease, kidney, age, pregnancy, lactation, fertility; and what could not be judged."""

from __future__ import annotations

from typing import Literal

from yingzhi.clinical.medication import TIER_OF, DrugAlert, NotChecked
from yingzhi.clinical.words import Severity, Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES, PatientRule, Reproduction, WashOut
from yingzhi.tools.drug_patient import PatientState, holds
from yingzhi.tools.drug_profiles import absorbed
from yingzhi.tools.drug_rules import ORDER
from yingzhi.tools.formulary import Formulary

LEVEL_SEVERITY: dict[str, Severity] = {"contraindicated": "contraindicated", "avoid": "major", "caution": "moderate", "compatible": "none"}
Kind = Literal["condition", "renal", "age"]
Reproductive = Literal["pregnancy", "lactation"]

NEEDS = {
    "egfr": Text(en="eGFR, or creatinine with age and sex", zh="eGFR，或肌酐加年龄、性别"),
    "age": Text(en="Age", zh="年龄"),
    "sex": Text(en="Sex", zh="性别"),
    "pregnancy": Text(en="Whether she is pregnant (test)", zh="是否妊娠（妊娠试验）"),
    "lactation": Text(en="Whether she is breast-feeding", zh="是否哺乳"),
}

NO_ENTRY: dict[Reproductive, Text] = {
    "pregnancy": Text(en="Nothing is recorded here on pregnancy: look it up", zh="知识库中无妊娠用药信息，请查阅说明书"),
    "lactation": Text(en="Nothing is recorded here on breast-feeding: look it up", zh="知识库中无哺乳用药信息，请查阅说明书"),
}


def check_patient(drug: str, state: PatientState, formulary: Formulary, route: str = "") -> tuple[list[DrugAlert], list[NotChecked]]:
    """Everything in the patient that speaks against a drug.

    Args:
        drug: Id of a drug in the formulary.
        state: The patient (see `drug_patient.patient_state`).
        formulary: The formulary.
        route: Route, where given; on the skin only rules that hold there are applied.

    Returns:
        Alerts (of several kidney limits only the worst), and the checks that lacked a fact.
    """
    profile, record = formulary.profiles[drug], formulary.drugs[drug]
    is_local = profile.local_only or (route in LOCAL_ROUTES and not absorbed(record, formulary.drugs))
    alerts: dict[str, DrugAlert] = {}
    gaps: dict[str, NotChecked] = {}
    told: set[str] = set()
    for rule in sorted((r for r in profile.rules if r.local or not is_local), key=lambda r: ORDER[r.severity]):
        verdict, missing = holds(rule, state, formulary)
        if verdict:
            hit = state.present & set(rule.any_of)
            if hit and hit <= told:
                continue  # a worse rule has spoken of the same condition
            told |= hit
            alert = _rule_alert(drug, rule, state, formulary)
            key = alert.kind if alert.kind in ("renal", "age") else alert.id
            alerts.setdefault(key, alert)
        elif verdict is None and rule.severity != "minor":
            for fact in missing:
                gaps.setdefault(fact, _gap(drug, fact, rule.severity, formulary))
    found = list(alerts.values())
    _reproduction(drug, state, formulary, is_local, found, gaps)
    return found, list(gaps.values())


def _rule_alert(drug: str, rule: PatientRule, state: PatientState, formulary: Formulary) -> DrugAlert:
    hit = [c for c in rule.any_of if c in state.present]
    kind: Kind = "condition" if hit else "renal" if rule.egfr_below is not None else "age"
    name = formulary.display[drug]
    if hit:
        records = [formulary.conditions[c].names for c in hit]
        reason = Text(en=", ".join(r.en for r in records), zh="、".join(r.zh for r in records))
    elif kind == "renal":
        reason = Text(en=f"eGFR {state.egfr:g}, below {rule.egfr_below:g}", zh=f"eGFR {state.egfr:g}，低于{rule.egfr_below:g}")
    else:
        years = "" if state.age is None else f"{state.age:.3g}"
        reason = Text(en=f"age {years}", zh=f"年龄{years}岁")
    return DrugAlert(
        id=f"{kind}:{drug}:{'+'.join(hit) or kind}",
        kind=kind,
        tier=TIER_OF[rule.severity],
        severity=rule.severity,
        drugs=[drug],
        title=Text(en=f"{name.en}: {reason.en}", zh=f"{name.zh}：{reason.zh}"),
        why=Text(en=rule.risk.en, zh=rule.risk.zh),
        act=Text(en=rule.act.en, zh=rule.act.zh),
        sources=[rule.source],
        problem=f"condition-{hit[0]}" if hit else kind,
    )


def _gap(drug: str, fact: str, worst: Severity, formulary: Formulary) -> NotChecked:
    if fact in NEEDS:
        check: Literal["renal", "age", "sex"] = "renal" if fact == "egfr" else "age" if fact == "age" else "sex"
        return NotChecked(drug=drug, check=check, needs=NEEDS[fact], worst=worst, tests=["renal-function"] if fact == "egfr" else [])
    record = formulary.conditions[fact]
    needs = Text(en=record.names.en, zh=record.names.zh)
    return NotChecked(drug=drug, check="condition", needs=needs, worst=worst, tests=list(record.tests))


def _reproduction(
    drug: str, state: PatientState, formulary: Formulary, is_local: bool, alerts: list[DrugAlert], gaps: dict[str, NotChecked]
) -> None:
    profile = formulary.profiles[drug]
    facts: tuple[tuple[Reproductive, Reproduction | None, bool | None], ...] = (
        ("pregnancy", profile.pregnancy, state.pregnant),
        ("lactation", profile.lactation, state.lactating),
    )
    for kind, rule, now in facts:
        if rule is None:
            if now and not is_local:
                gaps[kind] = NotChecked(drug=drug, check=kind, needs=NO_ENTRY[kind])
            continue
        if is_local and not rule.local:
            continue
        severity = LEVEL_SEVERITY[rule.level]
        if now and severity != "none":
            alerts.append(_reproduction_alert(drug, kind, rule, severity, formulary))
        elif now is None and ORDER[severity] <= ORDER["major"] and state.may_bear_children:
            tests = ["pregnancy-test"] if kind == "pregnancy" else []
            gaps[kind] = NotChecked(drug=drug, check=kind, needs=NEEDS[kind], worst=severity, tests=tests)
    if profile.wash_out is not None and not is_local:
        alerts += _fertility(drug, profile.wash_out, state, formulary)


def _fertility(drug: str, wash: WashOut, state: PatientState, formulary: Formulary) -> list[DrugAlert]:
    woman = wash.female_months is not None and state.sex == "female" and state.may_bear_children and not state.pregnant
    man = wash.male_months is not None and state.sex == "male" and bool(state.planning)
    if not (woman or man):
        return []
    severity: Severity = "major" if state.planning else "moderate"
    name = formulary.display[drug]
    return [
        DrugAlert(
            id=f"fertility:{drug}",
            kind="fertility",
            tier=TIER_OF[severity],
            severity=severity,
            drugs=[drug],
            title=Text(en=f"{name.en}: contraception", zh=f"{name.zh}：避孕要求"),
            why=Text(en="Harms an unborn child.", zh="可危害胎儿。"),
            act=Text(en=wash.text.en, zh=wash.text.zh),
            sources=[wash.source],
            problem="fertility",
        )
    ]


def _reproduction_alert(drug: str, kind: Reproductive, rule: Reproduction, severity: Severity, formulary: Formulary) -> DrugAlert:
    name = formulary.display[drug]
    words = ("pregnancy", "妊娠") if kind == "pregnancy" else ("breast-feeding", "哺乳")
    act = {
        "contraindicated": Text(en="Do not use; choose an alternative that is compatible.", zh="禁用，选用相容的替代药。"),
        "avoid": Text(en="Avoid; choose an alternative unless nothing else serves.", zh="避免，除非无其他选择。"),
    }.get(rule.level, Text(en="Weigh need against risk; lowest dose, shortest time.", zh="权衡利弊，最小剂量、最短疗程。"))
    return DrugAlert(
        id=f"{kind}:{drug}",
        kind=kind,
        tier=TIER_OF[severity],
        severity=severity,
        drugs=[drug],
        title=Text(en=f"{name.en}: {words[0]}", zh=f"{name.zh}：{words[1]}"),
        why=Text(en=rule.text.en, zh=rule.text.zh),
        act=act,
        sources=[rule.source],
        problem=kind,
    )
