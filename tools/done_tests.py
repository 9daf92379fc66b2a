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


def done_tests(
    history: History, reports: Sequence[Report], chart: Chart, tests: Mapping[str, Investigation], terms: Mapping[str, FindingTerm]
) -> dict[str, Done]:
    """Every test that a result, a report or a finding of the record shows to be done.

    A look or a question does no test: joints found swollen are no X-ray of them. A finding that several tests give was
    given by the one that was measured, else by the least of them: protein in the urine is no biopsy of the kidney.
    """
    done: dict[str, Done] = {}
    for lab in history.labs:
        if lab.test in tests:
            done.setdefault(lab.test, Done()).known.append(_lab(lab))
    measured = {f for test in done for f in tests[test].yields}
    givers = _givers(chart.results, tests)
    for test in tests.values():
        shown = {
            f
            for f in (chart.found | chart.absent if test.tier == "ask-examine" else chart.results).intersection(test.yields)
            if test.tier == "ask-examine" or test.id in done or (f not in measured and test.id in givers[f])
        }
        if shown:
            entry = done.setdefault(test.id, Done())
            entry.known += [_finding(f, f in chart.absent, terms) for f in sorted(shown) if f in terms][:4]
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


def _givers(results: Iterable[str], tests: Mapping[str, Investigation]) -> dict[str, set[str]]:
    """For each finding the tests on the lowest rung that gives it."""
    givers: dict[str, set[str]] = {}
    for f in results:
        giving = [t for t in tests.values() if t.tier != "ask-examine" and f in t.yields]
        lowest = min((TIERS.index(t.tier) for t in giving), default=0)
        givers[f] = {t.id for t in giving if TIERS.index(t.tier) == lowest}
    return givers


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
