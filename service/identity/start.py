"""Whether the service may be started as it is set up."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from yingzhi.clinical.errors import SettingsError
from yingzhi.service.identity import jwks, keys, local
from yingzhi.service.identity.settings import IdentitySettings


def check_start(settings: IdentitySettings, host: str, database: Path) -> str:
    """Look, before anything is opened, whether the service may be started.

    Args:
        settings: How callers are known.
        host: What it will bind to.
        database: Its file, which need not be there yet.

    Returns:
        What to say loudly; empty where there is nothing to warn of.

    Raises:
        SettingsError: As `is_development`.
    """
    return local.NOTICE if is_development(settings, host, keyed=_keyed(database)) else ""


def is_development(settings: IdentitySettings, host: str, *, keyed: bool) -> bool:
    """Whether the service will run in development mode.

    Args:
        settings: How callers are known.
        host: What it binds to.
        keyed: Whether an API key was ever made.

    Raises:
        SettingsError: No identity is set up and the address is not loopback or development mode is off, or the file of the issuer's keys
            lets nobody in.
    """
    if settings.jwks_file is not None:
        jwks.check_file(settings.jwks_file)
    if settings.issuer is not None or keyed:
        return False
    if not settings.dev:
        raise SettingsError("YINGZHI_SERVE_ISSUER: no issuer is set and no API key was made, so nobody could get in")
    if not local.is_loopback(host):
        raise SettingsError(
            f"YINGZHI_SERVE_HOST: {host} can be reached from other machines, which needs an identity: set YINGZHI_SERVE_ISSUER, "
            "or make a key with `yingzhi keys create`"
        )
    return True


def _keyed(database: Path) -> bool:
    if not database.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database.resolve()))}?mode=ro", uri=True, timeout=10)) as connection:
            return keys.any_key(connection)
    except sqlite3.OperationalError:  # without the table no key was made
        return False
