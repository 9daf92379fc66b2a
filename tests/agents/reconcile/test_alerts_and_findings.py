"""History and pharmacology: what warns stays, and what a model adds can be told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.proposals import PharmacologyProposal
from yingzhi.agents.reconcile import MODEL, reconcile_pharmacology, trusted
from yingzhi.agents.reconcile.history import find_quote
from yingzhi.clinical.alert import ALERT_LEVELS, Alert
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.presentation import Presentation, Report
from yingzhi.clinical.words import Text
from yingzhi.tools.untrusted import MARK, strip_invisible

if TYPE_CHECKING:
    from tests.agents.reconcile.conftest import Propose, Worked

MODEST = settings(max_examples=80, deadline=None)


def _keys(alerts: list[Alert]) -> list[str]:
    return sorted(a.model_dump_json() for a in alerts)


@MODEST
@given(data=st.data())
def test_the_record_as_the_playbook_read_it_stays_whatever_a_model_says(
    worked: list[Worked], hostile: Propose, data: st.DataObject
) -> None:
    w = data.draw(st.sampled_from(worked))
    result = w.reconciled("history", data.draw(hostile("history", w)), w.ground("history"))
    before, after = w.history.red_flags, result.red_flags
    assert after[: len(before)] == before
    assert all(a.kind == MODEL and a.level == "notice" for a in after[len(before) :])
    assert len(after) <= len(before) + 5
    assert len({a.id for a in after}) == len(after)
    assert result.findings[: len(w.history.findings)] == w.history.findings
    for added in result.findings[len(w.history.findings) :]:
        _comes_from_the_note(added, w)
    mine = [f.id for f in result.findings if f.experiencer == "patient"]
    assert len(mine) == len(set(mine))
    assert sorted(q.finding for q in result.questions) == sorted(q.finding for q in w.history.questions)
    alike = {"findings", "red_flags", "questions", "remarks"}
    assert result.model_dump(exclude=alike) == w.history.model_dump(exclude=alike)
    own = trusted(result)
    assert own.findings == w.history.findings
    assert own.red_flags == w.history.red_flags


def _comes_from_the_note(added: Finding, w: Worked) -> None:
    assert added.derived_from == MODEL
    assert added.status in {"uncertain", "absent"}
    assert added.id in w.resources.knowledge.findings
    assert added.spans
    for span in added.spans:
        assert span.source == "note"
        assert span.end > span.start
        assert w.case.text[span.start : span.end] == span.text


@MODEST
@given(data=st.data())
def test_drug_verdicts_and_warnings_stay_whatever_a_model_says(worked: list[Worked], hostile: Propose, data: st.DataObject) -> None:
    w = data.draw(st.sampled_from(worked))
    history = w.reconciled("history", data.draw(hostile("history", w)), w.ground("history"))
    result = w.reconciled("pharmacology", data.draw(hostile("pharmacology", w)), w.ground("pharmacology"), history)
    base = w.pharmacology
    assert set(_keys(base.alerts)) <= set(_keys(result.alerts))
    old = set(_keys(base.alerts))
    for a in result.alerts:
        if a.model_dump_json() not in old:
            assert a.kind == "medication" or (a.kind == MODEL and a.level == "notice")
    assert len({a.id for a in result.alerts}) == len(result.alerts)
    assert result.options == base.options
    assert result.current == base.current
    assert result.not_checked == base.not_checked
    assert result.avoid == base.avoid


@MODEST
@given(data=st.data())
def test_what_only_a_model_says_is_absent_calms_no_check_of_a_drug(worked: list[Worked], hostile: Propose, data: st.DataObject) -> None:
    w = data.draw(st.sampled_from(worked))
    proposal = data.draw(hostile("pharmacology", w))
    history = w.reconciled("history", data.draw(hostile("history", w)), w.ground("history"))
    plain = w.reconciled("pharmacology", proposal, w.ground("pharmacology"))
    told = w.reconciled("pharmacology", proposal, w.ground("pharmacology"), history)
    assert told.alerts == plain.alerts


def test_a_drug_checked_as_well_adds_its_own_warnings_by_level_and_repeats_none(worked: list[Worked]) -> None:
    w = worked[1]
    case = w.case.model_copy(update={"text": w.case.text + " She was given amoxicillin and ibuprofen elsewhere, methotrexate never."})
    proposal = PharmacologyProposal.model_validate(
        {
            "check": ["methotrexate", "ibuprofen", "carbamazepine", "warfarin"],
            "alerts": [{"drug": "carbamazepine", "title": "Aromatic ring", "why": "Related drugs may do the same."}],
        }
    )
    ground = w.ground("pharmacology")
    result = reconcile_pharmacology(w.pharmacology, proposal, case, w.history, ground)
    *rules, notice = result.alerts
    assert (notice.kind, notice.level) == (MODEL, "notice")
    assert len(rules) > len(w.pharmacology.alerts)
    assert _keys(w.pharmacology.alerts) == sorted({a.model_dump_json() for a in rules} & set(_keys(w.pharmacology.alerts)))
    assert len({a.id for a in rules}) == len(rules)
    assert [ALERT_LEVELS.index(a.level) for a in rules] == sorted(ALERT_LEVELS.index(a.level) for a in rules)
    assert ("check warfarin", "the record does not say that it is taken") in {(d.what, d.why) for d in ground.dropped}
    base = w.pharmacology
    assert result.current == base.current
    assert result.problems[: len(base.problems)] == base.problems
    assert result.also_checked is not None
    told = {a.id for review in (result.current, result.also_checked) for a in review.alerts}
    assert {i for a in rules for i in a.sums} == told, "every rule alert is reached from one that is shown"


@pytest.mark.parametrize("order", [1, -1])
def test_a_review_keeps_its_order_when_a_model_has_nothing_to_add(worked: list[Worked], order: int) -> None:
    w = worked[1]
    notice = Alert(id="n", kind="medication", level="notice", title=Text(en="n", zh="n"), why=Text(en="n", zh="n"))
    base = w.pharmacology.model_copy(update={"alerts": [notice, *w.pharmacology.alerts][::order]})
    assert reconcile_pharmacology(base, PharmacologyProposal(), w.case, w.history, w.ground("pharmacology")) == base


def test_a_quote_is_found_whatever_its_script_and_spacing_also_in_a_report(worked: list[Worked]) -> None:
    w = worked[3]
    case = w.case.model_copy(update={"reports": [Report(text="DIF: Linear  IgG\nalong the basement membrane.")]})
    for quote in ("緊張性大皰", "紧张性大疱", "紧张 性\n大皰"):
        span = find_quote(quote, case)
        assert span is not None
        assert case.text[span.start : span.end] == span.text == "緊張性大皰"
    span = find_quote("Linear IgG along", case)
    assert span is not None
    assert span.source == "report:0"
    assert case.reports[0].text[span.start : span.end] == span.text == "Linear  IgG\nalong"
    for nothing in ("大", "大\u200b", "·大", "\u200b\u200b", "··"):
        assert find_quote(nothing, case) is None
    assert find_quote(" \n", case) is None
    assert find_quote("鬆弛性大皰", case) is None


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60), data=st.data())
def test_any_words_of_any_note_are_found_at_offsets_that_hold(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    quote = text[start : start + data.draw(st.integers(0, 20))]
    span = find_quote(quote, Presentation(text=text))
    seen = "".join(strip_invisible(quote).replace(MARK, "").split())
    if len(seen) >= 2:
        assert span is not None
    if span is not None:
        assert seen
        assert span.end - span.start >= 2
        assert text[span.start : span.end] == span.text
