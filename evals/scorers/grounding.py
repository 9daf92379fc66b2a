"""Grounding: everything cited can be looked up, and what was retrieved supports what cites it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yingzhi.evals.cases import GoldCase
from yingzhi.evals.score import Score, unscored
from yingzhi.evals.scorers.diagnosis import given
from yingzhi.evals.trace import Trace
from yingzhi.tools.entailment import supports
from yingzhi.tools.lexicon import Lexicon

LEADING = 3
LISTED = 5


@dataclass(frozen=True, slots=True)
class Citations:
    """Every id that is cited stands among the sources."""

    name: str = "citations-resolve"
    gate: bool = True
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Diagnoses, their cells and links, tests, alerts, treatment options and remarks."""
        c = given(trace)
        cited = {s for d in c.differential for s in d.sources} | {link.source for link in c.systemic_links}
        cited |= {cell.source for d in c.differential for cell in d.cells if cell.source}
        cited |= {s for a in c.alerts for s in a.sources} | {i for r in [*c.remarks, *c.doubts] for i in r.citations}
        if c.workup:
            cited |= {t.source for r in c.workup.rungs for t in r.tests if t.source}
        if c.medication:
            cited |= set(c.medication.cited())
        lost = sorted(cited - {s.id for s in c.sources})
        if not cited:
            return unscored("nothing is cited")
        return Score(value=1 - len(lost) / len(cited), why=f"not among the sources: {', '.join(lost)}" if lost else "")


@dataclass(frozen=True, slots=True)
class Groundedness:
    """Share of what is said that names a source: cells of the leading diagnoses, recommended tests, options, alerts of rules."""

    name: str = "groundedness"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """What has none is named, up to five."""
        c = given(trace)
        said: list[tuple[str, bool]] = [
            (f"{d.id} and {cell.finding}", bool(cell.source))
            for d in c.differential[:LEADING]
            for cell in d.cells
            if cell.effect == "supports" and cell.share is not None
        ]
        if c.workup:
            said += [(f"test {t.id}", bool(t.source)) for r in c.workup.rungs for t in r.tests if t.status == "recommended"]
        if c.medication:
            said += [(f"option {o.drug or o.en}", bool(o.source)) for o in c.medication.options]
        said += [(f"alert {a.id}", bool(a.sources)) for a in c.alerts if a.kind == "red-flag" and not a.id.startswith("finding-")]
        if not said:
            return unscored("nothing is said that needs a source")
        bare = [what for what, there in said if not there]
        return Score(value=1 - len(bare) / len(said), why=f"without a source: {', '.join(bare[:LISTED])}" if bare else "")


@dataclass(frozen=True, slots=True)
class CitationSupport:
    """Share of a model's citations whose passage supports the remark, by its words."""

    lexicon: Lexicon | None = None
    name: str = "citation-support"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Unscored without a model."""
        c = given(trace)
        passages = {s.id: s.passage for s in c.sources}
        pairs = [(i, r.text) for r in [*c.remarks, *c.doubts] for i in r.citations]
        if not pairs or self.lexicon is None:
            return unscored("no model cites anything" if not pairs else "there is no lexicon to compare with")
        lexicon = self.lexicon
        idle = [i for i, text in pairs if not supports(text, passages.get(i, ""), lexicon)]
        return Score(value=1 - len(idle) / len(pairs), why=f"not supported by: {', '.join(idle)}" if idle else "")
