"""The simulated patient, the gatekeeper and the course of an interactive case; replay."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.errors import GoldError
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Language, Text
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.interactive import (
    Note,
    as_text,
    disease_names,
    first_words,
    of_gold,
    of_note,
    open_courses,
    read_notes,
    run_courses,
    totals,
)
from yingzhi.evals.patient import NORMAL, Gatekeeper, Patient, patient_of
from yingzhi.evals.replay import GRAVE, drift
from yingzhi.evals.sequential import BASELINE, MOST_TURNS, Arm, Course, work_up
from yingzhi.evals.trace import Trace
from yingzhi.graphs.build import Graph, build_graph


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
    tests, terms, patient = resources.knowledge.investigations, resources.knowledge.findings, patient_of(gold)
    keeper = Gatekeeper(tests, terms)
    report = keeper.do("skin-biopsy-histology", patient, "en")
    assert "epidermal necrosis" in report.text
    assert report.kind == "pathology"
    assert NORMAL.zh in keeper.do("crp", patient, "zh").text
    assert keeper.spent == tests["skin-biopsy-histology"].price + tests["crp"].price
    for refused in ("crp", "no-such-test"):
        assert not keeper.may(refused)
        with pytest.raises(KeyError):
            keeper.do(refused, patient, "en")
    poor = Gatekeeper(tests, terms, budget=tests["crp"].price)
    assert poor.may("crp")
    assert not poor.may("skin-biopsy-histology")


def test_a_test_shows_what_the_record_says_of_it_where_the_case_has_no_report(resources: Resources) -> None:
    tests, terms = resources.knowledge.investigations, resources.knowledge.findings
    shown = next(f for f in tests["koh-microscopy"].yields if f in terms)
    there, not_there = (Patient(Text(en="An itch.", zh="痒。"), {shown: status}) for status in ("present", "absent"))
    report = Gatekeeper(tests, terms).do("koh-microscopy", there, "zh")
    assert terms[shown].names.zh in report.text
    assert NORMAL.zh not in report.text
    assert NORMAL.en in Gatekeeper(tests, terms).do("koh-microscopy", not_there, "en").text


def test_a_look_shows_the_lesions_and_no_sign_that_has_to_be_tried_for(gold: GoldCase, resources: Resources) -> None:
    seen = {a.finding for a in patient_of(gold).look(resources.knowledge.findings)}
    assert "atypical-target" in seen
    assert not seen & {"nikolsky-sign", "fever", "lymphadenopathy"}


async def test_a_course_asks_first_stays_in_its_budget_and_ends(gold: GoldCase, resources: Resources) -> None:
    graph, patient, prices = build_graph(), patient_of(gold), resources.knowledge.investigations
    start = of_gold(gold, "en").start
    courses = []
    for budget in (None, 60.0, 0.0):
        course = await work_up(gold.id, start, patient, gold.expected.diagnosis, resources, graph, Arm(way="step-by-step", budget=budget))
        courses.append(course)
        assert 1 < course.turns <= MOST_TURNS
        assert course.asked > 0
        assert budget is None or course.price <= budget
        assert course.price == sum(prices[t].price for t in course.tests)
    assert courses[-1].tests == [t for t in courses[-1].tests if prices[t].price == 0]
    base = await work_up(gold.id, start, patient, gold.expected.diagnosis, resources, graph, BASELINE)
    assert base.asked == 0
    assert base.turns == 2
    assert base.price > courses[0].price


async def test_a_patient_who_knows_nothing_ends_the_course_too(resources: Resources) -> None:
    nobody, start = Patient(Text(en="My skin itches.", zh="皮肤痒。"), {}), Presentation(text="My skin itches.", lang="en")
    course = await work_up("x", start, nobody, ["gout"], resources, build_graph(), Arm(way="step-by-step"))
    assert not course.right
    assert course.turns <= MOST_TURNS


NOTE = Note(
    id="n1",
    text="A 34-year-old woman has an itchy rash. Well-demarcated erythematous plaques with silvery scale on both elbows and knees. "
    "Auspitz sign positive. Nails are pitted.",
    diagnosis="Psoriasis vulgaris|Plaque psoriasis",
)


async def test_a_stopped_run_goes_on_where_it_was(resources: Resources, tmp_path: Path) -> None:
    file, arms, case = tmp_path / "courses.jsonl", [BASELINE, Arm(way="step-by-step")], of_note(NOTE, disease_names(resources.knowledge))
    assert case.wanted
    graph, told = build_graph(), list[int]()
    first = await run_courses([case], arms, resources, graph, file, lambda: told.append(1))
    assert [c.arm for c in first] == arms
    assert len(told) == 2
    assert first[1].right
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])  # killed while it wrote the second
    again = await run_courses([case], arms, resources, graph, file)
    assert [c.model_copy(update={"seconds": 0.0}) for c in again] == [c.model_copy(update={"seconds": 0.0}) for c in first]
    kept = file.read_bytes()
    assert kept.startswith(whole.split(b"\n")[0])
    await run_courses([case], arms, resources, cast("Graph", None), file)  # nothing is left to run: no graph is needed
    assert file.read_bytes() == kept
    file.write_bytes(b"{}\n" + kept)
    with pytest.raises(GoldError, match=r"courses\.jsonl line 1"):
        await run_courses([case], arms, resources, graph, file)


def test_a_name_of_before_is_refused_for_other_cases(resources: Resources, tmp_path: Path) -> None:
    names = disease_names(resources.knowledge)
    mine, other = of_note(NOTE, names), of_note(NOTE.model_copy(update={"diagnosis": "gout"}), names)
    assert open_courses(tmp_path, "a", [mine], resources) == open_courses(tmp_path, "a", [mine], resources)
    with pytest.raises(GoldError, match="choose another name"):
        open_courses(tmp_path, "a", [other], resources)
    with pytest.raises(GoldError, match="the name of a run"):
        open_courses(tmp_path, "../a", [mine], resources)


def test_names_of_a_disease_find_it_in_both_languages_and_an_unknown_one_finds_nothing(resources: Resources) -> None:
    names = disease_names(resources.knowledge)
    for said in ("psoriasis vulgaris", "Psoriasis Vulgaris", "寻常型银屑病", "尋常型銀屑病"):
        assert of_note(NOTE.model_copy(update={"diagnosis": said}), names).wanted, said
    assert not of_note(NOTE.model_copy(update={"diagnosis": "no such disease"}), names).wanted


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("{", "line 1: the line"),
        ('{"id": "a", "text": "SECRET"}', "line 1: diagnosis"),
        ('{"id": "a", "text": "SECRET", "diagnosis": "gout", "lang": "fr"}', "line 1: lang"),
        ('{"id": "a", "text": "x", "diagnosis": "gout"}\n{"id": "a", "text": "SECRET", "diagnosis": "gout"}', "line 2: id"),
        ("\n", "no notes"),
    ],
)
def test_a_file_of_notes_that_is_wrong_is_refused_by_line_and_key(line: str, where: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_text(line, encoding="utf-8")
    with pytest.raises(GoldError, match=where) as caught:
        read_notes(file)
    assert "SECRET" not in str(caught.value)


@given(st.text(alphabet="abc. 。！皮疹", max_size=80))
def test_the_opening_is_the_beginning_of_the_note(text: str) -> None:
    opening = first_words(text)
    assert text.strip().startswith(opening)
    assert bool(opening) == bool(text.strip())


def test_figures_are_means_and_differences_are_paired_by_case() -> None:
    def course(case: str, arm: Arm, rank: int, price: float) -> Course:
        return Course(case=case, lang="en", arm=arm, right=rank == 1, rank=rank, price=price, turns=2, asked=3, tests=["crp"])

    step = Arm(way="step-by-step", budget=50)
    courses = [course("a", BASELINE, 1, 100), course("a", step, 1, 10), course("b", BASELINE, 4, 300), course("b", step, 2, 50)]
    found = {(t.figure, t.arm.name): t for t in totals(courses)}
    assert found["CNY for tests", "all-at-once"].mean.value == 200
    assert found["CNY for tests", "all-at-once"].difference is None
    apart = found["CNY for tests", "step-by-step, 50 CNY"].difference
    assert apart is not None
    assert (apart.value, apart.low, apart.high) == (-170, -250, -90)
    assert found["in the first three", "step-by-step, 50 CNY"].mean.value == 1
    assert found["in the first three", "all-at-once"].mean.value == 0.5
    text = as_text(list(found.values()))
    assert "step-by-step, 50 CNY" in text
    assert "-170 (-250 to -90)" in text


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
