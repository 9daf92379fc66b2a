"""What makes a test riskier for one patient, or its result worth less, by the risk rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yingzhi.clinical.workup import Caution
from yingzhi.knowledge.models import FindingTerm, Investigation
from yingzhi.knowledge.workup_models import TestRisk
from yingzhi.tools.chart import Chart
from yingzhi.tools.red_flags import text

HARM: Mapping[str, float] = {"none": 0.0, "venepuncture": 1.0, "minor": 8.0, "major": 30.0}
"""Harm points of a test by itself: a scale of this program's own, on which a small wound counts as eight venepunctures."""
RAISED: Mapping[str, float] = {"avoid": 4.0, "postpone": 2.5, "caution": 1.5, "less-telling": 1.0, "note": 1.0}
"""What a caution multiplies the harm with."""
FLOOR: Mapping[str, float] = {"avoid": 30.0, "postpone": 15.0, "caution": 4.0, "less-telling": 0.0, "note": 0.0}
"""Harm points that a caution brings by itself: contrast hurts nobody by a wound."""
WORST = ("avoid", "postpone", "caution", "less-telling", "note")


def held_by(chart: Chart, rules: Iterable[TestRisk]) -> list[tuple[TestRisk, list[str]]]:
    """The rules that hold for a patient, each with what brings it about."""
    return [(rule, because) for rule in rules if (because := _because(rule, chart))]


def cautions_of(test: Investigation, held: Iterable[tuple[TestRisk, list[str]]]) -> list[Caution]:
    """The cautions of one test, the gravest first."""
    hazards = set(test.hazards)
    found = [
        Caution(
            id=rule.id,
            level=rule.level,
            title=text(rule.title),
            why=text(rule.why),
            act=text(rule.act),
            because=because,
            first=list(rule.first),
            sources=list(rule.sources),
        )
        for rule, because in held
        if not hazards.isdisjoint(rule.hazards) or test.id in rule.tests
    ]
    return sorted(found, key=lambda c: WORST.index(c.level))


def harm_of(test: Investigation, cautions: Iterable[Caution], other_risks: int) -> float:
    """Harm points of a test for a patient; no caution ever lowers them.

    Args:
        test: The test.
        cautions: What the risk rules say of it for the patient.
        other_risks: How many of the findings that the test's own entry names as raising its risk are there.
    """
    harm = HARM[test.invasiveness] * (1.5**other_risks)
    for caution in cautions:
        harm = max(harm * RAISED[caution.level], FLOOR[caution.level])
    return round(harm, 2)


def plain_risks(test: Investigation, chart: Chart, cautions: Iterable[Caution], terms: Mapping[str, FindingTerm]) -> list[str]:
    """Findings that the test's own entry names as raising its risk, that are there, and that no caution speaks of."""
    told = {b for c in cautions for b in c.because}
    return [r for r in test.risk_raised_by if r in chart.there and r in terms and r not in told]


def _because(rule: TestRisk, chart: Chart) -> list[str]:
    if any(analyte in chart.labs for analyte in rule.unless_known):
        return []
    found = [f for f in rule.findings if f in chart.there]
    found += chart.takes(frozenset(rule.drugs))
    found += ["pregnancy"] if rule.pregnancy and chart.pregnant and "pregnancy" not in found else []
    found += [a for a in chart.allergies if any(word in a for word in rule.allergies)]
    for limit in rule.limits:
        value = chart.labs.get(limit.analyte)
        beyond = value is not None and (
            (limit.above is not None and value > limit.above) or (limit.below is not None and value < limit.below)
        )
        found += [limit.analyte] if beyond else []
    return list(dict.fromkeys(found))
