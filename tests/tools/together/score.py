"""Scores the search for two diseases at once on notes of patients who have two, and of patients who have one.

`python -m tests.tools.together.score` writes the table of docs/diagnosis.md. README.md beside this file has the rules.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from yingzhi.agents.differential import weigh
from yingzhi.agents.history import read_record
from yingzhi.agents.specialist import Desk, Resources
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.presentation import Presentation
from yingzhi.knowledge.load import read_yaml

HERE = Path(__file__).parent
Half = Literal["development", "held-out"]
Language = Literal["zh", "en"]
HALVES: tuple[Half, ...] = ("development", "held-out")
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Note:
    """One patient in both languages, and what he has."""

    id: str
    diseases: tuple[str, ...]
    zh: str
    en: str
    two: bool
    """Whether it stands among the patients with two diseases; two names among the others are one disease told as both."""

    @property
    def half(self) -> Half:
        """Which half it belongs to: fixed by its id."""
        return "held-out" if int(hashlib.sha256(self.id.encode()).hexdigest(), 16) % 2 else "development"

    def text(self, lang: Language) -> str:
        """The note in one language."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was said of one note."""

    note: Note
    lang: Language
    named: tuple[frozenset[str], ...]
    """The pairs, best first."""

    @property
    def right(self) -> bool:
        """Whether the pair that the patient has is among those named."""
        return frozenset(self.note.diseases) in self.named


def notes() -> list[Note]:
    """All notes of both files."""
    found = []
    for name in ("pairs", "singles"):
        rows = read_yaml(HERE / f"{name}.yaml")
        assert isinstance(rows, list)
        found += [Note(r["id"], tuple(r["diseases"]), r["zh"], r["en"], name == "pairs") for r in rows]
    return found


def differential(text: str, lang: Language, resources: Resources) -> Differential:
    """The playbooks' differential of a note."""
    desk, case = Desk(resources), Presentation(text=text, lang=lang)
    return weigh({"presentation": case, "history": read_record({"presentation": case}, desk)}, desk)


def outcome(note: Note, lang: Language, resources: Resources) -> Outcome:
    """What is said of one note."""
    pairs = differential(note.text(lang), lang, resources).together
    return Outcome(note, lang, tuple(frozenset((p.first.id, p.second.id)) for p in pairs))


def share(found: Iterable[bool]) -> float:
    """Share of what is true."""
    all_of = list(found)
    return sum(all_of) / len(all_of)


def table(outcomes: Sequence[Outcome]) -> str:
    """Sensitivity and specificity by half and language, as Markdown."""
    lines = [
        "| half | language | two diseases: notes | a pair named | the right pair named | one disease: notes | nothing named |",
        "|---|---|---|---|---|---|---|",
    ]
    for half in HALVES:
        for lang in LANGUAGES:
            mine = [o for o in outcomes if o.note.half == half and o.lang == lang]
            two, one = [o for o in mine if o.note.two], [o for o in mine if not o.note.two]
            named, right, quiet = share(bool(o.named) for o in two), share(o.right for o in two), share(not o.named for o in one)
            lines.append(f"| {half} | {lang} | {len(two)} | {named:.2f} | {right:.2f} | {len(one)} | {quiet:.2f} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Open the resources, run every note, write the table; with `--show`, what went wrong in the development half."""
    from tempfile import TemporaryDirectory

    from yingzhi.graphs.resources import open_resources
    from yingzhi.graphs.settings import Settings

    with TemporaryDirectory() as home:
        resources = open_resources(Settings(home=Path(home)))
        outcomes = [outcome(n, lang, resources) for n in notes() for lang in LANGUAGES]
        sys.stdout.write(table(outcomes))
        for o in outcomes if "--show" in sys.argv else []:
            if o.note.half == "development" and (not o.right if o.note.two else o.named):
                sys.stdout.write(f"{o.note.id} {o.lang}: {[sorted(p) for p in o.named]}\n")


if __name__ == "__main__":
    main()
