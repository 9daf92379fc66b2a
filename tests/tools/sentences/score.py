"""Scores the reading of sentences against what an annotator wrote down: precision, recall and F1 with intervals.

`python -m tests.tools.sentences.score` writes the table of docs/language.md. The rules of annotation and of counting stand in
README.md beside this file.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yingzhi.agents.specialist import Resources
from yingzhi.knowledge.load import read_yaml
from yingzhi.tools.extraction import extract, merge_mentions
from yingzhi.tools.observations import family_findings

HERE = Path(__file__).parent
MARK = re.compile(r"\[([^\[\]]+)\]\(([^()]+)\)")
STATUS = {"-": "absent", "?": "uncertain", "<": "past", "@": "family"}
SAYS_NOTHING = frozenset({"exanthem", "new-drug", "drug-in-1-8-weeks", "drug-in-4-days"})
"""A rash of no stated type, and times of drugs, which another tool reads: neither asked for nor counted against."""

Half = Literal["development", "held-out"]
Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Said:
    """One finding with its status and its places in the sentence."""

    id: str
    status: str
    places: tuple[tuple[int, int], ...]
    demanded: bool = True


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and what it says."""

    text: str
    said: tuple[Said, ...]

    @property
    def half(self) -> Half:
        """Which half it belongs to: fixed by the text alone."""
        return "held-out" if int(hashlib.sha256(self.text.encode()).hexdigest(), 16) % 2 else "development"


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits, false alarms and misses of one sentence; by name, for a reader who wants to see them."""

    hits: tuple[str, ...]
    false: tuple[str, ...]
    missed: tuple[str, ...]


def parse(line: str) -> Sentence:
    """Turn `[itchy](pruritus) but [no](-oozing) ...` into a plain sentence and what it says."""
    text, said, end = "", [], 0
    for mark in MARK.finditer(line):
        text += line[end : mark.start()]
        place = (len(text), len(text) + len(mark[1]))
        text += mark[1]
        end = mark.end()
        for item in mark[2].split(","):
            name = item.strip()
            demanded = "~" not in name
            name = name.replace("~", "")
            said.append(Said(name.lstrip("-?<@"), STATUS.get(name[0], "present"), (place,), demanded))
    return Sentence(text + line[end:], tuple(said))


def sentences(lang: Language) -> list[Sentence]:
    """All annotated sentences of a language."""
    rows = read_yaml(HERE / f"{lang}.yaml")
    assert isinstance(rows, list)
    return [parse(row) for row in rows]


def read(text: str, resources: Resources) -> list[Said]:
    """What the reader makes of a sentence."""
    found = extract(text, resources.lexicon)
    out = []
    for finding in merge_mentions(text, found.findings, resources.knowledge.findings):
        past = finding.temporality == "past" and finding.status == "present"
        status = "family" if finding.experiencer == "family" else "past" if past else finding.status
        out.append(Said(finding.id, status, tuple((s.start, s.end) for s in finding.spans)))
    theirs = [m for m in (*found.diseases, *found.findings) if m.experiencer == "family" and m.status == "present"]
    implied = family_findings((m.id for m in theirs if m in found.diseases), (m.id for m in theirs if m in found.findings))
    return out + [Said(i, "present", ()) for i in sorted(implied) if all(i != s.id for s in out)]


def compare(sentence: Sentence, read_as: Iterable[Said], ancestors: Mapping[str, frozenset[str]]) -> Counts:
    """Count one sentence by the rules of README.md."""

    def up(finding: str) -> frozenset[str]:
        return ancestors.get(finding, frozenset())

    demanded = [s for s in sentence.said if s.demanded]
    demanded = [s for s in demanded if not any(s.id in up(o.id) and s.status == o.status for o in demanded)]
    hits, false = set(), []
    for got in read_as:
        exact = [s for s in sentence.said if (s.id, s.status) == (got.id, got.status)]
        finer = [s for s in demanded if s.status == got.status and s.id in up(got.id) and _meet(s, got)]
        hits |= {(s.id, s.status) for s in (*exact, *finer) if s.demanded}
        if not (exact or finer or _neutral(got, sentence, up)):
            false.append(f"{got.id} {got.status}")
    wanted = {(s.id, s.status) for s in demanded}
    return Counts(tuple(f"{i} {s}" for i, s in sorted(hits & wanted)), tuple(false), tuple(f"{i} {s}" for i, s in sorted(wanted - hits)))


def _meet(one: Said, other: Said) -> bool:
    return any(a < d and c < b for a, b in one.places for c, d in other.places)


def _neutral(got: Said, sentence: Sentence, up: Callable[[str], frozenset[str]]) -> bool:
    """Neither right nor wrong: it follows from what is said, is a part of a compound that is said, or says nothing."""
    if got.id in SAYS_NOTHING:
        return True
    for s in sentence.said:
        follows = s.status == got.status and got.id in up(s.id)
        inside = s.status == got.status and any(a <= c and d <= b and (a, b) != (c, d) for a, b in s.places for c, d in got.places)
        kin = s.status == "family" and got.status == "family"
        if follows or inside or kin:
            return True
    return False


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 with the interval of F1 (95 %, resampled by sentence)."""

    n: int
    precision: float
    recall: float
    f1: float
    low: float
    high: float


def score(counts: list[Counts], rounds: int = 1000) -> Score:
    """Micro-averaged over all findings of the sentences."""
    rows = [(len(c.hits), len(c.false), len(c.missed)) for c in counts]
    draw = random.Random(0)
    spread = sorted(_rates([draw.choice(rows) for _ in rows])[2] for _ in range(rounds))
    p, r, f1 = _rates(rows)
    return Score(len(rows), p, r, f1, spread[int(0.025 * rounds)], spread[int(0.975 * rounds)])


def _rates(rows: list[tuple[int, int, int]]) -> tuple[float, float, float]:
    hits, false, missed = (sum(row[k] for row in rows) for k in range(3))
    return hits / max(1, hits + false), hits / max(1, hits + missed), 2 * hits / max(1, 2 * hits + false + missed)


def measure(resources: Resources) -> dict[tuple[str, Half], list[tuple[Sentence, Counts]]]:
    """Every sentence with its counts, by language and half."""
    out: dict[tuple[str, Half], list[tuple[Sentence, Counts]]] = {}
    for lang in LANGUAGES:
        for sentence in sentences(lang):
            counts = compare(sentence, read(sentence.text, resources), resources.model.ancestors)
            out.setdefault((lang, sentence.half), []).append((sentence, counts))
    return out


def main() -> None:
    """Write the table; with `--show`, the misses of the development half too."""
    from yingzhi.graphs.resources import open_resources
    from yingzhi.graphs.settings import Settings

    measured = measure(open_resources(Settings()))
    for (lang, half), rows in sorted(measured.items()):
        s = score([counts for _, counts in rows])
        sys.stdout.write(
            f"{lang} {half:<12} n={s.n} precision={s.precision:.3f} recall={s.recall:.3f} F1={s.f1:.3f} ({s.low:.3f} to {s.high:.3f})\n"
        )
    if "--show" in sys.argv:
        for (lang, half), rows in sorted(measured.items()):
            for sentence, counts in rows if half == "development" else ():
                if counts.false or counts.missed:
                    sys.stdout.write(f"{lang}: {sentence.text}\n    false {counts.false} missed {counts.missed}\n")


if __name__ == "__main__":
    main()
