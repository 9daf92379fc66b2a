"""Gold cases: what a case says, in both languages, and what a good consultation makes of it.

One case a file in `evals/gold/`, Chinese and English of the same patient side by side. What is expected is written from the case and its
sources, never from what the engine gives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from yingzhi.clinical.alert import AlertLevel
from yingzhi.clinical.document import DocumentKind
from yingzhi.clinical.errors import GoldError, KnowledgeError
from yingzhi.clinical.presentation import Medication, Patient, Presentation, Report
from yingzhi.clinical.words import CareLevel, Commonness, Language, Record, Text, Urgency
from yingzhi.knowledge.load import Knowledge, read_yaml

GOLD = Path(__file__).parent / "gold"
SCHEMA_LINE = "# yaml-language-server: $schema=../../docs/schema/gold-case.json"
LANGUAGES: tuple[Language, ...] = ("zh", "en")

Group = Literal[
    "emergency",
    "pregnancy",
    "polypharmacy",
    "drug-eruption",
    "systemic-sign",
    "infection",
    "tumour",
    "genetic",
    "immunosuppressed",
    "mimic",
]
AgeGroup = Literal["child", "adult", "elderly"]
ALTERNATIVE = re.compile(r"\s*\|\s*")


class Tags(Record):
    """What slices a case belongs to; language is added when it runs."""

    commonness: Commonness = Field(description="Of the diagnosis among dermatology outpatients.")
    age: AgeGroup = Field(description="child < 18 years, elderly >= 65.")
    groups: list[Group] = Field(default_factory=list)


class GoldReport(Record):
    """A report that comes with the case."""

    kind: Literal["laboratory", "pathology", "immunofluorescence", "dermoscopy", "microbiology", "imaging", "other"] = "other"
    test: str = Field(default="", description="Id of the investigation.")
    text: Text


class GoldFinding(Record):
    """A finding that has to be read from the note."""

    finding: str = Field(description="Id in the lexicon.")
    status: Literal["present", "absent"] = "present"
    words: Text | None = Field(default=None, description="The words of the note that say it, exactly; null where no words do.")


class GoldCell(Record):
    """A cell of the matrix whose direction is beyond doubt."""

    diagnosis: str
    finding: str
    effect: Literal["supports", "opposes"]


class GoldAlert(Record):
    """An alert that has to come: one of some rules, or one about all of some drugs."""

    rules: list[str] = Field(default_factory=list, description="Ids of red-flag rules, or `finding-<id>`; any one of them will do.")
    drugs: list[str] = Field(default_factory=list, description="Drugs of the formulary; the alert is about all of them.")
    level: AlertLevel = Field(description="The lowest level that will do.")

    @model_validator(mode="after")
    def _one_of_both(self) -> GoldAlert:
        if bool(self.rules) == bool(self.drugs):
            raise ValueError("either rules or drugs")
        return self


class GoldWords(Record):
    """What a draft has to say."""

    kind: DocumentKind
    says: Text = Field(description="Words that stand in the draft, ignoring case; alternatives are set apart by ` | `.")


class Step(Record):
    """A tool that has to be called."""

    tool: str
    specialist: str = Field(default="", description="By whom; empty for anyone.")
    about: list[str] = Field(default_factory=list, description="Ids that it is called with.")


class Trajectory(Record):
    """The way that has to be taken."""

    mode: Literal["exact", "in_order", "any_order", "subset"] = "any_order"
    steps: list[Step] = Field(min_length=1)


class Expected(Record):
    """What a good consultation has."""

    diagnosis: list[str] = Field(min_length=1, description="Acceptable diagnoses, the best first.")
    must_not_miss: list[str] = Field(default_factory=list, description="Dangerous diagnoses that have to stay on the list.")
    findings: list[GoldFinding] = Field(min_length=1)
    matrix: list[GoldCell] = Field(default_factory=list)
    first_tests: list[str] = Field(default_factory=list, description="Cheap, low-risk tests that belong to the first round.")
    alerts: list[GoldAlert] = Field(default_factory=list)
    care: CareLevel | None = Field(default=None, description="The lowest level of care that will do.")
    urgency: Urgency | None = Field(default=None, description="The least urgency that will do.")
    documents: list[GoldWords] = Field(default_factory=list)
    trajectory: Trajectory | None = None


class Forbidden(Record):
    """What a consultation on the note alone must not have."""

    tests: list[str] = Field(default_factory=list, description="Tests that must not be recommended yet.")
    drugs: list[str] = Field(default_factory=list, description="Drugs that must not be judged suitable.")


class GoldCase(Record):
    """A case with what is expected of a consultation on it."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="That of the file.")
    title: Text
    tags: Tags
    patient: Patient = Field(default_factory=Patient, description="Structured fields, as a clinic's system would hand them over.")
    setting: CareLevel = "secondary"
    medications: list[Medication] = Field(default_factory=list)
    note: Text = Field(description="Complaint, history, examination, as a doctor writes it; the same facts in both languages.")
    reports: list[GoldReport] = Field(default_factory=list)
    opening: Text = Field(description="How the patient puts it in the first sentence or two; all there is at first in an interactive case.")
    hidden: dict[str, Literal["present", "absent"]] = Field(
        default_factory=dict, description="By finding: what the note doesn't say, and a question or a look would bring out."
    )
    results: dict[str, Text] = Field(default_factory=dict, description="By test: what its report says if it is done.")
    expected: Expected
    forbidden: Forbidden = Field(default_factory=Forbidden)
    sources: list[str] = Field(min_length=1, description="Ids of sources of the knowledge that the expectations rest on.")

    def presentation(self, lang: Language) -> Presentation:
        """The case as it comes in, in one language."""
        return Presentation(
            id=f"{self.id}.{lang}",
            text=self.note.say(lang),
            lang=lang,
            patient=self.patient,
            medications=self.medications,
            reports=[Report(kind=r.kind, test=r.test, text=r.text.say(lang)) for r in self.reports],
            setting=self.setting,
        )

    def labels(self, lang: Language) -> list[str]:
        """The slices of one run of it, e.g. `age:child`."""
        return [f"lang:{lang}", f"commonness:{self.tags.commonness}", f"age:{self.tags.age}", *(f"group:{g}" for g in self.tags.groups)]


