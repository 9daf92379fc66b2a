"""Which tests the record already holds, what they showed, and which have to be done again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from yingzhi.clinical.history import History
from yingzhi.clinical.lab import LabFlag, LabResult
from yingzhi.clinical.presentation import Report
from yingzhi.clinical.words import TIERS, Text
from yingzhi.knowledge.models import FindingTerm, Investigation
from yingzhi.tools.chart import Chart

BY_KIND = {
    "pathology": "skin-biopsy-histology",
    "immunofluorescence": "biopsy-direct-immunofluorescence",
    "dermoscopy": "dermoscopy",
}
"""The test that a report of this kind stands for, where the report names none."""
FLAGS: Mapping[LabFlag, Text] = {
    "critical-low": Text(en="critically low", zh="危急低值"),
    "low": Text(en="low", zh="偏低"),
    "normal": Text(en="normal", zh="正常"),
    "high": Text(en="high", zh="偏高"),
    "critical-high": Text(en="critically high", zh="危急高值"),
    "positive": Text(en="positive", zh="阳性"),
    "negative": Text(en="negative", zh="阴性"),
    "indeterminate": Text(en="indeterminate", zh="不确定"),
}


@dataclass(slots=True)
class Done:
    """One test of the record."""

    known: list[Text] = field(default_factory=list)
    """What it showed, in words."""
    again: Text | None = None
    """Why it has to be done again."""


@dataclass(frozen=True, slots=True)
class TestIndex:
    """Which tests a finding shows to be done."""

    __test__ = False  # pytest must not collect it

    looks: Mapping[str, tuple[str, ...]]
    """Finding to the questions and looks that give it."""
    tests: Mapping[str, tuple[str, ...]]
    """Finding to the tests on the lowest rung that gives it."""


def index_tests(tests: Iterable[Investigation]) -> TestIndex:
    """The index over all investigations."""
    looks: dict[str, list[str]] = {}
    givers: dict[str, list[Investigation]] = {}
    for test in tests:
        for f in test.yields:
            if test.tier == "ask-examine":
                looks.setdefault(f, []).append(test.id)
            else:
                givers.setdefault(f, []).append(test)
    lowest = {f: min(TIERS.index(t.tier) for t in giving) for f, giving in givers.items()}
    return TestIndex(
        {f: tuple(ids) for f, ids in looks.items()},
        {f: tuple(t.id for t in giving if TIERS.index(t.tier) == lowest[f]) for f, giving in givers.items()},
    )


def done_tests(
    history: History,
    reports: Sequence[Report],
    chart: Chart,
    tests: Mapping[str, Investigation],
    terms: Mapping[str, FindingTerm],
    index: TestIndex,
) -> dict[str, Done]:
    """Every test that a result, a report or a finding of the record shows to be done.

    A look or a question does no test: joints found swollen are no X-ray of them. A finding that several tests give was
    given by the one that was measured, else by the least of them: protein in the urine is no biopsy of the kidney.
    """
    done: dict[str, Done] = {}
    for lab in history.labs:
        if lab.test in tests:
            done.setdefault(lab.test, Done()).known.append(_lab(lab))
    shown = {test: chart.results.intersection(tests[test].yields) for test in done}
    measured = {f for found in shown.values() for f in found}
    by_test: dict[str, set[str]] = {test: set(found) for test, found in shown.items() if found}
    for f in chart.found | chart.absent:
        for test in (*index.looks.get(f, ()), *(index.tests.get(f, ()) if f in chart.results and f not in measured else ())):
            by_test.setdefault(test, set()).add(f)
    for test, found in by_test.items():
        done.setdefault(test, Done()).known.extend([_finding(f, f in chart.absent, terms) for f in sorted(found) if f in terms][:4])
    for reading in history.reports:
        test_id = _test_of(reading.span.source, reading.kind, reports)
        if test_id not in tests:
            continue
        entry = done.setdefault(test_id, Done())
        if reading.adequacy == "inadequate":
            entry.again = Text(en="The specimen was not adequate", zh="标本不满意")
        elif not entry.known:
            entry.known.append(Text(en="a report is on record", zh="已有报告"))
    return done


def _test_of(source: str, kind: str, reports: Sequence[Report]) -> str:
    """The test of a report: what its sender named, else what its kind stands for."""
    number = source.partition(":")[2] if source.startswith("report:") else ""
    named = reports[int(number)].test if number.isdigit() and int(number) < len(reports) else ""
    return named or BY_KIND.get(kind, "")


def _lab(lab: LabResult) -> Text:
    flag = FLAGS.get(lab.flag)
    if flag is None or lab.problem is not None:
        return Text(en=f"{lab.en}: result on record", zh=f"{lab.zh}：已有结果")
    return Text(en=f"{lab.en}: {flag.en}", zh=f"{lab.zh}：{flag.zh}")


def _finding(finding: str, absent: bool, terms: Mapping[str, FindingTerm]) -> Text:
    names = terms[finding].names
    return Text(en=f"not: {names.en}" if absent else names.en, zh=f"无：{names.zh}" if absent else names.zh)
