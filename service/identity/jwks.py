"""The issuer's public keys: read from a JWKS, kept, and asked for again when they grow old or one is not known."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yingzhi.clinical.errors import SettingsError
from yingzhi.service.identity.refusals import unavailable

if TYPE_CHECKING:
    import httpx
    from jwt.algorithms import AllowedPublicKeys

LOG = logging.getLogger(__name__)

RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
BY_CURVE = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}
ALLOWED: frozenset[str] = frozenset(RSA) | frozenset(BY_CURVE.values())
"""Algorithms a token may be signed with. All are asymmetric: what the service knows can check a token, not make one."""

LARGEST = 1_000_000
"""Bytes of a JWKS."""
RSA_BITS = 2048

Keys = Mapping[tuple[str, str], "AllowedPublicKeys"]
"""(kid, algorithm): the key that checks such a signature. A key is bound to its algorithms here, whatever a token's header says."""


class BadKeySet(Exception):
    """What came is no JWKS with a usable key; the message says what is wrong with it."""


def read_jwks(data: bytes) -> Keys:
    """The usable public keys of a JWKS (RFC 7517): named, for signatures, asymmetric, strong enough; others are passed over.

    Raises:
        BadKeySet: It is none, or holds no usable key.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise BadKeySet("not well-formed JSON") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise BadKeySet("a JSON object with a list `keys` is expected")
    found: dict[tuple[str, str], AllowedPublicKeys] = {}
    for one in listed:
        for algorithm in _algorithms(one):
            key = _public_key(one, algorithm)
            if key is not None:
                found.setdefault((one["kid"], algorithm), key)
    if not found:
        raise BadKeySet("holds no public signature key with a `kid` that can be used")
    return found


def _algorithms(jwk: Any) -> tuple[str, ...]:
    """Algorithms that a key is for; none if it is not one of ours."""
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str) or not jwk["kid"]:
        return ()
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return ()
    if "d" in jwk:  # a private key that was published is anybody's
        return ()
    fits: tuple[str, ...] = ()
    if jwk.get("kty") == "RSA":
        fits = RSA
    elif jwk.get("kty") in ("EC", "OKP") and isinstance(jwk.get("crv"), str) and jwk["crv"] in BY_CURVE:
        fits = (BY_CURVE[jwk["crv"]],)
    return tuple(a for a in fits if jwk.get("alg", a) == a)


def _public_key(jwk: dict[str, Any], algorithm: str) -> AllowedPublicKeys | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from jwt import PyJWK
    from jwt.exceptions import PyJWTError

    try:
        key: AllowedPublicKeys = PyJWK(jwk, algorithm).key
    except (PyJWTError, UnsupportedAlgorithm, KeyError, ValueError, TypeError, AttributeError):  # it trusts the members' types
        return None
    return None if isinstance(key, RSAPublicKey) and key.key_size < RSA_BITS else key


@dataclass(slots=True, eq=False)
class KeyStore:
    """The keys as last read, and when to read them again.

    They are read again when they are older than `renew`, or when a token names a key that is not there, at most once in `every` seconds.
    If that fails they go on being used until they are older than `fresh`.

    Attributes:
        fetch: Gives the JWKS; whatever it raises counts as not having been able to read it.
        every: Seconds between two readings at least.
        renew: Seconds after which they are read again; so long a key works that the issuer took back.
        fresh: Seconds that they may be used without the issuer.
        clock: Monotonic seconds.
    """

    fetch: Callable[[], Awaitable[bytes]]
    every: float = 10.0
    renew: float = 300.0
    fresh: float = 3600.0
    clock: Callable[[], float] = time.monotonic
    _keys: Keys = field(default_factory=dict)
    _read: float = -math.inf
    _tried: float = -math.inf
    _failed: bool = False
    _reading: asyncio.Task[None] | None = None

    async def find(self, kid: str, algorithm: str) -> AllowedPublicKeys | None:
        """The key of this name for this algorithm; None if the issuer has none.

        Raises:
            Problem: 503; the issuer can't be asked, and what is kept can't tell.
        """
        key = self._keys.get((kid, algorithm))
        age = self.clock() - self._read
        if key is not None and age < self.renew:
            return key
        asked, reading = self._reading is not None, self._read_again()
        if key is not None and age < self.fresh and (asked or self._failed or reading is None):
            return key  # an issuer that is slow or down must not make each caller wait for it
        if reading is not None:
            await asyncio.shield(reading)
        if self.clock() - self._read >= self.fresh or (self._failed and (kid, algorithm) not in self._keys):
            raise unavailable(max(1, math.ceil(self._tried + self.every - self.clock())))
        return self._keys.get((kid, algorithm))

    async def aclose(self) -> None:
        """Stop reading."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def _read_again(self) -> asyncio.Task[None] | None:
        """The reading that goes on, begun if it is time; one for all who wait, and one who goes away does not stop it."""
        if self._reading is None and self.clock() - self._tried >= self.every:
            self._tried = self.clock()
            self._reading = asyncio.create_task(self._read_now())
        return self._reading

    async def _read_now(self) -> None:
        try:
            self._keys, self._read, self._failed = read_jwks(await self.fetch()), self.clock(), False
        except Exception as error:  # whatever the issuer sends, no caller's request may break on it
            self._failed = True
            LOG.warning("auth.keys-unavailable", exc_info=error)
        finally:
            self._reading = None


def from_url(client: httpx.AsyncClient, url: str, timeout: float = 5.0) -> Callable[[], Awaitable[bytes]]:
    """A reading of a JWKS over HTTP: no redirects, at most a megabyte, within `timeout` seconds in all."""

    async def fetch() -> bytes:
        headers = {"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}
        async with asyncio.timeout(timeout), client.stream("GET", url, headers=headers, follow_redirects=False) as response:
            if response.status_code != 200:
                raise BadKeySet(f"status {response.status_code}")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > LARGEST:
                    raise BadKeySet("larger than a megabyte")
            return bytes(body)

    return fetch


def from_file(path: Path) -> Callable[[], Awaitable[bytes]]:
    """A reading of a JWKS file."""

    async def fetch() -> bytes:
        return await asyncio.to_thread(path.read_bytes)

    return fetch


def check_file(path: Path) -> None:
    """Refuse a file that would let nobody in.

    Raises:
        SettingsError: It can't be read, or holds no usable key.
    """
    try:
        read_jwks(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"YINGZHI_SERVE_JWKS_FILE: {path.name} can't be read ({error.strerror})") from None
    except BadKeySet as error:
        raise SettingsError(f"YINGZHI_SERVE_JWKS_FILE: {path.name}: {error}") from None
