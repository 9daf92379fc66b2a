"""The diagnosis model: what the knowledge says, as arrays that a likelihood can be read from.

Naive Bayes with three corrections, each for a measured failing of the plain form: findings of one kind are correlated, so the
second and third of a kind count less (`DAMPING`); a finding that the note does not mention is weak evidence of absence
(`MENTIONED`), because notes leave things out; and the posterior is tempered, because evidence is never as independent as the
product says. docs/diagnosis.md has the derivation and the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from yingzhi.knowledge.models import AgeBand, Disease, FindingTerm

Array = NDArray[np.float64]

AGE_BANDS: tuple[tuple[AgeBand, float, float], ...] = (
    ("neonate", 0.077, 0.005),
    ("infant", 2.0, 0.03),
    ("child", 12.0, 0.10),
    ("adolescent", 18.0, 0.10),
    ("adult", 40.0, 0.42),
    ("middle", 65.0, 0.24),
    ("old", 200.0, 0.105),
)
"""Name, upper bound in years, share of dermatology outpatients (order of magnitude)."""

FULL_NOTE = 10
"""A note with so many findings mentions as much as notes do; one with fewer, in proportion."""
ABSENT_BAND = 0.02
FEMALE_SHARE = 0.55

LEAK: Mapping[str, float] = {
    "morphology": 0.08,
    "colour": 0.10,
    "site": 0.12,
    "arrangement": 0.08,
    "course": 0.15,
    "symptom": 0.10,
    "systemic": 0.03,
    "exposure": 0.04,
    "history": 0.03,
    "response": 0.04,
    "sign": 0.01,
    "histology": 0.01,
    "immunofluorescence": 0.004,
    "dermoscopy": 0.02,
    "lab": 0.03,
    "microbiology": 0.006,
    "imaging": 0.01,
    "genetics": 0.005,
}
"""How often a finding is noted in skin patients at large, by kind, where the lexicon gives no figure."""

MENTIONED: Mapping[str, float] = {
    "morphology": 0.55,
    "colour": 0.25,
    "site": 0.6,
    "arrangement": 0.3,
    "course": 0.35,
    "symptom": 0.4,
    "systemic": 0.35,
    "exposure": 0.35,
    "history": 0.25,
    "response": 0.1,
    "sign": 0.2,
}
"""How often a note mentions a finding that is there, by kind. Tests are not in the list: one not done says nothing."""

UNLISTED: Mapping[str, float] = {
    "morphology": 0.3,
    "colour": 0.4,
    "site": 0.33,
    "arrangement": 0.33,
    "sign": 0.33,
    "symptom": 0.4,
    "course": 0.5,
    "systemic": 0.45,
    "histology": 0.26,
    "immunofluorescence": 0.26,
    "dermoscopy": 0.33,
    "microbiology": 0.26,
}
"""A disease that does not list a finding shows it less often than the average of all diseases, which the leak is. Of what lies in the
patient's background (drugs, other diseases, laboratory) the file of a disease names only what bears on it: nothing follows there."""

GROUPS: Mapping[str, str] = {
    "morphology": "lesion",
    "colour": "lesion",
    "site": "place",
    "arrangement": "place",
    "course": "course",
    "symptom": "symptom",
    "systemic": "systemic",
    "exposure": "background",
    "history": "background",
    "response": "response",
    "sign": "sign",
    "histology": "histology",
    "immunofluorescence": "immune",
    "dermoscopy": "dermoscopy",
    "lab": "lab",
    "microbiology": "microbe",
    "imaging": "imaging",
    "genetics": "genetics",
}
"""Kinds whose findings are counted together when correlated ones are damped."""


@dataclass(frozen=True, slots=True, eq=False)
class DiagnosisModel:
    """Shares, leaks and priors as arrays; D diseases by F findings."""

    diseases: tuple[str, ...]
    findings: tuple[str, ...]
    row: Mapping[str, int]
    column: Mapping[str, int]
    share: Array
    """[D, F] probability of the finding in the disease."""
    unsure: Array
    """[D, F] entropy of the finding in the disease, in bits."""
    listed: NDArray[np.bool_]
    """[D, F] whether the disease, or a child of the finding in it, is written down."""
    written: tuple[NDArray[np.intp], NDArray[np.intp]]
    """Row and column of every listed cell, column by column: few, where the arrays are wide."""
    span: tuple[tuple[int, int], ...]
    """[F] the cells of each column: from, and up to without, in `written`."""
    leak: Array
    """[F]"""
    mentioned: Array
    """[F] chance that a note mentions it when it is there."""
    silence: tuple[tuple[Array, Array], ...]
    """By number of findings noted, 0 to FULL_NOTE: the log likelihood ratio of leaving each written cell out, and its sum by disease."""
    groups: tuple[str, ...]
    """[F] group for damping."""
    ancestors: Mapping[str, frozenset[str]]
    clinic: Array
    """[D] prior odds weight, new cases per 10,000 visits."""
    age: Array
    """[D, 7] likelihood ratio of the age band."""
    female: Array
    """[D] share of patients who are female."""


def binary_entropy(p: Array) -> Array:
    """Shannon entropy of yes and no, in bits; `p` strictly between 0 and 1."""
    bits: Array = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    return bits


