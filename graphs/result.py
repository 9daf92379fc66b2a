"""The state of a consultation as the record that is handed out."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

from yingzhi.agents.specialist import Resources
from yingzhi.agents.team import TEAM
from yingzhi.clinical.alert import ALERT_LEVELS, Alert
from yingzhi.clinical.citation import Citation
from yingzhi.clinical.conflict import GuidanceConflict
from yingzhi.clinical.consultation import Consultation, Fault, Pins
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.remark import Remark
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.words import Language, Text
from yingzhi.clinical.workup import Workup
from yingzhi.graphs.state import State
from yingzhi.tools.citations import referenced_diagnoses, referenced_links, referenced_workup, resolve
from yingzhi.tools.conflicts import conflicts_of
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.systemic import LINKED
from yingzhi.tools.text import is_chinese


@cache
def _code() -> str:
    try:
        return version("yingzhi")
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "source"


def pins(resources: Resources) -> Pins:
    """What the result is made with."""
    return Pins(
        code=_code(),
        knowledge=resources.knowledge.hash,
        index=resources.knowledge.hash if resources.retrievers else "",
        model=resources.models.settings.model if resources.models else "",
    )


def assemble(case: str, state: State, resources: Resources, seconds: float) -> Consultation:
    """Put the parts together; a specialist without a result makes it degraded, and what it checks is listed as not checked."""
    presentation: Presentation = state["presentation"]  # pyright: ignore[reportTypedDictNotRequiredAccess] - every run begins with one
    language: Language = presentation.lang or ("zh" if is_chinese(presentation.text) else "en")
    differential = state.get("differential") or Differential(diagnoses=[], must_not_miss=[], other=1.0, confidence="none", converged=False)
    history, workup, medication, documentation = (
        state.get("history"),
        state.get("workup"),
        state.get("pharmacology"),
        state.get("documentation"),
    )
    faults = faults_of(state)
    conflicts = _conflicts(differential, history, workup, medication, resources)
    used = [u for u in state.get("model_use", []) if u.version == state.get("version", 1) and u.outcome != "skipped"]
    said: dict[str, Remark] = {}
    for part in (history, differential, workup, medication, documentation):
        for remark in part.remarks if part else ():
            said.setdefault(remark.text, remark)  # what several say is shown once
    gaps = [_not_checked(f) for f in faults if not f.standing]
    alerts = [*(history.red_flags if history else []), *(medication.alerts if medication else []), *gaps]
    return Consultation(
        id=case,
        status="degraded" if faults else "complete",
        review=state.get("outcome", "pending"),  # type: ignore[arg-type]
        lang=language,
        version=state.get("version", 1),
        differential=referenced_diagnoses(differential.diagnoses, resources.records),
        must_not_miss=differential.must_not_miss,
        other=differential.other,
        confidence=differential.confidence,
        converged=differential.converged,
        systemic_links=referenced_links(differential.systemic_links, resources.records),
        contrasts=differential.contrasts,
        together=differential.together,
        changes=differential.changes,
        decision_path=differential.decision_path,
        history=history,
        workup=referenced_workup(workup, resources.records) if workup else None,
        referral=documentation.referral if documentation else None,
        medication=medication,
        documents=documentation.documents if documentation else [],
        alerts=sorted(alerts, key=lambda a: ALERT_LEVELS.index(a.level)),
        conflicts=conflicts,
        sources=_sources(differential, conflicts, state, resources),
        faults=faults,
        remarks=list(said.values()),
        doubts=state.get("doubts", []),
        model_use=used,
        pins=pins(resources).model_copy(update={"prompts": sorted({u.prompt for u in used if u.prompt})}),
        seconds=round(seconds, 4),
    )


def faults_of(state: State) -> list[Fault]:
    """What did not work in this round: specialists without a result, and models whose specialist's playbook stands."""
    version = state.get("version", 1)
    without = [f for f in state.get("faults", []) if f.version == version]
    models = [
        Fault(specialist=u.specialist, reason=f"model: {u.reason}", standing=True, version=version)
        for u in state.get("model_use", [])
        if u.version == version and u.outcome in {"failed", "partial"}
    ]
    return without + models


def _not_checked(fault: Fault) -> Alert:
    zh = next(s.zh for s in TEAM if s.name == fault.specialist)
    return Alert(
        id=f"not-checked-{fault.specialist}",
        kind="not-checked",
        level="critical",
        title=Text(en=f"Not checked: {fault.specialist}", zh=f"未核查：{zh}"),
        why=Text(en="This part failed; nothing it would have found is known.", zh="该部分运行失败，其应核查内容一概未知。"),
    )


def _conflicts(
    differential: Differential, history: History | None, workup: Workup | None, medication: TreatmentReview | None, r: Resources
) -> list[GuidanceConflict]:
    """Conflicts of guidance that bear: on drugs taken or offered, likely diagnoses, tests recommended now."""
    taken = [d for d in (history.medications if history else ()) if d.stopped_days_ago is None]
    named = [m.drug for d in taken if (m := resolve_drug(d.name, r.formulary))]
    named += [o.drug for o in (medication.options if medication else ()) if o.drug and o.suitable != "no"]
    drugs = {d: {d, *r.formulary.profiles[d].levels} for d in named if d in r.formulary.profiles}
    diseases = {d.id for d in differential.diagnoses if d.probability >= LINKED}
    tests = {t.id for rung in (workup.rungs if workup else ()) for t in rung.tests if t.status == "recommended"}
    age = history.patient.age if history else None
    return conflicts_of(r.knowledge.conflicts, drugs, diseases, tests, age, r.records)


def _sources(differential: Differential, conflicts: list[GuidanceConflict], state: State, resources: Resources) -> list[Citation]:
    """Everything that is cited, each once: the sources of diagnoses, cells, links, tests, alerts, then retrieved passages."""
    ids: list[str] = []
    for d in differential.diagnoses:
        ids += [*d.sources, *(c.source for c in d.cells if c.source)]
    ids += [s for link in differential.systemic_links for s in (link.source, *link.sources)]
    ids += [side.source for conflict in conflicts for side in conflict.sides]
    if workup := state.get("workup"):
        ids += [t.source for r in workup.rungs for t in r.tests if t.source]
        ids += [s for r in workup.rungs for t in r.tests for c in t.cautions for s in c.sources]
    if history := state.get("history"):
        ids += [s for a in history.red_flags for s in a.sources]
    if medication := state.get("pharmacology"):
        ids += medication.cited()
    return [*resolve(ids, resources.knowledge.sources), *differential.evidence]
