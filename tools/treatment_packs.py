"""The packs of the drugs that a patient takes, then of those that may be weighed, and alerts for results that meet a stop rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from yingzhi.clinical.alert import Alert, AlertLevel
from yingzhi.clinical.history import History
from yingzhi.clinical.pack import PatientPack, StopLine
from yingzhi.clinical.treatment import TreatmentOption
from yingzhi.clinical.words import Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.drug_patient import route_of
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.packs import Record, When, patient_pack
from yingzhi.tools.treatment_options import Case, Shelf

MOST = 8
"""Packs of drugs that are only proposed: the earliest lines of the likeliest diagnoses."""
LONGEST = 80 * 365
"""Days; a first dose longer ago than that is a slip of the pen."""
LEVELS: dict[str, AlertLevel] = {"stop": "critical", "pause": "critical", "reduce": "warning", "act": "warning"}
DO = {
    "stop": Text(en="Stop", zh="停药"),
    "pause": Text(en="Hold", zh="暂停"),
    "reduce": Text(en="Lower the dose", zh="减量"),
    "act": Text(en="Act", zh="处理"),
}


def packs_for(history: History, options: Iterable[TreatmentOption], case: Case, formulary: Formulary, shelf: Shelf) -> list[PatientPack]:
    """One pack a drug: with dates for what is taken and has a known first day, in weeks for what is only proposed."""
    record = Record(labs=case.readings, done={lab.test for lab in history.labs if lab.test})
    starts = _taken(case, formulary, shelf)
    packs = [
        patient_pack(
            shelf.packs[drug], drug, case.patient, formulary, When(start, None, shelf.today), record, taken=True, known=case.person
        )
        for drug, start in starts.items()
    ]
    weighed = dict.fromkeys(o.drug for o in options if o.drug in shelf.packs and o.suitable != "no" and o.systemic and o.drug not in starts)
    proposed = list(weighed)[:MOST]
    return packs + [patient_pack(shelf.packs[d], d, case.patient, formulary, record=record, known=case.person) for d in proposed]


def _taken(case: Case, formulary: Formulary, shelf: Shelf) -> dict[str, date | None]:
    """Drugs with a pack that are taken other than on the skin, and their first day where it is known."""
    out: dict[str, date | None] = {}
    for medication in case.patient.medications:
        match = resolve_drug(medication.name, formulary)
        if match is None or match.drug not in shelf.packs or medication.stopped_days_ago is not None:
            continue
        if route_of(medication) in LOCAL_ROUTES:
            continue
        days = medication.started_days_ago
        out[match.drug] = shelf.today - timedelta(days=days) if shelf.today and days is not None and days <= LONGEST else None
    return out


def stop_alerts(packs: Iterable[PatientPack]) -> list[Alert]:
    """One alert a drug that is taken and whose stop rule a result of the record meets: the gravest rule speaks, the others follow."""
    return [_alert(pack, hits) for pack in packs if pack.taken and (hits := [line for line in pack.stop if line.met_by is not None])]


def _alert(pack: PatientPack, hits: Sequence[StopLine]) -> Alert:
    worst = hits[0]
    met = list({line.met_by.en: line.met_by for line in hits if line.met_by}.values())
    return Alert(
        id=f"stop-rule-{pack.drug}",
        kind="medication",
        level=LEVELS[worst.kind],
        title=Text(en=f"{pack.en}: a result meets a stop rule", zh=f"{pack.zh}：检验结果达到停药或减量标准"),
        why=Text(en="; ".join(t.en for t in met) + ".", zh="；".join(t.zh for t in met) + "。"),
        act=Text(
            en=f"{DO[worst.kind].en} to be considered: {worst.text.en}.",
            zh=f"考虑{DO[worst.kind].zh}：{worst.text.zh}。",
        ),
        sources=list(dict.fromkeys(line.source for line in hits)),
    )