def compile_model(diseases: Iterable[Disease], terms: Iterable[FindingTerm]) -> DiagnosisModel:
    """Turn the knowledge into arrays (a few tens of milliseconds; done once)."""
    terms = list(terms)
    diseases = list(diseases)
    column = {t.id: i for i, t in enumerate(terms)}
    ancestors = _ancestors(terms)
    leak = np.array([t.leak if t.leak is not None else LEAK[t.kind] for t in terms])
    leak = np.clip(leak, 0.0005, 0.6)
    for t in terms:  # a finding can't be commoner than what it implies
        for a in ancestors[t.id]:
            leak[column[a]] = max(leak[column[a]], leak[column[t.id]])
    unlisted = leak * np.array([UNLISTED.get(t.kind, 1.0) for t in terms])
    share = np.tile(unlisted, (len(diseases), 1))
    listed = np.zeros(share.shape, dtype=bool)
    descendants: dict[str, list[str]] = {t.id: [] for t in terms}
    for t in terms:
        for a in ancestors[t.id]:
            descendants[a].append(t.id)
    for d, disease in enumerate(diseases):
        _fill_row(share[d], listed[d], disease, column, ancestors, descendants, leak)
    silent = ~listed.any(axis=0)  # no disease says anything about it ("rash", type not stated): it tells nothing apart
    share[:, silent] = leak[silent]
    mentioned = np.array([MENTIONED.get(t.kind, 0.0) for t in terms])
    share = np.clip(share, 0.0002, 0.985)
    cells, rows = np.nonzero(listed.T)
    written = (rows, cells)
    ends = np.searchsorted(cells, np.arange(len(terms) + 1)).tolist()
    return DiagnosisModel(
        diseases=tuple(d.id for d in diseases),
        findings=tuple(t.id for t in terms),
        row={d.id: i for i, d in enumerate(diseases)},
        column=column,
        share=share,
        unsure=binary_entropy(share),
        listed=listed,
        written=written,
        span=tuple(pairwise(ends)),
        leak=leak,
        mentioned=mentioned,
        silence=_silence(share, leak, mentioned, written),
        groups=tuple(GROUPS[t.kind] for t in terms),
        ancestors=ancestors,
        clinic=np.array([d.prior.clinic for d in diseases]),
        age=_age_ratios(diseases),
        female=np.array([d.prior.female for d in diseases]),
    )


def _silence(
    share: Array, leak: Array, mentioned: Array, written: tuple[NDArray[np.intp], NDArray[np.intp]]
) -> tuple[tuple[Array, Array], ...]:
    rows, cells = written
    out = []
    for noted in range(FULL_NOTE + 1):
        chance = mentioned[cells] * noted / FULL_NOTE
        weights: Array = np.log((1 - share[rows, cells] * chance) / (1 - leak[cells] * chance))
        out.append((weights, np.bincount(rows, weights=weights, minlength=len(share)).astype(np.float64)))
    return tuple(out)


def _ancestors(terms: list[FindingTerm]) -> dict[str, frozenset[str]]:
    parents = {t.id: t.parents for t in terms}
    found: dict[str, frozenset[str]] = {}

    def climb(finding: str) -> frozenset[str]:
        if finding not in found:
            found[finding] = frozenset()  # a cycle ends here; `knowledge check` reports it
            found[finding] = frozenset(parents[finding]).union(*(climb(p) for p in parents[finding] if p in parents))
        return found[finding]

    for term in terms:
        climb(term.id)
    return found


def _fill_row(
    share: Array,
    listed: NDArray[np.bool_],
    disease: Disease,
    column: Mapping[str, int],
    ancestors: Mapping[str, frozenset[str]],
    descendants: Mapping[str, list[str]],
    leak: Array,
) -> None:
    given = {f.finding: f.p for f in disease.findings if f.finding in column}
    for finding, p in given.items():  # a child is as likely, against its leak, as the parent that is written down
        ratio = p / leak[column[finding]]
        for child in descendants[finding]:
            if child not in given:
                c = column[child]
                share[c] = max(share[c] if listed[c] else 0.0, min(ratio * leak[c], 0.9 * p))
                listed[c] = True
    for finding, p in given.items():  # a parent is at least as frequent as its likeliest child
        for parent in ancestors[finding]:
            if parent not in given:
                c = column[parent]
                share[c] = max(share[c], p)
                listed[c] = True
    for finding, p in given.items():
        share[column[finding]] = p
        listed[column[finding]] = True
    for finding, p in given.items():  # also where both are written down
        for parent in ancestors[finding]:
            share[column[parent]] = max(share[column[parent]], p)


def _age_ratios(diseases: list[Disease]) -> Array:
    population = np.array([b[2] for b in AGE_BANDS])
    weights = np.array([[d.prior.age.get(name, ABSENT_BAND) for name, _, _ in AGE_BANDS] for d in diseases]).reshape(
        len(diseases), len(AGE_BANDS)
    )
    mean: Array = (weights * population).sum(axis=1, keepdims=True)
    ratios: Array = np.clip(weights / np.maximum(mean, 1e-6), 0.01, 30.0)
    return ratios


def age_band(age: float) -> int:
    """Index of the age band of an age in years."""
    return next(i for i, (_, upper, _) in enumerate(AGE_BANDS) if age < upper)
