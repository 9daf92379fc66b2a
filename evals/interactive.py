"""Interactive cases: the gold cases, or any notes with a known diagnosis, each worked up in several ways, kept and compared."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field, ValidationError

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Pins
from yingzhi.clinical.errors import GoldError
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Language, Record, Text
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.patient import Patient, patient_of
from yingzhi.evals.runs import run_folder
from yingzhi.evals.sequential import Arm, Course, work_up
from yingzhi.evals.summary import Mean, mean_of, paired
from yingzhi.evals.trace import append_lines
from yingzhi.graphs.build import Graph
from yingzhi.graphs.result import pins
from yingzhi.graphs.run import consult
from yingzhi.knowledge.load import Knowledge
from yingzhi.tools.text import fold_phrase

SENTENCE = re.compile(r".*?(?:[。！？!?]|\.(?=\s|$))\s*", re.DOTALL)
VERSION = 1
OPENING = 40
"""Letters that an opening has at least; shorter first sentences take the next along. A Chinese character counts as three."""


class Note(Record):
    """A case of others: a whole note and what it turned out to be. One a line of a JSONL file."""

    id: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, description="The whole note: what the patient tells when asked, and what is seen on looking.")
    diagnosis: str = Field(min_length=1, description="Name or id of the diagnosis; alternatives are set apart by `|`.")
    lang: Language = "en"


@dataclass(frozen=True, slots=True)
class Interactive:
    """A case that can be worked up step by step.

    Attributes:
        id: Of the case.
        start: Who the patient is, and the opening words.
        whole: All that there is to know, told at once; the patient's facts are read from it.
        patient: Who answers, as far as the case says so outright.
        wanted: Acceptable diagnoses; none if the knowledge has no such disease, which then can't be found.
    """

    id: str
    start: Presentation
    whole: Presentation
    patient: Patient
    wanted: frozenset[str]


def of_gold(case: GoldCase, lang: Language) -> Interactive:
    """A gold case: who comes, with which drugs, and the opening; reports of the note have to be asked for."""
    whole = case.presentation(lang)
    start = whole.model_copy(update={"text": case.opening.say(lang), "reports": []})
    return Interactive(case.id, start, whole, patient_of(case), frozenset(case.expected.diagnosis))


def of_note(note: Note, diseases: Mapping[str, frozenset[str]]) -> Interactive:
    """A note: its first sentence opens the case.

    Args:
        note: The note.
        diseases: From `disease_names`.
    """
    whole = Presentation(id=note.id, text=note.text, lang=note.lang)
    opening = first_words(note.text)
    wanted = frozenset().union(*(diseases.get(fold_phrase(name), frozenset()) for name in note.diagnosis.split("|")))
    start = whole.model_copy(update={"text": opening})
    return Interactive(note.id, start, whole, Patient(Text(en=opening, zh=opening), {}), wanted)


def first_words(text: str) -> str:
    """The first sentence of a note, and the next if that says next to nothing."""
    opening = ""
    for sentence in SENTENCE.findall(text) or [text]:
        opening += sentence
        if sum(1 if c.isascii() else 3 for c in opening) >= OPENING:
            break
    return opening.strip()


def disease_names(knowledge: Knowledge) -> dict[str, frozenset[str]]:
    """Ids by every name of a disease, folded as the matcher folds words."""
    names: dict[str, frozenset[str]] = {}
    for d in knowledge.diseases.values():
        for name in (d.id, d.names.en, d.names.zh, *d.aliases.en, *d.aliases.zh):
            folded = fold_phrase(name)
            names[folded] = names.get(folded, frozenset()) | {d.id}
    return names


def read_notes(path: Path) -> list[Note]:
    """Notes of a JSONL file; keys beyond those of a note are left alone.

    Raises:
        GoldError: Naming the file and the line; never what stands there.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path.name}: can't be read ({type(error).__name__})") from error
    notes: dict[str, Note] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            note = Kept.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise GoldError(f"{path.name} line {number}: {where}: {first['msg'].lower()}") from error
        if note.id in notes:
            raise GoldError(f"{path.name} line {number}: id: it stands there twice")
        notes[note.id] = Note(**note.model_dump())
    if not notes:
        raise GoldError(f"{path.name}: there are no notes")
    return list(notes.values())


class Kept(Note, extra="ignore"):
    """A note as others write it, with keys of their own."""


class Series(Record):
    """What a run of interactive cases was made with: the first line of its folder."""

    version: int = VERSION
    pins: Pins
    cases: str = Field(description="Hash of the cases.")


