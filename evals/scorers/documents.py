"""Documents: complete, and every sentence traced to something that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.document import DocumentKind
from yingzhi.clinical.words import Record
from yingzhi.evals.cases import ALTERNATIVE, GoldCase
from yingzhi.evals.score import Score, share, unscored
from yingzhi.evals.scorers.diagnosis import given
from yingzhi.evals.trace import Trace

LISTED = 5


@dataclass(frozen=True, slots=True)
class Completeness:
    """Share of what the drafts have to be and to say: all five kinds, the AI label, and the case's own must-haves."""

    name: str = "documents"
    gate: bool = False
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Words are compared without regard to case."""
        drafts = {d.kind: d for d in given(trace).documents}
        wishes: dict[str, bool] = {kind: kind in drafts for kind in get_args(DocumentKind)}
        wishes |= {f"label of {kind}": bool(d.label) for kind, d in drafts.items()}
        for must in gold.expected.documents:
            text = drafts[must.kind].text().casefold() if must.kind in drafts else ""
            words = must.says.say(trace.lang)
            wishes[f"{must.kind} says {words}"] = any(w.casefold() in text for w in ALTERNATIVE.split(words))
        return share(wishes, "document")


@dataclass(frozen=True, slots=True)
class Traced:
    """Share of the sentences of all drafts whose paths lead to something in the consultation."""

    name: str = "sentences-traced"
    gate: bool = True
    better: Literal["higher"] = "higher"

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Name the paths that lead nowhere."""
        c = given(trace)
        sentences = [s for d in c.documents for section in d.sections for s in section.sentences]
        if not sentences:
            return unscored("there are no drafts")
        state = state_of(c, trace)
        lost = {p for p in {p for s in sentences for p in s.paths} if not leads(p, state)}
        untraced = sum(1 for s in sentences if all(p in lost for p in s.paths))
        return Score(value=1 - untraced / len(sentences), why=f"leads nowhere: {', '.join(sorted(lost)[:LISTED])}" if lost else "")


def state_of(c: Consultation, trace: Trace) -> dict[str, Any]:
    """The consultation as the state that paths go through."""
    rungs = c.workup.rungs if c.workup else []
    workup: dict[str, Any] = dict(c.workup) if c.workup else {}
    workup |= {t.id: t for rung in rungs for t in rung.tests} | {rung.tier: rung for rung in rungs}
    ranking = ("confidence", "other", "contrasts", "together", "systemic_links", "decision_path", "must_not_miss")
    return {
        "presentation": trace.presentation,
        "history": c.history,
        "differential": {"diagnoses": c.differential, **{name: getattr(c, name) for name in ranking}},
        "workup": workup,
        "pharmacology": c.medication,
        "reviews": [],
        "documentation": {"referral": c.referral},
        "alerts": {a.id: a for a in c.alerts},
        "knowledge": {"diseases": {d.id: True for d in c.differential}},
    }


def leads(path: str, state: Mapping[str, Any]) -> bool:
    """Whether a path like `history.findings.3` leads to something; what follows an id of the knowledge is not looked into."""
    if path.startswith("alerts."):  # ids of alerts may hold full stops
        return path.removeprefix("alerts.") in state["alerts"]
    here: Any = state
    for step in path.split("."):
        if here is True:
            return True
        if isinstance(here, list):
            here = here[int(step)] if step.isdigit() and int(step) < len(here) else None
        elif isinstance(here, Record):
            here = getattr(here, step) if step in type(here).model_fields else None
        else:
            here = here.get(step) if isinstance(here, Mapping) else None
        if here is None:
            return False
    return True
