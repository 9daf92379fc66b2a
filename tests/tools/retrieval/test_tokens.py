"""Laws of tokens, stems and chunks."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yingzhi.tools.retrieval.chunks import chunk, size
from yingzhi.tools.retrieval.sparse import K1, B, passage_vector, query_weights
from yingzhi.tools.retrieval.stem import stem
from yingzhi.tools.retrieval.tokens import Analyzer, words


@pytest.mark.parametrize(
    "forms",
    [
        "treat treats treated treating treatment treatments",
        "approve approved approval approves",
        "haemorrhage hemorrhage haemorrhages",
        "oedema edema",
        "tumour tumor tumours",
        "metastasis metastases",
        "naevus nevus",
        "lesion lesions",
        "biopsy biopsies",
        "depigmented depigmentation",
        "infected infection infections",
    ],
)
def test_the_forms_of_a_word_share_a_stem(forms: str) -> None:
    assert len({stem(word) for word in forms.split()}) == 1


@pytest.mark.parametrize(
    "pair", [("pustule", "pustulosis"), ("lichen", "lichenoid"), ("bulla", "bullet"), ("mole", "molar"), ("il17", "il23")]
)
def test_different_words_keep_different_stems(pair: tuple[str, str]) -> None:
    assert stem(pair[0]) != stem(pair[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IL-17A", "il17a"),
        ("IFN-γ", "ifn-gamma"),
        ("Sjögren's", "sjogren"),
        ("ＴＮＦ－α", "TNF-alpha"),
        ("Behçet disease", "behcet's diseases"),
        ("濕疹", "湿疹"),
    ],
)
def test_two_spellings_share_a_token(one: str, other: str) -> None:
    assert set(words(one)) & set(words(other))


def test_question_words_carry_nothing() -> None:
    assert words("What is the main role of it?") == []
    assert words("什么是的了吗") == []


def test_concepts_are_marked_and_count_once_in_a_question() -> None:
    analyzer = Analyzer(lambda text: ["itch"] if "itch" in text else [])
    assert analyzer.tokens("itch")[-1] == "#itch"
    assert sorted(query_weights("itch itch", analyzer).values()) == [1.0, 1.0]


@given(st.text(max_size=200))
def test_any_text_gives_tokens_and_finite_weights(text: str) -> None:
    vector = passage_vector(text, Analyzer())
    assert len(set(vector.indices)) == len(vector.indices) == len(vector.values)
    assert all(0 < value < K1 + 1 for value in vector.values)
    assert 0 <= B <= 1


@given(st.text(max_size=100), st.text(max_size=100))
def test_tokens_of_two_paragraphs_are_those_of_each(one: str, other: str) -> None:
    assert sorted(words(f"{one}\n{other}")) == sorted(words(one) + words(other))


SENTENCE = st.text(st.sampled_from("abc 皮肤。. ;"), min_size=1, max_size=80)


@given(st.lists(SENTENCE, min_size=1, max_size=30).map(" ".join), st.integers(30, 200))
def test_chunks_fit_and_lose_no_character(text: str, longest: int) -> None:
    chunks = chunk(text, longest)
    assert chunks
    if len(chunks) > 1:
        assert all(size(part) <= longest + longest // 2 + len(part) for part in chunks)
        joined = "".join("".join(chunks).split())
        rest = iter(joined)
        assert all(character in rest for character in "".join(text.split()))


def test_a_chunk_opens_with_the_last_sentence_of_the_one_before() -> None:
    text = " ".join(f"Sentence number {i} is here." for i in range(40))
    chunks = chunk(text, 200)
    assert all(later.startswith(earlier[earlier.rindex("Sentence") :]) for earlier, later in itertools.pairwise(chunks))