def open_courses(root: Path, name: str, cases: Iterable[Interactive], resources: Resources) -> Path:
    """The file of a run's courses: of a new run, or of the one of this name if it was made with the same.

    Raises:
        GoldError: A run of this name was made with something else.
    """
    folder = run_folder(root, name)
    digest = hashlib.sha256("\n".join(f"{c.whole.model_dump_json()} {c.patient} {sorted(c.wanted)}" for c in cases).encode())
    series = Series(pins=pins(resources), cases=digest.hexdigest()[:16])
    kept = folder / "series.json"
    if folder.exists():
        try:
            same = Series.model_validate_json(kept.read_bytes()) == series
        except (OSError, ValidationError):
            same = False
        if not same:
            raise GoldError(f"{folder.name}: this run was made with other cases, prompts, knowledge or settings; choose another name")
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_text(series.model_dump_json(indent=1), encoding="utf-8")
    return folder / "courses.jsonl"


async def run_courses(
    cases: Iterable[Interactive],
    arms: Sequence[Arm],
    resources: Resources,
    graph: Graph,
    file: Path,
    step: Callable[[], None] = lambda: None,
) -> list[Course]:
    """Work every case up in every way, and keep each course as soon as it has ended; what the file has is not run again.

    Raises:
        GoldError: The file holds something else.
    """
    kept = {c.key: c for c in read_courses(file)}
    courses = []
    for case in cases:
        lang: Language = case.whole.lang or "en"
        todo = [arm for arm in arms if f"{case.id}.{lang}.{arm.name}" not in kept]
        if todo:
            told = await consult(case.whole, resources, graph=graph)
            patient = case.patient.who_told(told.history.findings if told.history else ())
            for arm in todo:
                course = await work_up(case.id, case.start, patient, case.wanted, resources, graph, arm)
                append_lines(file, [course.model_dump_json(exclude_defaults=True)])
                kept[course.key] = course
        for arm in arms:
            courses.append(kept[f"{case.id}.{lang}.{arm.name}"])
            step()
    return courses


def read_courses(path: Path) -> list[Course]:
    """Courses that were kept; a torn last line is left out.

    Raises:
        GoldError: Naming the file and the line.
    """
    if not path.exists():
        return []
    courses = []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            if line.strip():
                courses.append(Course.model_validate_json(line))
        except ValidationError as error:
            if number == len(lines):
                break
            raise GoldError(f"{path.name} line {number}: not a course of this version") from error
    return courses


class Total(Record):
    """One figure of all courses that went one way, and how far it is from the first way's on the same cases."""

    arm: Arm
    figure: str
    mean: Mean
    difference: Mean | None = Field(description="From the first arm's, paired by case; null for the first itself.")


FIGURES: Mapping[str, Callable[[Course], float]] = {
    "right first": lambda c: c.right,
    "in the first three": lambda c: 0 < c.rank <= 3,
    "CNY for tests": lambda c: c.price,
    "tests": lambda c: len(c.tests),
    "questions": lambda c: c.asked,
    "turns": lambda c: c.turns,
}


def totals(courses: Sequence[Course]) -> list[Total]:
    """Means with intervals by arm, in the order in which the arms first come; differences from the first."""
    arms = {c.arm.name: c.arm for c in courses}
    found = []
    for figure, of in FIGURES.items():
        values: dict[str, dict[str, list[float | None]]] = {name: {} for name in arms}
        for c in sorted(courses, key=lambda c: (c.case, c.lang)):
            values[c.arm.name].setdefault(c.case, []).append(float(of(c)))
        first = next(iter(values.values()), {})
        for name, arm in arms.items():
            mean = mean_of(values[name])
            if mean is not None:
                difference = None if values[name] is first else paired(first, values[name])
                found.append(Total(arm=arm, figure=figure, mean=mean, difference=difference))
    return found


def as_text(found: Sequence[Total]) -> str:
    """The figures for a terminal, a block each."""
    blocks = []
    for figure in dict.fromkeys(t.figure for t in found):
        lines = [f"{figure:<26} {'mean':>7}  {'95 % interval':<17}  difference from the first"]
        for t in (t for t in found if t.figure == figure):
            d = t.difference
            apart = f"{_figure(d.value, '+')} ({_figure(d.low, '+')} to {_figure(d.high, '+')})" if d else ""
            span = f"{_figure(t.mean.low)} to {_figure(t.mean.high)}"
            lines.append(f"  {t.arm.name:<24} {_figure(t.mean.value):>7}  {span:<17}  {apart}".rstrip())
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _figure(value: float, sign: str = "") -> str:
    return f"{value:{sign}.3f}" if abs(value) < 10 else f"{value:{sign},.0f}"
