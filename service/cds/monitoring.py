"""Tests that go with a drug: what is to be known before the first dose, and what is overdue while it is taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.words import Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES
from yingzhi.knowledge.load import Knowledge
from yingzhi.knowledge.models import Bilingual
from yingzhi.knowledge.pack_models import DrugPack, Rhythm, Sooner
from yingzhi.service.cds.drugs import Order, substance
from yingzhi.service.cds.notes import Note, bullets
from yingzhi.service.cds.observations import Result
from yingzhi.service.cds.wire import Indicator
from yingzhi.tools.drug_patient import patient_state, route_of
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.labs import LabTable, parse_labs
from yingzhi.tools.pack_fit import Person, fits
from yingzhi.tools.packs import MONTH, narrowed, pack_of, rhythm_of

WEEK = 7.0
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


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the schedules of drugs are judged with.

    Attributes:
        packs: By id.
        person: The patient as packs ask for them, with what is taken.
        formulary: The formulary.
    """

    packs: Mapping[str, DrugPack]
    person: Person
    formulary: Formulary


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a pack in which tests are missing."""

    what: Bilingual
    missing: tuple[str, ...]
    source: str
    ours: bool = False
    """How often was not found in the source."""


def overdue(current: Sequence[Order], tests: Tests, shelf: Shelf) -> tuple[list[Note], list[Text]]:
    """Monitoring of what is taken.

    Returns:
        A note a drug with overdue tests; and the drugs for which that could not be told.
    """
    notes: list[Note] = []
    gaps: list[Text] = []
    for drug, pack, order in _systemic(current, shelf):
        names = shelf.formulary.display[drug]
        late: list[Line] = []
        for line, allowed in _due(pack, order.medication.started_days_ago, tests, shelf):
            if tests.reach is not None and tests.reach < allowed:
                gaps.append(Text(en=f"{names.en}: monitoring", zh=f"{names.zh}：监测"))
            else:
                late.append(line)
        if late:
            head = Text(en=f"Monitoring overdue: {names.en}", zh=f"监测逾期：{names.zh}")
            body = bullets(_late(line, tests) for line in late)
            notes.append(Note(f"monitoring:{drug}", "monitoring", "warning", head, body, _sources(late)))
    return notes, list({g.en: g for g in gaps}.values())


def _due(pack: DrugPack, started: float | None, tests: Tests, shelf: Shelf) -> Iterator[tuple[Line, float]]:
    """Lines with a test whose newest result is older than it may be, and how many days old it may be.

    A line that hangs on a fact that is not known is left out: what may not be due is not overdue.
    """
    for watch in pack.watch:
        if not fits(watch.who, shelf.person, shelf.formulary).holds:
            continue
        rhythm, _, _ = rhythm_of(watch, shelf.person, shelf.formulary)
        allowed = _allowed(rhythm, started)
        if allowed is None:
            continue
        missing = tuple(t for t in watch.tests if t in tests.names and tests.newest.get(t, float("inf")) > allowed)
        if missing:
            ours = watch.unverified or (isinstance(rhythm, Sooner) and rhythm.unverified)
            yield Line(watch.what, missing, watch.source, ours), allowed


def before_start(orders: Sequence[Order], current: Sequence[Order], tests: Tests, indicator: Indicator, shelf: Shelf) -> list[Note]:
    """What should be known before the first dose of a draft and has no result on record."""
    running = {drug for drug, _, _ in _systemic(current, shelf)}
    notes = []
    for drug, pack, _ in _systemic(orders, shelf):
        if drug in running:
            continue
        must = (s for s in pack.screen if s.need == "must" and fits(s.who, shelf.person, shelf.formulary).holds is not False)
        found = (Line(s.what, tuple(t for t in s.tests if t in tests.names and t not in tests.newest), s.source) for s in must)
        lines = [line for line in found if line.missing]
        if lines:
            names = shelf.formulary.display[drug]
            head = Text(
                en=f"Before starting {names.en}: tests without a result on record",
                zh=f"{names.zh}用药前检查：病历中尚无结果",
            )
            body = bullets(_wanted(line, tests) for line in lines)
            notes.append(Note(f"before-start:{drug}", "monitoring", indicator, head, body, _sources(lines)))
    return notes


def _sources(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.source for line in lines))


def _systemic(orders: Sequence[Order], shelf: Shelf) -> list[tuple[str, DrugPack, Order]]:
    """Drugs that have a pack and are given other than on the skin, each once."""
    found: dict[str, tuple[str, DrugPack, Order]] = {}
    for order in orders:
        drug = substance(order.medication, shelf.formulary)
        pack = pack_of(drug, shelf.packs) if drug else None
        if pack is None or order.medication.stopped_days_ago is not None or shelf.formulary.profiles[drug].local_only:
            continue
        if route_of(order.medication) not in LOCAL_ROUTES:
            found.setdefault(drug, (drug, narrowed(pack, drug), order))
    return list(found.values())


def _allowed(rhythm: Rhythm, started: float | None) -> float | None:
    """How many days old the newest result may be today; None while nothing is due or no interval is given."""
    weeks = rhythm.every_weeks or (rhythm.every_months * MONTH if rhythm.every_months else None)
    interval = None if weeks is None else weeks * WEEK
    if started is None:
        return None if interval is None else interval + GRACE
    singles = sorted(w * WEEK for w in (*rhythm.weeks, *(m * MONTH for m in rhythm.months)))
    ended = rhythm.until_months is not None and started > rhythm.until_months * MONTH * WEEK
    if interval is not None and not ended and started >= (singles[-1] if singles else 0.0) + interval + GRACE:
        return interval + GRACE
    due = [day for day in singles if day + GRACE <= started]
    return started - due[-1] + GRACE if due and not (ended and interval) else None


def _late(line: Line, tests: Tests) -> Text:
    names = [(tests.names[t], tests.newest.get(t)) for t in line.missing]
    en = ", ".join(f"{n.en} ({'no result' if d is None else f'last {d:.0f} days ago'})" for n, d in names)
    zh = "、".join(f"{n.zh}（{'无结果' if d is None else f'上次{d:.0f}天前'}）" for n, d in names)
    en_ours, zh_ours = (" (the interval was not found in the source)", "（来源中未查到间隔）") if line.ours else ("", "")
    return Text(en=f"{en}. Due: {line.what.en}{en_ours}", zh=f"{zh}。应查：{line.what.zh}{zh_ours}")


def _wanted(line: Line, tests: Tests) -> Text:
    names = [tests.names[t] for t in line.missing]
    return Text(
        en=f"No result: {', '.join(n.en for n in names)}. Wanted: {line.what.en}",
        zh=f"无结果：{'、'.join(n.zh for n in names)}。应查：{line.what.zh}",
    )
