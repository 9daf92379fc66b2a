"""Which entries of the catalogues are one disease: twins of OMIM and Orphanet, groups, and series of genetic forms.

The annotation files hold no mapping between the catalogues. Three things stand for one, each checked on pairs of equal name:
the name as a set of words, the gene, and how much the two profiles have in common.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from yingzhi.knowledge.hpo import Profile

ROMAN = {
    r: str(n) for n, r in enumerate(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv"], 1)
}
LINKING = frozenset(["type", "with", "and", "of", "the", "or", "due", "to", "in", "form"])
IDLE = LINKING | frozenset(["disease", "syndrome", "disorder", "deficiency", "autosomal"])
"""Words that catalogues add and leave out as they like."""
SPELLINGS = (("'s", ""), ("tumour", "tumor"), ("anaemia", "anemia"), ("haem", "hem"), ("oedema", "edema"), ("naev", "nev"))
WORD = re.compile(r"[a-z]+|\d+")
FORM = re.compile(r"\d{1,3}[A-Z]?\d?|[A-Z]|(?P<roman>[IVX]+)[A-Z]\d?")
"""The part of a name that numbers genetic forms: OMIM numbers loci in arabic, letters divide, and roman numerals are clinical types."""

ALIKE = 0.3
"""Overlap of two profiles of one gene above which they are one disease whatever the names; of pairs of equal name, half have .25."""
SIMILAR, NAMED = 0.2, 0.5
FAINT, SAME_NAME = 0.1, 0.8
BELONGS = ((0.35, 0.0), (0.2, 0.5), (0.1, 0.85))
"""(least overlap, least likeness of names): any of these makes an OMIM entry a member of an Orphanet group that shares its gene."""


@dataclass(frozen=True, slots=True)
class Relations:
    """How the entries of the catalogues belong together."""

    twin: Mapping[str, str]
    """Orphanet id -> the OMIM id that is the same disease."""
    members: Mapping[str, tuple[str, ...]]
    """Orphanet id of a group -> the OMIM ids that it is made of."""
    series: Mapping[str, str]
    """OMIM id of a genetic form -> the OMIM id that leads its series; forms that stand alone are left out."""


def name_words(name: str, idle: frozenset[str] = IDLE) -> list[str]:
    """The words that tell a disease name apart, in one spelling: `Albinism, oculocutaneous, type V` gives albinism oculocutaneous 5."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    for old, new in SPELLINGS:
        plain = plain.replace(old, new)
    found: list[str] = WORD.findall(plain)
    words = [ROMAN.get(w, w) for w in found]
    return [w[:-1] if len(w) > 4 and w.endswith("s") else w for w in words if w not in idle]


def name_key(name: str, idle: frozenset[str] = IDLE) -> str:
    """The same words whatever their order; equal keys are equal names."""
    return " ".join(sorted(set(name_words(name, idle))))


def series_name(name: str) -> str:
    """The name without what tells genetic forms apart: `Cutis laxa, autosomal recessive, type IA` gives `…, type I`."""
    return ", ".join(said for part in name.split(", ") if (said := _unnumbered(part)))


def _unnumbered(part: str) -> str:
    words = part.split(" ")
    number = FORM.fullmatch(words[-1])
    if number is None:
        return part
    if number["roman"]:
        return " ".join([*words[:-1], number["roman"]])
    words.pop()
    while words and words[-1].lower() in {"type", "group", "form", "complementation"}:
        words.pop()
    return " ".join(words)


class Overlap:
    """How much two profiles have in common: shared information over all information, 0 to 1, weighted by share."""

    def __init__(self, closures: Mapping[str, Mapping[int, float]], information: Mapping[int, float]) -> None:
        """Take the profiles with all that their features imply.

        Args:
            closures: Disease -> (term -> share).
            information: Term -> information content.
        """
        self._closures = closures
        self._information = information
        self._total: dict[str, float] = {}

    def of(self, one: str, other: str) -> float:
        """The overlap of two diseases."""
        a, b = sorted((self._closures[one], self._closures[other]), key=len)
        shared = sum(self._information[t] * min(p, b[t]) for t, p in a.items() if t in b)
        union = self._sum(one) + self._sum(other) - shared
        return shared / union if union else 0.0

    def _sum(self, disease: str) -> float:
        if disease not in self._total:
            self._total[disease] = sum(self._information[t] * p for t, p in self._closures[disease].items())
        return self._total[disease]


