"""What the rare arm is worth: `python bench/rare_split.py [FILE] [--part dev|held|both] [--simulated N]`.

FILE holds published patients, one JSON object a line: `present` and `excluded` (lists of HPO ids, or of [id, name] pairs), `sex`, `age`,
and the gold `disease.id` (OMIM). Half of the diseases is set apart by the parity of the SHA-256 of the gold id; work on `dev` only.
Intervals are 95 %, from resampling whole diseases: patients of one disease are no independent trials.
Simulated patients are drawn from the cohorts that the annotations cite; against the same entry, and against the twin of the other
catalogue alone, which was written independently of them.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
from time import perf_counter
from typing import Any

import numpy as np

from yingzhi.agents.specialist import Resources
from yingzhi.graphs.build import build_graph
from yingzhi.graphs.resources import open_resources
from yingzhi.graphs.run import consult
from yingzhi.graphs.settings import Settings
from yingzhi.knowledge.hpo import data_folder, read_ontology
from yingzhi.tools.intake.read import case_from
from yingzhi.tools.rare.index import RareIndex
from yingzhi.tools.rare.likelihood import most_specific, score_profiles

COUNTED = re.compile(r"(\d+)/(\d+)")
INTEGUMENT = "HP:0001574"
LARGEST_COHORT = 30
NOTED_ABSENT = 0.8
"""Share of a cohort's features, absent in the patient, that a report lists as absent."""


@dataclass(frozen=True)
class Outcome:
    """One patient: gold id, its place (0 = not there), whether it is the form that fits best there, the leading probability, seconds."""

    disease: str
    place: int
    form: bool
    leading: float
    seconds: float


def part_of(disease: str) -> str:
    """`dev` or `held`: which half a disease belongs to."""
    return "held" if int(hashlib.sha256(disease.encode()).hexdigest(), 16) % 2 else "dev"


def case_of(row: dict[str, Any]) -> dict[str, Any]:
    """A row as a case."""

    def ids(side: str) -> list[str]:
        return [x if isinstance(x, str) else x[0] for x in row.get(side, [])]

    sex = str(row.get("sex") or "").lower()
    patient = {"sex": sex if sex in {"male", "female"} else "unknown", "age": row.get("age")}
    return {"id": row["id"], "text": "", "patient": patient, "phenotypes": {"present": ids("present"), "absent": ids("excluded")}}


def consulted(rows: Sequence[dict[str, Any]], resources: Resources) -> Iterator[Outcome]:
    """Whole consultations, one a row."""
    graph, loop = build_graph(), asyncio.new_event_loop()
    for row in rows:
        began = perf_counter()
        result = loop.run_until_complete(consult(case_from(case_of(row), row["id"]), resources, graph=graph))
        gold = row["disease"]["id"]
        place = next((n for n, d in enumerate(result.differential, 1) if gold in d.xrefs), 0)
        ids = [x for x in result.differential[place - 1].xrefs if x.startswith("OMIM")] if place else []
        leading = result.differential[0].probability if result.differential else 0.0
        yield Outcome(gold, place, ids[:1] == [gold], leading, perf_counter() - began)
    loop.close()


def interval(outcomes: Sequence[Outcome], best: int, rounds: int = 2000) -> tuple[float, float]:
    """95 % of the share within the first `best` places, resampling diseases."""
    groups: dict[str, list[bool]] = {}
    for o in outcomes:
        groups.setdefault(o.disease, []).append(0 < o.place <= best)
    rng, names = random.Random(1), list(groups)
    shares = sorted(mean(h for d in rng.choices(names, k=len(names)) for h in groups[d]) for _ in range(rounds))
    return shares[int(0.025 * rounds)], shares[int(0.975 * rounds) - 1]


def calibration(outcomes: Sequence[Outcome], bins: int = 5) -> float:
    """Expected calibration error of the leading probability."""
    total = 0.0
    for b in range(bins):
        inside = [o for o in outcomes if b / bins <= o.leading < (b + 1) / bins or (b == bins - 1 and o.leading == 1.0)]
        if inside:
            total += len(inside) * abs(mean(o.leading for o in inside) - mean(o.place == 1 for o in inside))
    return total / max(len(outcomes), 1)


