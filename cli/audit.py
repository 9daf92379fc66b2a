"""`yingzhi audit`: is the log what was written, where does it stand, who did what."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from urllib.parse import quote

import typer

if TYPE_CHECKING:
    from yingzhi.service.audit import Entry, Head, Verification

DATABASE = Path("service", "service.sqlite")
"""Within YINGZHI_HOME, as `ServiceSettings.files` has it."""
HOME = Annotated[Path | None, typer.Option(envvar="YINGZHI_HOME", help="Where all local state lives.")]
TENANT = Annotated[str | None, typer.Option("--tenant", help="Only this tenant's log.")]
ONE = Annotated[str, typer.Option("--tenant", help="Whose log; `-` is that of callers who were not let in.")]

app = typer.Typer(help="The audit log: verify, head, show, export, reseal.", no_args_is_help=True)


@app.command()
def verify(
    tenant: TENANT = None,
    head: Annotated[
        list[str] | None,
        typer.Option("--head", help="A head kept elsewhere, a file of them, or - for standard input; repeatable."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    home: HOME = None,
) -> None:
    """Prove the log whole: every entry, link, head and the total. Exit 1 and the first wrong entry if not."""
    from yingzhi.service import audit

    kept = [one for text in head or [] for one in _read_heads(text) if tenant in (None, one.tenant)]
    key = audit.read_key(_home(home))
    with opened(home) as database:
        found = audit.against(audit.verify(database, key, tenant), database, kept)
    if as_json:
        flaw = found.flaw and {"tenant": found.flaw.tenant, "seq": found.flaw.seq, "why": found.flaw.why, "sentence": str(found.flaw)}
        report = {"ok": found.ok, "tenants": found.tenants, "entries": found.entries, "key": found.key, "heads": len(kept), "flaw": flaw}
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(_say(found, len(kept)) + "\n")
    raise typer.Exit(0 if found.ok else 1)


@app.command()
def head(tenant: TENANT = None, home: HOME = None) -> None:
    """Where each tenant's log stands, one a line: to be kept elsewhere and given to `verify --head` later."""
    from yingzhi.service import audit

    with opened(home) as database:
        for one in audit.heads(database, tenant):
            sys.stdout.write(f"{one}\n")


@app.command()
def show(
    tenant: ONE = "local",
    last: Annotated[int, typer.Option("--last", "-n", min=1, max=100_000, help="How many, from the newest back.")] = 20,
    act: Annotated[str | None, typer.Option(help="Only this act, e.g. consultation.sign.")] = None,
    about: Annotated[str | None, typer.Option(help="Only what was done to this consultation, patient, key or tool.")] = None,
    by: Annotated[str | None, typer.Option(help="Only what this subject did.")] = None,
    home: HOME = None,
) -> None:
    """Who did what: the newest entries of a tenant."""
    from yingzhi.service import audit

    with opened(home) as database:
        for entry in audit.entries(database, tenant, last=last, act=act, about=about, by=by):
            sys.stdout.write(_line(entry) + "\n")


