"""The other side of an interactive case: a patient who answers only what is asked, and a gatekeeper who has tests done at their price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from yingzhi.clinical.presentation import Answer, Report
from yingzhi.clinical.words import Language, Text
from yingzhi.evals.cases import GoldCase
from yingzhi.knowledge.models import Investigation

Kind = Literal["laboratory", "pathology", "immunofluorescence", "dermoscopy", "microbiology", "imaging", "other"]
KINDS: Mapping[str, Kind] = {
    "dermoscopy": "dermoscopy", "histology": "pathology", "biopsy": "pathology", "immunofluorescence": "immunofluorescence",
    "culture": "microbiology", "microscopy": "microbiology", "pcr": "microbiology", "ct": "imaging", "mri": "imaging", "x-ray": "imaging",
    "ultrasound": "imaging",
}  # fmt: skip
"""Kind of report by a part of the test's id; the others are laboratory reports."""
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
    facts: Mapping[str, Literal["present", "absent"]]
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


def patient_of(case: GoldCase) -> Patient:
    """The patient of a gold case: what stands in the note, and what would come to light on asking."""
    stated = {f.finding: f.status for f in case.expected.findings}
    return Patient(case.opening, {**stated, **case.hidden}, case.results)


@dataclass(slots=True)
class Gatekeeper:
    """Gives a result for every test there is, a normal one where the case is silent, and keeps the bill.

    Attributes:
        tests: The investigations there are.
        budget: CNY that may be spent; None for any sum.
    """

    tests: Mapping[str, Investigation]
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
        words = patient.results.get(test, NORMAL)
        kind: Kind = next((k for part, k in KINDS.items() if part in test), "laboratory")
        return Report(
            kind=kind, test=test, text=f"{self.tests[test].names.en if lang == 'en' else self.tests[test].names.zh}: {words.say(lang)}"
        )