def load_case(path: Path) -> GoldCase:
    """Read one gold case.

    Raises:
        GoldError: Naming the file and the key.
    """
    try:
        case = GoldCase.model_validate(read_yaml(path))
    except KnowledgeError as error:
        raise GoldError(str(error)) from error
    except OSError as error:
        raise GoldError(f"{path.name}: can't be read ({type(error).__name__})") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise GoldError(f"{path.name}: {'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg'].lower()}") from error
    if case.id != path.stem:
        raise GoldError(f"{path.name}: id: must be that of the file")
    return case


def load_cases(folder: Path = GOLD) -> list[GoldCase]:
    """All gold cases of a folder, by id.

    Raises:
        GoldError: A file is wrong, or there are none.
    """
    cases = [load_case(path) for path in sorted(folder.glob("*.yaml"))]
    if not cases:
        raise GoldError(f"{folder.name}: no gold cases there")
    return cases


def problems(case: GoldCase, knowledge: Knowledge) -> Iterator[str]:
    """What is wrong with a case beyond its form, one sentence each: unknown ids, words that the note does not have, a missing language."""
    e, f = case.expected, case.forbidden
    drugs = {d.id for d in knowledge.drugs.drugs}
    known = {"findings": knowledge.findings, "diseases": knowledge.diseases, "investigations": knowledge.investigations, "drugs": drugs}
    rules = {*knowledge.red_flags, *(f"finding-{i}" for i, t in knowledge.findings.items() if t.red_flag)}
    named: list[tuple[str, str, Iterable[str]]] = [
        ("expected.diagnosis", "diseases", e.diagnosis),
        ("expected.must_not_miss", "diseases", e.must_not_miss),
        ("expected.findings", "findings", [x.finding for x in e.findings]),
        ("expected.matrix", "diseases", [c.diagnosis for c in e.matrix]),
        ("expected.matrix", "findings", [c.finding for c in e.matrix]),
        ("expected.first_tests", "investigations", e.first_tests),
        ("expected.alerts", "drugs", [d for a in e.alerts for d in a.drugs]),
        ("forbidden.tests", "investigations", f.tests),
        ("forbidden.drugs", "drugs", f.drugs),
        ("hidden", "findings", case.hidden),
        ("results", "investigations", case.results),
        ("reports", "investigations", [r.test for r in case.reports if r.test]),
    ]
    for key, table, ids in named:
        yield from (f"{case.id}: {key}: {i} is not among the {table}" for i in ids if i not in known[table])
    yield from (f"{case.id}: expected.alerts: {r} is no red-flag rule" for a in e.alerts for r in a.rules if r not in rules)
    ids = knowledge.analytes.keys() | {i for table in known.values() for i in table}
    about = [i for step in (e.trajectory.steps if e.trajectory else ()) for i in step.about]
    yield from (f"{case.id}: expected.trajectory: {i} is no id of the knowledge" for i in about if i not in ids)
    yield from (f"{case.id}: sources: {s} is no source" for s in case.sources if s not in knowledge.sources)
    yield from _words(case)
    stated = {x.finding for x in e.findings}
    yield from (f"{case.id}: hidden: {i} stands in the note" for i in case.hidden if i in stated)
    age = case.patient.age
    wanted = None if age is None else "child" if age < 18 else "elderly" if age >= 65 else "adult"
    if wanted not in {None, case.tags.age}:
        yield f"{case.id}: tags.age: the patient is {wanted}"


def _words(case: GoldCase) -> Iterator[str]:
    """What is missing or not in its language."""
    for number, finding in enumerate(case.expected.findings):
        if finding.words is not None:
            for lang in LANGUAGES:
                if finding.words.say(lang) not in case.note.say(lang):
                    yield f"{case.id}: expected.findings.{number}.words.{lang}: the note does not have these words"
    for key, text in [("note", case.note), ("opening", case.opening), ("title", case.title)]:
        yield from (f"{case.id}: {key}.{lang}: not in this language" for lang in LANGUAGES if not in_language(text.say(lang), lang))
    reports = [(f"reports.{n}", r.text) for n, r in enumerate(case.reports)] + [(f"results.{i}", r) for i, r in case.results.items()]
    for key, text in reports:  # a Chinese report may be figures and abbreviations alone
        if not in_language(text.en, "en"):
            yield f"{case.id}: {key}.en: not in this language"
        if not text.zh.strip() or text.zh.startswith("TODO"):
            yield f"{case.id}: {key}.zh: there is nothing"


def in_language(text: str, lang: Language) -> bool:
    """Whether a text is there and in the language: with Chinese characters or, for English, with next to none."""
    han = sum("一" <= c <= "鿿" for c in text)
    return bool(text.strip()) and (han > 0 if lang == "zh" else han * 10 < len(text))


def schema() -> str:
    """The JSON schema of a gold case, for editors."""
    made: dict[str, Any] = GoldCase.model_json_schema()
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    (GOLD / SCHEMA_LINE.partition("=")[2]).write_text(schema(), encoding="utf-8")