def relate(profiles: Mapping[str, Profile], genes: Mapping[str, set[str]], overlap: Overlap) -> Relations:
    """Pair the twins and gather the groups.

    Args:
        profiles: All profiles by id.
        genes: Genes by disease id.
        overlap: Of any two of the profiles.
    """
    from rapidfuzz import fuzz

    twin = _named_alike(profiles)
    by_gene: dict[str, list[str]] = {}
    for disease in profiles:
        if disease.startswith("OMIM"):
            for gene in sorted(genes.get(disease, ())):
                by_gene.setdefault(gene, []).append(disease)
    words = {d: " ".join(name_words(p.name)) for d, p in profiles.items()}
    pairs = [
        (orpha, omim, overlap.of(orpha, omim), fuzz.token_set_ratio(words[orpha], words[omim]) / 100)
        for orpha, omim in _sharing(profiles, genes, by_gene, twin)
    ]
    taken = set(twin.values())
    likely = [(s + n / 2, o, m) for o, m, s, n in pairs if len(genes[o]) == 1 and _one(s, n)]
    for _, orpha, omim in sorted(likely, reverse=True):
        if orpha not in twin and omim not in taken:
            twin[orpha] = omim
            taken.add(omim)
    members: dict[str, list[str]] = {}
    for orpha, omim, shared, named in pairs:
        if orpha not in twin and any(shared >= s and named >= n for s, n in BELONGS):
            members.setdefault(orpha, []).append(omim)
    return Relations(twin, {o: tuple(m) for o, m in members.items()}, _series(profiles, overlap))


def _series(profiles: Mapping[str, Profile], overlap: Overlap) -> dict[str, str]:
    """Forms whose names differ in their number alone and that overlap, on average, with those already in the series."""
    named: dict[str, list[str]] = {}
    for disease, profile in profiles.items():
        if disease.startswith("OMIM"):
            named.setdefault(name_key(series_name(profile.name), LINKING), []).append(disease)
    found: dict[str, str] = {}
    for forms in named.values():
        clusters: list[list[str]] = []
        for form in forms:
            near = [(sum(overlap.of(form, o) for o in c) / len(c), n) for n, c in enumerate(clusters)]
            best = max(near, default=(0.0, 0))
            if best[0] >= SIMILAR:
                clusters[best[1]].append(form)
            else:
                clusters.append([form])
        found |= {form: c[0] for c in clusters if len(c) > 1 for form in c}
    return found


def _one(shared: float, named: float) -> bool:
    return shared >= ALIKE or (shared >= SIMILAR and named >= NAMED) or (shared >= FAINT and named >= SAME_NAME)


def _named_alike(profiles: Mapping[str, Profile]) -> dict[str, str]:
    by_key: dict[str, list[str]] = {}
    for disease, profile in profiles.items():
        if disease.startswith("OMIM"):
            by_key.setdefault(name_key(profile.name), []).append(disease)
    found: dict[str, str] = {}
    taken: set[str] = set()
    for disease, profile in profiles.items():
        if disease.startswith("ORPHA"):
            same = by_key.get(name_key(profile.name), [])
            if len(same) == 1 and same[0] not in taken:
                found[disease] = same[0]
                taken.add(same[0])
    return found


def _sharing(
    profiles: Mapping[str, Profile], genes: Mapping[str, set[str]], by_gene: Mapping[str, list[str]], twin: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for orpha in profiles:
        if orpha.startswith("ORPHA") and orpha not in twin:
            yield from ((orpha, omim) for omim in sorted({m for g in genes.get(orpha, ()) for m in by_gene.get(g, ())}))
