"""The patient as drug rules see them: what is known to be there, known to be absent, and not known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from yingzhi.clinical.medication import DrugPatient, NotChecked
from yingzhi.clinical.presentation import Medication
from yingzhi.clinical.words import Severity, Sex, Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES, PatientRule, Route, WashOut
from yingzhi.tools.drug_labs import LabFacts, child_pugh_conditions, read_drug_labs
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.drug_spelling import fold
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.renal import egfr_adult, egfr_child

CHILDBEARING = (12.0, 55.0)
"""Years in which pregnancy has to be thought of."""
MONTH = 30.4
"""Days."""
LONG_QTC = 480.0
"""Milliseconds from which QT prolongation is a reason against a drug (ESC 2022: diagnostic of long QT on repeated recordings)."""

ROUTES: dict[str, Route] = {
    **dict.fromkeys(("oral", "po", "p.o.", "by mouth", "口服", "内服"), "oral"),
    **dict.fromkeys(("topical", "external", "cutaneous", "外用", "外涂", "外擦", "涂擦", "湿敷"), "topical"),
    **dict.fromkeys(("iv", "i.v.", "intravenous", "infusion", "静脉", "静滴", "静脉滴注", "静注"), "iv"),
    **dict.fromkeys(("im", "i.m.", "intramuscular", "肌注", "肌内注射", "肌肉注射"), "im"),
    **dict.fromkeys(("sc", "s.c.", "subcutaneous", "皮下注射", "皮下"), "sc"),
    **dict.fromkeys(("inhaled", "inhalation", "吸入", "雾化", "雾化吸入"), "inhaled"),
    **dict.fromkeys(("nasal", "鼻喷", "鼻用"), "nasal"),
    **dict.fromkeys(("ophthalmic", "eye drops", "eye", "滴眼", "眼用"), "ophthalmic"),
    **dict.fromkeys(("intralesional", "皮损内注射", "皮损内", "局部注射"), "intralesional"),
    **dict.fromkeys(("vaginal", "阴道"), "vaginal"),
    **dict.fromkeys(("rectal", "直肠", "灌肠"), "rectal"),
}


@dataclass(frozen=True, slots=True)
class PatientState:
    """Facts in the form in which rules ask for them. None = not known."""

    sex: Sex
    age: float | None
    egfr: float | None
    pregnant: bool | None
    lactating: bool | None
    planning: bool | None
    present: frozenset[str]
    absent: frozenset[str]
    weight: float | None = None
    """kg."""
    gaps: tuple[NotChecked, ...] = ()
    """Facts that were given and could not be used, and drugs that were stopped of which the time after the last dose may not be over."""

    @property
    def may_bear_children(self) -> bool:
        """Whether pregnancy cannot be ruled out by sex and age."""
        return self.sex != "male" and (self.age is None or CHILDBEARING[0] <= self.age <= CHILDBEARING[1])


def patient_state(patient: DrugPatient, formulary: Formulary) -> PatientState:
    """Derive what the rules need: conditions with what they imply, kidney and liver function, what results show."""
    labs = read_drug_labs(patient.labs, patient.sex, patient.age, formulary.lab_states)
    egfr = _kidney(patient, labs)
    present = _conditions((*patient.conditions, *patient.occupation, *labs.present), formulary, closure=True)
    if egfr is not None and egfr < 60:
        present |= {"chronic-kidney-disease"}
    if "dialysis" in present and egfr is None:
        egfr = 10.0  # dialysis means a GFR below 15
    if patient.planning_pregnancy:
        present |= {"fertility-wish"}
    if patient.qtc_ms is not None and patient.qtc_ms >= LONG_QTC:
        present |= {"long-qt"}
    present |= child_pugh_conditions(labs.values, frozenset(present))
    pregnant = patient.pregnant if patient.pregnant is not None else True if "pregnant" in present else None
    pregnant = False if patient.sex == "male" and pregnant is None else pregnant
    lactating = False if patient.sex == "male" and patient.lactating is None else patient.lactating
    present |= {name for name, now in (("pregnant", pregnant), ("breast-feeding", lactating)) if now}
    absent = _conditions((*patient.conditions_absent, *labs.absent), formulary, closure=False)
    state = PatientState(
        sex=patient.sex,
        age=patient.age,
        egfr=egfr,
        pregnant=pregnant,
        lactating=lactating,
        planning=patient.planning_pregnancy,
        present=frozenset(present),
        absent=frozenset(absent) - present,
        weight=patient.weight_kg,
        gaps=labs.gaps,
    )
    waiting = tuple(_washing_out(patient.medications, state, formulary))
    return replace(state, gaps=(*labs.gaps, *waiting)) if waiting else state


def _washing_out(taken: Sequence[Medication], state: PatientState, formulary: Formulary) -> Iterator[NotChecked]:
    """Drugs that were stopped, and after which contraception has to go on for longer than it is certain to be since."""
    ended = [(m, match.drug) for m in taken if m.stopped_days_ago is not None and (match := resolve_drug(m.name, formulary))]
    going = {match.drug for m in taken if ended and m.stopped_days_ago is None and (match := resolve_drug(m.name, formulary))}
    for medication, drug in ended:
        profile = formulary.profiles[drug]
        wash = profile.wash_out
        if wash is None or drug in going or profile.local_only or route_of(medication) in LOCAL_ROUTES:
            continue
        if (medication.stopped_days_ago or 0.0) <= _months(wash, state) * MONTH:
            worst: Severity = "major" if state.pregnant or state.planning else "moderate"
            needs = Text(
                en=f"the date of the last dose, as the time after it may not be over. {wash.text.en}",
                zh=f"末次用药日期，停药后的限制期可能未满：{wash.text.zh}",
            )
            yield NotChecked(drug=drug, check="pregnancy", needs=needs, worst=worst)


def _months(wash: WashOut, state: PatientState) -> float:
    """Months after the last dose that bear on this patient; -1 if none do."""
    woman = wash.female_months if state.sex == "female" and state.may_bear_children else None
    man = wash.male_months if state.sex == "male" and state.planning else None
    return -1.0 if (months := woman if woman is not None else man) is None else months


def _kidney(patient: DrugPatient, labs: LabFacts) -> float | None:
    """EGFR as given, as measured, or computed from creatinine."""
    if patient.egfr is not None:
        return patient.egfr
    if (measured := labs.values.get("egfr")) is not None:
        return measured
    creatinine = patient.creatinine_umol_l if patient.creatinine_umol_l is not None else labs.values.get("creatinine")
    if creatinine is None or creatinine <= 0 or patient.age is None:
        return None
    if patient.age >= 18:
        return egfr_adult(creatinine, patient.age, patient.sex)
    return egfr_child(creatinine, patient.height_cm) if patient.height_cm and patient.age >= 1 else None


FORMS: tuple[tuple[re.Pattern[str], Route], ...] = (
    (re.compile(r"(?:gel|paste|paint|lacquer)\b|(?:凝胶|糊剂|酊剂?|贴膏|涂剂)", re.IGNORECASE), "topical"),
    (re.compile(r"(?:oral|mouth) gel\b|口服凝胶|口腔凝胶|口服", re.IGNORECASE), "oral"),
    (
        re.compile(
            r"(?:cream|ointment|lotion|shampoo|foam)\b|(?:乳膏|软膏|搽剂|洗剂|(?<!砒)霜|香波|涂膜剂|外用|外涂|外擦|外搽)", re.IGNORECASE
        ),
        "topical",
    ),
    (re.compile(r"(?:ear drops)\b|滴耳", re.IGNORECASE), "otic"),
    (re.compile(r"(?:eye drops|eye ointment|eye gel)\b|(?:滴眼|滴眼凝胶|眼膏|眼用)", re.IGNORECASE), "ophthalmic"),
    (re.compile(r"(?:nasal spray|nasal drops)\b|鼻喷|滴鼻|鼻用", re.IGNORECASE), "nasal"),
    (re.compile(r"(?:inhaler|nebules?)\b|吸入|雾化", re.IGNORECASE), "inhaled"),
    (re.compile(r"vaginal\b|阴道", re.IGNORECASE), "vaginal"),
    (re.compile(r"(?:suppositor(?:y|ies)|enema|rectal)\b|灌肠|直肠|(?<!阴道)(?<![血抗溶])栓(?!塞)", re.IGNORECASE), "rectal"),
)
"""Dosage forms in a drug's name that settle its route; the later ones are the more telling."""


