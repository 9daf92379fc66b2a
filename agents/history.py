"""History (病历分析、报告解读): reads the record into findings, labs, reports, red flags and questions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yingzhi.agents.specialist import Desk, Resources, Specialist, View
from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.finding import Finding, TimelineEvent
from yingzhi.clinical.history import History, NamedDiagnosis
from yingzhi.clinical.lab import LabResult
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.report import InterpretedReport
from yingzhi.clinical.words import Sex, Span, Text
from yingzhi.knowledge.models import FindingTerm
from yingzhi.tools.demographics import Demographics, read_demographics
from yingzhi.tools.drug_response import drug_responses
from yingzhi.tools.extraction import Extraction, Mention, extract, merge_mentions
from yingzhi.tools.impression import complaint, impression
from yingzhi.tools.labs import parse_labs
from yingzhi.tools.medications import drug_findings, noted_allergies, read_medications
from yingzhi.tools.note_alerts import note_alerts
from yingzhi.tools.observations import family_findings, hints, implied, observations
from yingzhi.tools.patient import derived_findings, merge_patient, onset
from yingzhi.tools.phenotypes import check_phenotypes, phenotype_findings
from yingzhi.tools.questions import completeness, next_questions
from yingzhi.tools.ranking import rank
from yingzhi.tools.rare import read_phenotypes
from yingzhi.tools.record_alerts import record_alerts
from yingzhi.tools.red_flags import red_flags
from yingzhi.tools.reports import interpret_report
from yingzhi.tools.treatment_patient import expecting
from yingzhi.tools.vitals import vital_findings

SKIN_KINDS = frozenset({"morphology", "colour", "arrangement", "sign", "histology", "immunofluorescence", "dermoscopy", "microbiology"})
SKIN_FINDINGS = frozenset({"pruritus", "skin-tenderness", "dryness", "photosensitivity", "numbness", "sweating-excess"})


def read_record(view: View, desk: Desk) -> History:
    """The playbook: extraction, labs, reports, then what follows from them."""
    case: Presentation = view["presentation"]
    r = desk.resources
    terms = dict(r.knowledge.findings)
    unknown = check_phenotypes(case, r.rare)
    noted = desk.call(extract, case.text, r.lexicon)
    read = desk.call(read_demographics, case.text)
    responses = desk.call(drug_responses, case.text, noted, r.formulary.drugs)
    from_note = merge_mentions(case.text, (*noted.findings, *responses), terms)
    patient = merge_patient(case.patient, read, from_note)
    patient = patient.model_copy(update={"pregnant": expecting(patient, case.text)})
    labs = desk.call(parse_labs, case.text, patient.sex, patient.age, r.labs)
    readings, from_reports, report_labs = _reports(case, desk, terms, patient.sex, patient.age)
    labs = [*labs, *report_labs]
    medications = read_medications(case, noted, r.formulary)
    patient = patient.model_copy(update={"allergies": [*patient.allergies, *noted_allergies(case, noted)]})
    vitals = [
        _of(terms[v.finding], v.status, spans=[v.span]) for v in desk.call(vital_findings, case.text, patient.age) if v.finding in terms
    ]
    began = onset(case.text, read, noted.findings, terms)
    findings = _joined(
        _answers(case, terms),
        phenotype_findings(case.phenotypes, terms, r.rare),
        from_reports,
        _lab_findings(labs, terms),
        [f for f in vitals if f.status == "present"],  # what was measured goes before what is said; that it is normal now, after
        from_note,
        [f for f in vitals if f.status == "absent"],
        derived_findings(patient, began, {f.id for f in from_note}, terms, case.text, read.durations, noted.findings),
        drug_findings(medications, r.formulary, terms),
        _conditions(case, r, terms),
        _family(noted, terms),
    )
    named = _named(case.text, noted, r)
    ranking = rank(r.model, observations(findings), age=patient.age, sex=patient.sex, setting=case.setting, hints=hints(named))
    days = began.value if began else None
    told = {i for f in findings for i in (f.id, *r.model.ancestors.get(f.id, ()))}
    about_skin = (
        any(f.kind in SKIN_KINDS for f in findings) or not told.isdisjoint(SKIN_FINDINGS) or any(n.experiencer == "patient" for n in named)
    )
    spare = implied(findings, r.model.ancestors)
    telling = [f for f in findings if f.id not in spare]
    there = [f.id for f in findings if f.status == "present" and f.experiencer == "patient"]
    return History(
        patient=patient,
        complaint=complaint(telling, days),
        impression=impression(
            patient, telling, days, [Text(en=n.en, zh=n.zh) for n in named if n.experiencer == "patient" and n.status != "absent"]
        ),
        findings=findings,
        named_diagnoses=named,
        labs=labs,
        reports=readings,
        medications=medications,
        timeline=_timeline(case.text, read),
        red_flags=desk.call_about(there, red_flags, findings, patient.age, r.knowledge.red_flags.values(), terms, r.model.ancestors)
        + record_alerts(case.text, about_skin, findings, patient)
        + note_alerts(case.text, noted.findings, terms),
        questions=desk.call(next_questions, r.model, ranking, terms, findings, patient),
        completeness=completeness(case, findings, bool(read.durations)),
        about_skin=about_skin,
        phenotypes=read_phenotypes(case, findings, noted, r.rare) if r.rare else [],
        unmapped_phenotypes=unknown,
    )


def _reports(
    case: Presentation, desk: Desk, terms: Mapping[str, FindingTerm], sex: Sex, age: float | None
) -> tuple[list[InterpretedReport], list[Finding], list[LabResult]]:
    readings: list[InterpretedReport] = []
    findings: list[Finding] = []
    labs: list[LabResult] = []
    r = desk.resources
    kind_of = {t.id: t.kind for t in terms.values()} if case.reports else {}

    def mentions(text: str) -> tuple[Mention, ...]:
        return extract(text, r.lexicon).findings

    for number, report in enumerate(case.reports):
        source = f"report:{number}"
        labs += desk.call(parse_labs, report.text, sex, age, r.labs, source)
        test = r.knowledge.investigations.get(report.test)
        kind = None if report.kind == "other" else report.kind
        about = [test.id] if test else []
        reading = desk.call_about(about, interpret_report, report.text, kind, mentions, kind_of, test.yields if test else (), source)
        readings.append(reading)
        findings += [_of(terms[f.id], f.status, spans=[f.span]) for f in reading.findings]
        findings += [_of(terms[i], "absent", derived_from=source, spans=[reading.span]) for i in reading.excluded if i in terms]
    return readings, findings, labs


def _joined(*groups: list[Finding]) -> list[Finding]:
    """One record a finding and person; an earlier group wins (the doctor's answer over a report over the note)."""
    found: dict[tuple[str, str], Finding] = {}
    for group in groups:
        for finding in group:
            key = (finding.id, finding.experiencer)
            if key not in found:
                found[key] = finding
            elif found[key].status == finding.status:
                found[key] = found[key].model_copy(update={"spans": [*found[key].spans, *finding.spans]})
    return list(found.values())


def _answers(case: Presentation, terms: Mapping[str, FindingTerm]) -> list[Finding]:
    latest = {a.finding: (number, a) for number, a in enumerate(case.answers)}
    for finding, (number, _) in latest.items():
        if finding not in terms:
            raise CaseError("not a finding of the lexicon", f"answers.{number}.finding")
    return [_of(terms[f], a.status, derived_from=f"answers.{number}") for f, (number, a) in latest.items()]


def _of(
    term: FindingTerm, status: Any, *, derived_from: str = "", spans: list[Span] | None = None, experiencer: Any = "patient"
) -> Finding:
    return Finding(
        id=term.id,
        en=term.names.en,
        zh=term.names.zh,
        kind=term.kind,
        status=status,
        derived_from=derived_from,
        spans=spans or [],
        experiencer=experiencer,
    )


def _lab_findings(labs: list[LabResult], terms: Mapping[str, FindingTerm]) -> list[Finding]:
    out = []
    for lab in labs:
        for status, ids in (("present", lab.findings), ("absent", lab.excluded)):
            out += [
                _of(terms[i], status, derived_from=f"labs.{lab.analyte}", spans=[lab.span] if lab.span else []) for i in ids if i in terms
            ]
    return out


def _conditions(case: Presentation, r: Resources, terms: Mapping[str, FindingTerm]) -> list[Finding]:
    """The structured list of other diseases, read with the same lexicon."""
    out = []
    for number, condition in enumerate(case.patient.conditions):
        ids = [condition] if condition in terms else [m.id for m in extract(condition, r.lexicon).findings if m.status == "present"]
        span = Span(source=f"patient.conditions.{number}", start=0, end=len(condition), text=condition)
        out += [_of(terms[i], "present", spans=[span]) for i in ids if i in terms]
    if case.patient.allergies and "drug-allergy" in terms:
        out.append(_of(terms["drug-allergy"], "present", derived_from="patient.allergies"))
    return out


def _family(noted: Extraction, terms: Mapping[str, FindingTerm]) -> list[Finding]:
    theirs = [m for m in (*noted.diseases, *noted.findings) if m.experiencer == "family" and m.status == "present" and not m.hypothetical]
    ids = family_findings((m.id for m in theirs if m in noted.diseases), (m.id for m in theirs if m in noted.findings))
    return [_of(terms[i], "present", derived_from="family history") for i in sorted(ids) if i in terms]


def _named(text: str, noted: Extraction, r: Resources) -> list[NamedDiagnosis]:
    found: dict[tuple[str, str], NamedDiagnosis] = {}
    for m in noted.diseases:
        names = r.knowledge.diseases[m.id].names
        span = Span(source="note", start=m.start, end=m.end, text=text[m.start : m.end])
        if not m.hypothetical:
            found.setdefault(
                (m.id, m.experiencer),
                NamedDiagnosis(
                    disease=m.id, en=names.en, zh=names.zh, status=m.status, temporality=m.temporality, experiencer=m.experiencer, span=span
                ),
            )
    return list(found.values())


def _timeline(text: str, read: Demographics) -> list[TimelineEvent]:
    events = []
    for measure in read.durations[:8]:
        start = max((text.rfind(c, 0, measure.start) for c in "。；.;,，\n"), default=-1) + 1
        ends = [i for i in (text.find(c, measure.end) for c in "。；.;\n") if i >= 0]
        clause = text[start : min(ends, default=len(text))].strip()[:160]
        span = Span(source="note", start=measure.start, end=measure.end, text=text[measure.start : measure.end])
        events.append(TimelineEvent(days_ago=round(measure.value, 1), what=Text(en=clause, zh=clause), span=span))
    return sorted(events, key=lambda e: -e.days_ago)


HISTORY = Specialist(
    name="history",
    zh="病历分析",
    result=History,
    reads=("presentation",),
    tools=(extract, drug_responses, read_demographics, parse_labs, vital_findings, interpret_report, red_flags, next_questions),
    playbook=read_record,
)
