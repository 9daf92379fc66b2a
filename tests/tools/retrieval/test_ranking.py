"""Laws of feedback and fusion."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yingzhi.tools.retrieval.feedback import BEST, NEW_WORDS, SHARE, expand
from yingzhi.tools.retrieval.fusion import fuse
from yingzhi.tools.retrieval.port import Found
from yingzhi.tools.retrieval.sparse import Sparse

SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 40), max_size=8)
COSINES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 1), max_size=8)
WEIGHTS = st.dictionaries(st.integers(0, 30), st.floats(0.1, 2), min_size=1, max_size=8)


@given(SCORES, COSINES, st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1_and_cover_both_sides(words: dict[str, float], meaning: dict[str, float], share: float) -> None:
    fused = fuse(words, meaning, share)
    assert fused.keys() == words.keys() | meaning.keys()
    assert all(-1e-9 <= score <= 1 + 1e-9 for score in fused.values())


@given(SCORES, COSINES)
def test_a_chunk_better_on_both_sides_is_never_below(words: dict[str, float], meaning: dict[str, float]) -> None:
    fused, both = fuse(words, meaning), words.keys() & meaning.keys()
    assert all(fused[a] >= fused[b] - 1e-9 for a in both for b in both if words[a] >= words[b] and meaning[a] >= meaning[b])


@given(WEIGHTS, st.lists(st.tuples(st.floats(0.1, 30), WEIGHTS), max_size=20))
def test_feedback_keeps_the_question_and_adds_little(question: dict[int, float], rows: list[tuple[float, dict[int, float]]]) -> None:
    found = [Found(str(i), score, {}, Sparse.of(weights)) for i, (score, weights) in enumerate(sorted(rows, key=lambda row: -row[0]))]
    wider = expand(question, found)
    assert {index: wider[index] for index in question} == question
    new = [weight for index, weight in wider.items() if index not in question]
    assert len(new) <= NEW_WORDS
    assert sum(new) <= SHARE * sum(question.values()) + 1e-6
    assert new == [] or len(found) >= BEST
