"""From a request's headers to who asks."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from yingzhi.service.identity import jwks, keys, local, tokens
from yingzhi.service.identity.principal import DEV, Principal
from yingzhi.service.identity.refusals import forbidden, too_many, unauthorized
from yingzhi.service.identity.settings import IdentitySettings
from yingzhi.service.identity.start import is_development
from yingzhi.service.problems import Problem
from yingzhi.service.store.database import Database

if TYPE_CHECKING:
    import httpx

    from yingzhi.service.limits import Limits

LOG = logging.getLogger(__name__)

REMEMBERED = 4096
"""Credentials that were good of late, as hashes."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, eq=False)
class Identity:
    """Knows callers by tokens of the issuer and by API keys; before `start` it knows nobody.

    Attributes:
        settings: How callers are known.
        database: Where the API keys are.
        limits: Counts failed authentications.
        clock: Monotonic seconds, for the age of the issuer's keys.
        now: The time, for API keys.
    """

    settings: IdentitySettings
    database: Database
    limits: Limits
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = _utc_now
    dev: bool = field(default=False, init=False)
    """Whether development mode is on."""
    _jwks: jwks.KeyStore | None = field(default=None, init=False)
    _client: httpx.AsyncClient | None = field(default=None, init=False)
    _good: OrderedDict[bytes, None] = field(default_factory=OrderedDict, init=False)

    async def start(self, host: str) -> None:
        """Get ready to serve; the database is open.

        Args:
            host: What the server binds to.

        Raises:
            SettingsError: No identity is set up and the address is not loopback, or the file of keys lets nobody in.
        """
        self.dev = is_development(self.settings, host, keyed=await self.database.read(keys.any_key))
        if self.dev:
            LOG.warning("service.dev-mode")
        elif self.settings.jwks_file is not None:
            self._jwks = jwks.KeyStore(jwks.from_file(self.settings.jwks_file), clock=self.clock)
        elif self.settings.jwks_url is not None:
            import httpx

            self._client = httpx.AsyncClient()
            self._jwks = jwks.KeyStore(jwks.from_url(self._client, self.settings.jwks_url), clock=self.clock)

    async def aclose(self) -> None:
        """Let go of what asks the issuer."""
        if self._jwks is not None:
            await self._jwks.aclose()
        if self._client is not None:
            await self._client.aclose()

    async def authenticate(self, headers: Mapping[str, str], client_host: str | None) -> Principal:
        """Who asks.

        Args:
            headers: Of the request; a plain mapping has lower-case names.
            client_host: Address that the connection comes from.

        Raises:
            Problem: 401 with a challenge; 403, known but no tenant or role, or not from this machine in development mode;
                429, this address failed too often; 503, the issuer's keys can't be had now.
        """
        if self.dev and not await self._has_keys():
            return _on_this_machine(headers, client_host)
        credential = credential_in(headers)
        address, digest = local.neighbourhood(client_host), hashlib.sha256(credential.encode(errors="surrogateescape")).digest()
        if digest not in self._good:  # one wrong client behind a hospital's address must not lock those out who work there
            self._refuse(self.limits.failures.wait(address))
        try:
            who = await self._check(credential)
        except Problem as problem:
            if problem.status == 401:
                self._good.pop(digest, None)
                self._refuse(self.limits.failures.take(address))
            raise
        self._remember(digest)
        return who

    async def _check(self, credential: str) -> Principal:
        if credential.startswith(keys.MARK):
            return await self._by_key(credential)
        if self._jwks is None:
            raise unauthorized(tokens.NOT_ACCEPTED)
        return await tokens.principal_of(credential, self._jwks, self.settings)

    async def _by_key(self, credential: str) -> Principal:
        now = self.now()
        key = await self.database.read(lambda db: keys.check_key(db, credential, now))
        if key.used is None or key.used < now.date():
            with suppress(sqlite3.OperationalError):  # a full disk must not keep anyone from reading
                await self.database.write(partial(keys.note_use, key=key, day=now.date()))
        return key.principal

    async def _has_keys(self) -> bool:
        """Whether keys were made meanwhile, which ends development mode."""
        if await self.database.read(keys.any_key):
            self.dev = False
        return not self.dev

    def _remember(self, digest: bytes) -> None:
        self._good[digest] = None
        self._good.move_to_end(digest)
        if len(self._good) > REMEMBERED:
            self._good.popitem(last=False)

    def _refuse(self, seconds: int) -> None:
        if seconds:
            raise too_many("too many failed authentications came from this address", seconds)


def credential_in(headers: Mapping[str, str]) -> str:
    """The credential of `Authorization: Bearer …`.

    Raises:
        Problem: 401; there is none, more than one, or of another scheme.
    """
    given = headers.getlist("authorization") if isinstance(headers, Headers) else [v for k, v in headers.items() if k == "authorization"]
    if not given:
        raise unauthorized()
    scheme, _, credential = given[0].partition(" ")
    credential = credential.strip()
    if len(given) > 1 or scheme.lower() != "bearer" or not credential:
        raise unauthorized("one Authorization header with a bearer token is expected")
    return credential


def _on_this_machine(headers: Mapping[str, str], client_host: str | None) -> Principal:
    why = local.foreign(headers, client_host)
    if why:
        raise forbidden(why)
    return DEV
