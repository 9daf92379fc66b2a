"""The simulated patient, the gatekeeper and the course of an interactive case; replay."""

from __future__ import annotations

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Language, Text
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.patient import NORMAL, Gatekeeper, Patient, patient_of
from yingzhi.evals.replay import GRAVE, drift
from yingzhi.evals.sequential import MOST_TURNS, totals, work_up
from yingzhi.evals.trace import Trace
from yingzhi.graphs.build import build_graph


def test_the_patient_answers_what_is_asked_from_the_case_and_nothing_else(gold: GoldCase, resources: Resources) -> None:
    patient, ancestors = patient_of(gold), resources.model.ancestors
    assert patient.answer("nikolsky-sign", ancestors).status == "present"
    assert patient.answer("lymphadenopathy", ancestors).status == "absent"
    assert patient.answer("joint-pain", ancestors) == patient.answer("joint-pain", ancestors)
    assert patient.answer("joint-pain", ancestors).status == "absent"
    implied = next(iter(ancestors["oral-erosion"]))
    assert patient.answer(implied, ancestors).status == "present"


def test_the_gatekeeper_gives_every_test_once_at_its_price_and_a_normal_result_where_the_case_is_silent(
    gold: GoldCase, resources: Resources
) -> None:
    tests, patient = resources.knowledge.investigations, patient_of(gold)
    keeper = Gatekeeper(tests)
    report = keeper.do("skin-biopsy-histology", patient, "en")
    assert "epidermal necrosis" in report.text
    assert report.kind == "pathology"
    assert NORMAL.zh in keeper.do("crp", patient, "zh").text
    assert keeper.spent == tests["skin-biopsy-histology"].price + tests["crp"].price
    for refused in ("crp", "no-such-test"):
        assert not keeper.may(refused)
        with pytest.raises(KeyError):
            keeper.do(refused, patient, "en")
    poor = Gatekeeper(tests, budget=tests["crp"].price)
    assert poor.may("crp")
    assert not poor.may("skin-biopsy-histology")


async def test_a_course_asks_first_stays_in_its_budget_and_ends(gold: GoldCase, resources: Resources) -> None:
    graph, patient = build_graph(), patient_of(gold)
    courses = []
    for budget in (None, 60.0, 0.0):
        start = Presentation(id=gold.id, text=gold.opening.en, lang="en", patient=gold.patient, setting=gold.setting)
        course = await work_up(gold.id, start, patient, gold.expected.diagnosis, resources, graph, budget=budget)
        courses.append(course)
        assert 1 < course.turns <= MOST_TURNS
        assert course.asked > 0
        assert budget is None or course.price <= budget
        assert course.price == sum(resources.knowledge.investigations[t].price for t in course.tests)
    assert courses[-1].tests == [t for t in courses[-1].tests if resources.knowledge.investigations[t].price == 0]
    start = Presentation(id=gold.id, text=gold.opening.en, lang="en", patient=gold.patient)
    base = await work_up(gold.id, start, patient, gold.expected.diagnosis, resources, graph, way="all-at-once")
    assert base.asked == 0
    assert base.turns == 2
    assert totals([base, base]).price == base.price


async def test_a_patient_who_knows_nothing_ends_the_course_too(resources: Resources) -> None:
    nobody = Patient(Text(en="My skin itches.", zh="皮肤痒。"), {})
    course = await work_up("x", Presentation(text="My skin itches.", lang="en"), nobody, ["gout"], resources, build_graph())
    assert not course.right
    assert course.turns <= MOST_TURNS


def test_drift_names_every_changed_conclusion(traces: dict[Language, Trace]) -> None:
    trace = traces["en"]
    assert trace.consultation is not None
    assert drift(trace, trace) == []
    c = trace.consultation
    assert c.referral is not None
    new = c.model_copy(
        update={
            "differential": c.differential[1:],
            "alerts": c.alerts[1:],
            "must_not_miss": [],
            "referral": c.referral.model_copy(update={"urgency": "routine"}),
        }
    )
    found = drift(trace, trace.model_copy(update={"consultation": new}))
    assert {d.what for d in found} >= {"leading diagnosis", "alert", "must not miss", "level of care"}
    assert all(d.before != d.after for d in found)
    assert {d.what for d in found} & GRAVE
    broken = trace.model_copy(update={"consultation": None, "error": "ValueError"})
    assert [(d.what, d.after) for d in drift(trace, broken)] == [("error", "ValueError")]
