"""A retriever by settings."""

from __future__ import annotations

from pathlib import Path

from yingzhi.clinical.errors import SettingsError
from yingzhi.tools.retrieval.dense import load_embedder
from yingzhi.tools.retrieval.hybrid import HybridRetriever
from yingzhi.tools.retrieval.port import Shelf
from yingzhi.tools.retrieval.tokens import Analyzer


def open_retriever(
    home: Path, *, url: str | None = None, api_key: str | None = None, dense_model: Path | None = None, analyzer: Analyzer | None = None
) -> HybridRetriever:
    """Open the user's collections.

    Args:
        home: YINGZHI_HOME; the in-process index lives in its folder `retrieval`.
        url: A Qdrant server to use instead, e.g. `http://localhost:6333`.
        api_key: Its key.
        dense_model: Directory of a sentence-transformers model; None for words alone.
        analyzer: How text becomes tokens; the default has no concepts.

    Raises:
        SettingsError: The address or the model can't be used.
    """
    return HybridRetriever(open_shelf(home, url, api_key), analyzer, load_embedder(dense_model) if dense_model else None)


def open_shelf(home: Path, url: str | None, api_key: str | None) -> Shelf:
    """The back end."""
    if not url:
        from yingzhi.tools.retrieval.edge import EdgeShelf

        return EdgeShelf(home / "retrieval")
    if not url.startswith(("http://", "https://")):
        raise SettingsError("qdrant url: must begin with http:// or https://")
    from qdrant_client import QdrantClient

    from yingzhi.tools.retrieval.client import ClientShelf

    return ClientShelf(QdrantClient(url=url, api_key=api_key, check_compatibility=False))
