"""Grades that judges gave, kept beside the traces of a run, and the scores that are made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, ValidationError

from yingzhi.clinical.errors import GoldError
from yingzhi.clinical.words import Language, Record
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.score import Score, unscored
from yingzhi.evals.trace import Trace

Criterion = Literal["reasoning", "summary", "questions"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
VERSION: Literal[1] = 1
LOWEST, HIGHEST = 1, 5
ENDED = "the run ended in"
"""How the reason begins where there was no consultation to judge."""


class Grade(Record):
    """What one judge said of one trace by one criterion. Without a grade there is a reason."""

    version: Literal[1] = VERSION
    case: str
    lang: Language
    epoch: int = 1
    criterion: Criterion
    judge: str = Field(description="Name of its model.")
    prompt: str = Field(description="Reference of the rubric, e.g. `judge-summary.zh@1+0a1b2c3d`.")
    shown: str = Field(description="Hash of what was shown; a grade is of exactly that.")
    grade: int | None = Field(default=None, ge=LOWEST, le=HIGHEST)
    why: str = Field(default="", description="The judge's sentence; without a grade, why there was nothing to judge.")
    failed: str = Field(default="", description="Kind of the judge's failure. It is asked again when the judging is started again.")
    calls: int = Field(default=0, ge=0)
    tokens: int = Field(default=0, ge=0, description="In and out.")
    cost: float = Field(default=0.0, ge=0)

    @property
    def key(self) -> str:
        """That of the trace."""
        return f"{self.case}.{self.lang}.{self.epoch}"

    @property
    def identity(self) -> tuple[str, str, str, str, str]:
        """What has to be the same for a grade to stand for another."""
        return self.key, self.criterion, self.judge, self.prompt, self.shown


def grades_file(folder: Path) -> Path:
    """Where the grades of a run are."""
    return folder / "judge.jsonl"


def read_grades(path: Path) -> list[Grade]:
    """All grades of a file in the order they were given; none without the file. A torn last line of a killed judging is left out.

    Raises:
        GoldError: Naming the file and the line: not a grade, or one of another version.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    grades = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            grade = Grade.model_validate_json(line)
        except ValidationError as error:
            if number == len(lines):  # no line break after it: the write was cut off
                break
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise GoldError(f"{path.name} line {number}: {where}: not a grade of this version ({first['msg'].lower()})") from error
        grades.append(grade)
    return grades


def standing(grades: Iterable[Grade]) -> list[Grade]:
    """Of each judge, criterion and language the grades by the rubric it used last, of each trace the last: no two rubrics are mixed."""
    given = list(grades)
    rubric = {(g.judge, g.criterion, g.lang): g.prompt for g in given}
    last = {(g.judge, g.criterion, g.key): g for g in given if g.prompt == rubric[g.judge, g.criterion, g.lang]}
    return list(last.values())


def judged_with(folder: Path) -> tuple[str, str]:
    """Names of a run's judges and references of their rubrics, each as one text; `none` for a run that was not judged."""
    grades = standing(read_grades(grades_file(folder)))
    return ", ".join(sorted({g.judge for g in grades})) or "none", ", ".join(sorted({g.prompt for g in grades})) or "none"


@dataclass(frozen=True, slots=True)
class Judged:
    """The mean grade of all judges by one criterion, 1 to 5 put to 0 to 1. Only reported, for no machine's opinion is a gate of safety."""

    criterion: Criterion
    grades: Mapping[str, tuple[Grade, ...]]
    """By key of the trace."""
    gate: bool = False
    better: Literal["higher"] = "higher"

    @property
    def name(self) -> str:
        """E.g. `judge:summary`."""
        return f"judge:{self.criterion}"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """By the kept grades."""
        return self.of(trace.key)

    def of(self, key: str) -> Score:
        """The score of a trace; unscored if one of the judges failed, for the mean of the others would be lenient or strict by chance."""
        grades = self.grades.get(key, ())
        if not grades:
            return unscored("not judged")
        if ended := next((g.why for g in grades if g.why.startswith(ENDED) and g.grade is None), ""):
            return Score(value=0.0, why=ended)
        missing = [f"{g.judge}: {g.failed or g.why}" for g in grades if g.grade is None]
        if missing:
            return unscored("; ".join(missing))
        values = {g.judge: float(g.grade) for g in grades if g.grade is not None}
        mean = sum(values.values()) / len(values)
        why = "; ".join(f"{g.judge} {g.grade}: {g.why}" for g in grades)
        return Score(value=(mean - LOWEST) / (HIGHEST - LOWEST), why=why, parts=values)


def judge_scorers(folder: Path) -> tuple[Judged, ...]:
    """A scorer for every criterion that a run was judged by; none if it never was.

    Raises:
        GoldError: The grades are of another version.
    """
    by: dict[Criterion, dict[str, tuple[Grade, ...]]] = {}
    for grade in standing(read_grades(grades_file(folder))):
        mine = by.setdefault(grade.criterion, {})
        mine[grade.key] = (*mine.get(grade.key, ()), grade)
    return tuple(Judged(c, by[c]) for c in CRITERIA if c in by)
