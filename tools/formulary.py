"""The formulary: the drug knowledge as indexes and bit masks, built once, so that a pair is judged in microseconds.

Every interaction rule is one bit. A drug holds two masks: the rules whose side `a` it fits and those whose side `b` it fits.
Two drugs interact by the rules in `(x.a & y.b) | (x.b & y.a)`. Bits stand in the order of severity: the lowest bit set is the worst.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeVar

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.clinical.words import Text
from yingzhi.knowledge import drug_models as m
from yingzhi.knowledge.models import Bilingual, BilingualList
from yingzhi.tools.drug_names import fold
from yingzhi.tools.drug_profiles import Profile, profiles
from yingzhi.tools.drug_rules import Rule, compile_rules


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


@dataclass(frozen=True, slots=True)
class Formulary:
    """Everything the drug tools look up. Never changed after it is built."""

    drugs: Mapping[str, m.Drug]
    classes: Mapping[str, m.DrugClass]
    profiles: Mapping[str, Profile]
    rules: tuple[Rule, ...]
    masks: Mapping[str, Masks]
    names: Mapping[str, str]
    """Folded name to drug id."""
    display: Mapping[str, Text]
    combined: tuple[m.CombinedRule, ...]
    allergy_groups: Mapping[str, m.AllergyGroup]
    allergy_names: Mapping[str, str]
    class_names: Mapping[str, str]
    conditions: Mapping[str, m.Condition]
    condition_names: Mapping[str, str]


@lru_cache(maxsize=1)
def load_formulary() -> Formulary:
    """The formulary of the built-in files, read once a process.

    Raises:
        KnowledgeError: a file is wrong, or a reference in it leads nowhere.
    """
    from yingzhi.knowledge.drug_load import read_drug_knowledge  # YAML is only needed here

    return build_formulary(read_drug_knowledge())


def build_formulary(knowledge: m.DrugKnowledge) -> Formulary:
    """Index the records and compile the rules.

    Raises:
        KnowledgeError: two records share an id or a name, or a reference leads nowhere.
    """
    drugs = by_id(knowledge.drugs)
    classes = by_id(knowledge.classes)
    table = profiles(drugs, classes)
    rules = compile_rules(knowledge)
    return Formulary(
        drugs=drugs,
        classes=classes,
        profiles=table,
        rules=rules,
        masks=_masks(rules, drugs, table),
        names=_names(knowledge.drugs),
        display={i: Text(en=d.names.en, zh=d.names.zh) for i, d in drugs.items()},
        combined=knowledge.combined_rules,
        allergy_groups=by_id(knowledge.allergy_groups),
        allergy_names=_names(knowledge.allergy_groups),
        class_names=_names(knowledge.classes),
        conditions=by_id(knowledge.conditions),
        condition_names=_names(knowledge.conditions),
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
        local_a, local_b = (a, b) if drug.absorbed_locally else (a & locals_only, b & locals_only)
        out[i] = Masks(local_a, local_b, local_a, local_b) if profile.local_only else Masks(a, b, local_a, local_b)
    return out
