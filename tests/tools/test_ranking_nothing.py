"""Nothing from nothing: a note that says nothing, or things that don't hang together, ends in no confident diagnosis."""

from __future__ import annotations

import random
import statistics
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.differential import Confidence
from yingzhi.clinical.presentation import Presentation
from yingzhi.tools.differential import confidence_of
from yingzhi.tools.observations import ENOUGH, coherence, rank_record
from yingzhi.tools.ranking import Observation, rank

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
LATIN = st.sampled_from("abcdefghijklmnopqrstuvwxyz      ,.")


def leading(text: str, resources: Resources) -> tuple[float, Confidence]:
    """The probability of the leading diagnosis, and how much the record is said to allow."""
    case = Presentation(id="noise", text=text)
    history = read_record({"presentation": case}, Desk(resources))
    ranking = rank_record(resources.model, history, case.setting)
    assert ranking.probability.sum() + ranking.other == pytest.approx(1.0)
    return float(ranking.probability.max()), confidence_of(ranking)


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=LATIN, min_size=1, max_size=300) | st.text(alphabet=HAN, min_size=1, max_size=120))
def test_letters_at_random_end_in_no_confident_diagnosis(text: str, resources: Resources) -> None:
    top, confidence = leading(text, resources)
    assert top < 0.5
    assert confidence in {"none", "low"}


@pytest.mark.parametrize(
    "text", ["zzz qqq", "。。。", "The weather is fine and the train was late.", "今天天气很好，火车晚点了。", "12345 67890"]
)
def test_a_text_about_something_else_gives_no_differential(text: str, resources: Resources) -> None:
    top, confidence = leading(text, resources)
    assert top < 0.15
    assert confidence == "none"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", [3, 8, 15])
def test_words_of_the_lexicon_at_random_end_in_no_confident_diagnosis(lang: Literal["en", "zh"], size: int, resources: Resources) -> None:
    draw = random.Random(size)
    words = sorted({w for t in resources.knowledge.findings.values() for w in getattr(t.forms, lang) if "~" not in w and ".." not in w})
    joint = ", " if lang == "en" else "，"
    found = [leading(joint.join(draw.choice(words) for _ in range(size)) + ".", resources) for _ in range(50)]
    tops = [top for top, _ in found]
    assert statistics.median(tops) <= 0.2
    assert sum(top > 0.5 for top in tops) <= 8  # one word of three may be the hallmark of a disease ("stuck-on appearance")
    assert sum(confidence == "high" for _, confidence in found) <= 5
    assert sum(confidence in {"none", "low"} for _, confidence in found) >= 33


def test_findings_that_hang_together_keep_their_probability(resources: Resources) -> None:
    top, confidence = leading(
        "Grouped vesicles in a dermatomal band on the left chest, burning pain for two days before the rash, age 70, unilateral.", resources
    )
    assert top > 0.5
    assert confidence in {"moderate", "high"}


def test_findings_that_hang_together_are_told_from_those_that_do_not(resources: Resources) -> None:
    model = resources.model
    together = rank(model, [Observation(f, 1.0) for f in ("dermatomal", "vesicle", "grouped", "neuropathic-pain", "unilateral")])
    apart = rank(model, [Observation(f, 1.0) for f in ("dermatomal", "exclamation-mark-hair", "koplik-spots", "burrow", "cuticle-loss")])
    one, other = coherence(model, together), coherence(model, apart)
    assert one is not None
    assert other is not None
    assert one > other
    few = rank(model, [Observation("weal", 1.0)] * (ENOUGH - 1))
    assert coherence(model, few) is None
