"""Tests that something other than a diagnosis asks for: an emergency, a drug list, a link to the rest of the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.differential import SystemicLink
from yingzhi.clinical.words import Text, Tier
from yingzhi.knowledge.models import Investigation
from yingzhi.tools.chart import Chart

MANY_DRUGS = 5
"""Drugs from which on a list is gone through whatever leads."""
LINKED_TIERS: frozenset[Tier] = frozenset({"ask-examine", "non-invasive", "blood"})
"""A link asks for no wound by itself."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Why a test is asked for, and how much that counts in the order of tests, in bits."""

    why: Text
    weight: float


def asks_of(
    links: Sequence[SystemicLink], alerts: Sequence[Alert], chart: Chart, tests: Mapping[str, Investigation], eruption: Text | None
) -> dict[str, Ask]:
    """The asked tests by their id.

    Args:
        links: What of the rest of the body bears; only strong links ask.
        alerts: Red flags; a critical one asks for vital signs.
        chart: The patient.
        tests: All investigations.
        eruption: Name of a likely drug eruption, if any.
    """
    asked: dict[str, Ask] = {}
    for link in links:
        if link.strength != "strong":
            continue
        why = Text(en=f"Beyond the skin: {link.condition.en}", zh=f"全身：{link.condition.zh}")
        for check in link.checks:
            if check.kind == "test" and check.state == "open" and tests[check.id].tier in LINKED_TIERS:
                asked.setdefault(check.id, Ask(why, 0.15))
    culprits = [c for link in links for c in link.checks if c.kind == "drug" and c.state == "for"]
    if culprits:
        names = list(dict.fromkeys(c.en for c in culprits))[:3], list(dict.fromkeys(c.zh for c in culprits))[:3]
        why = Text(en=f"May have set it off: {', '.join(names[0])}", zh=f"可能的诱发药物：{'、'.join(names[1])}")
        asked["medication-review"] = Ask(why, 0.4)
    elif eruption is not None:
        asked["medication-review"] = Ask(Text(en=f"{eruption.en}: which drug, since when", zh=f"{eruption.zh}：何药、何时开始"), 0.4)
    elif chart.recorded >= MANY_DRUGS:
        asked["medication-review"] = Ask(Text(en=f"{chart.recorded} drugs are recorded", zh=f"记录有{chart.recorded}种药物"), 0.3)
    if any(a.level == "critical" and a.kind == "red-flag" for a in alerts):
        asked["vital-signs"] = Ask(
            Text(en="Red flag: pulse, pressure, breathing, temperature, oxygen", zh="危险信号：测脉搏、血压、呼吸、体温、血氧"), 0.6
        )
    return asked