def route_of(medication: Medication) -> str:
    """How a drug is given: by its route where written, else by the dosage form in its name, else an empty string."""
    if medication.route.strip():
        return read_route(medication.route)
    return next((route for form, route in reversed(FORMS) if form.search(medication.name)), "")


def read_route(words: str) -> str:
    """The route that a wording means, or an empty string if it is not certain."""
    return ROUTES.get(words.strip().lower(), words.strip().lower() if words.strip().lower() in set(ROUTES.values()) else "")


def holds(rule: PatientRule, state: PatientState, formulary: Formulary) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a rule holds.

    Returns:
        True, False, or None where a fact is missing; and the missing facts (`egfr`, `age`, `sex` or a condition's id).
    """
    parts: list[bool | None] = []
    missing: list[str] = []
    if rule.any_of:
        value = _any_of(rule.any_of, state, formulary)
        parts.append(value)
        if value is None:
            missing += [c for c in rule.any_of if _untested(c, state, formulary)]
    for name, known, test in (
        ("egfr", state.egfr, None if rule.egfr_below is None else (lambda x: x < rule.egfr_below)),
        ("age", state.age, None if rule.age_below is None else (lambda x: x < rule.age_below)),
        ("age", state.age, None if rule.age_from is None else (lambda x: x >= rule.age_from)),
        ("sex", None if state.sex == "unknown" else state.sex, None if rule.sex is None else (lambda x: x == rule.sex)),
    ):
        if test is None:
            continue
        parts.append(None if known is None else bool(test(known)))
        if known is None:
            missing.append(name)
    if False in parts:
        return False, ()
    return (None, tuple(dict.fromkeys(missing))) if None in parts else (True, ())


def _any_of(conditions: Iterable[str], state: PatientState, formulary: Formulary) -> bool | None:
    wanted = tuple(conditions)
    if state.present & set(wanted):
        return True
    return None if any(_untested(c, state, formulary) for c in wanted) else False


def _untested(condition: str, state: PatientState, formulary: Formulary) -> bool:
    record = formulary.conditions.get(condition)
    return record is not None and record.tested and condition not in state.absent and condition not in state.present


def _conditions(words: Iterable[str], formulary: Formulary, *, closure: bool) -> set[str]:
    queue = [formulary.condition_names.get(fold(word), word) for word in words]
    out: set[str] = set()
    while queue:
        one = queue.pop()
        if one in out:
            continue
        out.add(one)
        record = formulary.conditions.get(one)
        if closure and record is not None:
            queue += record.implies
    return out
