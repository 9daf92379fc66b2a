"""Simulated drift: stored consultations on new code or knowledge, and every conclusion that is not the same any more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Literal

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.words import Language, Record
from yingzhi.evals.engine import run_case
from yingzhi.evals.scorers.workup import recommended
from yingzhi.evals.trace import Trace
from yingzhi.graphs.build import Graph

What = Literal["error", "leading diagnosis", "first five", "must not miss", "alert", "test", "drug verdict", "level of care", "status"]
GRAVE: frozenset[What] = frozenset({"error", "leading diagnosis", "must not miss", "alert", "drug verdict", "level of care"})
"""What a doctor would act on differently."""


class Drift(Record):
    """One conclusion that is not what it was."""

    case: str
    lang: Language
    what: What
    before: str
    after: str


def conclusions(c: Consultation) -> dict[What, dict[str, str]]:
    """What a consultation concludes, each with a name by which it is found again."""
    first = [d.id for d in c.differential[:5]]
    return {
        "leading diagnosis": {"first": first[0] if first else ""},
        "first five": {"set": ", ".join(sorted(first))},
        "must not miss": dict.fromkeys(c.must_not_miss, "there"),
        "alert": {a.id: a.level for a in c.alerts if a.kind != "model"},
        "test": dict.fromkeys(recommended(c.workup), "recommended"),
        "drug verdict": {f"{o.disease} {o.drug}": o.suitable for o in c.medication.options if o.drug} if c.medication else {},
        "level of care": {"care": f"{c.referral.level}, {c.referral.urgency}" if c.referral else ""},
        "status": {"status": c.status},
    }


def drift(before: Trace, after: Trace) -> list[Drift]:
    """What two traces of the same case do not agree on."""
    if before.consultation is None or after.consultation is None:
        if before.error == after.error:
            return []
        return [Drift(case=before.case, lang=before.lang, what="error", before=before.error or "none", after=after.error or "none")]
    old, new = conclusions(before.consultation), conclusions(after.consultation)
    return [
        Drift(case=before.case, lang=before.lang, what=what, before=_said(name, old[what]), after=_said(name, new[what]))
        for what in old
        for name in sorted(old[what].keys() | new[what].keys())
        if old[what].get(name) != new[what].get(name)
    ]


def _said(name: str, found: dict[str, str]) -> str:
    value = found.get(name)
    return "none" if value is None else value if name in {"first", "set", "care", "status"} else f"{name}: {value}"


async def replay(traces: Iterable[Trace], resources: Resources, graph: Graph) -> AsyncIterator[tuple[Trace, list[Drift]]]:
    """Run stored consultations again, one after the other, each with what has changed."""
    for trace in traces:
        again = await run_case(trace.case, trace.presentation, trace.lang, resources, graph, trace.epoch)
        yield again, drift(trace, again)
