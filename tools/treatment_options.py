"""Judges every treatment option of a diagnosis against one patient. What no rule speaks against may be weighed; nothing is ordered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from yingzhi.clinical.differential import Diagnosis
from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.presentation import Medication
from yingzhi.clinical.treatment import TreatmentOption
from yingzhi.clinical.words import Text
from yingzhi.knowledge.measure_models import MeasureRule
from yingzhi.knowledge.models import Disease, Source, Treatment
from yingzhi.knowledge.pack_models import DrugPack
from yingzhi.tools.contraindications import Regimen, review_addition
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.pack_fit import Person, fits
from yingzhi.tools.pack_labs import Reading, met
from yingzhi.tools.packs import narrowed
from yingzhi.tools.red_flags import text

ROUTE: Mapping[str, str] = {"topical": "topical", "oral": "oral", "infusion": "iv"}
LOCAL: frozenset[str] = frozenset({"topical", "procedure", "phototherapy"})
LATER = 3
"""From this line on a drug is for when the earlier ones have failed or can't be given."""
EVIDENCE: Mapping[str, Text] = {
    "guideline": Text(en="guideline", zh="指南"),
    "consensus": Text(en="consensus", zh="共识"),
    "systematic-review": Text(en="systematic review", zh="系统评价"),
    "trial": Text(en="trial", zh="临床试验"),
    "cohort": Text(en="cohort", zh="队列研究"),
    "case-series": Text(en="case series", zh="病例系列"),
    "review": Text(en="review article", zh="综述"),
    "label": Text(en="drug label", zh="药品说明书"),
    "textbook": Text(en="textbook", zh="教科书"),
    "database": Text(en="database", zh="数据库"),
    "editorial": Text(en="editorial", zh="述评"),
}
UNJUDGED = Text(en="Not in the formulary: nothing could be checked.", zh="不在药品知识库中，未能核查。")
UNDECIDED = frozenset({"dose", "weight"})
"""What is not yet settled of a drug that is only weighed: its dose is set when it is given, and checked then."""
Fit = Literal["yes", "caution", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the knowledge holds beside diseases and drugs, and the day."""

    packs: Mapping[str, DrugPack] = field(default_factory=dict)
    """By drug."""
    measure_rules: tuple[MeasureRule, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    today: date | None = None


def shelf_of(packs: Iterable[DrugPack], rules: tuple[MeasureRule, ...], sources: Mapping[str, Source], today: date | None = None) -> Shelf:
    """The shelf with packs by drug."""
    return Shelf({drug: pack for pack in packs for drug in pack.drugs}, rules, sources, today)


@dataclass(frozen=True, slots=True)
class Case:
    """The patient as options are judged: facts, and results by analyte."""

    patient: DrugPatient
    person: Person
    readings: Mapping[str, Reading]
    regimen: Regimen
    """What is taken, read once."""


def options_of(
    diagnosis: Diagnosis, disease: Disease, case: Case, formulary: Formulary, shelf: Shelf, tumour: Diagnosis | None
) -> list[TreatmentOption]:
    """The options of one diagnosis, earliest line first.

    Args:
        diagnosis: The diagnosis.
        disease: Its record.
        case: The patient.
        formulary: The formulary.
        shelf: Packs, rules on measures, sources.
        tumour: A dangerous tumour that is live and that no tissue has spoken to, if there is one.
    """
    ordered = sorted(disease.treatment, key=lambda t: t.line)
    return [_in_turn(_option(diagnosis, t, case, formulary, shelf), t, tumour) for t in ordered]


def _in_turn(option: TreatmentOption, t: Treatment, tumour: Diagnosis | None) -> TreatmentOption:
    """An option that no rule speaks against may still be out of turn: later lines, and local treatment before tissue."""
    if option.suitable != "yes":
        return option
    if tumour is not None and t.route == "topical":
        why = Text(
            en=f"Tissue first: {tumour.en} is still possible, and local treatment hides it.",
            zh=f"先取组织：{tumour.zh}尚未排除，局部治疗会掩盖病变。",
        )
    elif t.line >= LATER:
        why = Text(
            en="A later line: for when the earlier options have failed or can't be given.", zh="后线选择：前线治疗无效或不宜使用时再考虑。"
        )
    else:
        return option
    return option.model_copy(update={"suitable": "caution", "why": why})


def _option(diagnosis: Diagnosis, t: Treatment, case: Case, formulary: Formulary, shelf: Shelf) -> TreatmentOption:
    if t.drug is None:
        suitable, why = _measure(diagnosis, t, case, shelf)
        words = text(t.measure) if t.measure else Text(en="", zh="")
        return _filled(diagnosis, t, words, shelf, suitable, why)
    drug = formulary.drugs.get(t.drug)
    if drug is None:
        return _filled(diagnosis, t, Text(en=t.drug.replace("-", " "), zh=t.drug), shelf, "unknown", UNJUDGED)
    suitable, why = _drug(t, case, formulary)
    known = None if t.route in LOCAL else shelf.packs.get(t.drug)
    pack = narrowed(known, t.drug) if known else None
    if pack is not None and suitable in {"yes", "unknown"}:
        against = _lab_against(pack, case)
        suitable, why = ("caution", against) if against is not None else (suitable, why)
    before = _before(pack, case, formulary) if pack else []
    return _filled(diagnosis, t, Text(en=drug.names.en, zh=drug.names.zh), shelf, suitable, why, before)


def _filled(
    diagnosis: Diagnosis, t: Treatment, names: Text, shelf: Shelf, suitable: Fit, why: Text | None, before: list[Text] | None = None
) -> TreatmentOption:
    source = shelf.sources.get(t.efficacy_source or t.source)
    return TreatmentOption(
        disease=diagnosis.id,
        line=t.line,
        drug=t.drug or "",
        systemic=t.drug is not None and t.route not in LOCAL,
        en=names.en,
        zh=names.zh,
        suitable=suitable,
        why=why,
        dose=text(t.dose) if t.dose else None,
        efficacy=text(t.efficacy) if t.efficacy else None,
        evidence=EVIDENCE.get(source.grade) if source else None,
        watch=text(t.watch) if t.watch else None,
        before=before or [],
        source=t.source,
        efficacy_source=t.efficacy_source or "",
    )


def _drug(t: Treatment, case: Case, formulary: Formulary) -> tuple[Fit, Text | None]:
    judged = review_addition(Medication(name=t.drug or "", route=ROUTE.get(t.route or "", "")), case.regimen, formulary)
    if judged is None:
        return "unknown", UNJUDGED
    worst = next(iter(judged.alerts), None)
    missing = [n for n in judged.not_checked if n.worst in {"contraindicated", "major"} and n.check not in UNDECIDED]
    if worst is not None and worst.tier in {"stop", "decide"}:
        return ("no" if worst.tier == "stop" else "caution"), worst.why
    if missing:
        needs = missing[:3]
        return "unknown", Text(
            en="Not checked: " + "; ".join(n.needs.en for n in needs), zh="未能核查：" + "；".join(n.needs.zh for n in needs)
        )
    return ("caution", worst.why) if worst is not None else ("yes", None)


def _lab_against(pack: DrugPack, case: Case) -> Text | None:
    """A result of today at which the drug, were it taken, would be stopped or lowered."""
    for rule in pack.stop:
        hit = next((words for limit in rule.limits if (words := met(limit, case.readings))), None)
        if hit is not None and rule.kind != "act":
            return Text(en=f"{hit.en}: a result at which it is stopped or lowered.", zh=f"{hit.zh}：达到该药停用或减量标准。")
    return None


def _before(pack: DrugPack, case: Case, formulary: Formulary) -> list[Text]:
    must = (line for line in pack.screen if line.need == "must")
    return [text(line.what) for line in must if fits(line.who, case.person, formulary).holds is not False]


def _measure(diagnosis: Diagnosis, t: Treatment, case: Case, shelf: Shelf) -> tuple[Fit, Text | None]:
    """Whether a rule on treatments without a drug speaks against it; a condition that is itself being treated does not."""
    found: list[MeasureRule] = []
    for rule in shelf.measure_rules:
        if t.route not in rule.routes:
            continue
        conditions = (set(rule.any_of) & case.person.state.present) - {diagnosis.id}
        if conditions or any(case.person.takes(term) for term in rule.taking):
            found.append(rule)
    if not found:
        return "yes", None
    worst = next((r for r in found if r.suitable == "no"), found[0])
    return worst.suitable, text(worst.why)
