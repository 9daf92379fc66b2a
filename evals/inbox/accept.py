"""Takes a finished draft among the gold cases; an unfinished one is refused with what is missing."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import yaml

from yingzhi.clinical.errors import GoldError
from yingzhi.evals.cases import SCHEMA_LINE, load_case, problems
from yingzhi.evals.inbox.ages import CAPPED, OLDEST
from yingzhi.evals.inbox.deidentify import remaining
from yingzhi.evals.inbox.draft import REMARK, unfinished
from yingzhi.evals.inbox.queue import Decision, decide, decisions, open_candidate
from yingzhi.knowledge.load import Knowledge, write_atomically

CASE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def accept(inbox: Path, id: str, folder: Path, case: str, knowledge: Knowledge, by: str = "") -> list[str]:
    """Put a candidate's draft among the gold cases of a folder.

    Returns:
        What is wrong with the draft, one sentence each; nothing was done if there is any.

    Raises:
        GoldError: There is no such open candidate, the name is no id, or a case of this id is there already.
    """
    open_candidate(inbox, id)
    if before := decisions(inbox).get(id):
        raise GoldError(f"{id}: it was {before.verdict} already")
    if not CASE.fullmatch(case):
        raise GoldError("--case: the id of a case has small letters, digits and hyphens, e.g. zoster-chest-blamed-on-plaster")
    target = folder / f"{case}.yaml"
    if target.exists():
        raise GoldError(f"{target.name}: there is a gold case of this id already")
    text = named(inbox, id, case)
    wrong = wrong_with(text, case, knowledge)
    if wrong:
        return wrong
    kept = [line for line in text.splitlines() if not line.startswith((REMARK, SCHEMA_LINE))]
    write_atomically(target, "\n".join([SCHEMA_LINE, *kept, ""]).encode())
    decide(inbox, Decision(at=datetime.now(UTC), by=by, candidate=id, verdict="accepted", case=case))
    return []


def named(inbox: Path, id: str, case: str) -> str:
    """A candidate's draft under the id that it is to have.

    Raises:
        GoldError: The draft can't be read.
    """
    try:
        text = (inbox / id / "draft.yaml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{id}/draft.yaml: can't be read ({type(error).__name__})") from None
    return re.sub(r"^id:.*$", f"id: {case}", text, count=1, flags=re.MULTILINE)


def wrong_with(text: str, case: str, knowledge: Knowledge) -> list[str]:
    """What keeps a draft from being a gold case: what is unfinished, wrong, or identifies somebody."""
    found = [f"{case}: {key}: still to be written" for key in unfinished(text)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{case}.yaml"
        file.write_text(text, encoding="utf-8")
        try:
            loaded = load_case(file)
        except GoldError as error:
            return found or [str(error)]
    found += [p for p in problems(loaded, knowledge) if not any(p.startswith(done.rpartition(": ")[0]) for done in found)]
    left = remaining(yaml.safe_load(text), datetime.now(UTC).year)
    if loaded.patient.age is not None and loaded.patient.age > CAPPED:
        left.append(f"patient.age: age above {OLDEST}")
    return found + [f"{case}: {where}: this may identify somebody; mask it or put it in other words" for where in left]
