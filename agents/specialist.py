"""What a specialist is: data, and how one is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from pydantic import BaseModel

from yingzhi.clinical.citation import Reference
from yingzhi.clinical.words import CareLevel
from yingzhi.knowledge.load import Knowledge
from yingzhi.knowledge.site_models import Site
from yingzhi.tools.done_tests import TestIndex
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.inference import DiagnosisModel
from yingzhi.tools.labs import LabTable
from yingzhi.tools.lexicon import Lexicon
from yingzhi.tools.rare import RareArm
from yingzhi.tools.retrieval import Retriever
from yingzhi.tools.systemic import Map

if TYPE_CHECKING:
    from yingzhi.agents.models.chat import Models
    from yingzhi.agents.models.session import Session

P = ParamSpec("P")
T = TypeVar("T")
View = Mapping[str, Any]
"""The part of the state that a specialist declares to read."""


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Resources:
    """Everything that specialists work with; travels in the graph's runtime context, never in its state."""

    knowledge: Knowledge
    lexicon: Lexicon
    model: DiagnosisModel
    labs: LabTable
    formulary: Formulary
    links: Map
    """The systemic map."""
    shown_by: TestIndex
    """Which tests a finding shows to be done."""
    records: Mapping[str, Reference]
    """The sources in short."""
    retrievers: tuple[Retriever, ...]
    """The built-in corpus and the site's own; empty when evidence is not searched."""
    tenant: str
    home: Path
    clock: Callable[[], datetime] = now
    rare: RareArm | None = None
    """The rare diseases; None works without."""
    site: Site | None = None
    """What this site has; None goes by the level of care alone."""
    models: Models | None = None
    """The language models; None works without."""
    session: Session | None = None
    """The model work of the run at hand; each run has its own."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a playbook has at hand: the resources, and a way to call tools that leaves a trace."""

    resources: Resources
    emit: Callable[[str, Mapping[str, Any]], None] = field(default=lambda _kind, _fields: None)

    def call(self, tool: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a tool and record that it was called, how it ended and how long it took (no patient text)."""
        return self.call_about((), tool, *args, **kwargs)

    def call_about(self, about: Iterable[str], tool: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """The same, and record what the call is about.

        Args:
            about: Ids of the knowledge: findings, diseases, drugs, tests, analytes. Never words of the case or of a query.
            tool: The tool.
            *args: Its own.
            **kwargs: Its own.
        """
        name = getattr(tool, "__name__", "tool")
        ids = list(about)
        began = perf_counter()
        self.emit("tool.called", {"tool": name, "about": ids, "at": began} if ids else {"tool": name, "at": began})
        try:
            result = tool(*args, **kwargs)
        except Exception as error:
            self.emit("tool.returned", {"tool": name, "ok": False, "error": type(error).__name__, **_spent(began)})
            raise
        self.emit("tool.returned", {"tool": name, "ok": True, "error": "", **_spent(began)})
        return result


def _spent(began: float) -> dict[str, float]:
    """How long it took, and the clock's reading: what is told in one piece later did not happen at once."""
    ended = perf_counter()
    return {"milliseconds": round((ended - began) * 1000, 2), "at": ended}


Playbook = Callable[[View, Desk], BaseModel]


@dataclass(frozen=True, slots=True)
class Specialist:
    """One specialist: a name that is its node and state key in one, what it reads, what it gives, how it works without a model."""

    name: str
    zh: str
    result: type[BaseModel]
    reads: tuple[str, ...]
    tools: tuple[Callable[..., Any], ...]
    playbook: Playbook


__all__ = ["CareLevel", "Desk", "Playbook", "Resources", "Specialist", "View"]
