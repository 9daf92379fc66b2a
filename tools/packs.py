"""The pack of a drug for one patient: screening, a calendar with dates, stop rules, conception, vaccines, counselling."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.pack import ConceptionLine, DueLine, PackLine, PatientPack, ScreenLine, StopLine, VaccineLine, Visit
from yingzhi.clinical.words import Text
from yingzhi.knowledge.models import Bilingual
from yingzhi.knowledge.pack_models import Contraception, DrugPack, Rhythm, Sooner, StopRule, Vaccine, Watch
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.pack_calendar import WEEK, after, due_days
from yingzhi.tools.pack_fit import Person, fits, person
from yingzhi.tools.pack_labs import Reading, met

YEAR = 12
"""Months that the calendar looks ahead."""
NO_DAY = date(2001, 1, 1)
"""Stands for the first day while it is not known; only differences from it are shown."""
SECTIONS = ("screen", "watch", "stop", "conception", "vaccines", "counsel")
GRAVITY = ("do-not-begin", "stop", "pause", "reduce", "act")


@dataclass(frozen=True, slots=True)
class When:
    """The days that a pack is reckoned from. None = not known."""

    start: date | None = None
    end: date | None = None
    """Of the last dose."""
    today: date | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What the record holds besides the patient: results by analyte, and tests already there."""

    labs: Mapping[str, Reading] = field(default_factory=dict)
    done: Collection[str] = ()


NOTHING = Record()
NO_DATES = When()


def pack_of(drug: str, packs: Mapping[str, DrugPack]) -> DrugPack | None:
    """The pack that names a drug of the formulary, or None."""
    return next((pack for pack in packs.values() if drug in pack.drugs), None)


def patient_pack(
    pack: DrugPack,
    drug: str,
    patient: DrugPatient,
    formulary: Formulary,
    when: When = NO_DATES,
    record: Record = NOTHING,
    *,
    taken: bool = False,
    known: Person | None = None,
) -> PatientPack:
    """Fit a pack to a patient.

    Args:
        pack: The pack.
        drug: Which of its drugs.
        patient: The patient; what is null is not known, and a line that depends on it is kept and says so.
        formulary: The formulary.
        when: First dose, last dose, today. Without a first dose the calendar counts in weeks.
        record: Results and tests that are already there.
        taken: Whether the patient takes it already.
        known: The patient as packs ask for one, where that was derived already.
    """
    one = known or person(patient, formulary)
    pack = narrowed(pack, drug)
    watches = [(w, f) for w in pack.watch if (f := fits(w.who, one, formulary)).holds is not False]
    calendar, on_demand, open_facts = _calendar(watches, one, formulary, when)
    names = formulary.display.get(drug) or text(pack.names)
    screen = list(_screen(pack, one, formulary, record))
    unknown = [*open_facts, *(line.depends_on for line in screen if line.depends_on)]
    if taken and when.start is None:
        unknown.append(Text(en="day of the first dose", zh="首次用药日期"))
    return PatientPack(
        pack=pack.id, drug=drug, en=names.en, zh=names.zh, taken=taken, start=when.start, end=when.end,
        note=text(pack.note) if pack.note else None,
        screen=screen,
        calendar=calendar,
        on_demand=on_demand,
        stop=_stops([r for r in pack.stop if not (taken and r.kind == "do-not-begin")], record.labs),
        conception=list(_conception(pack.conception, one, when)),
        vaccines=list(_vaccines(pack, one, formulary, when)),
        counsel=[PackLine(text=text(c.text), source=c.source, unverified=c.unverified) for c in pack.counsel],
        not_known=list({t.en: t for t in unknown}.values()),
    )  # fmt: skip


def narrowed(pack: DrugPack, drug: str) -> DrugPack:
    """The pack without the lines that are for others of its drugs."""
    parts = {name: getattr(pack, name) for name in SECTIONS}
    kept = {name: tuple(line for line in lines if not line.drugs or drug in line.drugs) for name, lines in parts.items()}
    return pack if kept == parts else pack.model_copy(update=kept)


def text(words: Bilingual) -> Text:
    """Knowledge words as domain words."""
    return Text(en=words.en, zh=words.zh)


def _screen(pack: DrugPack, one: Person, formulary: Formulary, record: Record) -> Iterator[ScreenLine]:
    for line in pack.screen:
        fit = fits(line.who, one, formulary)
        if fit.holds is False:
            continue
        done = bool(line.tests) and all(t in record.done for t in line.tests)
        yield ScreenLine(
            text=text(line.what), source=line.source, unverified=line.unverified, tests=list(line.tests), need=line.need,
            state="done" if done else "open" if fit.holds is None else "to-do",
            depends_on=_either(fit.missing) if fit.holds is None else None,
        )  # fmt: skip


def _either(facts: Iterable[Text]) -> Text:
    known = list(facts)
    return Text(en=" or ".join(t.en for t in known), zh="或".join(t.zh for t in known))


