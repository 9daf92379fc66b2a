"""Sequential diagnosis: from the first sentence, by questions and tests, to a diagnosis; what it costs and how many turns it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Language, Record
from yingzhi.evals.patient import Gatekeeper, Patient
from yingzhi.graphs.build import Graph
from yingzhi.graphs.run import consult

QUESTIONS = 3
"""Asked in a turn."""
TESTS = 2
"""Ordered in a turn."""
WORTH_ASKING = 0.02
"""Bits; what a question promises less is not asked."""
SURE = 0.9
MOST_TURNS = 12
FIRST_LINE = ("ask-examine", "non-invasive", "blood")

Way = Literal["step-by-step", "all-at-once"]
"""all-at-once is the baseline: every first-line test that is recommended, in one go, and no question."""


class Course(Record):
    """How one interactive case went."""

    case: str
    lang: Language
    way: Way
    budget: float | None = None
    right: bool
    rank: int = Field(ge=0, description="Place of the right diagnosis at the end; 0 = not listed.")
    price: float = Field(ge=0, description="CNY spent on tests.")
    turns: int = Field(ge=1, description="Consultations held.")
    asked: int = Field(ge=0)
    tests: list[str]


async def work_up(
    case: str,
    start: Presentation,
    patient: Patient,
    wanted: Iterable[str],
    resources: Resources,
    graph: Graph,
    *,
    way: Way = "step-by-step",
    budget: float | None = None,
) -> Course:
    """Work one case up until the diagnosis is sure, nothing is worth asking or ordering, or the turns or the money are gone.

    Args:
        case: Its id.
        start: Who the patient is and the opening words.
        patient: Who answers.
        wanted: Acceptable diagnoses.
        resources: From `open_resources`.
        graph: Compiled without checkpoints.
        way: How to go on.
        budget: CNY for tests; None for any sum.
    """
    lang: Language = start.lang or "en"
    gatekeeper = Gatekeeper(resources.knowledge.investigations, budget)
    now, turns, asked = start, 1, 0
    result = await consult(now, resources, graph=graph)
    while turns < MOST_TURNS and not _sure(result):
        questions = [] if way == "all-at-once" else _questions(result, {a.finding for a in now.answers})
        tests = _tests(result, gatekeeper, way) if not questions else []
        if not questions and not tests:
            break
        answers = [patient.answer(f, resources.model.ancestors) for f in questions]
        reports = [gatekeeper.do(t, patient, lang) for t in tests if gatekeeper.may(t)]
        now = now.model_copy(update={"answers": [*now.answers, *answers], "reports": [*now.reports, *reports]})
        turns, asked = turns + 1, asked + len(answers)
        result = await consult(now, resources, graph=graph)
        if way == "all-at-once":
            break
    ids, goal = [d.id for d in result.differential], set(wanted)
    rank = next((n for n, d in enumerate(ids, 1) if d in goal), 0)
    return Course(
        case=case, lang=lang, way=way, budget=budget, right=rank == 1, rank=rank, price=round(gatekeeper.spent, 1), turns=turns,
        asked=asked, tests=gatekeeper.done,
    )  # fmt: skip


def _sure(c: Consultation) -> bool:
    return bool(c.differential) and c.differential[0].probability >= SURE and c.confidence in {"moderate", "high"}


def _questions(c: Consultation, before: set[str]) -> list[str]:
    """The next questions, those that promise most first; none that was asked before."""
    questions = c.history.questions if c.history else []
    return [q.finding for q in questions if q.gain >= WORTH_ASKING and q.finding not in before][:QUESTIONS]


def _tests(c: Consultation, gatekeeper: Gatekeeper, way: Way) -> list[str]:
    """The next tests of the ladder that can be paid: a few, or all of the first line."""
    if c.workup is None:
        return []
    open_ = [t for r in c.workup.rungs for t in r.tests if t.status == "recommended" and gatekeeper.may(t.id)]
    if way == "all-at-once":
        return [t.id for t in open_ if t.tier in FIRST_LINE]
    return [t.id for t in open_][:TESTS]


class Totals(Record):
    """Figures over many courses."""

    way: Way
    budget: float | None
    n: int
    first: float = Field(description="Share with the right diagnosis first.")
    top3: float
    price: float = Field(description="Mean CNY a case.")
    turns: float
    asked: float


def totals(courses: Sequence[Course]) -> Totals:
    """The figures of courses that went one way under one budget."""
    n = len(courses)
    return Totals(
        way=courses[0].way,
        budget=courses[0].budget,
        n=n,
        first=sum(c.right for c in courses) / n,
        top3=sum(0 < c.rank <= 3 for c in courses) / n,
        price=sum(c.price for c in courses) / n,
        turns=sum(c.turns for c in courses) / n,
        asked=sum(c.asked for c in courses) / n,
    )
