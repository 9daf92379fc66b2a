"""Scores the leading diagnoses on textbook presentations in both languages, with Wilson intervals, by language and half.

`python -m tests.tools.presentations.score` prints the table; `--show` the misses of the development half. How they were written stands in
README.md beside this file.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.presentation import Presentation
from yingzhi.evals.summary import wilson
from yingzhi.graphs.run import consult
from yingzhi.knowledge.load import read_yaml

HERE = Path(__file__).parent
Half = Literal["development", "held-out"]
Language = Literal["en", "zh"]
Kind = Literal["full", "short"]
SHORT = frozenset("fg")
"""Files of short stems."""
LANGUAGES: tuple[Language, ...] = ("en", "zh")
HALVES: tuple[Half, ...] = ("development", "held-out")
KINDS: tuple[Kind, ...] = ("full", "short")


@dataclass(frozen=True, slots=True)
class Twin:
    """One presentation in both languages and what it is."""

    disease: str
    texts: dict[Language, str]
    accept: frozenset[str]
    kind: Kind

    @property
    def half(self) -> Half:
        """Which half it belongs to: fixed by the Chinese text alone."""
        return "held-out" if int(hashlib.sha256(self.texts["zh"].encode()).hexdigest(), 16) % 2 else "development"


@dataclass(frozen=True, slots=True)
class Ranked:
    """A presentation in one language with the order of the diagnoses."""

    twin: Twin
    language: Language
    order: tuple[str, ...]
    consultation: Consultation

    @property
    def rank(self) -> int:
        """Place of the first right diagnosis; 99 if it isn't shown."""
        return next((k for k, d in enumerate(self.order, 1) if d in self.twin.accept), 99)


def twins() -> list[Twin]:
    """All presentations, in the order of the files."""
    out = []
    for file in sorted(HERE.glob("*.yaml")):
        rows = read_yaml(file)
        assert isinstance(rows, list)
        for row in rows:
            right = frozenset([row["disease"], *row.get("accept", [])])
            out.append(Twin(row["disease"], {"zh": row["zh"], "en": row["en"]}, right, "short" if file.stem in SHORT else "full"))
    return out


def fingerprint(written: Iterable[Twin]) -> str:
    """SHA-256 of what the held-out half says, as it was written down before the first run."""
    held = [t for t in written if t.half == "held-out"]
    return hashlib.sha256("\n".join(s for t in held for s in (t.disease, t.texts["zh"], t.texts["en"])).encode()).hexdigest()


def measure(resources: Resources, written: Sequence[Twin]) -> list[Ranked]:
    """One consultation a presentation and language, without a model."""

    async def run() -> list[Ranked]:
        out = []
        for twin in written:
            for language in LANGUAGES:
                done = await consult(Presentation(text=twin.texts[language]), resources)
                out.append(Ranked(twin, language, tuple(d.id for d in done.differential), done))
        return out

    return asyncio.run(run())


def share(ranked: Iterable[Ranked], first: int) -> tuple[int, int]:
    """How many have a right diagnosis among the first ones, of how many."""
    ranks = [r.rank for r in ranked]
    return sum(k <= first for k in ranks), len(ranks)


def agreement(ranked: Iterable[Ranked]) -> tuple[int, int]:
    """How many presentations have the same leading diagnosis in both languages, of how many."""
    leading: dict[str, set[str]] = {}
    for r in ranked:
        leading.setdefault(r.twin.texts["zh"], set()).add(r.order[0] if r.order else "")
    return sum(len(names) == 1 for names in leading.values()), len(leading)


def told(counted: tuple[int, int]) -> str:
    """A share with its interval, for the table."""
    low, high = wilson(*counted)
    return f"{counted[0] / counted[1]:.3f} ({low:.3f} to {high:.3f})"


def confusions(ranked: Iterable[Ranked], groups: dict[str, str]) -> list[tuple[str, int]]:
    """Group of the right disease and of the one that led instead, the most frequent first."""
    wrong = [r for r in ranked if r.rank > 1]
    return Counter(f"{groups[r.twin.disease]} > {groups.get(r.order[0], '?') if r.order else 'none'}" for r in wrong).most_common()


def _show(r: Ranked) -> str:
    history = r.consultation.history
    found = [f"{'' if f.status == 'present' else f.status + ' '}{f.id}" for f in history.findings] if history else []
    leading = ", ".join(f"{d.id} {d.probability:.2f}" for d in r.consultation.differential[:4])
    return f"{r.twin.disease} {r.language} rank {r.rank}: {leading}\n  {r.twin.texts[r.language]}\n  {' | '.join(found)}\n"


def main() -> None:
    """Write the table; with `--show`, the misses of the development half too."""
    from yingzhi.graphs.resources import open_resources
    from yingzhi.graphs.settings import Settings

    resources = open_resources(Settings())
    everything = measure(resources, twins())
    groups = {d.id: d.group for d in resources.knowledge.diseases.values()}
    for kind, half in product(KINDS, HALVES):
        part = [r for r in everything if (r.twin.kind, r.twin.half) == (kind, half)]
        for language in LANGUAGES:
            own = [r for r in part if r.language == language]
            sys.stdout.write(
                f"{kind:<5} {language} {half:<11} n={len(own)} first {told(share(own, 1))} first three {told(share(own, 3))}\n"
            )
        sys.stdout.write(f"{kind:<5}    {half:<11} same leading diagnosis {told(agreement(part))}\n")
    development = [r for r in everything if r.twin.half == "development"]
    for pair, times in confusions(everything, groups):
        sys.stdout.write(f"{times} {pair}\n")
    if "--show" in sys.argv:
        for r in development:
            if r.rank > 1:
                sys.stdout.write(_show(r))


if __name__ == "__main__":
    main()
