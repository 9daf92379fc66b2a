"""Dense vectors by sentence-transformers: optional (extra `dense`), imported only when a model was asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from yingzhi.clinical.errors import SettingsError

BARE = 2.0
"""Weight of the bare question against the one under the model's prompt, chosen on 18 judged questions in two languages with
EmbeddingGemma-300M: 0 gives an nDCG@10 of .837 (Chinese .786) with words fused in, 1 gives .840 (.801), 2 gives .849 (.813)."""


class Embedder(Protocol):
    """A model that turns text into vectors."""

    @property
    def slug(self) -> str:
        """Short name of the model: lower-case letters, digits and `-`."""
        ...

    @property
    def size(self) -> int:
        """Number of dimensions."""
        ...

    def passages(self, texts: Sequence[str]) -> list[list[float]]:
        """Vectors of documents, in order."""
        ...

    def query(self, text: str) -> list[float]:
        """Vector of a question."""
        ...


class SentenceEmbedder:
    """A sentence-transformers model on the CPU or whatever torch finds."""

    def __init__(self, model: Any, slug: str) -> None:
        """Args: model: SentenceTransformer; slug: its short name."""
        self.model = model
        self.slug = slug
        dimension = getattr(model, "get_embedding_dimension", None) or model.get_sentence_embedding_dimension  # renamed in 5.x
        self.size = int(dimension())

    def passages(self, texts: Sequence[str]) -> list[list[float]]:
        """See `Embedder`; with the model's own prompt for documents where it has one."""
        encode = getattr(self.model, "encode_document", self.model.encode)
        return [vector.tolist() for vector in encode(list(texts), normalize_embeddings=True, show_progress_bar=False)]

    def query(self, text: str) -> list[float]:
        """See `Embedder`; between the question under the model's own prompt and the bare one, which err on different questions."""
        encode = getattr(self.model, "encode_query", self.model.encode)
        asked = encode([text], normalize_embeddings=True, show_progress_bar=False)[0]
        bare = self.model.encode([text], prompt="", normalize_embeddings=True, show_progress_bar=False)[0]
        between = asked + BARE * bare
        vector: list[float] = (between / (float((between * between).sum()) ** 0.5 or 1.0)).tolist()
        return vector


def load_embedder(path: Path) -> Embedder:
    """Load a model from disk; never from a hub.

    Raises:
        SettingsError: No such directory, or sentence-transformers is not installed.
    """
    if not path.is_dir():
        raise SettingsError(f"dense model: {path} is not a directory")
    try:
        sentence_transformers: Any = import_module("sentence_transformers")
    except ImportError as error:
        raise SettingsError("dense model: sentence-transformers is not installed; install yingzhi[dense]") from error
    slug = re.sub("[^a-z0-9]+", "-", path.resolve().name.lower()).strip("-")[:48] or "model"
    return SentenceEmbedder(sentence_transformers.SentenceTransformer(str(path), local_files_only=True), slug)
