"""The formulary: the drug knowledge as indexes and bit masks, built once, so that a pair is judged in microseconds.

Every interaction rule is one bit. A drug holds two masks: the rules whose side `a` it fits and those whose side `b` it fits.
Two drugs interact by the rules in `(x.a & y.b) | (x.b & y.a)`. Bits stand in the order of severity: the lowest bit set is the worst.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.clinical.words import Text
from yingzhi.knowledge import drug_models as m
from yingzhi.knowledge.models import Bilingual, BilingualList, Source
from yingzhi.tools.drug_profiles import Profile, absorbed, profiles
from yingzhi.tools.drug_rules import Rule, compile_rules
from yingzhi.tools.drug_spelling import fold

if TYPE_CHECKING:
    from yingzhi.tools.overlays import Overlay


class Record(Protocol):
    """A knowledge record with an id and names."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def names(self) -> Bilingual:
        """Its names."""
        ...

    @property
    def aliases(self) -> BilingualList:
        """What else it is called."""
        ...


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Masks:
    """The rules a drug fits, by side. `local_*`: those that hold when it is used on the skin or by another local route."""

    a: int
    b: int
    local_a: int
    local_b: int


@dataclass(frozen=True, slots=True, eq=False)
class Formulary:
    """Everything the drug tools look up. Never changed after it is built; equal only to itself."""

    drugs: Mapping[str, m.Drug]
    classes: Mapping[str, m.DrugClass]
    profiles: Mapping[str, Profile]
    rules: tuple[Rule, ...]
    masks: Mapping[str, Masks]
    names: Mapping[str, str]
    """Folded name to drug id."""
    ambiguous: Mapping[str, m.AmbiguousName]
    """Folded names that stand for several drugs or for a group."""
    display: Mapping[str, Text]
    combined: tuple[m.CombinedRule, ...]
    allergy_groups: Mapping[str, m.AllergyGroup]
    allergy_names: Mapping[str, str]
    class_names: Mapping[str, str]
    conditions: Mapping[str, m.Condition]
    condition_names: Mapping[str, str]
    dose_rules: Mapping[str, tuple[m.DoseRule, ...]]
    """Limits by drug."""
    lab_states: tuple[m.LabState, ...]
    sources: Mapping[str, Source]
    """What rules rest on, by id."""
    labels: Mapping[str, Bilingual]
    """What a problem is about, by its id: the effect that adds up, the class that is doubled."""
    eruptions: Mapping[str, m.Eruption]
    """Drug eruptions in time."""
    overlays: tuple[Overlay, ...] = ()
    """A site's own tables (see `tools.overlays`)."""


@lru_cache(maxsize=2)
def load_formulary(cache: Path | None = None) -> Formulary:
    """The formulary of the built-in files, read once a process.

    Args:
        cache: Folder for the compiled files; None reads the YAML.

    Raises:
        KnowledgeError: a file is wrong, or a reference in it leads nowhere.
    """
    from yingzhi.knowledge.drug_load import load_drug_knowledge  # YAML is only needed here

    with _uncollected():
        return build_formulary(load_drug_knowledge(cache))


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage is looked for meanwhile: all that is made here stays, and looking through it takes most of the time of loading."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def build_formulary(knowledge: m.DrugKnowledge) -> Formulary:
    """Index the records and compile the rules.

    Raises:
        KnowledgeError: two records share an id or a name, or a reference leads nowhere.
    """
    drugs = by_id(knowledge.drugs)
    classes = by_id(knowledge.classes)
    table = profiles(drugs, classes, knowledge.trait_rules)
    rules = compile_rules(knowledge)
    return Formulary(
        drugs=drugs,
        classes=classes,
        profiles=table,
        rules=rules,
        masks=_masks(rules, drugs, table),
        names=_names(knowledge.drugs),
        ambiguous=_ambiguous(knowledge),
        display={i: Text(en=d.names.en, zh=d.names.zh) for i, d in drugs.items()},
        combined=knowledge.combined_rules,
        allergy_groups=by_id(knowledge.allergy_groups),
        allergy_names=_names(knowledge.allergy_groups),
        class_names=_names(knowledge.classes),
        conditions=by_id(knowledge.conditions),
        condition_names=_names(knowledge.conditions),
        dose_rules=_dose_rules(knowledge.dose_rules, table),
        lab_states=knowledge.lab_states,
        sources={s.id: s for s in knowledge.sources},
        labels=_labels(knowledge),
        eruptions={e.id: e for e in knowledge.eruptions},
    )


