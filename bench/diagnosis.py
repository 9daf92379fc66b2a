"""How good the diagnoses are on vignettes: `python bench/diagnosis.py FILE… [--matcher FOLDER] [--part dev|held|both] [--confusion]`.

A file holds one case a line: `text`, `lang`, and the published `diagnosis` (alternatives parted by `|`), or `majority_replies`, doctors'
answers in which the right diagnosis is named. Cases marked `qc_doubtful` are left out. Half of the cases is set apart by the parity of
the SHA-256 of the text: learn from `dev` only. A `.yaml` file is a list of such cases. Without files, the gold cases and
`published_cases/`.

Intervals are Wilson's, 95 %. Beside the calibration error stands what an engine that is calibrated perfectly would show on so few cases
(mean and 95th percentile of 1,000 draws): ten bins of a handful of cases each are never even. The confusion list has the groups of
disease that were taken for one another; only misses count.

FOLDER holds `match.py` with `hit(diagnosis, gold)` and `named_in(diagnosis, replies)`; without it names and aliases of the knowledge
have to be the same but for case and marks.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib.util
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import yaml

from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.differential import Diagnosis
from yingzhi.clinical.presentation import Presentation
from yingzhi.evals.cases import load_cases
from yingzhi.evals.summary import calibration, wilson
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.resources import open_resources
from yingzhi.graphs.run import consult

Right = Callable[[Diagnosis], bool]


@dataclass(frozen=True)
class Case:
    """One case, the half it belongs to, and what counts as right."""

    half: str
    presentation: Presentation
    right: Right
    gold: str


@dataclass(frozen=True)
class Outcome:
    """How a case came out: place of the right diagnosis (0 = not there), stated probability of the first, and the groups of both."""

    half: str
    place: int
    stated: float
    group: str
    taken_for: str


def half_of(text: str) -> str:
    """`dev` or `held`."""
    return "held" if int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2 else "dev"


def plain(name: str) -> str:
    """A name without case, marks and brackets."""
    return " ".join(re.sub(r"[^a-z0-9一-鿿]+", " ", re.sub(r"\(.*?\)", " ", name.lower())).split())


def names_of(diagnosis: Diagnosis) -> set[str]:
    """All names of a diagnosis, plain."""
    return {plain(n) for n in (diagnosis.en, diagnosis.zh, *diagnosis.aliases)}


def matcher(folder: Path | None) -> tuple[Callable[[Diagnosis, str], bool], Callable[[Diagnosis, Sequence[str]], bool]]:
    """Whether a diagnosis is the gold one, and whether replies name it."""
    if folder is None:
        return (
            lambda d, gold: bool(names_of(d) & {plain(g) for g in gold.split("|")}),
            lambda d, replies: any(len(n) > 1 and n in r for n in names_of(d) for r in replies),
        )
    spec = importlib.util.spec_from_file_location("match", folder / "match.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"{folder} holds no match.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def row(d: Diagnosis) -> dict[str, Any]:
        return {"en": d.en, "zh": d.zh, "aliases": d.aliases}

    return lambda d, gold: module.hit(row(d), gold), lambda d, replies: module.named_in(row(d), replies)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """What a file of cases holds; the language of a YAML file is the first part of its name."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        return [{"lang": path.name[:2], **row} for row in yaml.safe_load(text)]
    return [json.loads(line) for line in text.splitlines()]


def read(path: Path, folder: Path | None) -> list[Case]:
    """The cases of a file."""
    hit, named = matcher(folder)
    cases = []
    for number, row in enumerate(rows_of(path)):
        if row.get("qc_doubtful"):
            continue
        gold, replies = row.get("diagnosis"), row.get("majority_replies") or row.get("replies") or []

        def right(d: Diagnosis, gold: str | None = gold, replies: Sequence[str] = replies) -> bool:
            return hit(d, gold) if gold else named(d, replies)

        case = Presentation(id=str(row.get("id", number)), text=row["text"], lang=row.get("lang"))
        cases.append(Case(half_of(row["text"]), case, right, gold or ""))
    return cases


