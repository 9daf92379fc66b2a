"""Retrieval: hybrid search over the built-in knowledge and the user's own literature."""

from yingzhi.tools.retrieval.builtin import build_index, open_index
from yingzhi.tools.retrieval.dense import Embedder, load_embedder
from yingzhi.tools.retrieval.hybrid import HybridRetriever
from yingzhi.tools.retrieval.ingest import check_file, ingest_file
from yingzhi.tools.retrieval.open import open_retriever
from yingzhi.tools.retrieval.port import PUBLIC, Retriever, Written
from yingzhi.tools.retrieval.tokens import Analyzer

__all__ = [
    "PUBLIC",
    "Analyzer",
    "Embedder",
    "HybridRetriever",
    "Retriever",
    "Written",
    "build_index",
    "check_file",
    "ingest_file",
    "load_embedder",
    "open_index",
    "open_retriever",
]
