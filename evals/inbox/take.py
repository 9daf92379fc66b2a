"""Takes into the inbox what doctors put right: read, compared, de-identified, and written only when nothing is found any more."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import yaml
from pydantic import ValidationError

from yingzhi.clinical.consultation import Pins
from yingzhi.clinical.remark import ModelUse
from yingzhi.evals.inbox.ages import capped
from yingzhi.evals.inbox.changes import Change, changes, confirmed
from yingzhi.evals.inbox.deidentify import deidentify, remaining
from yingzhi.evals.inbox.draft import draft
from yingzhi.evals.inbox.queue import Candidate, decisions, open_candidate, text_hash
from yingzhi.evals.inbox.read import Reviewed, reviewed
from yingzhi.tools.text import is_chinese


@dataclass(slots=True)
class TakenIn:
    """What became of the consultations of a store."""

    new: list[str] = field(default_factory=list)
    grown: list[str] = field(default_factory=list)
    """Open candidates on whose consultation the doctor acted again, so that they were made anew."""
    held: list[str] = field(default_factory=list)
    """The same, but the draft was being worked on and was left alone."""
    known: int = 0
    unchanged: int = 0
    """Consultations in which the doctor changed nothing."""
    refused: dict[str, list[str]] = field(default_factory=dict)
    """By id: what still identifies somebody, as path and kind."""
    unreadable: int = 0


def take_in(store: Path, inbox: Path, now: datetime, made_with: Pins) -> TakenIn:
    """Make a candidate of every consultation of a store in which the doctor changed something; each is taken in once.

    Args:
        store: File of checkpoints.
        inbox: Folder of the candidates.
        now: The time.
        made_with: Pins of this installation.

    Raises:
        GoldError: There is no such store.
    """
    taken, decided = TakenIn(), decisions(inbox)
    for found in reviewed(store):
        changed = changes(found) if found else []
        if found is None:
            taken.unreadable += 1
        elif not changed:
            taken.unchanged += 1
        elif found.id in decided:
            taken.known += 1
        else:
            _propose(found, changed, inbox, now, made_with, taken)
    return taken


def _propose(found: Reviewed, changed: list[Change], inbox: Path, now: datetime, made_with: Pins, taken: TakenIn) -> None:
    """Write the candidate of a consultation on which nothing was decided yet, unless it is there as it would be written."""
    before = open_candidate(inbox, found.id) if (inbox / found.id / "candidate.json").exists() else None
    if before and before.acts >= len(found.acts):
        taken.known += 1
        return
    if before and not _untouched(inbox / found.id / "draft.yaml", before):
        taken.held.append(found.id)
        return
    candidate, left = _candidate(found, changed, now, made_with)
    if candidate is None or left:
        taken.refused[found.id] = left
        return
    _keep(inbox, candidate)
    (taken.grown if before else taken.new).append(found.id)


def _untouched(file: Path, candidate: Candidate) -> bool:
    return file.exists() and text_hash(file.read_bytes()) == candidate.draft


def _candidate(found: Reviewed, changed: list[Change], now: datetime, made_with: Pins) -> tuple[Candidate | None, list[str]]:
    """The candidate of a consultation; None and what stands against it if something in it still identifies somebody."""
    case = found.last.presentation
    told = {
        "presentation": {**case.model_dump(mode="json"), "id": found.id},
        "changes": [c.model_dump(mode="json") for c in changed],
        "findings": [f.model_dump(mode="json") for f in confirmed(found, changed)],
    }
    masked, left = deidentify(told, {a.review.by for a in found.acts}, {case.id, found.thread}, now.year)
    if left:
        return None, left
    patient = masked["presentation"]["patient"]
    patient["age"] = capped(patient["age"])
    history = found.last.history
    try:
        candidate = Candidate(
            id=found.id,
            day=now.date(),
            lang="zh" if is_chinese(case.text) else "en",
            why=list(dict.fromkeys(c.why for c in changed)),
            outcome=found.outcome,
            acts=len(found.acts),
            leading=_leading(found),
            age=capped(patient["age"] if patient["age"] is not None else history.patient.age if history else None),
            later_reports=len(case.reports) - len(found.first.presentation.reports),
            pins=_pins(found.last.model_use),
            taken_in_with=made_with,
            **masked,
        )
    except ValidationError:
        return None, ["a field that is no text of a person was masked"]
    return candidate, remaining([candidate.model_dump(mode="json"), yaml.safe_load(draft(candidate))], now.year)


def _pins(use: Iterable[ModelUse]) -> Pins:
    """What the state tells of what made it."""
    return Pins(code="", knowledge="", model=", ".join(sorted({u.model for u in use})), prompts=sorted({u.prompt for u in use if u.prompt}))


def _leading(found: Reviewed) -> list[str]:
    states = (*(a.before for a in found.acts), found.last)
    leading = {s.version: s.differential.diagnoses[0].id for s in states if s.differential and s.differential.diagnoses}
    return list(leading.values())


def _keep(inbox: Path, candidate: Candidate) -> None:
    """Write a candidate's folder, whole or not at all."""
    text = draft(candidate).encode()
    folder, fresh = inbox / candidate.id, inbox / f".{candidate.id}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    (fresh / "draft.yaml").write_bytes(text)
    whole = candidate.model_copy(update={"draft": text_hash(text)})
    (fresh / "candidate.json").write_bytes(whole.model_dump_json(indent=1).encode())
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(fresh, folder)
