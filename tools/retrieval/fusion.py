"""Two rankings into one by their scores, not their ranks: ranks throw away how sure each side is.

A convex combination of normalised scores, after Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid
Retrieval", 2023. Both sides must have scored every candidate.
"""

from __future__ import annotations

from collections.abc import Mapping

DENSE_SHARE = 0.6
"""Weight of meaning against words: the middle of the plateau (0.55 to 0.65) on 18 judged questions with EmbeddingGemma-300M."""


def fuse(words: Mapping[str, float], meaning: Mapping[str, float], share: float = DENSE_SHARE) -> dict[str, float]:
    """Fused score by chunk id, between 0 and 1.

    Args:
        words: BM25 score by chunk id; a chunk that shares no word may be missing, it scores 0.
        meaning: Cosine by chunk id.
        share: Weight of `meaning`, 0 to 1.
    """
    top = max(words.values(), default=0.0) or 1.0
    low, high = min(meaning.values(), default=0.0), max(meaning.values(), default=0.0)
    spread = (high - low) or 1.0
    return {
        key: share * (max(0.0, meaning.get(key, low) - low) / spread) + (1 - share) * (words.get(key, 0.0) / top)
        for key in {**words, **meaning}
    }
