"""Proves the systemic map, the risks of tests, the conflicts and the sites whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

from yingzhi.knowledge.load import Knowledge
from yingzhi.knowledge.site_models import KINDS


def check_maps(k: Knowledge) -> Iterator[str]:
    """Every problem of these tables as one line."""
    drugs = {d.id for d in k.drugs.drugs} | {c.id for c in k.drugs.classes}
    yield from _systemic(k, drugs)
    yield from _risks(k, drugs)
    yield from _conflicts(k, drugs)
    yield from _sites(k, drugs)


def _unknown(owner: str, what: str, ids: Iterable[str], known: Collection[str]) -> Iterator[str]:
    yield from (f"{owner}: {what} {i} is unknown" for i in ids if i not in known)


def _systemic(k: Knowledge, drugs: Collection[str]) -> Iterator[str]:
    for rule in k.systemic.values():
        owner = f"systemic rule {rule.id}"
        triggers = (*rule.all_of, *rule.any_of, *(f for group in rule.one_of_each for f in group))
        yield from _unknown(owner, "finding", (*triggers, *rule.none_of, *rule.look_for), k.findings)
        yield from _unknown(owner, "disease", (*rule.diseases, *rule.said_by), k.diseases)
        yield from _unknown(owner, "test", rule.tests, k.investigations)
        yield from _unknown(owner, "drug", rule.drugs, drugs)
        yield from _unknown(owner, "source", rule.sources, k.sources)
        if not triggers and not rule.diseases:
            yield f"{owner}: would bear always"
        if not (rule.tests or rule.look_for or rule.drugs):
            yield f"{owner}: names nothing to check"
    for disease in k.diseases.values():
        for link in disease.systemic_links:
            yield from _unknown(f"disease {disease.id}, systemic link", "test", link.tests, k.investigations)
            yield from _unknown(f"disease {disease.id}, systemic link", "finding", link.look_for, k.findings)


def _risks(k: Knowledge, drugs: Collection[str]) -> Iterator[str]:
    hazards = {h for t in k.investigations.values() for h in t.hazards}
    for rule in k.test_risks:
        owner = f"test risk {rule.id}"
        yield from _unknown(owner, "finding", rule.findings, k.findings)
        yield from _unknown(owner, "drug", rule.drugs, drugs)
        yield from _unknown(owner, "test", (*rule.tests, *rule.first), k.investigations)
        yield from _unknown(owner, "analyte", (*(x.analyte for x in rule.limits), *rule.unless_known), k.analytes)
        yield from _unknown(owner, "source", rule.sources, k.sources)
        yield from (f"{owner}: no test has the hazard {h}" for h in rule.hazards if h not in hazards)
        if not (rule.findings or rule.drugs or rule.allergies or rule.limits or rule.pregnancy):
            yield f"{owner}: would hold always or never"
    for test in k.investigations.values():
        yield from _unknown(f"investigation {test.id}", "equipment", test.needs, k.equipment)


def _conflicts(k: Knowledge, drugs: Collection[str]) -> Iterator[str]:
    for conflict in k.conflicts:
        owner = f"conflict {conflict.id}"
        yield from _unknown(owner, "drug", conflict.drugs, drugs)
        yield from _unknown(owner, "disease", conflict.diseases, k.diseases)
        yield from _unknown(owner, "test", conflict.tests, k.investigations)
        yield from _unknown(owner, "source", (s.source for s in conflict.sides), k.sources)
        if len({s.source for s in conflict.sides}) < len(conflict.sides):
            yield f"{owner}: two sides rest on one source"


def _sites(k: Knowledge, drugs: Collection[str]) -> Iterator[str]:
    for site in k.sites.values():
        owner = f"site {site.id}"
        yield from _unknown(owner, "equipment", site.equipment, k.equipment)
        yield from _unknown(owner, "test", (*site.tests, *site.not_tests), k.investigations)
        yield from _unknown(owner, "drug", site.drugs or (), drugs)
        yield from _unknown(owner, "specialist", site.specialists, k.specialists)
    for special in k.specialists.values():
        owner = f"specialist {special.id}"
        yield from _unknown(owner, "disease", special.diseases, k.diseases)
        yield from _unknown(owner, "red flag", special.red_flags, k.red_flags)
        yield from _unknown(owner, "group", special.groups, {d.group for d in k.diseases.values()})
    kinds = [k.sites[kind] for kind in KINDS if kind in k.sites]
    for smaller, larger in pairwise(kinds):
        yield from (f"site {larger.id}: has no {e}, which {smaller.id} has" for e in smaller.equipment if e not in larger.equipment)
    idle = k.equipment.keys() - {e for t in k.investigations.values() for e in t.needs}
    yield from (f"equipment {e}: no test needs it" for e in sorted(idle))
