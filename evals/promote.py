"""Whether a set of prompts may take the place of another, and the record of that decision."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from yingzhi.clinical.errors import GoldError
from yingzhi.clinical.words import Record
from yingzhi.evals.compare import Comparison
from yingzhi.evals.runs import Run, kept_prompts

SAME = {
    "gold": "the gold cases are not",
    "model": "the model is not",
    "knowledge": "the knowledge is not",
    "code": "the version of yingzhi is not",
    "languages": "the languages are not",
}
"""What two runs have to share, so that the prompts alone make the difference."""
REPORTED = frozenset({"seconds", "model-calls", "tokens", "model-cost", "workup-price"})
"""Scorers of cost: a fall there is shown and forbids nothing."""


class Decision(Record):
    """What was decided on a set of prompts, and why."""

    at: datetime
    by: str = Field(default="", description="Who decided, as the caller names them.")
    before: str = Field(description="The run of the prompts in use.")
    after: str = Field(description="The run of the prompts that were to take their place.")
    verdict: Literal["promoted", "refused"]
    reasons: list[str] = Field(default_factory=list, description="Why it was refused.")
    prompts: dict[str, str] = Field(description="Hash of every prompt of the set, by name and language.")


def reasons_against(c: Comparison) -> list[str]:
    """Why the second set of prompts may not be promoted; empty if it may."""
    found = [f"gate lost: {b.scorer}, {b.case}.{b.lang}: {b.why}" for b in c.lost]
    found += [
        f"{d.scorer}{'' if d.label == 'all' else f' [{d.label}]'} falls beyond its interval: "
        f"{d.difference.value:+.3f} ({d.difference.low:+.3f} to {d.difference.high:+.3f})"
        for d in c.differences
        if d.verdict == "worse" and d.scorer not in REPORTED and d.difference is not None
    ]
    if c.only_before:
        found.append(f"{len(c.only_before)} cases of the run before were not run again")
    found += [f"{what} the same: what changed can't be told apart" for key, what in SAME.items() if key in c.differs]
    return found


def promote(c: Comparison, after: Run, target: Path, register: Path, by: str = "") -> Decision:
    """Put the prompts of a run where the installation reads its own, if nothing speaks against it, and record the decision either way.

    Args:
        c: The comparison with the run of the prompts in use.
        after: The run whose prompts are to be used.
        target: Folder of the installation's own prompts.
        register: File of decisions, one JSON line each.
        by: Who decides.

    Raises:
        GoldError: The run has no prompts: it was made without a model.
    """
    prompts = kept_prompts(after)
    if not prompts:
        raise GoldError(f"{after.manifest.id}: it was run without a model, so there are no prompts to promote")
    against = reasons_against(c)
    decision = Decision(
        at=datetime.now(UTC),
        by=by,
        before=c.before,
        after=c.after,
        verdict="refused" if against else "promoted",
        reasons=against,
        prompts={name: hashlib.sha256(body.encode()).hexdigest()[:16] for name, body in prompts.items()},
    )
    if not against:
        put(prompts, target)
    register.parent.mkdir(parents=True, exist_ok=True)
    with register.open("a", encoding="utf-8") as file:
        file.write(decision.model_dump_json() + "\n")
    return decision


def put(prompts: Mapping[str, str], target: Path) -> None:
    """Write prompt files, each whole or not at all."""
    target.mkdir(parents=True, exist_ok=True)
    for name, text in prompts.items():
        draft = target / f"{name}.md.new"
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, target / f"{name}.md")
