"""Compiles the ontology and its annotations into a `RareIndex`. Done once a release, in a few seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yingzhi.knowledge.hpo import Ontology, Profile
from yingzhi.knowledge.hpo.obo import PHENOTYPE
from yingzhi.tools.rare.index import Floats, Ints, RareIndex, Shorts, blob_of, number_of
from yingzhi.tools.rare.patient import MODES, ONSETS, onset_class
from yingzhi.tools.rare.twins import Overlap, Relations, relate

INTEGUMENT = "HP:0001574"
UNSEEN = 0.3
"""A term that no profile holds is as frequent as if this much of one patient had it."""


def build_index(ontology: Ontology, profiles: Mapping[str, Profile], genes: Mapping[str, set[str]]) -> RareIndex:
    """The index of these profiles.

    Args:
        ontology: The terms.
        profiles: Profiles by disease id.
        genes: Genes by disease id; they decide, with name and profile, which entries are one disease.
    """
    ids = sorted(ontology.terms)
    at = {t: i for i, t in enumerate(ids)}
    up_ptr, up = _implied(ontology, ids, at)
    parent_ptr, parent = _parents(ontology, ids, at)
    down_ptr, down = _turned(up_ptr, up)
    rows = sorted((p for p in profiles.values() if any(_holds(up_ptr, at, t) for t in p.features)), key=lambda p: _order(p.id))
    direct = _direct(rows, at, up_ptr)
    closure = _closed(direct, up_ptr, up, len(ids), len(rows))
    holding = np.diff(closure.ptr)
    background = np.bincount(closure.term, weights=closure.share, minlength=len(ids)) / max(len(rows), 1)
    information = -np.log(np.maximum(holding, UNSEEN) / max(len(rows), 1))
    relations = relate({p.id: p for p in rows}, genes, Overlap(_by_profile(closure, rows), dict(enumerate(information.tolist()))))
    form, member_ptr, member = _forms(rows, relations)
    disease_of = _diseases(rows, form, member_ptr, member, relations)
    old = sorted((number_of(o) or 0, at[new]) for o, new in ontology.replaced.items())
    denied = sorted((at[t], r, n) for r, p in enumerate(rows) for t, n in p.denied.items() if _holds(up_ptr, at, t))
    skin = np.zeros(len(rows), dtype=np.float32)
    if INTEGUMENT in at:
        part = slice(closure.ptr[at[INTEGUMENT]], closure.ptr[at[INTEGUMENT] + 1])
        skin[closure.row[part]] = closure.share[part]
    return RareIndex(
        term=np.array([number_of(t) for t in ids], dtype=np.int32),
        old=np.array(old, dtype=np.int32).reshape(-1, 2).T.copy(),
        term_names=blob_of([ontology.terms[t].name for t in ids]),
        up_ptr=up_ptr,
        up=up,
        parent_ptr=parent_ptr,
        parent=parent,
        down_ptr=down_ptr,
        down=down,
        background=np.maximum(background, UNSEEN / max(len(rows), 1)).astype(np.float32),
        information=information.astype(np.float32),
        column_ptr=closure.ptr,
        column=closure.row.astype(np.uint16),
        column_share=closure.share.astype(np.float16),
        direct_ptr=direct.ptr,
        direct=direct.term.astype(np.uint16),
        direct_share=direct.share.astype(np.float16),
        direct_count=direct.count.astype(np.float16),
        denied=np.array([d[:2] for d in denied], dtype=np.int32).reshape(-1, 2).T.copy(),
        denied_count=np.array([d[2] for d in denied], dtype=np.float32),
        full=np.bincount(direct.row, weights=direct.share * information[direct.term], minlength=len(rows)).astype(np.float32),
        skin=skin,
        form=form,
        disease=disease_of[form],
        disease_of=disease_of,
        papers=_papers(rows, form),
        member_ptr=member_ptr,
        member=member,
        onset=_onsets(rows),
        modes=np.array([sum(1 << MODES[m] for m in p.modes if m in MODES) for p in rows], dtype=np.int32),
        ids=blob_of([p.id for p in rows]),
        names=blob_of([readable(p.name) for p in rows]),
        genes=blob_of(_genes(rows, form, genes)),
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    """Shares by profile and term."""

    ptr: Ints
    row: NDArray[np.int64]
    term: NDArray[np.int64]
    share: NDArray[np.float64]
    count: NDArray[np.float64]


def readable(name: str) -> str:
    """A disease name as a reader expects it: OMIM shouts some of them."""
    return name.capitalize() if name.isupper() and len(name) > 6 else name


def _order(disease: str) -> tuple[int, str]:
    return (("OMIM", "ORPHA", "DECIPHER").index(disease.partition(":")[0]), disease)


def _holds(up_ptr: Ints, at: Mapping[str, int], term: str) -> bool:
    place = at.get(term)
    return place is not None and bool(up_ptr[place + 1] > up_ptr[place])


def _implied(ontology: Ontology, ids: Sequence[str], at: Mapping[str, int]) -> tuple[Ints, Shorts]:
    known: dict[str, frozenset[str]] = {PHENOTYPE: frozenset()}

    def climb(term: str) -> frozenset[str]:
        if term not in known:
            known[term] = frozenset()  # a ring ends here
            above = [p for p in ontology.terms[term].parents if p in ontology.terms]
            if any(p == PHENOTYPE or climb(p) for p in above):
                known[term] = frozenset({term}).union(*(climb(p) for p in above))
        return known[term]

    sets = [sorted(at[a] for a in climb(t)) for t in ids]
    ptr = np.concatenate([[0], np.cumsum([len(s) for s in sets])]).astype(np.int32)
    return ptr, np.array([a for s in sets for a in s], dtype=np.uint16)


def _parents(ontology: Ontology, ids: Sequence[str], at: Mapping[str, int]) -> tuple[Ints, Shorts]:
    above = [[at[p] for p in ontology.terms[t].parents if p in at] for t in ids]
    ptr = np.concatenate([[0], np.cumsum([len(a) for a in above])]).astype(np.int32)
    return ptr, np.array([p for a in above for p in a], dtype=np.uint16)


def _turned(ptr: Ints, up: Shorts) -> tuple[Ints, Shorts]:
    below = np.repeat(np.arange(len(ptr) - 1), np.diff(ptr))
    order = np.argsort(up, kind="stable")
    ends = np.searchsorted(up[order], np.arange(len(ptr))).astype(np.int32)
    return ends, below[order].astype(np.uint16)


def _direct(rows: Sequence[Profile], at: Mapping[str, int], up_ptr: Ints) -> _Cells:
    kept = [[(at[t], a.share, a.count) for t, a in sorted(p.features.items()) if _holds(up_ptr, at, t)] for p in rows]
    flat = np.array([cell for row in kept for cell in row], dtype=np.float64).reshape(-1, 3)
    ptr = np.concatenate([[0], np.cumsum([len(row) for row in kept])]).astype(np.int32)
    return _Cells(ptr, np.repeat(np.arange(len(rows)), np.diff(ptr)), flat[:, 0].astype(np.int64), flat[:, 1], flat[:, 2])


def _closed(direct: _Cells, up_ptr: Ints, up: Shorts, terms: int, rows: int) -> _Cells:
    """Every feature with all that it implies, by term: a term is as frequent as its likeliest descendant."""
    lengths = np.diff(up_ptr)[direct.term]
    starts = np.repeat(up_ptr[direct.term] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    term = up[starts + np.arange(int(lengths.sum()))].astype(np.int64)
    key = term * rows + np.repeat(direct.row, lengths)
    order = np.argsort(key, kind="stable")
    unique, first = np.unique(key[order], return_index=True)
    share = np.maximum.reduceat(np.repeat(direct.share, lengths)[order], first) if len(first) else np.zeros(0)
    term, row = unique // max(rows, 1), unique % max(rows, 1)
    return _Cells(np.searchsorted(term, np.arange(terms + 1)).astype(np.int32), row, term, share, np.zeros(0))


def _by_profile(closure: _Cells, rows: Sequence[Profile]) -> dict[str, dict[int, float]]:
    order = np.argsort(closure.row, kind="stable")
    ends = np.searchsorted(closure.row[order], np.arange(len(rows) + 1)).tolist()
    term, share = closure.term[order].tolist(), closure.share[order].tolist()
    return {p.id: dict(zip(term[ends[r] : ends[r + 1]], share[ends[r] : ends[r + 1]], strict=True)) for r, p in enumerate(rows)}


def _forms(rows: Sequence[Profile], relations: Relations) -> tuple[Ints, Ints, Ints]:
    leading: dict[str, int] = {}
    form = np.array([leading.setdefault(relations.twin.get(p.id, p.id), len(leading)) for p in rows], dtype=np.int32)
    groups: list[list[int]] = [[] for _ in leading]
    for orpha, omims in relations.members.items():
        groups[leading[orpha]] = sorted({leading[m] for m in omims})
    ptr = np.concatenate([[0], np.cumsum([len(g) for g in groups])]).astype(np.int32)
    return form, ptr, np.array([d for g in groups for d in g], dtype=np.int32)


def _diseases(rows: Sequence[Profile], form: Ints, member_ptr: Ints, member: Ints, relations: Relations) -> Ints:
    """The disease of each form: its series, and for a group that is made of one disease, that one."""
    leader: dict[int, str] = {}
    for profile, f in zip(rows, form.tolist(), strict=True):
        leader.setdefault(f, relations.series.get(profile.id, profile.id))
    for f in range(len(leader)):
        of = {leader[m] for m in member[member_ptr[f] : member_ptr[f + 1]].tolist()}
        if len(of) == 1:
            leader[f] = of.pop()
    number: dict[str, int] = {}
    return np.array([number.setdefault(leader[f], len(number)) for f in range(len(leader))], dtype=np.int32)


def _papers(rows: Sequence[Profile], form: Ints) -> Floats:
    cited: dict[int, set[str]] = {}
    for profile, d in zip(rows, form.tolist(), strict=True):
        cited.setdefault(d, set()).update(profile.papers)
    return np.array([len(cited[d]) for d in range(len(cited))], dtype=np.float32)


def _genes(rows: Sequence[Profile], form: Ints, genes: Mapping[str, set[str]]) -> list[str]:
    found: dict[int, set[str]] = {}
    for profile, d in zip(rows, form.tolist(), strict=True):
        found.setdefault(d, set()).update(genes.get(profile.id, ()))
    return [" ".join(sorted(found[d])) for d in range(len(found))]


def _onsets(rows: Sequence[Profile]) -> Floats:
    table = np.zeros((len(rows), len(ONSETS)), dtype=np.float32)
    for r, profile in enumerate(rows):
        for term, patients in profile.onsets.items():
            if (place := onset_class(term)) is not None:
                table[r, place] += patients
    return table
