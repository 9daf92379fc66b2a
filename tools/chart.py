"""The patient as tests, links and sites see them: what is there, what was ruled out, which drugs, which results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yingzhi.clinical.history import History
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.formulary import Formulary

RESULTS = frozenset({"histology", "immunofluorescence", "dermoscopy", "lab", "microbiology", "imaging", "genetics"})
"""Kinds of findings that only a test gives; a look or a question gives the others."""
BY_TEST = frozenset(
    {
        "wood-lamp-coral-red", "wood-lamp-yellow", "wood-lamp-green", "wood-lamp-chalk-white", "patch-test-positive",
        "ankle-brachial-low", "acetowhite-positive", "pregnancy", "hepatitis-c", "coeliac-disease",
    }
)  # fmt: skip
"""Findings of other kinds that a test gives as well, so that it need not be done again."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What is known of one patient."""

    found: frozenset[str]
    """Findings present now, as the record names them."""
    there: frozenset[str]
    """The same with all that they imply."""
    absent: frozenset[str]
    results: frozenset[str]
    """Findings that tests gave, present or ruled out."""
    labs: Mapping[str, float]
    """Last result of each analyte in its canonical unit; a result with a problem is left out."""
    drugs: Mapping[str, frozenset[str]]
    """Drug id to the classes it belongs to, of every recorded drug that is in the formulary, itself among them."""
    recorded: int
    """How many drugs the record names, known or not."""
    age: float | None
    sex: str
    pregnant: bool
    allergies: tuple[str, ...]
    """As written, lower case."""

    def takes(self, wanted: frozenset[str]) -> list[str]:
        """Ids of the recorded drugs that are among `wanted` or belong to one of its classes."""
        return [drug for drug, levels in self.drugs.items() if not levels.isdisjoint(wanted)]


def chart_of(history: History, ancestors: Mapping[str, frozenset[str]], formulary: Formulary) -> Chart:
    """Read the chart off a history."""
    own = [f for f in history.findings if f.experiencer == "patient"]
    found = {f.id for f in own if f.status == "present"}
    absent = {f.id for f in own if f.status == "absent"}
    matches = [m for d in history.medications if d.stopped_days_ago is None and (m := resolve_drug(d.name, formulary))]
    return Chart(
        found=frozenset(found),
        there=frozenset(found.union(*(ancestors[f] for f in found if f in ancestors))),
        absent=frozenset(absent),
        results=frozenset(f.id for f in own if f.id in found | absent and (f.kind in RESULTS or f.id in BY_TEST)),
        labs={lab.analyte: lab.canonical for lab in history.labs if lab.canonical is not None and lab.problem is None},
        drugs={m.drug: frozenset({m.drug, *formulary.profiles[m.drug].levels}) for m in matches},
        recorded=len(history.medications),
        age=history.patient.age,
        sex=history.patient.sex,
        pregnant=bool(history.patient.pregnant) or "pregnancy" in found,
        allergies=tuple(a.casefold() for a in history.patient.allergies),
    )
