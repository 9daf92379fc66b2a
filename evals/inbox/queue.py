"""The inbox: what doctors put right at review, de-identified, as candidates for gold cases.

`home/evals/inbox/<id>/` holds `candidate.json`, what was changed and why, and `draft.yaml`, the gold case as far as the record gives it.
What was decided on a candidate stands in `decisions.jsonl`; a candidate without a decision is open.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from yingzhi.clinical.consultation import Pins
from yingzhi.clinical.errors import GoldError
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Language, Record
from yingzhi.evals.inbox.changes import Change, Confirmed, Why
from yingzhi.evals.inbox.deidentify import remaining
from yingzhi.evals.inbox.read import Outcome

VERSION = 1
ID = re.compile(r"[0-9a-f]{12}")


class Candidate(Record):
    """A consultation that a doctor put right, without anything that identifies the patient."""

    version: int = VERSION
    id: str
    day: date = Field(description="Of the taking in; the day of the consultation is the patient's own.")
    lang: Language = Field(description="Of the note.")
    why: list[Why]
    outcome: Outcome
    acts: int = Field(ge=1, description="How often the doctor had acted.")
    changes: list[Change]
    findings: list[Confirmed] = Field(default_factory=list)
    leading: list[str] = Field(default_factory=list, description="The engine's first diagnosis, round by round.")
    age: float | None = Field(default=None, description="In years, as given or as read from the note; 90 stands for all above 89.")
    presentation: Presentation = Field(description="As it was after the last round.")
    later_reports: int = Field(default=0, ge=0, description="How many of its reports, the last ones, came in at review.")
    pins: Pins = Field(description="What made it, as far as the checkpoints say: they keep neither code nor knowledge, so these are empty.")
    taken_in_with: Pins
    draft: str = Field(default="", description="Hash of the draft as it was written, to see whether somebody works on it.")


class Decision(Record):
    """What was decided on a candidate."""

    at: datetime
    by: str = Field(default="", description="Who decided, as the caller names them.")
    candidate: str
    verdict: Literal["accepted", "dismissed"]
    why: str = ""
    case: str = Field(default="", description="The gold case it became.")


def text_hash(text: bytes) -> str:
    """Sixteen hex digits over a text."""
    return hashlib.sha256(text).hexdigest()[:16]


def open_candidate(inbox: Path, id: str) -> Candidate:
    """A candidate of the inbox.

    Raises:
        GoldError: There is none of this id, or it is of another version.
    """
    file = inbox / id / "candidate.json"
    if not ID.fullmatch(id) or not file.exists():
        raise GoldError("there is no candidate of this id; `yingzhi eval inbox` lists them")
    try:
        return Candidate.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise GoldError(f"{id}/candidate.json: {'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg'].lower()}") from None


def open_candidates(inbox: Path) -> Iterator[Candidate]:
    """The candidates on which nothing was decided yet, oldest first."""
    decided = decisions(inbox)
    ids = [p.parent.name for p in inbox.glob("*/candidate.json") if ID.fullmatch(p.parent.name)]
    found = [open_candidate(inbox, id) for id in ids if id not in decided]
    yield from sorted(found, key=lambda c: (c.day, c.id))


def decisions(inbox: Path) -> dict[str, Decision]:
    """What was decided, by candidate.

    Raises:
        GoldError: A line of the register is no decision.
    """
    register = inbox / "decisions.jsonl"
    found: dict[str, Decision] = {}
    for number, line in enumerate(register.read_bytes().splitlines() if register.exists() else [], 1):
        try:
            made = Decision.model_validate_json(line)
        except ValidationError:
            raise GoldError(f"decisions.jsonl line {number}: not a decision of this version") from None
        found[made.candidate] = made
    return found


def decide(inbox: Path, decision: Decision) -> None:
    """Write a decision down for good.

    Raises:
        GoldError: There is no such candidate, it was decided on before, or the reason identifies somebody.
    """
    open_candidate(inbox, decision.candidate)
    if before := decisions(inbox).get(decision.candidate):
        raise GoldError(f"{decision.candidate}: it was {before.verdict} already")
    if left := remaining({"why": decision.why}, decision.at.year):
        raise GoldError(f"{left[0]}: the reason may identify somebody; put it in other words")
    with (inbox / "decisions.jsonl").open("a", encoding="utf-8") as file:
        file.write(decision.model_dump_json() + "\n")


def dismiss(inbox: Path, id: str, why: str, by: str = "") -> Decision:
    """Turn a candidate down; it is not proposed again.

    Raises:
        GoldError: There is no such open candidate, or no reason.
    """
    if not why.strip():
        raise GoldError("--why: a reason is needed")
    made = Decision(at=datetime.now(UTC), by=by, candidate=id, verdict="dismissed", why=why.strip())
    decide(inbox, made)
    return made
