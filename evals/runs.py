"""A run of the evals: a folder with what it was made with, its traces, its scores, the prompts and Inspect's log."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field, ValidationError

from yingzhi.agents.models.settings import NAMES
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.consultation import Pins
from yingzhi.clinical.errors import GoldError
from yingzhi.clinical.words import Language, Record
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.judge_grades import judge_scorers
from yingzhi.evals.score import Score, Scorer, scored
from yingzhi.evals.trace import Trace, read_traces
from yingzhi.prompts.load import JUDGES, Prompt, load_prompt, prompt_names

VERSION = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class Manifest(Record):
    """What a run was made with, so that two runs can be told apart."""

    version: int = VERSION
    id: str
    created: datetime
    pins: Pins
    gold: str = Field(description="Hash of the gold cases.")
    languages: list[Language]
    epochs: int = Field(default=1, ge=1)
    cases: list[str] = Field(description="Ids of the gold cases, in order.")


class Scored(Record):
    """The scores of one trace."""

    case: str
    lang: Language
    epoch: int
    labels: list[str] = Field(description="The slices it belongs to.")
    scores: dict[str, Score]


@dataclass(frozen=True, slots=True)
class Run:
    """A folder of a run."""

    folder: Path
    manifest: Manifest

    @property
    def traces(self) -> Path:
        """Where the traces are."""
        return self.folder / "traces.jsonl"

    @property
    def scores(self) -> Path:
        """Where the scores are."""
        return self.folder / "scores.jsonl"


def gold_hash(cases: Iterable[GoldCase]) -> str:
    """Sixteen hex digits over the cases."""
    digest = hashlib.sha256()
    for case in cases:
        digest.update(case.model_dump_json().encode() + b"\0")
    return digest.hexdigest()[:16]


def run_folder(root: Path, name: str) -> Path:
    """Where a run of this name is, or one of now.

    Raises:
        GoldError: It is no name.
    """
    if name and not NAME.fullmatch(name):
        raise GoldError("the name of a run: letters, digits, full stops, hyphens and underscores, at most 80")
    return root / (name or datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S"))


def start_run(
    root: Path, name: str, cases: Sequence[GoldCase], languages: Sequence[Language], resources: Resources, pins: Pins, epochs: int = 1
) -> Run:
    """Make the folder of a new run, or take the one of this name up again if it was made with the same.

    Raises:
        GoldError: A run of this name was made with something else.
    """
    folder = run_folder(root, name)
    prompts = {f"{p.name}.{p.lang}": p.source for p in _prompts(resources)}
    manifest = Manifest(
        id=folder.name, created=datetime.now(UTC), pins=pins, gold=gold_hash(cases), languages=list(languages), epochs=epochs,
        cases=[c.id for c in cases],
    )  # fmt: skip
    if (folder / "run.json").exists():
        before = open_run(folder)
        same = before.manifest.model_copy(update={"created": manifest.created})
        if same != manifest or kept_prompts(before) != prompts:
            raise GoldError(f"{folder.name}: this run was made with other cases, prompts, knowledge or settings; choose another name")
        return before
    (folder / "prompts").mkdir(parents=True)
    for file, body in prompts.items():
        (folder / "prompts" / f"{file}.md").write_text(body, encoding="utf-8")
    _write(folder / "run.json", manifest.model_dump_json(indent=1))
    return Run(folder, manifest)


def _prompts(resources: Resources) -> list[Prompt]:
    if resources.models is None:
        return []
    settings = resources.models.settings
    return [
        load_prompt(name, lang, settings.of(name).prompt_root if name in NAMES else settings.prompt_root)
        for name, lang in prompt_names()
        if not name.startswith(JUDGES)  # no run is made with them
    ]


def kept_prompts(run: Run) -> dict[str, str]:
    """The prompts that a run was made with, by name and language."""
    return {p.stem: p.read_text(encoding="utf-8") for p in sorted((run.folder / "prompts").glob("*.md"))}


def open_run(folder: Path) -> Run:
    """A stored run.

    Raises:
        GoldError: There is none, or it is of another version.
    """
    file = folder / "run.json"
    try:
        return Run(folder, Manifest.model_validate_json(file.read_bytes()))
    except OSError as error:
        raise GoldError(f"{folder.name}: there is no such run") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise GoldError(f"{folder.name}/run.json: {where}: not a run of this version ({first['msg'].lower()})") from error


def traces_of(run: Run) -> dict[str, Trace]:
    """The traces of a run by key; of two with the same key the later one stands."""
    return {t.key: t for t in read_traces(run.traces)} if run.traces.exists() else {}


def score_run(run: Run, cases: Mapping[str, GoldCase], scorers: Sequence[Scorer]) -> list[Scored]:
    """Score every trace of a run and keep the scores.

    Raises:
        GoldError: A trace is of a case that is not among the gold.
    """
    found: dict[str, Scored] = {}  # one trace at a time is held: a thousand of them would be most of the time in the collector
    for trace in read_traces(run.traces) if run.traces.exists() else ():
        case = cases.get(trace.case)
        if case is None:
            raise GoldError(f"{run.manifest.id}: {trace.case} is not among the gold cases")
        found[trace.key] = score_trace(case, trace, scorers)
    rows = list(found.values())
    write_scores(run, rows)
    return rows


def write_scores(run: Run, rows: Iterable[Scored]) -> None:
    """Keep the scores of a run."""
    _write(run.scores, "".join(r.model_dump_json(exclude_defaults=True) + "\n" for r in rows))


def score_trace(case: GoldCase, trace: Trace, scorers: Sequence[Scorer]) -> Scored:
    """The scores of one trace."""
    scores = {s.name: scored(s, case, trace) for s in scorers}
    return Scored(case=trace.case, lang=trace.lang, epoch=trace.epoch, labels=case.labels(trace.lang), scores=scores)


def scores_of(run: Run) -> list[Scored]:
    """The scores of a run as they were kept, with those of its judges if it was judged.

    Raises:
        GoldError: It was never scored, or the scores or grades are of another version.
    """
    try:
        rows = [Scored.model_validate_json(line) for line in run.scores.read_bytes().splitlines() if line]
    except OSError as error:
        raise GoldError(f"{run.manifest.id}: not scored yet; run `yingzhi eval score {run.manifest.id}`") from error
    except ValidationError as error:
        raise GoldError(f"{run.manifest.id}/scores.jsonl: scores of another version; run `yingzhi eval score {run.manifest.id}`") from error
    for judged in judge_scorers(run.folder):
        for row in rows:
            row.scores[judged.name] = judged.of(f"{row.case}.{row.lang}.{row.epoch}")
    return rows


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    draft = path.with_suffix(path.suffix + ".new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
