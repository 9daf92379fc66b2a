"""The ports of retrieval: what callers see (`Retriever`), and what a back end must do (`Store`, `Shelf`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from yingzhi.clinical.errors import ToolError
from yingzhi.clinical.evidence import Evidence, Passage
from yingzhi.tools.retrieval.sparse import Sparse

PUBLIC = "public"
"""The tenant whose documents everyone may find, e.g. the built-in knowledge."""
NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.@-]{0,126}[A-Za-z0-9])?")

SUPERSEDED = "superseded"
"""Payload field `state` of a chunk whose document another one replaces; else `current`."""

Superseded = Literal["below", "exclude"]
"""What happens to documents that another one replaces: ranked below, or left out."""


@dataclass(frozen=True, slots=True)
class Written:
    """What an upsert did, in documents but for `chunks`."""

    added: int = 0
    replaced: int = 0
    skipped: int = 0
    """Stood there already, word for word."""
    chunks: int = 0

    @property
    def read(self) -> int:
        """Documents that came in."""
        return self.added + self.replaced + self.skipped


class Retriever(Protocol):
    """Search over collections of documents, each document one tenant's."""

    def search(
        self, query: str, *, collection: str, tenant: str, k: int = 10, expand: bool = True, superseded: Superseded = "below"
    ) -> Evidence:
        """Find the documents that answer a question best.

        Args:
            query: A question or keywords, in either language.
            collection: Name of the collection.
            tenant: Who asks; only this tenant's and public documents are seen.
            k: How many documents at most, 1 to 100.
            expand: Search a second time with words of the best hits added: better ranking for twice the time.
            superseded: What happens to replaced documents.

        Raises:
            ToolError: No tenant, a name that can't be, no such collection, or the back end failed.
        """
        ...

    def upsert(
        self, passages: Iterable[Passage], *, collection: str, tenant: str, job: str = "", progress: Callable[[int], None] | None = None
    ) -> Written:
        """Write documents; the same id again replaces the document, the same content again is skipped.

        Args:
            passages: The documents; read once, in batches.
            collection: Made if there is none.
            tenant: Whose they become.
            job: Name of this piece of work; after a crash the same name goes on where it stopped. Empty: begin anew.
            progress: Called with the number of documents done since the last call.
        """
        ...

    def delete(self, ids: Iterable[str], *, collection: str, tenant: str) -> int:
        """Delete this tenant's documents by id; gives how many there were."""
        ...

    def count(self, *, collection: str, tenant: str) -> int:
        """How many documents of this tenant there are, the public ones not counted."""
        ...

    def collections(self) -> list[str]:
        """Names of the collections, sorted."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk as it is stored."""

    id: str
    """UUID."""
    sparse: Sparse
    payload: dict[str, object]
    dense: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk that a store found."""

    id: str
    score: float
    payload: dict[str, object]
    vector: Sparse | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which chunks a query may see; a back end puts this inside the query."""

    tenants: tuple[str, ...]
    current_only: bool = False
    """Leave superseded documents out."""
    ids: tuple[str, ...] = ()
    """Only these chunks; empty for all."""
    firsts_only: bool = False
    """Only the first chunk of each document."""


class Store(Protocol):
    """One collection in one back end."""

    @property
    def dense_model(self) -> str | None:
        """Slug of the model whose vectors the collection holds; None without dense vectors."""
        ...

    def by_words(self, query: Sparse, scope: Scope, limit: int, *, vectors: bool = False, payload: bool = True) -> list[Found]:
        """Chunks by sparse product with IDF, best first, with what is asked for."""
        ...

    def by_meaning(self, query: Sequence[float], scope: Scope, limit: int) -> list[Found]:
        """Chunks by cosine, best first, with payload."""
        ...

    def idf(self, indices: Sequence[int], scope: Scope) -> dict[int, float]:
        """IDF of tokens as the back end counts it; tokens that no chunk has are left out."""
        ...

    def payloads(self, ids: Sequence[str]) -> dict[str, dict[str, object]]:
        """Payloads by chunk id; unknown ids are left out."""
        ...

    def put(self, chunks: Sequence[Chunk]) -> None:
        """Write chunks, replacing those of the same id."""
        ...

    def drop(self, ids: Sequence[str]) -> None:
        """Delete chunks; unknown ids do no harm."""
        ...

    def count(self, scope: Scope) -> int:
        """How many chunks the scope holds."""
        ...


class Shelf(Protocol):
    """A back end: collections by name."""

    def reading(self, collection: str) -> Store:
        """The collection as it stands; ToolError if there is none."""
        ...

    def writing(self, collection: str, *, dense: tuple[str, int] | None, job: str = "") -> AbstractContextManager[Store]:
        """The collection open for writing, made if there is none; `dense` is the model's slug and its number of dimensions."""
        ...

    def names(self) -> list[str]:
        """Names of the collections, sorted."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def check_names(collection: str, tenant: str) -> None:
    """Refuse a missing tenant and names that could be paths or patterns.

    Raises:
        ToolError: Saying which.
    """
    if not isinstance(tenant, str) or not tenant:
        raise ToolError("tenant: a search or write without a tenant is refused")
    if not TENANT.fullmatch(tenant):
        raise ToolError("tenant: must be 1 to 128 letters, digits or any of _ . @ -, beginning and ending with a letter or digit")
    if not isinstance(collection, str) or not NAME.fullmatch(collection):
        raise ToolError("collection: must be 1 to 64 lower-case letters, digits, - or _, beginning and ending with a letter or digit")
