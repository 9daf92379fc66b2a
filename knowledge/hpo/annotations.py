"""phenotype.hpoa: which features each rare disease shows, how often, from when, in whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

CLASSES: Mapping[str, float] = {
    "HP:0040280": 1.0,  # obligate
    "HP:0040281": 0.9,  # very frequent, 80-99 %
    "HP:0040282": 0.55,  # frequent, 30-79 %
    "HP:0040283": 0.17,  # occasional, 5-29 %
    "HP:0040284": 0.03,  # very rare, 1-4 %
    "HP:0040285": 0.0,  # excluded
}
"""The ontology's frequency classes, each by the middle of its range."""
CLASS_COUNT = 10
"""A class is worth as much as ten patients."""
UNSTATED = 0.4
"""Share assumed where the annotation gives none. Fitted: from .3 to .5 the ranking of simulated patients hardly changes."""
PATIENTS = re.compile(r"(\d+)/(\d+)")
PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One feature of one disease."""

    share: float
    """Share of patients who have it, shrunk towards one half: 1 of 1 is no certainty."""
    count: float
    """Patients that the share rests on, 0 where none is stated."""


@dataclass(slots=True)
class Profile:
    """What the annotations say of one disease."""

    id: str
    name: str
    features: dict[str, Annotation] = field(default_factory=dict)
    denied: dict[str, float] = field(default_factory=dict)
    """Features that were looked for and not found, with the number of patients."""
    onsets: dict[str, float] = field(default_factory=dict)
    """Onset terms and how many patients they were stated for."""
    modes: set[str] = field(default_factory=set)
    """Terms of inheritance."""
    papers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Tally:
    seen: float = 0.0
    of: float = 0.0
    unstated: bool = False


def read_profiles(path: Path, replaced: Mapping[str, str]) -> dict[str, Profile]:
    """Read the annotation file (34 MB, under a second).

    Args:
        path: phenotype.hpoa.
        replaced: Older ids of terms to current ones.

    Returns:
        Profiles by disease id (`OMIM:…`, `ORPHA:…`, `DECIPHER:…`).
    """
    with path.open(encoding="utf-8") as lines:
        return profiles_from(lines, replaced)


def profiles_from(lines: Iterable[str], replaced: Mapping[str, str]) -> dict[str, Profile]:
    """The profiles from the lines of an annotation file."""
    profiles: dict[str, Profile] = {}
    tallies: dict[str, dict[str, _Tally]] = {}
    for line in lines:
        if line[0] == "#" or line.startswith("database_id"):
            continue
        disease, name, qualifier, term, reference, _, _, frequency, _, _, aspect, *_ = line.rstrip("\n").split("\t")
        profile = profiles.get(disease)
        if profile is None:
            profile = profiles[disease] = Profile(disease, name)
            tallies[disease] = {}
        term = replaced.get(term, term)
        profile.papers.add(reference)
        if aspect == "P":
            _count(profile, tallies[disease], term, qualifier, frequency)
        elif aspect == "C":
            stated = patients(frequency)
            profile.onsets[term] = profile.onsets.get(term, 0.0) + (stated[0] if stated else 1.0)
        elif aspect == "I":
            profile.modes.add(term)
    for disease, counted in tallies.items():
        _settle(profiles[disease], counted)
        profiles[disease].papers = {p for given in profiles[disease].papers for p in given.split(";") if p.startswith("PMID")}
    return profiles


def _count(profile: Profile, counted: dict[str, _Tally], term: str, qualifier: str, frequency: str) -> None:
    if qualifier == "NOT":
        profile.denied[term] = profile.denied.get(term, 0.0) + CLASS_COUNT
        return
    tally = counted.setdefault(term, _Tally())
    stated = patients(frequency)
    if stated is None:
        tally.unstated = True
    else:
        tally.seen += stated[0]
        tally.of += stated[1]


def _settle(profile: Profile, counted: Mapping[str, _Tally]) -> None:
    for term, tally in counted.items():
        if tally.of == 0:
            profile.features[term] = Annotation(UNSTATED, 0)
        elif tally.seen > 0 or tally.unstated:
            profile.features[term] = Annotation((tally.seen + 0.5) / (tally.of + 1), tally.of)
        else:
            profile.denied[term] = profile.denied.get(term, 0.0) + tally.of


@lru_cache(maxsize=4096)
def patients(frequency: str) -> tuple[float, float] | None:
    """(patients with the feature, patients looked at) from a frequency field: `3/7`, `45%` or a class; None where it is empty."""
    if not frequency:
        return None
    if (found := PATIENTS.fullmatch(frequency)) is not None:
        seen, of = float(found.group(1)), float(found.group(2))
        return (min(seen, of), of) if of else None
    if (found := PERCENT.fullmatch(frequency)) is not None:
        return min(float(found.group(1)), 100.0) / 100 * CLASS_COUNT, CLASS_COUNT
    return (CLASSES[frequency] * CLASS_COUNT, CLASS_COUNT) if frequency in CLASSES else None


def read_genes(path: Path) -> dict[str, set[str]]:
    """Genes by disease id, from genes_to_phenotype.txt (20 MB)."""
    genes: dict[str, set[str]] = {}
    last = ""
    with path.open(encoding="utf-8") as lines:
        next(lines, None)
        for line in lines:
            _, symbol, rest = line.split("\t", 2)
            disease = rest[rest.rindex("\t") + 1 : -1]
            if disease + symbol != last:
                genes.setdefault(disease, set()).add(symbol)
                last = disease + symbol
    return genes
