"""BM25 as sparse vectors: the document side holds the saturated term frequency, Qdrant multiplies by the IDF.

The mean length is a constant, not measured, so that a document's vector never depends on what else is stored.
Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, for the formula.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from yingzhi.tools.retrieval.chunks import size
from yingzhi.tools.retrieval.tokens import Analyzer, words

K1 = 0.9
B = 0.75
MEAN_LENGTH = 400.0
"""English characters, a Chinese one counted as three (as in `chunks`): about three sentences. Length in tokens would not do:
Chinese gives several overlapping ones for each word."""
CONCEPT_WEIGHT = 1.0
"""A concept in a question counts as a word. In one language its words count beside it; across languages it stands alone and
must not lose to a stray word."""

Weights = dict[int, float]
"""Weight by token number."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse vector."""

    indices: tuple[int, ...]
    values: tuple[float, ...]

    @classmethod
    def of(cls, weights: Mapping[int, float]) -> Sparse:
        """From weights by token number."""
        return cls(tuple(weights), tuple(weights.values()))


@lru_cache(maxsize=400_000)
def number(token: str) -> int:
    """A token's place in the vector space, 32 bits; two of 100,000 tokens share one in about every second vocabulary."""
    return crc32(token.encode())


def passage_vector(text: str, analyzer: Analyzer, title: str | None = None) -> Sparse:
    """The vector of a chunk; title words count as if they stood in every chunk of the document.

    Args:
        text: The chunk.
        analyzer: How text becomes tokens.
        title: The document's title.
    """
    tokens = analyzer.tokens(text)
    if title:
        tokens += words(title)
    norm = K1 * (1 - B + B * size(text) / MEAN_LENGTH)
    return Sparse.of({index: n * (K1 + 1) / (n + norm) for index, n in Counter(map(number, tokens)).items()})


def query_weights(query: str, analyzer: Analyzer) -> Weights:
    """The weights of a question: one for a word or concept, however often it comes."""
    return {number(token): CONCEPT_WEIGHT if token.startswith("#") else 1.0 for token in analyzer.tokens(query)}


def overlap(vector: Iterable[int], weights: Mapping[int, float]) -> float:
    """The sum of `weights` over the tokens that a vector has."""
    return sum(weights.get(index, 0.0) for index in vector)
