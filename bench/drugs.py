"""What the drug engine is worth: `python bench/drugs.py [lists|names|speed|pairs FILE|ddinter FILE]`; without a word the first three.

Lists: the whole medication lists of `bench/medication_lists/`, half of them set apart by a hash of their id. Sensitivity is the share
of expected severe alerts that are raised as major or contraindicated; a false alert is a problem of grade moderate or worse that the
list does not expect. Names: variants made by rule from the formulary (`bench/drug_name_variants.py`). Pairs: a file of pairs with levels
of reference works, and DDInter's table as a check on pairs outside that file; both halves by the split rule of docs/pharmacology.md.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import yaml

from yingzhi.clinical.medication import DrugPatient, DrugProblem, MedicationReview
from yingzhi.clinical.presentation import Medication
from yingzhi.tools.contraindications import review_medications
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.formulary import Formulary, load_formulary
from yingzhi.tools.interactions import check_names, check_pair, pair_severity

LISTS = Path(__file__).parent / "medication_lists"
SEVERE = frozenset({"contraindicated", "major"})
FLAGGED = SEVERE | {"moderate"}
MERGED = {"interaction": {"interaction", "combined", "duplicate"}, "combined": {"combined", "interaction"}, "condition": {"condition"}}


@dataclass(frozen=True)
class Expected:
    """One line of a list: `interaction methotrexate + co-trimoxazole`, `condition dapsone g6pd`."""

    kind: str
    drugs: frozenset[str]
    word: str = ""

    def names(self, problem: DrugProblem) -> bool:
        """Whether a problem is about this."""
        if problem.kind not in MERGED.get(self.kind, {self.kind}) or (self.kind == "condition" and self.word not in problem.id):
            return False
        return self.drugs <= set(problem.drugs)

    def severe_in(self, problem: DrugProblem) -> bool:
        """Whether the problem says it of these drugs as major or contraindicated."""
        if not self.names(problem):
            return False
        grave = {d for part in problem.parts if part.severity in SEVERE for d in part.drugs}
        return self.drugs <= grave


def expected(line: str) -> Expected:
    """Read one line."""
    kind, _, rest = line.partition(" ")
    *drugs, last = rest.split(" + ")
    last, _, word = last.partition(" ")
    return Expected(kind, frozenset({*drugs, last}), word)


@dataclass(frozen=True)
class ListScore:
    """What one list shows."""

    id: str
    held: bool
    severe: int
    missed: tuple[str, ...]
    false: tuple[str, ...]
    raised: int
    """Alerts of rules of grade moderate or worse, before they are summed up."""
    shown: int
    """Problems, as a reader sees them."""
    interrupting: int
    unread: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    """Names that were expected to be asked back and were taken, or the reverse."""


@dataclass
class Scores:
    """All lists of one half."""

    rows: list[ListScore] = field(default_factory=list)

    @property
    def sensitivity(self) -> float:
        """Share of the expected severe alerts that were raised."""
        return 1 - sum(len(r.missed) for r in self.rows) / max(1, sum(r.severe for r in self.rows))

    @property
    def false_per_list(self) -> float:
        """False alerts a list."""
        return mean(len(r.false) for r in self.rows)


def is_held(name: str) -> bool:
    """Whether something belongs to the half that is set apart: an odd first 32-bit word of its SHA-256."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 2 == 1


def pair_is_held(a: str, b: str) -> bool:
    """The split rule for a pair: its two names in lower case, sorted, with a bar between."""
    return is_held("|".join(sorted((a.lower().strip(), b.lower().strip()))))


def load_lists(folder: Path = LISTS) -> list[dict[str, Any]]:
    """Every list, in the order of the files."""
    return [row for path in sorted(folder.glob("*.yaml")) for row in yaml.safe_load(path.read_text(encoding="utf-8"))]


def review_of(row: dict[str, Any], formulary: Formulary) -> MedicationReview:
    """The engine's review of a list."""
    taken = [Medication(name=d) if isinstance(d, str) else Medication.model_validate(d) for d in row["drugs"]]
    return review_medications([], taken, DrugPatient.model_validate(row["patient"]), formulary)


def score_list(row: dict[str, Any], formulary: Formulary) -> ListScore:
    """Hold a review against what is expected of it."""
    review = review_of(row, formulary)
    severe, also = ([expected(line) for line in row.get(part, [])] for part in ("severe", "also"))
    problems = [p for p in review.problems if p.severity in FLAGGED]
    missed = tuple(line for line, e in zip(row.get("severe", []), severe, strict=True) if not any(e.severe_in(p) for p in problems))
    false = tuple(f"{p.severity} {p.id} [{' + '.join(p.drugs)}]" for p in problems if not any(e.names(p) for e in (*severe, *also)))
    unread = {u.name for u in review.unknown}
    return ListScore(
        id=row["id"],
        held=is_held(row["id"]),
        severe=len(severe),
        missed=missed,
        false=false,
        raised=sum(a.severity in FLAGGED for a in review.alerts),
        shown=len(problems),
        interrupting=sum(p.severity in SEVERE for p in problems),
        unread=tuple(unread),
        lost=tuple(sorted(unread ^ set(row.get("unknown", [])))),
    )


def score_lists(formulary: Formulary, rows: Iterable[dict[str, Any]] | None = None) -> tuple[Scores, Scores]:
    """Scores of the development half and of the half set apart."""
    halves = Scores(), Scores()
    for row in load_lists() if rows is None else rows:
        one = score_list(row, formulary)
        halves[one.held].rows.append(one)
    return halves