def _calendar(
    watches: Iterable[tuple[Watch, object]], one: Person, formulary: Formulary, when: When
) -> tuple[list[Visit], list[DueLine], list[Text]]:
    start = when.start or NO_DAY
    today = when.today if when.start and when.today else start
    horizon = after(max(start, today), months=YEAR)
    days: dict[date, list[DueLine]] = defaultdict(list)
    on_demand: list[DueLine] = []
    open_facts: list[Text] = []
    for watch, _ in watches:
        rhythm, because, missing = rhythm_of(watch, one, formulary)
        open_facts += missing
        unsure = watch.unverified or (isinstance(rhythm, Sooner) and rhythm.unverified)
        line = DueLine(text=text(watch.what), source=watch.source, unverified=unsure, tests=list(watch.tests), because=because)
        due = due_days(rhythm, start, today, horizon)
        for day in due:
            if when.end is None or day <= when.end:
                days[day].append(line)
        if not due:
            on_demand.append(line)
    following = min((day for day in days if day >= today), default=None)
    visits = [
        Visit(
            day=day if when.start else None,
            weeks=round((day - start).days / WEEK, 1),
            state="past" if day < today else "next" if day == following else "later",
            due=days[day],
        )
        for day in sorted(days)
    ]
    return visits, on_demand, open_facts


def rhythm_of(watch: Watch, one: Person, formulary: Formulary) -> tuple[Rhythm, Text | None, list[Text]]:
    """The closest rhythm that holds, why, and the facts that might make it closer."""
    chosen: Rhythm = watch
    because: Text | None = None
    missing: list[Text] = []
    for closer in watch.sooner:
        fit = fits(closer.who, one, formulary)
        if fit.holds and closeness(closer) <= closeness(chosen):
            chosen, because = closer, text(closer.why)
        elif fit.holds is None:
            missing += fit.missing
    return chosen, because, missing


def closeness(rhythm: Rhythm) -> tuple[float, float]:
    """How close a watch is, in weeks: the interval, then the first time. Less is closer."""
    every = rhythm.every_weeks or (rhythm.every_months * MONTH if rhythm.every_months else NEVER)
    singles = [*rhythm.weeks, *(m * MONTH for m in rhythm.months)]
    return every, min(singles) if singles else every


MONTH = 365.25 / 12 / WEEK
"""Weeks."""
NEVER = float("inf")


def _stops(rules: Iterable[StopRule], labs: Mapping[str, Reading]) -> list[StopLine]:
    lines = [
        StopLine(
            text=Text(en=f"{r.when.en}: {r.act.en}", zh=f"{r.when.zh}：{r.act.zh}"),
            source=r.source, unverified=r.unverified, kind=r.kind,
            met_by=next((words for limit in r.limits if (words := met(limit, labs))), None),
        )
        for r in rules
    ]  # fmt: skip
    return sorted(lines, key=lambda line: (line.met_by is None, GRAVITY.index(line.kind) if line.met_by else 0))


def _conception(rules: Iterable[Contraception], one: Person, when: When) -> Iterator[ConceptionLine]:
    for rule in rules:
        if one.state.sex not in ("unknown", rule.sex) or (rule.sex == "female" and not one.state.may_bear_children):
            continue
        sex = {"female": ("Woman", "女性"), "male": ("Man", "男性")}[rule.sex]
        yield ConceptionLine(
            text=Text(en=f"{sex[0]}: {rule.text.en}", zh=f"{sex[1]}：{rule.text.zh}"),
            source=rule.source, unverified=rule.unverified, needed=rule.needed,
            months_after=rule.months_after, weeks_after=rule.weeks_after,
            begin=after(when.start, months=-rule.months_before) if when.start and rule.needed != "no" else None,
            until=_later(when.end, rule),
        )  # fmt: skip


def _later(end: date | None, rule: Contraception | Vaccine) -> date | None:
    """The day so long after the last dose as the rule says; None if either is not known."""
    if end is None or (rule.months_after is None and rule.weeks_after is None):
        return None
    return after(end, weeks=rule.weeks_after or 0, months=rule.months_after or 0)


def _vaccines(pack: DrugPack, one: Person, formulary: Formulary, when: When) -> Iterator[VaccineLine]:
    for rule in pack.vaccines:
        fit = fits(rule.who, one, formulary)
        if fit.holds is False:
            continue
        yield VaccineLine(
            text=Text(en=f"{rule.vaccine.en}: {rule.advice.en}", zh=f"{rule.vaccine.zh}：{rule.advice.zh}"),
            source=rule.source, unverified=rule.unverified, live=rule.live,
            latest=after(when.start, weeks=-rule.weeks_before) if when.start and rule.weeks_before is not None else None,
            earliest=_later(when.end, rule),
        )  # fmt: skip