def among(accepted: set[str]) -> Right:
    """Whether a diagnosis is one of these ids."""
    return lambda d: d.id in accepted


def own() -> list[Case]:
    """The gold cases in both languages; all of them were worked on."""
    found = []
    for gold in load_cases():
        accepted = set(gold.expected.diagnosis)
        for lang in ("zh", "en"):
            found.append(Case("dev", gold.presentation(lang), among(accepted), gold.expected.diagnosis[0]))
    return found


async def run(cases: Sequence[Case], resources: Resources) -> list[Outcome]:
    """Every case through the graph."""
    graph = build_graph()
    diseases = resources.knowledge.diseases
    by_name = {plain(n): d for d in diseases.values() for n in (d.names.en, d.names.zh, *d.aliases.en, *d.aliases.zh)}
    outcomes = []
    for case in cases:
        result: Consultation = await consult(case.presentation, resources, graph=graph)
        ranked = result.differential
        place = next((k for k, d in enumerate(ranked, 1) if case.right(d)), 0)
        first = ranked[0] if ranked else None
        known = next((by_name[plain(g)] for g in case.gold.split("|") if plain(g) in by_name), diseases.get(case.gold))
        if known is None and place and ranked[place - 1].id in diseases:
            known = diseases[ranked[place - 1].id]
        taken = diseases[first.id].group if first and first.id in diseases else "rare" if first else "none"
        outcomes.append(Outcome(case.half, place, first.probability if first else 0.0, known.group if known else "not in the files", taken))
    return outcomes


def perfect(stated: Sequence[float], draws: int = 1000) -> tuple[float, float]:
    """Mean and 95th percentile of the calibration error of an engine whose stated probabilities are true, on as many cases."""
    dice = random.Random(1)
    errors = sorted(calibration(stated, [dice.random() < p for p in stated])[1] for _ in range(draws))
    return mean(errors), errors[int(0.95 * draws)]


def told(name: str, outcomes: Sequence[Outcome]) -> None:
    """One line of figures."""
    if not outcomes:
        return
    shares = []
    for k in (1, 3, 5):
        right = sum(0 < o.place <= k for o in outcomes)
        low, high = wilson(right, len(outcomes))
        shares.append(f"first {k}: {right / len(outcomes):.3f} ({low:.3f} to {high:.3f})")
    stated = [o.stated for o in outcomes]
    _, error = calibration(stated, [o.place == 1 for o in outcomes])
    level, limit = perfect(stated)
    print(f"{name:28} n={len(outcomes):<4} {'  '.join(shares)}  ECE {error:.3f} (perfect: {level:.3f}, 95 % below {limit:.3f})")


def confusion(outcomes: Iterable[Outcome], most: int = 25) -> None:
    """Which groups were taken for which."""
    misses = Counter((o.group, o.taken_for) for o in outcomes if o.place != 1)
    for (group, taken), n in misses.most_common(most):
        print(f"  {n:3}  {group} taken for {taken}")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--matcher", type=Path, help="folder with match.py")
    parser.add_argument("--part", choices=["dev", "held", "both"], default="both")
    parser.add_argument("--confusion", action="store_true")
    given = parser.parse_args()
    resources = open_resources()
    everything: list[Outcome] = []
    files = given.files or sorted((Path(__file__).parent / "published_cases").glob("*.yaml"))
    sets = [(f.name, read(f, given.matcher)) for f in files]
    for name, cases in sets if given.files else [("gold cases", own()), *sets]:
        outcomes = asyncio.run(run([c for c in cases if given.part in {"both", c.half}], resources))
        everything += outcomes
        told(name, outcomes)
        for half in ("dev", "held"):
            if len({o.half for o in outcomes}) > 1:
                told(f"  {half}", [o for o in outcomes if o.half == half])
    if len(files) > 1:
        told("all", everything)
    if given.confusion:
        confusion(everything)


if __name__ == "__main__":
    main()
