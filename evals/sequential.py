"""Sequential diagnosis: from the first sentence, by questions and tests, to a diagnosis; what it costs and how many turns it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import Literal

from pydantic import Field

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.finding import Question
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Language, Record
from yingzhi.evals.patient import Gatekeeper, Patient
from yingzhi.graphs.build import Graph
from yingzhi.graphs.run import consult

QUESTIONS = 5
"""Asked in a turn."""
ROUNDS = 4
"""Of questions in a row, before tests have their turn."""
TESTS = 2
"""Ordered in a turn."""
WORTH_ASKING = 0.05
"""Bits; what a question promises less is not asked."""
SURE = 0.9
MOST_TURNS = 12
STEADY = 3
"""Turns in which the leading diagnosis moves less than `MOVED`: going on is of no use."""
MOVED = 0.05
FIRST_LINE = ("ask-examine", "non-invasive", "blood")

Way = Literal["step-by-step", "all-at-once"]
"""all-at-once is the baseline: every first-line test that is recommended, in one go, and no question."""


class Arm(Record):
    """How cases are worked up, so that ways can be compared on the same cases."""

    way: Way
    budget: float | None = Field(default=None, ge=0, description="CNY for tests; null = any sum.")

    @property
    def name(self) -> str:
        """As tables call it."""
        return self.way if self.budget is None else f"{self.way}, {self.budget:g} CNY"


BASELINE = Arm(way="all-at-once")


class Course(Record):
    """How one interactive case went."""

    case: str
    lang: Language
    arm: Arm
    right: bool
    rank: int = Field(ge=0, description="Place of the right diagnosis at the end; 0 = not listed.")
    price: float = Field(ge=0, description="CNY spent on tests.")
    turns: int = Field(ge=1, description="Consultations held.")
    asked: int = Field(ge=0)
    tests: list[str] = Field(description="In the order they were done.")
    seconds: float = Field(default=0.0, ge=0)

    @property
    def key(self) -> str:
        """Case, language and arm: one course of a run each."""
        return f"{self.case}.{self.lang}.{self.arm.name}"


async def work_up(
    case: str,
    start: Presentation,
    patient: Patient,
    wanted: Iterable[str],
    resources: Resources,
    graph: Graph,
    arm: Arm,
) -> Course:
    """Work one case up until the diagnosis is sure, nothing is worth asking or ordering, or the turns or the money are gone.

    Args:
        case: Its id.
        start: Who the patient is and the opening words.
        patient: Who answers.
        wanted: Acceptable diagnoses.
        resources: From `open_resources`.
        graph: Compiled without checkpoints.
        arm: How to go on.
    """
    lang: Language = start.lang or "en"
    gatekeeper, way, began = (
        Gatekeeper(resources.knowledge.investigations, resources.knowledge.findings, arm.budget),
        arm.way,
        perf_counter(),
    )
    now, turns, asked, asking, looked = start, 1, 0, 0, False
    result = await consult(now, resources, graph=graph)
    leads = [_lead(result)]
    while turns < MOST_TURNS and not _sure(result) and not _steady(leads):
        before = {a.finding for a in now.answers}
        worth = [] if way == "all-at-once" else _questions(result, before)
        tests = [] if worth and asking < ROUNDS else _tests(result, gatekeeper, way)
        questions = [] if tests else worth
        if not questions and not tests:
            break
        answers = [patient.answer(q.finding, resources.model.ancestors) for q in questions]
        asking = asking + 1 if questions else 0
        if not looked and (way == "all-at-once" or any(q.how == "examine" for q in questions)):
            looked, known = True, before | {a.finding for a in answers}
            answers += [a for a in patient.look(resources.knowledge.findings) if a.finding not in known]
        reports = [gatekeeper.do(t, patient, lang) for t in tests if gatekeeper.may(t)]
        now = now.model_copy(update={"answers": [*now.answers, *answers], "reports": [*now.reports, *reports]})
        turns, asked = turns + 1, asked + len(questions)
        result = await consult(now, resources, graph=graph)
        leads.append(_lead(result))
        if way == "all-at-once":
            break
    ids, goal = [d.id for d in result.differential], set(wanted)
    rank = next((n for n, d in enumerate(ids, 1) if d in goal), 0)
    return Course(
        case=case, lang=lang, arm=arm, right=rank == 1, rank=rank, price=round(gatekeeper.spent, 1), turns=turns, asked=asked,
        tests=gatekeeper.done, seconds=round(perf_counter() - began, 3),
    )  # fmt: skip


def _sure(c: Consultation) -> bool:
    return bool(c.differential) and c.differential[0].probability >= SURE and c.confidence in {"moderate", "high"}


def _lead(c: Consultation) -> tuple[str, float]:
    return (c.differential[0].id, c.differential[0].probability) if c.differential else ("", 0.0)


def _steady(leads: Sequence[tuple[str, float]]) -> bool:
    """Whether the last turns moved nothing."""
    last = leads[-STEADY - 1 :]
    probabilities = [p for _, p in last]
    return len(last) > STEADY and len({d for d, _ in last}) == 1 and max(probabilities) - min(probabilities) < MOVED


def _questions(c: Consultation, before: set[str]) -> list[Question]:
    """The next questions, those that promise most first; none that was asked before."""
    questions = c.history.questions if c.history else []
    return [q for q in questions if q.gain >= WORTH_ASKING and q.finding not in before][:QUESTIONS]


def _tests(c: Consultation, gatekeeper: Gatekeeper, way: Way) -> list[str]:
    """The next tests of the ladder that can be paid: a few, or all of the first line."""
    if c.workup is None:
        return []
    open_ = [t for r in c.workup.rungs for t in r.tests if t.status == "recommended" and gatekeeper.may(t.id)]
    if way == "all-at-once":
        return [t.id for t in open_ if t.tier in FIRST_LINE]
    return [t.id for t in open_][:TESTS]
