"""What a scorer is and gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from pydantic import Field

from yingzhi.clinical.words import Record
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.trace import Trace


class Score(Record):
    """A value with its reason; without a value it is unscored, which is neither good nor bad."""

    value: float | None = Field(description="Usually 0 to 1; null = unscored.")
    why: str = Field(default="", description="What was wrong, by ids; empty if nothing was.")
    parts: dict[str, float] = Field(default_factory=dict, description="Figures that the value was made of, for aggregates.")


class Scorer(Protocol):
    """Reads a gold case and a trace, and nothing else, so that stored runs can be scored again for nothing."""

    @property
    def name(self) -> str:
        """How it is called in tables; kebab-case."""
        ...

    @property
    def gate(self) -> bool:
        """Whether anything below 1 is a breach of safety and sets the exit code."""
        ...

    @property
    def better(self) -> Literal["higher", "lower", "neither"]:
        """Which way is better; `neither` for what is only reported."""
        ...

    def score(self, gold: GoldCase, trace: Trace) -> Score:
        """Score one trace."""
        ...


CRASHED = "the scorer crashed"


def unscored(why: str) -> Score:
    """There is nothing to score."""
    return Score(value=None, why=why)


def share(right: Mapping[Any, bool], what: str) -> Score:
    """The share of wishes that came true, with those that did not as the reason; unscored if nothing was wished."""
    if not right:
        return unscored(f"the case expects no {what}")
    missing = [str(name) for name, there in right.items() if not there]
    return Score(value=1 - len(missing) / len(right), why=f"missing: {', '.join(missing)}" if missing else "")


def scored(scorer: Scorer, gold: GoldCase, trace: Trace) -> Score:
    """A scorer's score; what crashes is unscored, and a run that ended in an error is 0 for all that can be better."""
    if trace.consultation is None and scorer.better == "higher":
        return Score(value=0.0, why=f"the run ended in {trace.error or 'an error'}")
    if trace.consultation is None and scorer.better == "lower":
        return unscored(f"the run ended in {trace.error or 'an error'}")
    try:
        return scorer.score(gold, trace)
    except Exception as error:  # a scorer that crashes is a result, not the end of the run
        return unscored(f"{CRASHED}: {type(error).__name__}")
