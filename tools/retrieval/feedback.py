"""Pseudo-relevance feedback in vector space: words that the best hits share, and the other hits lack, join the question.

After Rocchio (1971); what is new to the question is weighed by how much rarer it is among all candidates than among the
best, so no statistics of the collection are needed. On the judged questions it gains .01 to .02 nDCG@10 over BM25.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from yingzhi.tools.retrieval.port import Found
from yingzhi.tools.retrieval.sparse import Weights

POOL = 50
"""Candidates of the first search."""
BEST = 6
"""How many of them are taken to be relevant."""
NEW_WORDS = 10
SHARE = 0.2
"""Weight of all new words together, as a share of the question's own."""


def expand(question: Mapping[int, float], found: Sequence[Found]) -> Weights:
    """The question with new words, or unchanged where fewer than `BEST` chunks were found.

    Args:
        question: Weight by token.
        found: Candidates with vectors, best first.
    """
    best = found[:BEST]
    total = sum(hit.score for hit in best)
    if len(best) < BEST or total <= 0:
        return dict(question)
    spread = Counter(index for hit in found if hit.vector for index in hit.vector.indices)
    mass: dict[int, float] = defaultdict(float)
    for hit in best:
        if hit.vector:
            for index, value in zip(hit.vector.indices, hit.vector.values, strict=True):
                if index not in question:
                    mass[index] += hit.score / total * value
    worth = {index: value * math.log((len(found) + 1) / (spread[index] + 0.5)) for index, value in mass.items()}
    chosen = sorted(worth, key=lambda index: (-worth[index], index))[:NEW_WORDS]
    whole = sum(worth[index] for index in chosen)
    if whole <= 0:
        return dict(question)
    scale = SHARE * sum(question.values()) / whole
    return {**question, **{index: scale * worth[index] for index in chosen if worth[index] > 0}}
