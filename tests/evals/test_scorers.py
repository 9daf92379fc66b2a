"""Every scorer gives a real trace of an easy case its due, and a deliberately wrong one less, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation, Fault
from yingzhi.clinical.presentation import Medication, Report
from yingzhi.clinical.remark import Dropped, ModelUse, Remark
from yingzhi.clinical.treatment import TreatmentOption
from yingzhi.clinical.words import Language
from yingzhi.evals.cases import GoldCase, Step, Trajectory
from yingzhi.evals.score import Score, Scorer, scored
from yingzhi.evals.scorers import standard
from yingzhi.evals.scorers.documents import Traced
from yingzhi.evals.scorers.parity import parity
from yingzhi.evals.scorers.trajectory import matched
from yingzhi.evals.trace import Trace

Change = Callable[[Consultation], Consultation]


def scorer(name: str, resources: Resources) -> Scorer:
    return next(s for s in standard(resources.lexicon) if s.name == name)


def changed(trace: Trace, change: Change) -> Trace:
    assert trace.consultation is not None
    return trace.model_copy(update={"consultation": change(trace.consultation.model_copy(deep=True))})


def put(**fields: Any) -> Change:
    return lambda c: c.model_copy(update=fields)


def without_lead(c: Consultation) -> Consultation:
    return c.model_copy(update={"differential": [d for d in c.differential if d.id != "sjs-ten"], "must_not_miss": []})


def turned(c: Consultation) -> Consultation:
    for d in c.differential:
        for cell in d.cells:
            cell.effect = {"supports": "opposes", "opposes": "supports"}.get(cell.effect, cell.effect)  # type: ignore[assignment]
    return c


def misread(c: Consultation) -> Consultation:
    assert c.history is not None
    for f in c.history.findings:
        f.status = "absent" if f.status == "present" else "present"
    return c


def elsewhere(c: Consultation) -> Consultation:
    assert c.history is not None
    for f in c.history.findings:
        for span in f.spans:
            span.start = span.end = 0
    return c


def behind_a_gate(c: Consultation) -> Consultation:
    assert c.workup is not None
    rung = next(r for r in c.workup.rungs if r.tests)
    rung.open, rung.tests[0].status = False, "recommended"
    return c


def last_first(c: Consultation) -> Consultation:
    assert c.workup is not None
    first = c.workup.rungs[0]
    some = next(t for r in c.workup.rungs for t in r.tests)
    first.tests = [some.model_copy(update={"id": f"other-{i}", "status": "recommended"}) for i in range(10)]
    return c


def no_tests(c: Consultation) -> Consultation:
    assert c.workup is not None
    for rung in c.workup.rungs:
        rung.tests = []
    return c


def quiet(c: Consultation) -> Consultation:
    return c.model_copy(update={"alerts": [a.model_copy(update={"level": "notice"}) for a in c.alerts]})


def culprit_again(c: Consultation) -> Consultation:
    assert c.medication is not None
    c.medication.options = [TreatmentOption(disease="sjs-ten", line=1, drug="carbamazepine", en="x", zh="x", suitable="yes")]
    return c


def wait(c: Consultation) -> Consultation:
    assert c.referral is not None
    return c.model_copy(update={"referral": c.referral.model_copy(update={"level": "primary", "urgency": "routine"})})


def bare(c: Consultation) -> Consultation:
    for d in c.differential:
        for cell in d.cells:
            cell.source = ""
    return c


def invented(c: Consultation) -> Consultation:
    return c.model_copy(update={"remarks": [Remark(specialist="differential", text="Nail pitting fits gout.", citations=["no#1"], by="m")]})


def untraced(c: Consultation) -> Consultation:
    for document in c.documents:
        for section in document.sections:
            for sentence in section.sentences:
                sentence.paths = ["history.findings.999"]
    return c


def drug_lost(c: Consultation) -> Consultation:
    assert c.history is not None
    c.history.medications.append(Medication(name="thalidomide"))
    return c


DROPPED = [Dropped(what="finding", why="unknown id"), Dropped(what="finding eczema", why="unknown id"), Dropped(what="alert", why="order")]


def busy(c: Consultation) -> Consultation:
    use = ModelUse(
        specialist="history", model="m", outcome="used", calls=3, tokens_in=1000, tokens_out=200, cost=0.5, taken=4, dropped=DROPPED
    )
    return c.model_copy(update={"model_use": [use]})


WRONG: list[tuple[str, Change, float]] = [
    ("diagnosis-top-1", put(differential=[]), 0.0),
    ("diagnosis-top-3", without_lead, 0.0),
    ("diagnosis-top-5", without_lead, 0.0),
    ("must-not-miss", without_lead, 0.0),
    ("matrix", turned, 0.0),
    ("findings", misread, 0.0),
    ("findings", elsewhere, 0.2),
    ("findings", put(history=None), 0.0),
    ("first-tests", no_tests, 0.0),
    ("gates", behind_a_gate, 0.0),
    ("workup-order", last_first, 0.4),
    ("alert-recall", quiet, 0.0),
    ("critical-alerts", put(alerts=[]), 0.0),
    ("forbidden-drugs", culprit_again, 0.0),
    ("level-of-care", wait, 0.0),
    ("level-of-care", put(referral=None), 0.0),
    ("citations-resolve", put(sources=[]), 0.0),
    ("citation-support", invented, 0.0),
    ("groundedness", bare, 0.8),
    ("documents", put(documents=[]), 0.0),
    ("sentences-traced", untraced, 0.0),
    ("hand-offs", drug_lost, 0.99),
    ("hand-offs", put(medication=None), 0.9),
    ("whole", put(faults=[Fault(specialist="workup", reason="ValueError")]), 0.0),
]


@pytest.mark.parametrize(("name", "change", "most"), WRONG, ids=[f"{n}-{i}" for i, (n, _, _) in enumerate(WRONG)])
def test_a_wrong_trace_scores_less_and_says_why(
    name: str, change: Change, most: float, gold: GoldCase, trace: Trace, resources: Resources
) -> None:
    s = scorer(name, resources)
    right, wrong = scored(s, gold, trace), scored(s, gold, changed(trace, change))
    assert wrong.value is not None
    assert wrong.value <= most
    assert wrong.why
    if name != "citation-support":  # without a model nothing is cited
        assert right.value is not None
        assert right.value > wrong.value


def test_an_alert_that_the_case_gives_no_reason_for_costs_precision(gold: GoldCase, trace: Trace, resources: Resources) -> None:
    calm = gold.model_copy(update={"expected": gold.expected.model_copy(update={"urgency": "routine", "alerts": []})})
    s = scorer("alert-precision", resources)
    assert scored(s, gold, trace).value is None
    score = scored(s, calm, trace)
    assert score.value == 0.0
    assert "without a reason" in score.why


def test_a_bold_wrong_diagnosis_has_a_worse_brier_score(gold: GoldCase, trace: Trace, resources: Resources) -> None:
    def bold(c: Consultation) -> Consultation:
        c.differential[0].id, c.differential[0].probability = "gout", 0.99
        return c

    s = scorer("brier", resources)
    right, wrong = scored(s, gold, trace).value, scored(s, gold, changed(trace, bold)).value
    assert right is not None
    assert wrong == pytest.approx(0.9801)
    assert right < 0.3


def test_costs_are_reported_and_unscored_without_a_model(gold: GoldCase, trace: Trace, resources: Resources) -> None:
    dear = changed(trace, busy)
    for name, value in (("model-calls", 3), ("tokens", 1200), ("model-cost", 0.5), ("dropped-proposals", 3)):
        assert scored(scorer(name, resources), gold, trace).value is None
        assert scored(scorer(name, resources), gold, dear).value == value
    assert scored(scorer("seconds", resources), gold, trace.model_copy(update={"seconds": 9.0})).value == 9.0
    price = scored(scorer("workup-price", resources), gold, trace)
    assert trace.consultation is not None
    assert trace.consultation.workup is not None
    assert price.value == trace.consultation.workup.price_now


def test_a_report_that_nobody_read_is_a_lost_hand_off(gold: GoldCase, trace: Trace, resources: Resources) -> None:
    more = trace.presentation.model_copy(update={"reports": [Report(text="Histology: necrosis.")]})
    assert "report 0 to history" in scored(scorer("hand-offs", resources), gold, trace.model_copy(update={"presentation": more})).why


STEPS = [Step(tool="a"), Step(tool="b", about=["x", "y"]), Step(tool="c", specialist="workup")]
CALLS: list[tuple[list[dict[str, Any]], dict[str, float]]] = [
    (
        [{"tool": "a"}, {"tool": "b", "about": ["x", "y"]}, {"tool": "c", "specialist": "workup"}],
        {"exact": 1, "in_order": 1, "any_order": 1, "subset": 1},
    ),
    (
        [{"tool": "c", "specialist": "workup"}, {"tool": "b", "about": ["x", "y"]}, {"tool": "a"}],
        {"exact": 1 / 3, "in_order": 1 / 3, "any_order": 1, "subset": 1},
    ),
    ([{"tool": "a"}, {"tool": "b", "about": ["x"]}], {"exact": 1.75 / 3, "in_order": 1.75 / 3, "any_order": 1.75 / 3, "subset": 1.75 / 2}),
    (
        [{"tool": "a"}, {"tool": "z"}, {"tool": "a"}, {"tool": "a"}],
        {"exact": 1 / 4, "in_order": 1 / 3, "any_order": 1 / 3, "subset": 3 / 4},
    ),
    ([{"tool": "c", "specialist": "history"}], {"exact": 0, "in_order": 0, "any_order": 0, "subset": 0}),
]


@pytest.mark.parametrize("mode", ["exact", "in_order", "any_order", "subset"])
@pytest.mark.parametrize(("calls", "wanted"), CALLS)
def test_each_trajectory_mode_gives_partial_credit(mode: Any, calls: list[dict[str, Any]], wanted: dict[str, float]) -> None:
    assert matched(Trajectory(mode=mode, steps=STEPS), calls) == pytest.approx(wanted[mode])


def test_a_trajectory_is_scored_over_the_trace(gold: GoldCase, trace: Trace, resources: Resources) -> None:
    way = Trajectory(steps=[Step(tool="extract", specialist="history"), Step(tool="rank_record"), Step(tool="red_flags")])
    wished = gold.model_copy(update={"expected": gold.expected.model_copy(update={"trajectory": way})})
    s = scorer("trajectory", resources)
    assert scored(s, wished, trace).value == 1
    lost = scored(s, wished, trace.model_copy(update={"events": [e for e in trace.events if e.get("tool") != "red_flags"]}))
    assert lost.value == pytest.approx(2 / 3)
    assert "red_flags" in lost.why
    assert scored(s, gold, trace).value is None


def test_languages_that_come_out_differently_have_less_parity(traces: dict[Language, Trace]) -> None:
    zh, en = traces["zh"], traces["en"]
    same = parity(zh, zh)
    other = parity(zh, changed(en, without_lead))
    assert same == Score(value=1.0, why="", parts=same.parts)
    assert other.value is not None
    assert other.value < 0.9
    assert "leading diagnosis" in other.why
    assert parity(zh, en.model_copy(update={"consultation": None})).value is None


def test_a_run_that_ended_in_an_error_is_worth_nothing(gold: GoldCase, trace: Trace, resources: Resources) -> None:
    broken = trace.model_copy(update={"consultation": None, "error": "ValueError"})
    for s in standard(resources.lexicon):
        score = scored(s, gold, broken)
        assert score.value == (0.0 if s.better == "higher" else None), s.name
        assert "ValueError" in score.why


def test_a_scorer_that_crashes_is_unscored_with_its_reason(gold: GoldCase, trace: Trace) -> None:
    class Broken(Traced):
        def score(self, gold: GoldCase, trace: Trace) -> Score:
            raise ZeroDivisionError

    assert scored(Broken(), gold, trace) == Score(value=None, why="the scorer crashed: ZeroDivisionError")


def test_names_are_unique_and_the_gates_are_the_safety_ones(resources: Resources) -> None:
    names = [s.name for s in standard(resources.lexicon)]
    assert len(names) == len(set(names))
    gates = {s.name for s in standard(resources.lexicon) if s.gate}
    assert gates == {"must-not-miss", "gates", "forbidden-drugs", "critical-alerts", "citations-resolve", "sentences-traced"}
    costs = {"seconds", "workup-price", "model-calls", "tokens", "model-cost", "dropped-proposals"}
    assert {n for n, _, _ in WRONG} | costs | {"alert-precision", "brier", "trajectory"} == set(names)
