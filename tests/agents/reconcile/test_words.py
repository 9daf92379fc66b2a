"""What of a model's words reaches the doctor, and what is told of the rest."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from yingzhi.agents.proposals import MOST, PROPOSALS, RemarkForm
from yingzhi.agents.reconcile.common import MODEL, Ground, citations, remarks
from yingzhi.clinical.remark import Remark
from yingzhi.tools.entailment import supports
from yingzhi.tools.wording import lower_alarm, order_in

if TYPE_CHECKING:
    from tests.agents.reconcile.conftest import Propose, Worked

NAMES = sorted(PROPOSALS)
LINK = re.compile(r"[a-z]+://|www\.\w|javascript:|mailto:|\]\(|<[a-z/!]", re.IGNORECASE)
KINDS = {"finding", "alert", "remark", "about", "citation", "ranking", "add", "test", "why", "check", "ask"}
WHY = {
    "unknown id", "no words", "order", "plays an alarm down", "too many", "not retrieved", "not borne out by the passage",
    "the record was read otherwise", "quote not in the record", "not in the record", "not in the formulary",
    "no live diagnosis asks for it", "the record does not say that it is taken", "an emergency: the ladder is shortened",
}  # fmt: skip
IDENTIFIERS = ("Smith", "a1234567", "13800138000", "john.smith@example.com", "11010519491231002X", "1949-12-31")


def _remarks(result: Any) -> list[Remark]:
    return list(result if isinstance(result, list) else result.remarks)


def _words(name: str, result: Any, w: Worked) -> Iterator[str]:
    """Every text in a result that a model wrote."""
    own = {t.ask.en for t in w.resources.knowledge.findings.values() if t.ask} | {
        t.ask.zh for t in w.resources.knowledge.findings.values() if t.ask
    }
    named = {n for t in w.resources.knowledge.findings.values() for n in (t.names.en, t.names.zh)}
    for r in _remarks(result):
        if not (name == "challenge" and r.stance == "note" and r.text in own | named):
            yield r.text
    for a in [*getattr(result, "red_flags", ()), *getattr(result, "alerts", ())]:
        if a.kind == MODEL:
            yield from (a.title.en, a.title.zh, a.why.en, a.why.zh)
    if name == "workup":
        old = {t.id for r in w.workup.rungs for t in r.tests}
        for t in (t for r in result.rungs for t in r.tests if t.id not in old):
            yield from (t.why.en.removeprefix("Model: "), t.why.zh.removeprefix("模型建议："))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_order_no_soothing_no_link_and_nothing_unseen_reaches_the_doctor(
    worked: list[Worked], hostile: Propose, data: st.DataObject, name: str
) -> None:
    w = data.draw(st.sampled_from(worked))
    ground = w.ground(name)
    result = w.reconciled(name, data.draw(hostile(name, w)), ground)
    for text in _words(name, result, w):
        assert text.strip()
        assert len(text) <= 600
        assert not order_in(text), text
        assert not lower_alarm(text), text
        assert not LINK.search(text), text
        assert not [c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} and c not in "\n\t\u0600\u0601\u0602"], text
    _honest_citations(_remarks(result), ground)
    _nothing_told(ground, w)


def _honest_citations(said: list[Remark], ground: Ground) -> None:
    for r in said:
        assert len(set(r.citations)) == len(r.citations)
        for i in r.citations:
            assert i in ground.shelf
            record = ground.shelf[i]
            assert supports(r.text, f"{record.title}. {record.passage}", ground.resources.lexicon)


def _nothing_told(ground: Ground, w: Worked) -> None:
    """What was dropped is told by its kind, and by its id only if that looks like one and like no identifier."""
    k = w.resources.knowledge
    known = {*k.diseases, *k.findings, *k.investigations, *w.resources.formulary.drugs, *w.shelf}
    for d in ground.dropped:
        kind, _, given = d.what.partition(" ")
        assert kind in KINDS
        assert d.why in WHY
        assert not given or given in known or re.fullmatch(r"[a-z][a-z0-9#-]{0,79}", given), given
        assert not re.search(r"\d{5}", given) or given in known
        assert not any(i in given for i in IDENTIFIERS)


@pytest.mark.parametrize("given_id", [*IDENTIFIERS, "张三", "john smith", "x" * 81, "a\nb", "<b>", "tel:13800138000", "mrn-a1234567"])
def test_what_is_dropped_shows_no_identifier_that_a_model_gives_for_an_id(worked: list[Worked], given_id: str) -> None:
    ground = worked[-1].ground("history")
    ground.drop("finding", given_id, "unknown id")
    assert ground.dropped[0].what == "finding"


@pytest.mark.parametrize("given_id", ["herpes-zoster", "no-such-id", "nejm-2020", "herpes-zoster#treatment", "eczema"])
def test_what_is_dropped_shows_an_id(worked: list[Worked], given_id: str) -> None:
    ground = worked[0].ground("history")
    ground.drop("finding", given_id, "unknown id")
    assert ground.dropped[0].what == f"finding {given_id}"


def test_an_invented_citation_and_one_that_says_something_else_are_left_out_and_told(worked: list[Worked]) -> None:
    w = worked[0]
    ground = w.ground("differential")
    real = next(iter(w.shelf))
    assert citations("Melanoma grows on the sole.", ["nejm-2020", real, "nejm-2020", ""], ground) == []
    assert [(d.what, d.why) for d in ground.dropped] == [
        ("citation nejm-2020", "not retrieved"),
        (f"citation {real}", "not borne out by the passage"),
        ("citation", "not retrieved"),
    ]


def test_remarks_are_said_once_about_what_is_known_and_not_without_end(worked: list[Worked]) -> None:
    ground = worked[0].ground("history")
    forms = [RemarkForm(text=f"Number {n % 15} of the plaques.", about="fever" if n % 2 else "nothing-known") for n in range(20)]
    kept = remarks(forms, ground, {"fever"})
    assert len(kept) == len({r.text for r in kept}) == 12
    assert {r.about for r in kept} == {"fever", ""}
    assert any(d.why == "too many" for d in ground.dropped)


@pytest.mark.parametrize("name", [n for n in NAMES if n != "challenge"])
def test_an_empty_proposal_changes_nothing(worked: list[Worked], name: str) -> None:
    for w in worked:
        ground = w.ground(name)
        assert w.reconciled(name, PROPOSALS[name](), ground) == getattr(w, name)
        assert ground.dropped == []
        assert ground.taken == 0


def test_an_advocate_with_nothing_to_say_says_nothing(worked: list[Worked]) -> None:
    assert worked[0].reconciled("challenge", PROPOSALS["challenge"](), worked[0].ground("challenge")) == []


FIELDS = ["findings", "alerts", "questions", "remarks", "ranking", "add", "tests", "check", "doubts", "ask", "text", "finding", "status"]
FIELDS += ["quote", "title", "why", "disease", "test", "drug", "citations", "about", "stance", "red_flags", "must_not_miss", "level"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["fever", "present", "x" * 2000])
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(raw=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5) | JSON, name=st.sampled_from(NAMES))
def test_any_json_is_a_proposal_in_bounds_or_refused_and_never_breaks_what_follows(worked: list[Worked], raw: Any, name: str) -> None:
    try:
        proposal = PROPOSALS[name].model_validate(raw)
    except ValidationError:
        return
    assert PROPOSALS[name].model_validate(proposal.model_dump()) == proposal
    _in_bounds(proposal)
    worked[2].reconciled(name, proposal, worked[2].ground(name))


def _in_bounds(value: Any) -> None:
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            _in_bounds(getattr(value, field))
    elif isinstance(value, list):
        assert len(value) <= MOST
        for v in value:
            _in_bounds(v)
    else:
        assert isinstance(value, str)
        assert len(value) <= 600


@pytest.mark.parametrize("name", NAMES)
def test_half_a_character_is_refused_or_harmless(worked: list[Worked], name: str) -> None:
    try:
        proposal = PROPOSALS[name].model_validate({"remarks": [{"text": "a\ud800b"}], "ask": ["\udfff"], "doubts": [{"text": "\ud800"}]})
    except ValidationError:
        return
    for r in _remarks(worked[0].reconciled(name, proposal, worked[0].ground(name))):
        r.model_dump_json()