def by_id(rows: tuple[R, ...]) -> dict[str, R]:
    """Records by id.

    Raises:
        KnowledgeError: an id is there twice.
    """
    out: dict[str, R] = {}
    for row in rows:
        if row.id in out:
            raise KnowledgeError(f"drug knowledge: {row.id} is there twice")
        out[row.id] = row
    return out


def _names(rows: tuple[R, ...]) -> dict[str, str]:
    out: dict[str, str] = {}
    for row in rows:
        for word in (row.id, row.names.en, row.names.zh, *row.aliases.en, *row.aliases.zh):
            if out.setdefault(fold(word), row.id) != row.id:
                raise KnowledgeError(f"drug knowledge: {word!r} names both {out[fold(word)]} and {row.id}")
    return out


def _labels(knowledge: m.DrugKnowledge) -> dict[str, Bilingual]:
    effects = {effect.id: effect for effect in knowledge.effects}
    additive = {rule.id: effects[rule.effect].names for rule in knowledge.additive_rules if rule.effect in effects}
    return additive | {f"duplicate-{c.id}": c.names for c in knowledge.classes if c.duplicate}


def _dose_rules(rules: tuple[m.DoseRule, ...], table: Mapping[str, Profile]) -> dict[str, tuple[m.DoseRule, ...]]:
    out: dict[str, list[m.DoseRule]] = {}
    for rule in rules:
        words = {term.partition(">=")[0] for term in rule.terms}
        for drug, profile in table.items():
            fits = not words.isdisjoint(profile.levels) and any(map(profile.fits, rule.terms))
            if fits and not any(map(profile.fits, rule.not_terms)):
                out.setdefault(drug, []).append(rule)
    return {drug: tuple(found) for drug, found in out.items()}


def _ambiguous(knowledge: m.DrugKnowledge) -> dict[str, m.AmbiguousName]:
    known = {d.id for d in knowledge.drugs}
    out: dict[str, m.AmbiguousName] = {}
    for one in knowledge.ambiguous_names:
        if missing := [d for d in one.drugs if d not in known]:
            raise KnowledgeError(f"ambiguous names: {missing[0]} is no drug")
        out.update({fold(word): one for word in (*one.names.en, *one.names.zh)})
    return out


def _masks(rules: tuple[Rule, ...], drugs: Mapping[str, m.Drug], table: Mapping[str, Profile]) -> dict[str, Masks]:
    """Bit n of a mask is rule n. Terms are looked up by word, so only rules that name one of a drug's words are tried."""
    by_word: dict[str, list[tuple[int, int, bool]]] = defaultdict(list)
    for n, rule in enumerate(rules):
        for side, terms in ((True, rule.a), (False, rule.b)):
            for term in terms:
                word, _, bound = term.partition(">=")
                by_word[word].append((int(bound or 1), n, side))
    locals_only = sum(1 << n for n, rule in enumerate(rules) if rule.local)
    out = {}
    for i, drug in drugs.items():
        profile = table[i]
        a = b = 0
        for word, level in profile.levels.items():
            for least, n, side in by_word.get(word, ()):
                if level < least:
                    continue
                if side and not any(map(profile.fits, rules[n].not_a)):
                    a |= 1 << n
                elif not side and not any(map(profile.fits, rules[n].not_b)):
                    b |= 1 << n
        local_a, local_b = (a, b) if absorbed(drug, drugs) else (a & locals_only, b & locals_only)
        out[i] = Masks(local_a, local_b, local_a, local_b) if profile.local_only else Masks(a, b, local_a, local_b)
    return out
