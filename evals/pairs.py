"""Whether a case comes out the same in Chinese and in English: the leading diagnosis and the alerts, pair by pair."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.words import Language
from yingzhi.evals.cases import LANGUAGES, GoldCase
from yingzhi.evals.scorers.parity import alerts_of
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.run import consult

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pair:
    """One case in both languages."""

    case: str
    leading: dict[Language, str]
    alerts: dict[Language, set[str]]
    """Id and level of each, those of a model left out."""
    findings: dict[Language, frozenset[tuple[str, str]]]
    """Id and status of each of the patient's."""

    @property
    def same_leading(self) -> bool:
        """Whether both lead with one diagnosis."""
        return len(set(self.leading.values())) == 1

    @property
    def same_alerts(self) -> bool:
        """Whether both have the same alerts at the same levels."""
        return len({frozenset(a) for a in self.alerts.values()}) == 1


async def read_pairs(cases: Iterable[GoldCase], resources: Resources) -> list[Pair]:
    """Consult on every case in both languages with the embedded engine.

    Args:
        cases: Gold cases.
        resources: The opened knowledge.
    """
    graph = build_graph()
    pairs: list[Pair] = []
    for case in cases:
        both: dict[Language, Consultation] = {}
        for lang in LANGUAGES:
            both[lang] = await consult(case.presentation(lang), resources, graph=graph)
        pairs.append(Pair(case.id, _each(both, _leading), _each(both, alerts_of), _each(both, _findings)))
    return pairs


def _each(both: dict[Language, Consultation], read: Callable[[Consultation], T]) -> dict[Language, T]:
    return {lang: read(consultation) for lang, consultation in both.items()}


def _findings(consultation: Consultation) -> frozenset[tuple[str, str]]:
    found = consultation.history.findings if consultation.history else []
    return frozenset((f.id, f.status) for f in found if f.experiencer == "patient")


def _leading(consultation: Consultation) -> str:
    return consultation.differential[0].id if consultation.differential else ""
