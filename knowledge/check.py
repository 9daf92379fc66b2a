"""Proves the knowledge whole: references resolve, nothing is orphaned, no name stands for two things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from yingzhi.knowledge.hpo import SOURCE as ANNOTATIONS
from yingzhi.knowledge.load import Knowledge
from yingzhi.knowledge.map_check import check_maps
from yingzhi.knowledge.models import Disease
from yingzhi.knowledge.pack_check import check_measure_rules, check_packs


def check_knowledge(k: Knowledge) -> list[str]:
    """Every problem as one line: `kind id: what is wrong`. Empty when all is well."""
    return [
        *_findings(k),
        *(line for d in k.diseases.values() for line in _disease(d, k)),
        *_investigations(k),
        *_red_flags(k),
        *_labs_and_drugs(k),
        *check_packs(k),
        *check_measure_rules(k),
        *check_maps(k),
        *_pack_sources(k),
        *_names(k),
        *_orphans(k),
    ]


def cited_sources(value: Any) -> Iterator[str]:
    """Every id that stands under `source` or `sources` anywhere in a record."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in {"source", "efficacy_source"} and isinstance(inner, str):
                yield inner
            elif key == "sources" and inner and isinstance(inner[0], str):
                yield from inner
            else:
                yield from cited_sources(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from cited_sources(inner)


def _findings(k: Knowledge) -> Iterator[str]:
    for term in k.findings.values():
        for parent in term.parents:
            if parent not in k.findings:
                yield f"finding {term.id}: parent {parent} is unknown"
        seen, layer = {term.id}, set(term.parents)
        while layer:
            if term.id in layer:
                yield f"finding {term.id}: is its own ancestor"
                break
            seen |= layer
            layer = {p for f in layer if f in k.findings for p in k.findings[f].parents} - (seen - {term.id})


def _disease(d: Disease, k: Knowledge) -> Iterator[str]:
    def missing(what: str, ids: Iterator[str] | list[str], table: object) -> Iterator[str]:
        yield from (f"disease {d.id}: {what} {i} is unknown" for i in ids if i not in table)  # type: ignore[operator]

    listed = [f.finding for f in d.findings]
    yield from missing(
        "finding", [*listed, *(i for m in d.mimics for i in m.findings), *(i for e in d.care.escalate for i in e.when)], k.findings
    )
    yield from missing(
        "source",
        [
            *d.sources,
            d.prior.source,
            *(f.source for f in d.findings),
            *(s.source for s in d.systemic_links),
            *(t.source for t in d.treatment),
            *(t.efficacy_source for t in d.treatment if t.efficacy_source),
        ],
        k.sources,
    )
    yield from missing("mimic", [m.disease for m in d.mimics] + [i for t in d.investigations for i in t.separates], k.diseases)
    yield from missing("test", [t.test for t in d.investigations], k.investigations)
    yield from missing("finding", [i for t in d.investigations for i in t.given], k.findings)
    yield from missing("drug", [t.drug for t in d.treatment if t.drug], {x.id for x in k.drugs.drugs})
    yield from (f"disease {d.id}: finding {i} is listed twice" for i in sorted({i for i in listed if listed.count(i) > 1}))
    if any((t.drug is None) == (t.measure is None) for t in d.treatment):
        yield f"disease {d.id}: a treatment names exactly one of drug and measure"
    if d.must_not_miss and d.danger is None:
        yield f"disease {d.id}: must_not_miss without danger"
    if any(m.disease == d.id for m in d.mimics):
        yield f"disease {d.id}: is its own mimic"


def _investigations(k: Knowledge) -> Iterator[str]:
    for test in k.investigations.values():
        for finding in (*test.yields, *test.risk_raised_by, *test.uninformative_in):
            if finding not in k.findings:
                yield f"investigation {test.id}: finding {finding} is unknown"
        if test.source not in k.sources:
            yield f"investigation {test.id}: source {test.source} is unknown"


def _red_flags(k: Knowledge) -> Iterator[str]:
    for rule in k.red_flags.values():
        for finding in (*rule.all_of, *rule.any_of, *rule.none_of, *(f for group in rule.one_of_each for f in group)):
            if finding not in k.findings:
                yield f"red flag {rule.id}: finding {finding} is unknown"
        for disease in rule.points_to:
            if disease not in k.diseases or not k.diseases[disease].must_not_miss:
                yield f"red flag {rule.id}: {disease} is no dangerous disease"
        if rule.source not in k.sources:
            yield f"red flag {rule.id}: source {rule.source} is unknown"
        if not rule.all_of and not rule.any_of and not rule.one_of_each:
            yield f"red flag {rule.id}: would fire always"


def _labs_and_drugs(k: Knowledge) -> Iterator[str]:
    for analyte in k.analytes.values():
        yield from (f"analyte {analyte.id}: finding {m.finding} is unknown" for m in analyte.means if m.finding not in k.findings)
        if analyte.test not in k.investigations:
            yield f"analyte {analyte.id}: test {analyte.test} is unknown"
        yield from (f"analyte {analyte.id}: source {i} is unknown" for i in set(cited_sources(analyte.model_dump())) - k.sources.keys())
    yield from (
        f"drug knowledge: source {i} is unknown"
        for i in sorted(set(cited_sources(k.drugs.model_dump(exclude={"sources"}))) - k.sources.keys())
    )
    conditions = {c.id for c in k.drugs.conditions}
    for drug in k.drugs.drugs:
        wanted = {i for rule in drug.rules for i in rule.any_of} - conditions - k.findings.keys() - k.diseases.keys()
        yield from (f"drug {drug.id}: condition {i} is unknown" for i in sorted(wanted))


def _pack_sources(k: Knowledge) -> Iterator[str]:
    for pack in k.packs.values():
        named = set(cited_sources(pack.model_dump()))
        yield from (f"pack {pack.id}: source {i} is unknown" for i in sorted(named - k.sources.keys()))


def _names(k: Knowledge) -> Iterator[str]:
    for what, entries in (
        ("finding", [(t.id, [t.names.en, t.names.zh, *t.forms.en, *t.forms.zh]) for t in k.findings.values()]),
        ("disease", [(d.id, [d.names.en, d.names.zh, *d.aliases.en, *d.aliases.zh]) for d in k.diseases.values()]),
        ("investigation", [(t.id, [t.names.en, t.names.zh]) for t in k.investigations.values()]),
    ):
        owners: dict[str, set[str]] = defaultdict(set)
        for owner, names in entries:
            for name in names:
                owners[name.casefold()].add(owner)
        yield from (f"{what} name {name!r} stands for {', '.join(sorted(ids))}" for name, ids in sorted(owners.items()) if len(ids) > 1)


def _orphans(k: Knowledge) -> Iterator[str]:
    """Sources that nothing cites. A finding that no disease lists is no orphan: it may be a red flag, a risk or a word to know."""
    tables = (
        *k.diseases.values(),
        *k.investigations.values(),
        *k.red_flags.values(),
        *k.analytes.values(),
        *k.packs.values(),
        *k.measure_rules,
        *k.systemic.values(),
        *k.test_risks,
        *k.conflicts,
        k.drugs,
    )
    cited = {i for record in tables for i in cited_sources(record.model_dump())} | {ANNOTATIONS}
    yield from (f"source {i}: nothing cites it" for i in sorted(k.sources.keys() - cited))
    used = {t.test for d in k.diseases.values() for t in d.investigations} | {a.test for a in k.analytes.values()}
    used |= {t for pack in k.packs.values() for s in pack.screen for t in s.tests}
    used |= {t for pack in k.packs.values() for w in pack.watch for t in w.tests}
    yield from (
        f"investigation {t.id}: no disease names it and it yields nothing"
        for t in k.investigations.values()
        if t.id not in used and not t.yields
    )