def report(name: str, outcomes: Sequence[Outcome]) -> str:
    """One line of figures."""
    bounds = {k: interval(outcomes, k) for k in (1, 3, 10)}
    shares = [f"top-{k} {mean(0 < o.place <= k for o in outcomes):.3f} ({low:.2f}-{high:.2f})" for k, (low, high) in bounds.items()]
    speed = f"{median(o.seconds for o in outcomes) * 1000:.0f} ms"
    diseases = len({o.disease for o in outcomes})
    exact = f"top-1 by genetic form {mean(o.place == 1 and o.form for o in outcomes):.3f}"
    return f"{name}: n={len(outcomes)}, {diseases} diseases, {', '.join(shares)}, {exact}, ECE {calibration(outcomes):.2f}, median {speed}"


def cohorts(folder: Path, index: RareIndex, limit: int, seed: int = 7) -> Iterator[tuple[str, list[int], list[int]]]:
    """(disease, present, absent) of simulated skin patients, one a disease: features of one paper, each at its counted share."""
    replaced = read_ontology(folder / "hp.obo").replaced
    papers: dict[tuple[str, str], list[tuple[int, float, bool]]] = {}
    with (folder / "phenotype.hpoa").open(encoding="utf-8") as lines:
        for line in lines:
            fields = line.split("\t")
            counted = COUNTED.fullmatch(fields[7]) if len(fields) > 10 and fields[10] == "P" else None
            at = index.position(replaced.get(fields[3], fields[3])) if counted else None
            if counted and at is not None and 0 < int(counted[2]) <= LARGEST_COHORT and ";" not in fields[4]:
                share = 0.0 if fields[2] == "NOT" else int(counted[1]) / int(counted[2])
                skin = INTEGUMENT in {index.term_id(int(a)) for a in index.implied(at)}
                papers.setdefault((fields[0], fields[4]), []).append((at, share, skin))
    rng, seen = random.Random(seed), set[str]()
    for (disease, _), features in sorted(papers.items(), key=lambda item: hashlib.md5(repr(item[0]).encode()).hexdigest()):
        there = [at for at, share, _ in features if rng.random() < share]
        gone = [at for at, _, _ in features if at not in there and rng.random() < NOTED_ABSENT]
        if len(there) >= 3 and disease not in seen and any(skin for at, _, skin in features if at in there):
            seen.add(disease)
            yield disease, there, gone
            if len(seen) >= limit:
                return


def simulated(index: RareIndex, limit: int, twin: bool) -> Iterator[Outcome]:
    """Simulated patients ranked by the rare arm alone, form by form: against their own entry, or its twin of the other catalogue."""
    row_of = {i: r for r, i in enumerate(index.id_list)}
    none = np.zeros(index.profiles, dtype=np.float32)
    for disease, there, gone in cohorts(data_folder(), index, 100_000):
        own = row_of.get(disease)
        if own is None or (twin and int((index.form == index.form[own]).sum()) < 2):
            continue
        began = perf_counter()
        scores = score_profiles(index, most_specific(index, there, gone), none)
        best: dict[int, float] = {}
        for row, score in zip(scores.rows.tolist(), scores.score.tolist(), strict=True):
            if not twin or row != own:
                best[int(index.form[row])] = max(best.get(int(index.form[row]), -1e9), score)
        gold = best.get(int(index.form[own]))
        weights = np.exp(np.array(list(best.values())) - max(best.values()))
        place = 0 if gold is None else 1 + sum(s > gold for s in best.values())
        yield Outcome(disease, place, place == 1, float(1 / weights.sum()), perf_counter() - began)
        limit -= 1
        if not limit:
            return


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--part", choices=("dev", "held", "both"), default="dev")
    parser.add_argument("--simulated", type=int, default=0)
    parser.add_argument("--home", type=Path, default=None)
    given = parser.parse_args()
    settings = Settings(home=given.home) if given.home else Settings()
    resources = replace(open_resources(settings), retrievers=())
    if resources.rare is None:
        sys.exit("the rare arm is not there")
    if given.file:
        rows = [json.loads(line) for line in given.file.read_text(encoding="utf-8").splitlines() if line.strip()]
        for part in ("dev", "held") if given.part == "both" else (given.part,):
            sys.stdout.write(report(part, list(consulted([r for r in rows if part_of(r["disease"]["id"]) == part], resources))) + "\n")
    if given.simulated:
        for name, twin in (("simulated, own entry", False), ("simulated, the other catalogue's entry alone", True)):
            sys.stdout.write(report(name, list(simulated(resources.rare.index, given.simulated, twin))) + "\n")


if __name__ == "__main__":
    main()
