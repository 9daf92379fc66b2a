"""A drug with all it has from its classes: one flat view that rules can be matched against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.knowledge import drug_models as m

PREGNANT, LACTATING = "pregnant", "breast-feeding"
"""Conditions that a trait rule names to speak of pregnancy and breast-feeding."""
LEVELS: Mapping[m.Harm, Literal["contraindicated", "avoid", "caution", "compatible"]] = {
    "contraindicated": "contraindicated",
    "major": "avoid",
    "moderate": "caution",
    "minor": "compatible",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """What rules may ask of a drug."""

    levels: Mapping[str, int]
    """Drug ids, class ids and traits (`qt`, `cyp3a4-inhibitor` …) with the level; 1 for an id."""
    local_only: bool
    """Only used on the skin or by another local route, and not absorbed to an extent that matters."""
    allergy_groups: frozenset[str]
    rules: tuple[m.PatientRule, ...]
    pregnancy: m.Reproduction | None
    lactation: m.Reproduction | None
    wash_out: m.WashOut | None
    duplicates: frozenset[str]
    """Classes of which one drug at a time is enough."""

    def fits(self, term: str) -> bool:
        """Whether a rule's term (`nsaid`, `qt>=2`) holds."""
        word, _, least = term.partition(">=")
        return self.levels.get(word, 0) >= (int(least) if least else 1)


def profiles(drugs: Mapping[str, m.Drug], classes: Mapping[str, m.DrugClass], traits: Iterable[m.TraitRule] = ()) -> dict[str, Profile]:
    """The profile of every drug, with the patient rules that its traits bring.

    Raises:
        KnowledgeError: a drug names a class, or a combination a drug, that does not exist.
    """
    by_word: dict[str, list[m.TraitRule]] = {}
    for rule in traits:
        for word in dict.fromkeys(term.partition(">=")[0] for term in rule.terms):
            by_word.setdefault(word, []).append(rule)
    return {drug.id: _with_traits(profile_of(drug, drugs, classes), by_word) for drug in drugs.values()}


def _with_traits(profile: Profile, by_word: Mapping[str, list[m.TraitRule]]) -> Profile:
    """Adds the rules that hold for a trait; what a drug or its class says of itself stands first."""
    near = {id(rule): rule for word in profile.levels for rule in by_word.get(word, ())}
    found = [r for r in near.values() if any(map(profile.fits, r.terms)) and not any(map(profile.fits, r.not_terms))]
    if not found:
        return profile
    return replace(
        profile,
        rules=(*profile.rules, *(r for r in found if not {PREGNANT, LACTATING} & set(r.any_of))),
        pregnancy=profile.pregnancy or _reproduction(found, PREGNANT),
        lactation=profile.lactation or _reproduction(found, LACTATING),
    )


def _reproduction(rules: list[m.TraitRule], state: str) -> m.Reproduction | None:
    """What a trait says of pregnancy or breast-feeding, the worst first."""
    for severity, level in LEVELS.items():
        for rule in rules:
            if rule.severity == severity and state in rule.any_of:
                return m.Reproduction(level=level, text=rule.risk, local=rule.local, source=rule.source)
    return None


def profile_of(drug: m.Drug, drugs: Mapping[str, m.Drug], classes: Mapping[str, m.DrugClass]) -> Profile:
    """One drug's profile: general classes first, then nearer ones, then its ingredients, then itself."""
    missing = [i for i in drug.ingredients if i not in drugs]
    if missing:
        raise KnowledgeError(f"drugs: {drug.id} names an ingredient that is not there: {missing[0]}")
    parts = [profile_of(drugs[i], drugs, classes) for i in drug.ingredients]
    lineage = _lineage(drug, classes)
    levels: dict[str, int] = {}
    for one in lineage:
        levels[one.id] = 1
        levels.update(_traits(one))
    for part in parts:
        for word, level in part.levels.items():
            levels[word] = max(level, levels.get(word, 0))
    levels.update(_traits(drug))
    levels[drug.id] = 1
    own: tuple[m.Traits, ...] = (drug, *reversed(lineage))
    return Profile(
        levels=levels,
        local_only=not absorbed(drug, drugs) and all(route in m.LOCAL_ROUTES for route in drug.routes),
        allergy_groups=frozenset(g for one in own for g in one.allergy_groups).union(*(p.allergy_groups for p in parts)),
        rules=(*drug.rules, *(r for p in parts for r in p.rules), *(r for one in own[1:] for r in one.rules)),
        pregnancy=drug.pregnancy or _worst([p.pregnancy for p in parts]) or next((one.pregnancy for one in own if one.pregnancy), None),
        lactation=drug.lactation or _worst([p.lactation for p in parts]) or next((one.lactation for one in own if one.lactation), None),
        wash_out=next((w for w in (drug.wash_out, *(p.wash_out for p in parts), *(one.wash_out for one in own[1:])) if w), None),
        duplicates=frozenset(one.id for one in lineage if one.duplicate).union(*(p.duplicates for p in parts)),
    )


def absorbed(drug: m.Drug, drugs: Mapping[str, m.Drug]) -> bool:
    """Whether a local route of the drug, or of one of its ingredients, gives exposure that matters."""
    return drug.absorbed_locally or any(drugs[i].absorbed_locally for i in drug.ingredients)


def _worst(found: Iterable[m.Reproduction | None]) -> m.Reproduction | None:
    order = list(LEVELS.values())
    return min((one for one in found if one), key=lambda one: order.index(one.level), default=None)


def _traits(one: m.Traits) -> dict[str, int]:
    return {
        **{f"{pathway}-substrate": level for pathway, level in one.substrate.items()},
        **{f"{pathway}-inhibitor": level for pathway, level in one.inhibits.items()},
        **{f"{pathway}-inducer": level for pathway, level in one.induces.items()},
        **one.effects,
    }


def _lineage(drug: m.Drug, classes: Mapping[str, m.DrugClass]) -> list[m.DrugClass]:
    """The drug's classes and their parents, the most general first."""
    out: list[m.DrugClass] = []

    def visit(name: str, holder: str) -> None:
        if name not in classes:
            raise KnowledgeError(f"drugs: {holder} names class {name}, which is not there")
        for parent in classes[name].parents:
            visit(parent, name)
        if classes[name] not in out:
            out.append(classes[name])

    for name in drug.classes:
        visit(name, drug.id)
    return out
