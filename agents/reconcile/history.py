"""History: a model may add findings that it can quote, notices, and the order of questions."""

from __future__ import annotations

from yingzhi.agents.proposals import AlertForm, FindingForm, HistoryProposal
from yingzhi.agents.reconcile.common import MODEL, Ground, remarks, wording
from yingzhi.clinical.alert import Alert
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Span, Text
from yingzhi.tools.text import simplify
from yingzhi.tools.untrusted import find_quote as find_in

SHORTEST = 2
"""Characters of a quote; less would be found in any note."""


def reconcile_history(base: History, proposal: HistoryProposal, case: Presentation, ground: Ground) -> History:
    """The playbook's history with what the model saw besides.

    An added finding is suspected, never certain, until the doctor confirms it, and stands with the words it was read from. It takes part
    in the ranking as a suspicion; alerts, gates and drug checks don't rest on it.
    """
    findings = list(base.findings)
    stated = {f.id: f for f in base.findings if f.experiencer == "patient"}
    for form in proposal.findings:
        added = _finding(form, stated, case, ground)
        if added is not None:
            stated[added.id] = added
            findings.append(added)
            ground.taken += 1
    alerts = list(base.red_flags)
    for number, notice in enumerate(proposal.alerts):
        alert = _alert(notice, number, case, ground)
        if alert is not None and len(alerts) - len(base.red_flags) < 5:
            alerts.append(alert)
            ground.taken += 1
    first = [i for i in dict.fromkeys(proposal.questions) if any(q.finding == i for q in base.questions)]
    questions = sorted(base.questions, key=lambda q: first.index(q.finding) if q.finding in first else len(first))
    return base.model_copy(
        update={
            "findings": findings,
            "red_flags": alerts,
            "questions": questions,
            "remarks": remarks(proposal.remarks, ground, ground.resources.knowledge.findings.keys()),
        }
    )


def _finding(form: FindingForm, stated: dict[str, Finding], case: Presentation, ground: Ground) -> Finding | None:
    term = ground.resources.knowledge.findings.get(form.finding)
    if term is None:
        ground.drop("finding", form.finding, "unknown id")
        return None
    if term.id in stated:
        if stated[term.id].status != form.status:
            ground.drop("finding", term.id, "the record was read otherwise")
        return None
    span = find_quote(form.quote, case)
    if span is None:
        ground.drop("finding", term.id, "quote not in the record")
        return None
    return Finding(
        id=term.id,
        en=term.names.en,
        zh=term.names.zh,
        kind=term.kind,
        status="absent" if form.status == "absent" else "uncertain",
        experiencer="patient",
        temporality="current",
        derived_from=MODEL,
        spans=[span],
    )


def _alert(form: AlertForm, number: int, case: Presentation, ground: Ground) -> Alert | None:
    span = find_quote(form.quote, case)
    if span is None:
        ground.drop("alert", "", "quote not in the record")
        return None
    title, why = wording(form.title, ground, "alert", limit=120), wording(form.why, ground, "alert", limit=300)
    if not title or not why:
        return None
    return Alert(id=f"model-{number}", kind="model", level="notice", title=Text(en=title, zh=title), why=Text(en=why, zh=why), spans=[span])


def find_quote(quote: str, case: Presentation) -> Span | None:
    """Where the words stand in the note or a report, whatever their script or spacing; None if they don't."""
    if len(quote.strip()) < SHORTEST:
        return None
    for source, text in (("note", case.text), *((f"report:{n}", r.text) for n, r in enumerate(case.reports))):
        place = find_in(simplify(text), simplify(quote))
        if place is not None and place[1] - place[0] >= SHORTEST:
            return Span(source=source, start=place[0], end=place[1], text=text[place[0] : place[1]])
    return None
