"""One retriever a back end; the contract tests run over all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from yingzhi.tools.retrieval import Analyzer, Embedder, HybridRetriever, open_retriever
from yingzhi.tools.retrieval.client import PREFIX, ClientShelf

Make = Callable[..., HybridRetriever]
URL = os.environ.get("YINGZHI_TEST_QDRANT_URL")
BACKENDS = ("edge", "local", "server") if URL else ("edge", "local")


@pytest.fixture(params=BACKENDS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes retrievers over one back end; all of one test see the same data."""
    opened: list[HybridRetriever] = []
    if request.param == "edge":

        def new(analyzer: Analyzer | None = None, embedder: Embedder | None = None) -> HybridRetriever:
            retriever = open_retriever(tmp_path, analyzer=analyzer)
            retriever.embedder = embedder
            opened.append(retriever)
            return retriever

        yield new
        for retriever in opened:
            retriever.close()
        return

    from qdrant_client import QdrantClient

    client = QdrantClient(url=URL) if request.param == "server" else QdrantClient(":memory:")
    yield lambda analyzer=None, embedder=None: HybridRetriever(ClientShelf(client), analyzer, embedder)
    for entry in client.get_collections().collections:
        if entry.name.startswith(PREFIX):
            client.delete_collection(entry.name)
    client.close()


@pytest.fixture
def retriever(make: Make) -> HybridRetriever:
    """A retriever of the back end under test, words only."""
    return make()


class Meanings:
    """A stand-in for a dense model: three dimensions, one a topic."""

    slug = "meanings"
    size = 3
    topics = (("itch", "pruritus", "瘙痒"), ("melanoma", "mole", "痣"), ("ringworm", "tinea", "癣"))

    def passages(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text."""
        return [self.query(text) for text in texts]

    def query(self, text: str) -> list[float]:
        """How much of each topic a text has, never all zero."""
        return [0.01 + sum(text.lower().count(word) for word in topic) for topic in self.topics]


@pytest.fixture
def meanings() -> Meanings:
    """The stand-in model."""
    return Meanings()
