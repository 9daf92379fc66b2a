"""The other side of an interactive case: a patient who answers only what is asked, and a gatekeeper who has tests done at their price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from yingzhi.clinical.finding import Finding
from yingzhi.clinical.presentation import Answer, Report
from yingzhi.clinical.words import Language, Text
from yingzhi.evals.cases import GoldCase
from yingzhi.knowledge.models import FindingTerm, Investigation

Known = Literal["present", "absent"]
Kind = Literal["laboratory", "pathology", "immunofluorescence", "dermoscopy", "microbiology", "imaging", "other"]
KINDS: Mapping[str, Kind] = {
    "dermoscopy": "dermoscopy", "histology": "pathology", "biopsy": "pathology", "immunofluorescence": "immunofluorescence",
    "culture": "microbiology", "microscopy": "microbiology", "pcr": "microbiology", "ct": "imaging", "mri": "imaging", "x-ray": "imaging",
    "ultrasound": "imaging",
}  # fmt: skip
"""Kind of report by a part of the test's id; the others are laboratory reports."""
VISIBLE = frozenset({"morphology", "colour", "site", "arrangement"})
NORMAL = Text(en="No abnormality.", zh="未见异常。")


@dataclass(frozen=True, slots=True)
class Patient:
    """Deterministic: the same question has the same answer, and nothing is told unasked.

    Attributes:
        opening: What the patient says at first.
        facts: Status by finding: what is so in this case.
        results: What the report of a test says.
    """

    opening: Text
    facts: Mapping[str, Known]
    results: Mapping[str, Text] = field(default_factory=dict)

    def answer(self, finding: str, ancestors: Mapping[str, frozenset[str]]) -> Answer:
        """The answer to a question or a look; what the case is silent about is not there.

        Args:
            finding: That is asked for.
            ancestors: What each finding implies: who has a tense bulla has a blister.
        """
        own = self.facts.get(finding)
        if own is None:
            implied = any(finding in ancestors.get(f, ()) for f, status in self.facts.items() if status == "present")
            own = "present" if implied else "absent"
        return Answer(finding=finding, status=own)

    def look(self, terms: Mapping[str, FindingTerm]) -> list[Answer]:
        """What a doctor sees who looks at the skin: lesions, colours, sites, arrangement. Signs have to be tried for, one by one."""
        there = (f for f, status in self.facts.items() if status == "present" and f in terms and terms[f].kind in VISIBLE)
        return [Answer(finding=f, status="present") for f in there]

    def who_told(self, findings: Iterable[Finding]) -> Patient:
        """The same patient, who also answers from what the whole record says; what the case says outright stands.

        Args:
            findings: Read from the whole record.
        """
        read = {f.id: f.status for f in findings if f.experiencer == "patient"}
        told: dict[str, Known] = {i: s for i, s in read.items() if s == "present" or s == "absent"}
        return replace(self, facts={**told, **self.facts})


def patient_of(case: GoldCase) -> Patient:
    """The patient of a gold case: what stands in the note, and what would come to light on asking."""
    stated: dict[str, Known] = {f.finding: f.status for f in case.expected.findings}
    reports = {r.test: r.text for r in case.reports if r.test}
    return Patient(case.opening, {**stated, **case.hidden}, {**reports, **case.results})


@dataclass(slots=True)
class Gatekeeper:
    """Gives a result for every test there is, a normal one where the case is silent, and keeps the bill.

    Attributes:
        tests: The investigations there are.
        terms: The findings that they can show.
        budget: CNY that may be spent; None for any sum.
    """

    tests: Mapping[str, Investigation]
    terms: Mapping[str, FindingTerm]
    budget: float | None = None
    spent: float = 0.0
    done: list[str] = field(default_factory=list)

    def may(self, test: str) -> bool:
        """Whether a test is one, was not done yet, and can be paid."""
        return test in self.tests and test not in self.done and (self.budget is None or self.spent + self.tests[test].price <= self.budget)

    def do(self, test: str, patient: Patient, lang: Language) -> Report:
        """Do a test and charge for it.

        Raises:
            KeyError: It may not be done.
        """
        if not self.may(test):
            raise KeyError(test)
        self.done.append(test)
        self.spent += self.tests[test].price
        name = self.tests[test].names.en if lang == "en" else self.tests[test].names.zh
        return Report(kind=_kind(test), test=test, text=f"{name}: {self._result(test, patient).say(lang)}")

    def _result(self, test: str, patient: Patient) -> Text:
        """The report of the case; or what the case says of the findings that the test can show; or that all is normal."""
        if test in patient.results:
            return patient.results[test]
        shown = [(self.terms[f].names, patient.facts[f]) for f in self.tests[test].yields if f in patient.facts and f in self.terms]
        if not any(status == "present" for _, status in shown):
            return NORMAL
        return Text(
            en="; ".join(n.en if status == "present" else f"no {n.en}" for n, status in shown) + ".",
            zh="；".join(n.zh if status == "present" else f"未见{n.zh}" for n, status in shown) + "。",
        )


def _kind(test: str) -> Kind:
    """Which kind of report a test gives; the laboratory's where its name says nothing else."""
    for part, kind in KINDS.items():
        if part in test:
            return kind
    return "laboratory"
