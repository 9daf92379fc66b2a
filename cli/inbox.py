"""`yingzhi eval inbox`: from what doctors put right to gold cases."""

from __future__ import annotations

import getpass
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from yingzhi.evals.inbox.changes import Change
    from yingzhi.evals.inbox.queue import Candidate
    from yingzhi.evals.inbox.take import TakenIn

SHOWN = 3


class _Inbox(TyperGroup):
    """Lets `--take-in` stand without a file."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        at = args.index("--take-in") if "--take-in" in args else -1
        if at >= 0 and (at + 1 == len(args) or args[at + 1].startswith("-")):
            args = [*args[: at + 1], "", *args[at + 1 :]]
        return super().parse_args(ctx, args)


app = typer.Typer(cls=_Inbox, invoke_without_command=True)

ID = Annotated[str, typer.Argument(help="Id of a candidate, as the list gives it.")]
BY = Annotated[str, typer.Option(help="Who decides; kept with the decision. Your login name by default.")]


@app.callback()
def inbox(
    ctx: typer.Context,
    take_in: Annotated[
        str | None,
        typer.Option(
            "--take-in",
            metavar="[CHECKPOINTS]",
            help="Read this store of checkpoints first; that of `yingzhi serve` if no file is given.",
        ),
    ] = None,
) -> None:
    """What doctors put right at review, as candidates for gold cases.

    A doctor who edits a draft, rejects a consultation, or answers against a finding shows where the engine was wrong. `--take-in` reads
    the stored consultations and makes a candidate of each such one, without names, numbers, places and dates of the patient; nothing is
    kept by which they could be put back, and a record in which something is still found is refused. Then:

    1. `yingzhi eval inbox` lists the open candidates: id, day they were taken in, language, why, what was changed.

    2. `yingzhi eval inbox show ID` shows one, and what its draft still lacks.

    3. Write every TODO of its draft.yaml: the other language, the diagnosis, the sources. Nothing is filled in that it doesn't say.

    4. `yingzhi eval inbox accept ID --to DIR --case ID-OF-THE-CASE` puts it among the gold cases, or says what is still wrong.

    5. `yingzhi eval inbox dismiss ID --why REASON` turns it down; it does not come back.

    Candidates lie in evals/inbox of YINGZHI_HOME, decisions in its decisions.jsonl.
    """
    if ctx.invoked_subcommand is not None:
        return
    from yingzhi.evals.inbox.queue import decisions, open_candidates

    if take_in is not None:
        _take_in(take_in)
    found = list(open_candidates(_folder()))
    for c in found:
        sys.stdout.write(f"{c.id}  {c.day}  {c.lang}  {', '.join(c.why):<20}  {_short(c.changes)}\n")
    decided = [d.verdict for d in decisions(_folder()).values()]
    sys.stdout.write(f"{len(found)} open, {decided.count('accepted')} accepted, {decided.count('dismissed')} dismissed\n")


@app.command()
def show(id: ID) -> None:
    """Show a candidate: what the doctor changed, the record as it was masked, what its draft still lacks."""
    from yingzhi.evals.inbox.draft import unfinished
    from yingzhi.evals.inbox.queue import decisions, open_candidate

    c = open_candidate(_folder(), id)
    decided = decisions(_folder()).get(id)
    sys.stdout.write(f"{c.id}: {decided.verdict if decided else 'open'}, taken in {c.day}, {c.lang}, {', '.join(c.why)}\n")
    sys.stdout.write(_about(c))
    for change in c.changes:
        sys.stdout.write(f"\nround {change.round}, {_in_short(change)}\n")
        for sign, words in (("-", change.before), ("+", change.after)) if change.kind != "overturned" else ():
            sys.stdout.writelines(f"  {sign} {line}\n" for line in words.splitlines())
    sys.stdout.write(f"\n{c.presentation.text}\n")
    for report in c.presentation.reports:
        sys.stdout.write(f"\n[{report.test or report.kind}] {report.text}\n")
    file = _folder() / id / "draft.yaml"
    lacking = unfinished(file.read_text(encoding="utf-8")) if file.exists() and not decided else []
    sys.stdout.write(f"\ndraft: {file}\n" + (f"still to be written: {', '.join(lacking)}\n" if lacking else ""))


@app.command()
def accept(
    id: ID,
    to: Annotated[Path, typer.Option(help="Folder of gold cases that it goes to.", metavar="DIR")],
    case: Annotated[str, typer.Option(help="Id that the gold case is to have, and its file's name, e.g. zoster-chest-blamed-on-plaster.")],
    by: BY = "",
) -> None:
    """Put a finished draft among the gold cases. Exit code 2, and what is wrong with it, if it is not finished."""
    from yingzhi.evals.inbox.accept import accept as accept_
    from yingzhi.graphs.settings import Settings
    from yingzhi.knowledge.load import load_knowledge

    knowledge = load_knowledge(Settings.from_environment(dict(os.environ)).home / "cache")
    wrong = accept_(_folder(), id, to, case, knowledge, by or _login())
    sys.stdout.writelines(f"{sentence}\n" for sentence in wrong)
    if wrong:
        sys.stderr.write(f"yingzhi: {id}: the draft is not finished ({len(wrong)} problems); nothing was done\n")
        raise typer.Exit(2)
    sys.stdout.write(f"{id}: accepted as {case}; check it with `yingzhi eval check --cases {to}`\n")


@app.command()
def dismiss(
    id: ID,
    why: Annotated[str, typer.Option(help="The reason; kept with the decision, so nothing of the patient in it.")],
    by: BY = "",
) -> None:
    """Turn a candidate down; the same review is not proposed again."""
    from yingzhi.evals.inbox.queue import dismiss as dismiss_

    dismiss_(_folder(), id, why, by or _login())
    sys.stdout.write(f"{id}: dismissed\n")


def _take_in(store: str) -> None:
    from importlib.metadata import version

    from yingzhi.clinical.consultation import Pins
    from yingzhi.evals.inbox.take import take_in
    from yingzhi.graphs.settings import Settings
    from yingzhi.knowledge.load import content_hash

    now = datetime.now(UTC)
    pins = Pins(code=version("yingzhi"), knowledge=content_hash())
    _tell(take_in(Path(store) if store else Settings.from_environment(dict(os.environ)).checkpoints, _folder(), now, pins))


def _tell(taken: TakenIn) -> None:
    parts = {
        "taken in": len(taken.new),
        "made anew": len(taken.grown),
        "known": taken.known,
        "without a change": taken.unchanged,
        "refused": len(taken.refused),
        "not readable": taken.unreadable,
    }
    sys.stdout.write(", ".join(f"{count} {what}" for what, count in parts.items() if count or what == "taken in") + "\n")
    for id in taken.held:
        sys.stdout.write(f"{id}: the doctor has acted again, but its draft is being worked on and was left alone\n")
    for id, left in taken.refused.items():
        sys.stdout.write(f"{id}: refused, something may still identify the patient: {'; '.join(left)}\n")


def _short(changes: list[Change]) -> str:
    more = f"; and {len(changes) - SHOWN} more" if len(changes) > SHOWN else ""
    return "; ".join(_in_short(c) for c in changes[:SHOWN]) + more


def _in_short(change: Change) -> str:
    """A change in ids, without a word of the record."""
    if change.kind == "overturned":
        return f"{change.where}: {change.before} -> {change.after}"
    if change.kind == "rejection":
        return "rejected" + ("" if change.after else " without a reason")
    did = "added" if not change.before else "deleted" if not change.after else "changed"
    return f"{change.where} {did}" + (f" ({change.concluded})" if change.concluded else "")


def _about(c: Candidate) -> str:
    made = c.pins.model or "embedded engine"
    thought = f"; the engine thought first of {', then '.join(c.leading)}" if c.leading else ""
    return f"{c.outcome} after {c.acts} acts of the doctor; {made}{thought}\n"


def _folder() -> Path:
    from yingzhi.graphs.settings import Settings

    return Settings.from_environment(dict(os.environ)).home / "evals" / "inbox"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no account of this number, as in many containers
        return ""
