"""Interaction rules of every kind in one compiled form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.clinical.words import Severity
from yingzhi.knowledge import drug_models as m
from yingzhi.knowledge.models import Bilingual

ORDER: dict[str, int] = {"contraindicated": 0, "major": 1, "moderate": 2, "minor": 3, "none": 4, "unknown": 5}
"""Rank of a severity, 0 = worst."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule. `{actor}` and `{victim}` in its texts stand for the drugs of side a and side b."""

    id: str
    group: str
    severity: Severity
    onset: Literal["rapid", "delayed", "unknown"]
    mechanism: Bilingual
    management: Bilingual
    source: str
    a: tuple[str, ...]
    b: tuple[str, ...]
    not_a: tuple[str, ...] = ()
    not_b: tuple[str, ...] = ()
    local: bool = False
    pathway: Bilingual | None = None
    """For an exposure change: the pathway. Such a rule has a direction, from the drug that acts to the one acted upon."""


def compile_rules(knowledge: m.DrugKnowledge) -> tuple[Rule, ...]:
    """Every rule, the worst first.

    Raises:
        KnowledgeError: a rule names a drug, class, effect or pathway that does not exist.
    """
    rules = tuple(sorted((*_additive(knowledge), *_kinetic(knowledge), *_pairs(knowledge)), key=lambda r: (ORDER[r.severity], r.id)))
    words = vocabulary(knowledge)
    for rule in rules:
        _refuse_unknown(rule.id, (*rule.a, *rule.b, *rule.not_a, *rule.not_b), words)
    for combined in knowledge.combined_rules:
        _refuse_unknown(combined.id, (term for member in combined.members for term in member), words)
    held_rules: tuple[m.TraitRule | m.DoseRule, ...] = (*knowledge.trait_rules, *knowledge.dose_rules)
    for held in held_rules:
        _refuse_unknown(held.id, (*held.terms, *held.not_terms), words)
    for eruption in knowledge.eruptions:
        named = (*eruption.slow, *eruption.strong, *eruption.associated, *eruption.suspected, *eruption.not_suspected)
        _refuse_unknown(eruption.id, named, words)
    return rules


def vocabulary(knowledge: m.DrugKnowledge) -> frozenset[str]:
    """All words a rule may use.

    Raises:
        KnowledgeError: one word names two things.
    """
    out: set[str] = set()
    roles = (f"{p.id}-{role}" for p in knowledge.pathways for role in ("substrate", "inhibitor", "inducer"))
    ids = (*(d.id for d in knowledge.drugs), *(c.id for c in knowledge.classes), *(e.id for e in knowledge.effects))
    for word in (*ids, *roles):
        if word in out:
            raise KnowledgeError(f"drug knowledge: {word} names two things")
        out.add(word)
    return frozenset(out)


def _refuse_unknown(rule: str, terms: Iterable[str], words: frozenset[str]) -> None:
    for term in terms:
        if term.partition(">=")[0] not in words:
            raise KnowledgeError(f"interactions: {rule} names {term}, which is not there")


def _additive(knowledge: m.DrugKnowledge) -> Iterator[Rule]:
    for one in knowledge.additive_rules:
        for grade in one.grades:
            yield Rule(
                id=f"{one.id}-{grade.one}-{grade.other}",
                group=one.id,
                severity=grade.severity,
                onset=one.onset,
                mechanism=one.mechanism,
                management=one.management,
                source=one.source,
                a=(f"{one.effect}>={grade.one}",),
                b=(f"{one.effect}>={grade.other}",),
            )


def _kinetic(knowledge: m.DrugKnowledge) -> Iterator[Rule]:
    words = {template.kind: template for template in knowledge.kinetic_templates}
    for pathway in knowledge.pathways:
        for row in knowledge.kinetic_rows:
            text = words[row.kind]
            inhibits = row.kind == "inhibits"
            yield Rule(
                id=f"{pathway.id}-{row.kind}-{row.strength}-{row.sensitivity}",
                group=f"{pathway.id}-{'inhibition' if inhibits else 'induction'}",
                severity=row.severity,
                onset=text.onset,
                mechanism=text.mechanism,
                management=text.never if row.severity == "contraindicated" else text.management,
                source=text.source,
                a=(f"{pathway.id}-{'inhibitor' if inhibits else 'inducer'}>={row.strength}",),
                b=(f"{pathway.id}-substrate>={row.sensitivity}",),
                pathway=pathway.names,
            )


def _pairs(knowledge: m.DrugKnowledge) -> Iterator[Rule]:
    for one in knowledge.pair_rules:
        yield Rule(
            id=one.id,
            group=one.group or one.id,
            severity=one.severity,
            onset=one.onset,
            mechanism=one.mechanism,
            management=one.management,
            source=one.source,
            a=one.a,
            b=one.b,
            not_a=one.not_a,
            not_b=one.not_b,
            local=one.local,
        )
