"""`yingzhi keys`: API keys of the service, for programs that are no users of the issuer."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from yingzhi.service.audit import Named
    from yingzhi.service.identity import ApiKey, Role
    from yingzhi.service.store import Database

TENANT = Annotated[str, typer.Option(envvar="YINGZHI_TENANT", help="Whose keys.")]

app = typer.Typer(help="API keys of the service: create, list, revoke.", no_args_is_help=True)


@app.callback()
def ready() -> None:
    """API keys of the service: create, list, revoke."""
    try:
        import yingzhi.service.identity  # noqa: F401
    except ModuleNotFoundError as error:
        _refuse(f"yingzhi keys needs {error.name}: pip install 'yingzhi[service]'")


@app.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for, e.g. the program that will use it.")],
    role: Annotated[list[str], typer.Option(help="What it may do: doctor, nurse, pharmacist, researcher, admin, service; repeatable.")],
    tenant: TENANT = "local",
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days after which it is refused.")] = 365,
) -> None:
    """Make a key and write it to standard output, this once; only its hash is kept."""
    from yingzhi.service import audit
    from yingzhi.service.identity import keys

    roles, now = _roles(role), datetime.now(UTC)
    who = _operator(_tenant(tenant))
    if not name.strip() or len(name) > 100 or not name.isprintable():
        _refuse("--name: 1 to 100 printable characters are expected")

    def make(db: sqlite3.Connection) -> tuple[str, ApiKey, bool]:
        first = not keys.any_key(db)
        key, known = keys.create_key(db, tenant, name=name.strip(), roles=roles, now=now, expires=now + timedelta(days=days))
        audit.record(db, who, "key.create", entity=known.prefix)
        return key, known, first

    with opened() as database:
        key, known, first = asyncio.run(database.write(make))
    sys.stderr.write(f"{known.prefix}: tenant {tenant}, {_sorted(known)}, until {known.expires:%Y-%m-%d}; it can't be shown again\n")
    if first:
        sys.stderr.write("This is the first key: from now on every caller needs a key or a token, also on this machine.\n")
    sys.stdout.write(key + "\n")


@app.command("list")
def list_(tenant: TENANT = "local", as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """The tenant's keys, oldest first: public part, state, roles, dates, name; the keys themselves are nowhere."""
    from yingzhi.service.identity import keys

    _tenant(tenant)
    with opened() as database:
        found = asyncio.run(database.read(lambda db: keys.list_keys(db, tenant)))
    now = datetime.now(UTC)
    if as_json:
        sys.stdout.write(json.dumps([_document(key, now) for key in found], ensure_ascii=False, indent=2) + "\n")
        return
    for key in found:
        used = f"used {key.used}" if key.used else "never used"
        sys.stdout.write(f"{key.prefix}  {_state(key, now):<8} {_sorted(key)}  until {key.expires:%Y-%m-%d}  {used}  {key.name}\n")
    sys.stderr.write(f"{len(found)} keys of {tenant}\n")


@app.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="The public part, as `list` gives it, e.g. yk_0123456789.")], tenant: TENANT = "local"
) -> None:
    """Refuse a key from now on, for good."""
    from yingzhi.service import audit
    from yingzhi.service.identity import keys

    who = _operator(_tenant(tenant))

    def end(db: sqlite3.Connection) -> bool:
        found = keys.revoke_key(db, tenant, prefix, datetime.now(UTC))
        if found:
            audit.record(db, who, "key.revoke", entity=prefix)
        return found

    with opened() as database:
        found = asyncio.run(database.write(end))
    if not found:  # what was given may be a whole key, so it is not repeated
        _refuse(f"PREFIX: {tenant} has no key of this public part; see `yingzhi keys list`")
    sys.stderr.write(f"{prefix} is revoked\n")


@contextmanager
def opened() -> Iterator[Database]:
    """The service's database, beside which the service may be running."""
    from yingzhi.graphs.settings import Settings
    from yingzhi.service import audit
    from yingzhi.service.settings import ServiceSettings
    from yingzhi.service.store import Database
    from yingzhi.service.store.schema import schema

    settings = ServiceSettings(engine=Settings.from_environment(dict(os.environ)))
    database = Database(settings.files / "service.sqlite")
    try:
        database.open(schema(), lambda connection: audit.attach(connection, settings.engine.home))
    except (OSError, sqlite3.Error) as error:
        _refuse(f"YINGZHI_HOME: the service's database can't be opened ({type(error).__name__})")
    try:
        yield database
    finally:
        database.close()


def _tenant(tenant: str) -> str:
    from yingzhi.service.identity.principal import tenant_of

    found = tenant_of(tenant)
    if found is None:
        _refuse("--tenant: 1 to 128 letters, digits or any of _ . @ -, beginning and ending with a letter or digit; not `public`")
    return found


def _roles(given: list[str]) -> frozenset[Role]:
    from yingzhi.service.identity.principal import ROLES, roles_of

    found = roles_of(given)
    if not found or set(given) - found:
        _refuse(f"--role: one of {', '.join(ROLES)} is expected")
    return found


def _operator(tenant: str) -> Named:
    """Who is at the terminal, for the audit."""
    from yingzhi.service.audit import Named

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container without user names
        name = "unknown"
    return Named(name, tenant, "operator")


def _state(key: ApiKey, now: datetime) -> str:
    return "revoked" if key.revoked else "expired" if key.expires <= now else "valid"


def _sorted(key: ApiKey) -> str:
    return ",".join(sorted(key.roles))


def _document(key: ApiKey, now: datetime) -> dict[str, Any]:
    known = {"prefix": key.prefix, "tenant": key.tenant, "name": key.name, "roles": sorted(key.roles), "state": _state(key, now)}
    return {**known, **{name: _day(getattr(key, name)) for name in ("created", "expires", "revoked", "used")}}


def _day(when: date | None) -> str | None:
    return None if when is None else f"{when:%Y-%m-%d}"


def _refuse(message: str) -> NoReturn:
    from yingzhi.clinical.errors import SettingsError

    raise SettingsError(message)
