"""Claims about a dense model's vectors, over an object with the three methods of a SentenceTransformer that are used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from yingzhi.tools.retrieval.dense import SentenceEmbedder


class Letters:
    """Counts of letters as vectors: deterministic, and changed by a prompt as a real model's are."""

    asked, told = "question: ", "text: "

    def get_embedding_dimension(self) -> int:
        """Number of dimensions."""
        return 128

    def encode(self, texts: Sequence[str], prompt: str = "", **_: Any) -> np.ndarray[Any, Any]:
        """One unit vector a text."""
        rows = np.array([np.bincount([ord(c) % 128 for c in prompt + text], minlength=128) for text in texts], dtype=np.float64)
        unit: np.ndarray[Any, Any] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit

    def encode_query(self, texts: Sequence[str], **given: Any) -> np.ndarray[Any, Any]:
        """With the prompt for questions."""
        return self.encode(texts, prompt=self.asked, **given)

    def encode_document(self, texts: Sequence[str], **given: Any) -> np.ndarray[Any, Any]:
        """With the prompt for documents."""
        return self.encode(texts, prompt=self.told, **given)


class Bare(Letters):
    """A model without prompts."""

    asked = told = ""


@pytest.mark.parametrize("text", ["什么是玫瑰糠疹", "What is pityriasis rosea?"])
def test_a_question_lies_between_its_prompted_and_its_bare_reading(text: str) -> None:
    model = Letters()
    vector = np.array(SentenceEmbedder(model, "letters").query(text))
    prompted, bare = model.encode_query([text])[0], model.encode([text])[0]
    assert np.linalg.norm(vector) == pytest.approx(1.0)
    assert vector @ bare > vector @ prompted > prompted @ bare


def test_a_model_without_prompts_gives_the_question_as_it_is() -> None:
    model = Bare()
    assert SentenceEmbedder(model, "bare").query("eczema") == pytest.approx(model.encode(["eczema"])[0].tolist())


def test_passages_are_read_under_the_prompt_for_documents() -> None:
    model = Letters()
    embedder = SentenceEmbedder(model, "letters")
    assert embedder.size == 128
    assert embedder.passages(["湿疹", "eczema"]) == model.encode_document(["湿疹", "eczema"]).tolist()