def show_lists(formulary: Formulary, show: bool, held_too: bool) -> None:
    """Print both halves; what was missed only where it may be looked at."""
    for name, half in zip(("development", "set apart"), score_lists(formulary), strict=True):
        rows = half.rows
        severe, missed = sum(r.severe for r in rows), sum(len(r.missed) for r in rows)
        say(
            f"lists, {name:12} {len(rows)} lists, severe {severe - missed}/{severe} = {half.sensitivity:.3f}  (>= .97), "
            f"false {half.false_per_list:.2f} a list  (<= .3), alerts {mean(r.raised for r in rows):.1f} a list, "
            f"shown as {mean(r.shown for r in rows):.1f} problems, "
            f"interrupting {mean(r.interrupting for r in rows):.1f}"
        )
        for r in rows if show and (held_too or name == "development") else ():
            for what, lines in (("missed", r.missed), ("false", r.false), ("names", r.lost)):
                for line in lines:
                    say(f"  {r.id}: {what} {line}")


def show_speed(formulary: Formulary) -> None:
    """Print what a call costs, against the bars of the issue."""
    row = next(r for r in load_lists() if r["id"] == "twelve-drugs")
    times = []
    for _ in range(200):
        began = perf_counter()
        review_of(row, formulary)
        times.append((perf_counter() - began) * 1e3)
    say(f"12 drugs with patient facts       {median(times):.2f} ms median  (<= 3)")
    ids = sorted(formulary.drugs)
    chosen = random.Random(1)
    some = [(chosen.choice(ids), chosen.choice(ids)) for _ in range(20_000)]
    for label, call in (("severity of a pair", pair_severity), ("pair with its texts", check_pair), ("pair by names", check_names)):
        began = perf_counter()
        for a, b in some:
            call(a, b, formulary)
        say(f"{label:33} {len(some) / (perf_counter() - began):,.0f} a second  (>= 20,000)")
    with TemporaryDirectory() as folder:
        for label in ("formulary, first time", "formulary, compiled"):
            load_formulary.cache_clear()
            began = perf_counter()
            load_formulary(Path(folder))
            say(f"{label:33} {(perf_counter() - began) * 1e3:.0f} ms{'  (<= 150)' if 'compiled' in label else ''}")


def show_pairs(file: Path, formulary: Formulary) -> None:
    """Print agreement with the severe and the negative pairs of a file, by half."""
    counts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
        tally = counts[pair_is_held(row["drug_a"], row["drug_b"])]
        found = check_names(row["drug_a"], row["drug_b"], formulary)
        tally["n"] += 1
        tally["known"] += found.known
        flagged = found.severity in FLAGGED
        if found.known and row.get("interacts") is False:
            tally["negative"] += 1
            tally["quiet"] += not flagged
        elif found.known and _is_severe(row):
            tally["severe"] += 1
            tally["hit"] += flagged
    for held, t in counts.items():
        say(
            f"pairs, {'set apart' if held else 'development':12} {t['n']}, known {t['known'] / t['n']:.3f}  (>= .85), severe "
            f"{t['hit'] / t['severe']:.3f} of {t['severe']}  (>= .85), quiet {t['quiet'] / t['negative']:.3f} of {t['negative']}  (>= .93)"
        )


def _is_severe(row: dict[str, Any]) -> bool:
    contra = (row.get("ansm") or "").lower().startswith("contra")
    return row.get("bnf") == "Severe" or row.get("micromedex") in ("Major", "Contraindicated") or contra


def show_ddinter(file: Path, pairs: Path | None, formulary: Formulary) -> None:
    """Print what is flagged of DDInter's levels, on pairs of known drugs outside the pair file."""
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    drug = {n: (m.drug if (m := resolve_drug(n, formulary)) else "") for n in {r[c] for r in rows for c in ("a", "b")}}
    inside = set(_resolved(pairs, formulary)) if pairs else set()
    counts: dict[tuple[str, bool], Counter[str]] = {}
    for row in rows:
        key = frozenset((drug[row["a"]], drug[row["b"]]))
        if "" in key or len(key) < 2 or key in inside:
            continue
        a, b = sorted(key)
        counts.setdefault((row["level"], pair_is_held(row["a"], row["b"])), Counter())[pair_severity(a, b, formulary)] += 1
    say(f"DDInter: {sum(map(bool, drug.values()))} of {len(drug)} names known")
    for (level, held), tally in sorted(counts.items()):
        n = sum(tally.values())
        flagged, severe = (sum(tally[s] for s in group) / n for group in (FLAGGED, SEVERE))
        say(f"DDInter {level:9} {'set apart' if held else 'development':12} {n:6} pairs, flagged {flagged:.3f}, as severe {severe:.3f}")


def _resolved(file: Path, formulary: Formulary) -> Iterator[frozenset[str]]:
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
        found = [resolve_drug(row[f], formulary) for f in ("drug_a", "drug_b")]
        yield frozenset(m.drug for m in found if m)


def say(line: str) -> None:
    """One line on standard output."""
    sys.stdout.write(line + "\n")


def main() -> None:
    """Print the figures asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="", choices=["", "lists", "names", "speed", "pairs", "ddinter"])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--pairs", type=Path, help="for ddinter: leave out the pairs of this file")
    parser.add_argument("--show", action="store_true", help="what was missed and what was false, of the development half")
    parser.add_argument("--show-held", action="store_true", help="of both halves")
    asked = parser.parse_args()
    formulary = load_formulary()
    if asked.what in ("", "lists"):
        show_lists(formulary, asked.show or asked.show_held, asked.show_held)
    if asked.what in ("", "names"):
        from drug_name_variants import show_names

        show_names(formulary, asked.show)
    if asked.what in ("", "speed"):
        show_speed(formulary)
    if asked.what == "pairs":
        show_pairs(asked.file, formulary)
    if asked.what == "ddinter":
        show_ddinter(asked.file, asked.pairs, formulary)


if __name__ == "__main__":
    main()
