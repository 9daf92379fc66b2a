"""What the curated knowledge and the rare index have in common: the same diseases, and findings that are HPO terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from yingzhi.knowledge.load import Knowledge
from yingzhi.knowledge.models import Disease, FindingTerm
from yingzhi.tools.rare.index import RareIndex
from yingzhi.tools.rare.twins import LINKING, name_key, series_name
from yingzhi.tools.rare.words import RareWords
from yingzhi.tools.text import fold_phrase

PLACES = frozenset({"arrangement", "site"})
"""Kinds of finding that say where, not what: their names are modifiers in the ontology."""
PLAIN = LINKING | frozenset(["classic", "classical", "typical", "spectrum", "idiopathic", "localized", "generalized", "disseminated"])
"""Words that make no other disease of one: "classic mycosis fungoides" is mycosis fungoides. A naevus syndrome is no naevus."""


@dataclass(frozen=True, slots=True)
class Links:
    """The common ground."""

    same: dict[str, list[int]]
    """Curated disease -> diseases of the index that are the same, or forms of it."""
    terms: dict[str, int]
    """Finding of the lexicon -> position of its HPO term."""
    chinese: dict[int, str]
    """Position of a term -> its Chinese name."""
    diagnoses: list[int]
    """Terms that by their name are a common disease: in a note mostly a diagnosis that was thought of, and seen in anyone."""


def link_diseases(
    knowledge: Knowledge, index: RareIndex, words: RareWords, chinese: Mapping[str, Sequence[str]], xrefs: Mapping[str, str]
) -> Links:
    """Find the common ground.

    Args:
        knowledge: The curated knowledge.
        index: The rare index.
        words: Wordings of HPO terms.
        chinese: HPO id -> Chinese wordings, the name first.
        xrefs: Finding -> HPO id, for findings whose own record has none.
    """
    by_id = dict(zip(index.id_list, index.disease.tolist(), strict=True))
    by_key: dict[str, list[int]] = {}
    for name, disease in zip(index.name_list, index.disease.tolist(), strict=True):
        for said in {name, series_name(name)}:
            by_key.setdefault(name_key(said, PLAIN), []).append(disease)
    same = {d.id: sorted(set(_same(d, by_id, by_key))) for d in knowledge.diseases.values()}
    terms = {f.id: at for f in knowledge.findings.values() if (at := _term(f, index, words, xrefs)) is not None}
    named = {at: knowledge.findings[f].names.zh for f, at in sorted(terms.items()) if knowledge.findings[f].hpo}
    named |= {at: forms[0] for term, forms in chinese.items() if (at := index.position(term)) is not None and at not in named}
    common = [d for d in knowledge.diseases.values() if d.commonness == "common"]
    names = {fold_phrase(n).strip() for d in common for n in (d.names.en, d.names.zh, *d.aliases.en, *d.aliases.zh)}
    diagnoses = sorted({words.table[n] for n in names if n in words.table})
    return Links({d: found for d, found in same.items() if found}, terms, named, diagnoses)


def _same(disease: Disease, by_id: Mapping[str, int], by_key: Mapping[str, list[int]]) -> Iterator[int]:
    yield from (by_id[x] for x in disease.xrefs if x in by_id)
    for name in (disease.names.en, *disease.aliases.en):
        yield from by_key.get(name_key(name, PLAIN), ())


def _term(finding: FindingTerm, index: RareIndex, words: RareWords, xrefs: Mapping[str, str]) -> int | None:
    given = finding.hpo or xrefs.get(finding.id, "")
    at = index.position(given) if given else None
    if at is None and finding.kind not in PLACES:
        at = words.table.get(fold_phrase(finding.names.en).strip())
    return at if at is not None and index.is_finding(at) else None