@app.command()
def export(
    tenant: ONE = "local",
    after: Annotated[int, typer.Option(min=0, help="Only entries with a greater seq.")] = 0,
    chain: Annotated[bool, typer.Option("--chain", help="With tenant, seq, time and hashes, so that the chain can be checked.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="A file that is not there yet; else standard output.")] = None,
    home: HOME = None,
) -> None:
    """FHIR AuditEvents, one JSON object a line (application/fhir+ndjson)."""
    from yingzhi.service import audit

    with opened(home) as database, _stream(out) as stream:
        for entry in audit.entries(database, tenant, after=after):
            stream.write((_chained(entry) if chain else entry.body) + "\n")


@app.command()
def reseal(
    yes: Annotated[bool, typer.Option("--yes", help="I have read what `verify` says and keep it.")] = False,
    home: HOME = None,
) -> None:
    """Seal the heads as they stand, for when the key is lost for good or a damaged log was looked into. Stop the service first.

    A key that fits is kept, any other is put aside as audit.key.old-N and a new one made. Each tenant's log gets an entry that says so.
    Hashes stay as they are, so an entry that was changed is found ever after; what was cut off at an end is not, unless a head of it
    was kept elsewhere.
    """
    from yingzhi.service import audit

    folder = _home(home)
    key = audit.read_key(folder)
    with opened(home, writing=True) as database:
        sys.stdout.write(_say(audit.verify(database, key), 0) + "\n")
        if not yes:
            _refuse("nothing was done; --yes does it")
        if key is not None and not audit.fits(database, key):
            audit.retire_key(folder)
            key = None
        key = key or audit.make_key(folder)
        database.execute("BEGIN IMMEDIATE")
        count = audit.reseal(database, key)
        database.execute("COMMIT")
    sys.stdout.write(f"{count} tenants sealed anew\n")


@contextmanager
def opened(home: Path | None, writing: bool = False) -> Iterator[sqlite3.Connection]:
    """The service's database; a running service is not disturbed by a reader."""
    path = _home(home) / DATABASE
    if not path.is_file():
        _refuse(f"{DATABASE}: there is none in YINGZHI_HOME")
    try:
        address = f"file:{quote(str(path.resolve()))}?mode={'rw' if writing else 'ro'}"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=10)) as connection:
            yield connection
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        _refuse(f"{DATABASE}: can't be read as an audit log ({type(error).__name__})")


def _home(home: Path | None) -> Path:
    from platformdirs import user_data_path

    return home or user_data_path("yingzhi")


def _read_heads(text: str) -> list[Head]:
    from yingzhi.service.audit import Head

    try:
        return [Head.read(text)]
    except ValueError:
        pass
    try:
        lines = (sys.stdin.read() if text == "-" else Path(text).read_text(encoding="utf-8")).splitlines()
    except (OSError, UnicodeDecodeError):
        _refuse("--head: neither a head (tenant:seq:hash) nor a file of heads")
    kept = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                kept.append(Head.read(line))
            except ValueError:
                _refuse(f"--head: line {number}: tenant:seq:hash is expected")
    if not kept:
        _refuse("--head: there is no head in it")
    return kept


def _say(found: Verification, kept: int) -> str:
    lines = [f"{found.entries} entries of {found.tenants} tenants as they were written" + f", {kept} kept heads compared" * bool(kept)]
    if found.key == "missing":
        lines.append("audit.key: is missing, so the seals could not be checked")
    elif found.key == "other":
        lines.append("audit.key: fits no seal: it is not the key of this log, or every head was changed")
    if found.flaw:
        lines.append(f"WRONG: {found.flaw}")
    return "\n".join(lines)


def _line(entry: Entry) -> str:
    event = entry.event
    agent = event["agent"][0]
    who = agent.get("who", {}).get("identifier", {})
    subject = f"{who['system'].rsplit(':', 1)[-1]}:{who['value']}" if who else "nobody"
    roles = ",".join(role["coding"][0]["code"] for role in agent.get("role", []))
    things = [e["what"]["identifier"]["value"] for e in event.get("entity", []) if "what" in e]
    codes = [d["valueString"] for e in event.get("entity", []) for d in e.get("detail", [])]
    columns = [str(entry.seq), entry.at, event["subtype"][0]["code"], event["outcome"], subject, roles, *things, *codes]
    return "  ".join(c for c in columns if c)


def _chained(entry: Entry) -> str:
    fields: dict[str, Any] = {"tenant": entry.tenant, "seq": entry.seq, "at": entry.at, "previous": entry.previous, "hash": entry.hash}
    return json.dumps({**fields, "body": entry.body}, ensure_ascii=False)


@contextmanager
def _stream(out: Path | None) -> Iterator[Any]:
    if out is None:
        yield sys.stdout
        return
    try:
        stream = out.open("x", encoding="utf-8")
    except FileExistsError:
        _refuse("--out: the file is there already")
    except OSError:
        _refuse("--out: can't be written")
    with stream:
        yield stream


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(2)
