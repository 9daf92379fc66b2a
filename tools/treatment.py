"""Judges what the patient takes, and every treatment option of the leading diagnoses against this patient."""

from __future__ import annotations

from collections.abc import Mapping

from yingzhi.clinical.alert import ALERT_LEVELS, Alert, AlertLevel
from yingzhi.clinical.differential import Diagnosis, Differential
from yingzhi.clinical.history import History
from yingzhi.clinical.medication import DrugAlert, DrugPatient, MedicationReview
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.words import Text
from yingzhi.knowledge.models import Disease
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.differential import LIVE
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.medications import HIGH_RISK, RECENT
from yingzhi.tools.pack_fit import person
from yingzhi.tools.pack_labs import from_results
from yingzhi.tools.red_flags import text
from yingzhi.tools.treatment_choices import choices_of
from yingzhi.tools.treatment_options import Case, Shelf, options_of
from yingzhi.tools.treatment_packs import packs_for, stop_alerts

DRUG_ERUPTION = "drug-eruption"
LIKELY = 0.2
"""Options are judged for diagnoses at least this likely, three at most."""
NOTHING = Shelf()
TUMOUR = frozenset({"malignant-tumour", "melanocytic"})
LEVEL: Mapping[str, AlertLevel] = {"stop": "critical", "decide": "warning", "watch": "notice", "note": "notice"}


def review_treatment(
    history: History, differential: Differential, diseases: Mapping[str, Disease], formulary: Formulary, shelf: Shelf = NOTHING
) -> TreatmentReview:
    """Check current drugs together, then each option with them in this patient, and fit the packs of both.

    Nothing is ordered: an option that no rule speaks against is shown as one that may be weighed.
    """
    patient = drug_patient(history)
    current = review_medications([], [], patient, formulary)
    leading = _leading(differential)
    tissue_first = _live_tumour(differential, history, diseases)
    case = Case(patient, person(patient, formulary), from_results(history.labs))
    options = [o for d in leading for o in options_of(d, diseases[d.id], case, formulary, shelf, tissue_first)]
    packs = packs_for(history, options, case, formulary, shelf)
    return TreatmentReview(
        current=current,
        options=options,
        choices=choices_of(options),
        packs=packs,
        avoid=[text(a) for d in leading for a in diseases[d.id].avoid],
        alerts=[
            *culprits(leading, diseases, patient, formulary),
            *sorted([*stop_alerts(packs), *(_alert(a) for a in current.alerts)], key=lambda a: ALERT_LEVELS.index(a.level)),
        ],
        not_checked=unchecked(current, formulary),
    )


def judged_drugs(history: History, differential: Differential, diseases: Mapping[str, Disease], formulary: Formulary) -> list[str]:
    """Ids of the drugs that such a review is about: what the patient takes, then the options of the leading diagnoses."""
    current = (resolve_drug(m.name, formulary) for m in history.medications if m.stopped_days_ago is None)
    options = (t.drug for d in _leading(differential) for t in diseases[d.id].treatment if t.drug in formulary.drugs)
    return list(dict.fromkeys([*(m.drug for m in current if m), *(d for d in options if d)]))


def _leading(differential: Differential) -> list[Diagnosis]:
    return [d for d in differential.diagnoses if d.probability >= LIKELY][:3] if differential.confidence in {"moderate", "high"} else []


def culprits(leading: list[Diagnosis], diseases: Mapping[str, Disease], patient: DrugPatient, formulary: Formulary) -> list[Alert]:
    """Current drugs that a likely drug eruption may come from: begun in the last two months, or known for severe eruptions."""
    eruptions = [d for d in leading if diseases[d.id].group == DRUG_ERUPTION]
    if not eruptions:
        return []
    worst = next((d for d in eruptions if d.must_not_miss), eruptions[0])
    alerts = []
    for medication in patient.medications:
        match = resolve_drug(medication.name, formulary)
        days = medication.started_days_ago
        if (
            match is None
            or medication.stopped_days_ago is not None
            or not (match.drug in HIGH_RISK or (days is not None and days <= RECENT))
        ):
            continue
        when = (
            Text(en=f"begun {days:.0f} days ago", zh=f"{days:.0f}天前开始使用")
            if days is not None
            else Text(en="start not recorded", zh="起始时间未记录")
        )
        known = match.drug in HIGH_RISK
        alerts.append(
            Alert(
                id=f"culprit-{match.drug}", kind="medication", level="critical" if worst.must_not_miss else "warning",
                title=Text(en=f"Possible culprit: {match.names.en}", zh=f"可疑致病药物：{match.names.zh}"),
                why=Text(
                    en=f"{worst.en} is likely; {when.en}{'; among the drugs best known for severe eruptions' if known else ''}.",
                    zh=f"{worst.zh}可能性大；{when.zh}{'；属重症药疹高风险药物' if known else ''}。",
                ),
                act=Text(en="Decide now whether it can be stopped; record it as suspected.", zh="立即评估能否停用，并登记为可疑致敏药物。"),
                sources=list(diseases[worst.id].sources[:1]),
            )
        )  # fmt: skip
    return alerts


def drug_patient(history: History) -> DrugPatient:
    """The patient as the drug rules see them; what the record does not say stays unknown."""
    mine = [f for f in history.findings if f.experiencer == "patient"]
    creatinine = next((lab.canonical for lab in history.labs if lab.analyte == "creatinine" and lab.canonical), None)
    egfr = next((lab.canonical for lab in history.labs if lab.analyte == "egfr" and lab.canonical), None)
    present = [f.id for f in mine if f.status == "present"] + [
        n.disease for n in history.named_diagnoses if n.experiencer == "patient" and n.status == "present"
    ]
    return DrugPatient(
        **history.patient.model_dump(exclude={"conditions"}),
        conditions=list(dict.fromkeys([*history.patient.conditions, *present])),
        conditions_absent=[f.id for f in mine if f.status == "absent"],
        creatinine_umol_l=creatinine if creatinine and 0 < creatinine <= 3000 else None,
        egfr=min(egfr, 200.0) if egfr is not None else None,
        medications=history.medications,
    )


def _live_tumour(differential: Differential, history: History, diseases: Mapping[str, Disease]) -> Diagnosis | None:
    """The likeliest dangerous tumour that is still live and that no tissue has spoken to."""
    if any(f.kind == "histology" and f.experiencer == "patient" for f in history.findings):
        return None
    live = (d for d in differential.diagnoses if d.id in differential.must_not_miss and d.probability >= LIVE)
    return next((d for d in live if diseases[d.id].group in TUMOUR), None)


def _alert(a: DrugAlert) -> Alert:
    return Alert(id=a.id, kind="medication", level=LEVEL[a.tier], title=a.title, why=a.why, act=a.act, sources=a.sources)


def unchecked(review: MedicationReview, formulary: Formulary) -> list[Text]:
    """What could not be checked, by drug, in words."""
    unknown = [Text(en=f"{u.name}: not in the formulary", zh=f"{u.name}：不在药品知识库中") for u in review.unknown]
    needs: dict[str, list[Text]] = {}
    for gap in review.not_checked:
        if gap.check != "name":
            needs.setdefault(gap.drug, []).append(gap.needs)
    names = {d: formulary.display.get(d, Text(en=d, zh=d)) for d in needs}
    return unknown + [
        Text(en=f"{names[d].en} (needs {', '.join(g.en for g in gaps)})", zh=f"{names[d].zh}（需{'、'.join(g.zh for g in gaps)}）")
        for d, gaps in needs.items()
    ]
