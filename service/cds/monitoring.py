"""Tests that go with a drug: what is to be known before the first dose, and what is overdue while it is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.words import Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES, Check, Drug
from yingzhi.knowledge.load import Knowledge
from yingzhi.knowledge.models import Bilingual
from yingzhi.service.cds.drugs import Order, substance
from yingzhi.service.cds.notes import Note, bullets
from yingzhi.service.cds.observations import Result
from yingzhi.service.cds.wire import Indicator
from yingzhi.tools.drug_patient import patient_state, route_of
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.labs import LabTable, parse_labs

GRACE = 14.0
"""Days that a test may be late before it is called overdue, and early and still count; our choice."""


@dataclass(frozen=True, slots=True)
class Tests:
    """Which tests have results.

    Attributes:
        newest: Days since the newest result of each investigation; one without a date counts as of today.
        reach: Days that the supplied results go back; None = to the beginning.
        names: The investigations that can be asked after: those that results are read for, and that this patient can need.
    """

    newest: Mapping[str, float]
    reach: float | None
    names: Mapping[str, Bilingual]


def tests_of(
    results: Sequence[Result], whole: bool, patient: DrugPatient, knowledge: Knowledge, table: LabTable, formulary: Formulary
) -> Tests:
    """Read the results for when each investigation was last done.

    Args:
        results: Every result, newest first.
        whole: Whether those are all there are.
        patient: The patient.
        knowledge: For the investigations.
        table: For reading results.
        formulary: The formulary.
    """
    newest: dict[str, float] = {}
    for one in results:
        for lab in parse_labs(one.line, patient.sex, patient.age, table):
            if lab.test and not lab.derived_from:
                newest[lab.test] = min(one.days_ago or 0.0, newest.get(lab.test, float("inf")))
    readable = {a.test for a in knowledge.analytes.values()}
    if not patient_state(patient, formulary).may_bear_children:
        readable.discard("pregnancy-test")
    reach = None if whole else max((r.days_ago for r in results if r.days_ago is not None), default=0.0)
    return Tests(newest, reach, {i: t.names for i, t in knowledge.investigations.items() if i in readable})


def overdue(current: Sequence[Order], tests: Tests, formulary: Formulary) -> tuple[list[Note], list[Text]]:
    """Monitoring of what is taken.

    Returns:
        A note a drug with overdue tests; and the drugs for which that could not be told.
    """
    notes: list[Note] = []
    gaps: list[Text] = []
    for drug, order in _systemic(current, formulary):
        late: list[Text] = []
        for check in drug.pack.checks if drug.pack else ():
            allowed = None if check.before else _allowed(check, order.medication.started_days_ago)
            if allowed is None:
                continue
            missing = [t for t in check.tests if t in tests.names and tests.newest.get(t, float("inf")) > allowed]
            if missing and tests.reach is not None and tests.reach < allowed:
                gaps.append(Text(en=f"{drug.names.en}: monitoring", zh=f"{drug.names.zh}：监测"))
            elif missing:
                late.append(_late(check, missing, tests))
        if late:
            sources = tuple(c.source for c in (drug.pack.checks if drug.pack else ()) if not c.before)
            head = Text(en=f"Monitoring overdue: {drug.names.en}", zh=f"监测逾期：{drug.names.zh}")
            notes.append(Note(f"monitoring:{drug.id}", "monitoring", "warning", head, bullets(late), sources))
    return notes, list({g.en: g for g in gaps}.values())


def before_start(orders: Sequence[Order], current: Sequence[Order], tests: Tests, indicator: Indicator, formulary: Formulary) -> list[Note]:
    """What should be known before the first dose of a draft and has no result on record."""
    running = {drug.id for drug, _ in _systemic(current, formulary)}
    notes = []
    for drug, _ in _systemic(orders, formulary):
        checks = [c for c in (drug.pack.checks if drug.pack else ()) if c.before and drug.id not in running]
        missing = [(c, [t for t in c.tests if t in tests.names and t not in tests.newest]) for c in checks]
        lines = [_wanted(c, names, tests) for c, names in missing if names]
        if lines:
            head = Text(
                en=f"Before starting {drug.names.en}: tests without a result on record",
                zh=f"{drug.names.zh}用药前检查：病历中尚无结果",
            )
            notes.append(Note(f"before-start:{drug.id}", "monitoring", indicator, head, bullets(lines), tuple(c.source for c in checks)))
    return notes


def _systemic(orders: Sequence[Order], formulary: Formulary) -> list[tuple[Drug, Order]]:
    found: dict[str, tuple[Drug, Order]] = {}
    for order in orders:
        drug = substance(order.medication, formulary)
        stopped = order.medication.stopped_days_ago is not None
        if drug and not stopped and not formulary.profiles[drug].local_only and route_of(order.medication) not in LOCAL_ROUTES:
            found.setdefault(drug, (formulary.drugs[drug], order))
    return list(found.values())


def _allowed(check: Check, started: float | None) -> float | None:
    """How many days old the newest result may be today; None while nothing is due or no interval is given."""
    interval = None if check.then_every_weeks is None else check.then_every_weeks * 7
    if started is None:
        return None if interval is None else interval + GRACE
    due = [w * 7 for w in check.weeks if w * 7 + GRACE <= started]
    last = max(check.weeks, default=0.0) * 7
    if interval is not None and started >= last + interval + GRACE:
        return interval + GRACE
    return started - max(due) + GRACE if due else None


def _late(check: Check, missing: Sequence[str], tests: Tests) -> Text:
    names = [(tests.names[t], tests.newest.get(t)) for t in missing]
    en = ", ".join(f"{n.en} ({'no result' if d is None else f'last {d:.0f} days ago'})" for n, d in names)
    zh = "、".join(f"{n.zh}（{'无结果' if d is None else f'上次{d:.0f}天前'}）" for n, d in names)
    return Text(en=f"{en}. Due: {check.what.en}", zh=f"{zh}。应查：{check.what.zh}")


def _wanted(check: Check, missing: Sequence[str], tests: Tests) -> Text:
    names = [tests.names[t] for t in missing]
    return Text(
        en=f"No result: {', '.join(n.en for n in names)}. Wanted: {check.what.en}",
        zh=f"无结果：{'、'.join(n.zh for n in names)}。应查：{check.what.zh}",
    )
