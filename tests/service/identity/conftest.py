from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.service.identity.issuer import AUDIENCE, ISSUER, Issuer, jwks, rsa_key
from yingzhi.service import audit
from yingzhi.service.identity import SCHEMA, Identity, IdentitySettings
from yingzhi.service.limits import Limits, LimitSettings, open_limits
from yingzhi.service.store import Database

Open = Callable[..., Awaitable[Identity]]


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer(rsa_key(1))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "service.sqlite")
    database.open(SCHEMA + audit.SCHEMA, lambda connection: audit.attach(connection, tmp_path))
    yield database
    database.close()


@pytest.fixture
def by_file(issuer: Issuer, tmp_path: Path) -> IdentitySettings:
    """Tokens of the issuer, whose keys are in a file."""
    path = tmp_path / "jwks.json"
    path.write_bytes(jwks(issuer.jwk))
    return IdentitySettings(issuer=ISSUER, audience=AUDIENCE, jwks_file=path)


@pytest.fixture
def limits() -> Limits:
    """Wide enough for the tests that are not about limits."""
    return open_limits(LimitSettings(requests_per_second=1e6, burst=1_000_000, failures_burst=1_000_000))


@pytest.fixture
async def opened(database: Database, limits: Limits) -> AsyncIterator[Open]:
    """Start an Identity with these settings; it is closed at the end of the test."""
    async with AsyncExitStack() as stack:

        async def start(settings: IdentitySettings, host: str = "127.0.0.1", limits: Limits = limits, **more: object) -> Identity:
            identity = Identity(settings, database, limits, **more)  # type: ignore[arg-type]
            stack.push_async_callback(identity.aclose)
            await identity.start(host)
            return identity

        yield start
