from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from tests.service.identity.conftest import Open
from tests.service.identity.issuer import AUDIENCE, ISSUER, Issuer, jwks, public_jwk, rsa_key
from yingzhi.clinical.errors import SettingsError
from yingzhi.service.identity import Identity, IdentitySettings
from yingzhi.service.identity.jwks import ALLOWED, BadKeySet, KeyStore, read_jwks
from yingzhi.service.problems import Problem

NEXT = Issuer(rsa_key(2), kid="rsa-2")


@dataclass
class Site:
    """The issuer's address on loopback: what it answers, and how often it was asked."""

    answer: Callable[[], bytes]
    asked: int = 0
    url: str = ""
    hang: asyncio.Event | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        self.came.set()
        if self.hang is not None:
            await self.hang.wait()
        writer.write(self.answer())
        writer.close()


def answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n".encode() + body


@asynccontextmanager
async def site(given: Callable[[], bytes]) -> AsyncIterator[Site]:
    found = Site(given)
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
    try:
        yield found
    finally:
        server.close()
        await server.wait_closed()


def by_url(url: str) -> IdentitySettings:
    return IdentitySettings(issuer=ISSUER, audience=AUDIENCE, jwks_url=url)


async def enter(identity: Identity, token: str) -> int | tuple[int, int]:
    """Status that a token is answered with, and Retry-After if there is one."""
    try:
        await identity.authenticate({"authorization": f"Bearer {token}"}, "203.0.113.5")
    except Problem as problem:
        after = problem.headers.get("Retry-After")
        return problem.status if after is None else (problem.status, int(after))
    return 200


async def test_keys_are_read_once_and_again_when_one_is_not_known(issuer: Issuer, opened: Open) -> None:
    now = [1000.0]
    keys = [issuer.jwk]
    async with site(lambda: answer(jwks(*keys))) as at:
        identity = await opened(by_url(at.url), clock=lambda: now[0])
        assert at.asked == 0
        assert [await enter(identity, issuer.token()) for _ in range(5)] == [200] * 5
        assert at.asked == 1
        keys.append(NEXT.jwk)
        assert await enter(identity, NEXT.token()) == 401
        now[0] += 10
        assert await enter(identity, NEXT.token()) == 200
        assert at.asked == 2


async def test_unknown_keys_make_the_service_ask_no_more_than_once_in_a_while(issuer: Issuer, opened: Open) -> None:
    now = [1000.0]
    async with site(lambda: answer(jwks(issuer.jwk))) as at:
        identity = await opened(by_url(at.url), clock=lambda: now[0])
        for second in range(100):
            now[0] = 1000 + second
            assert await enter(identity, issuer.token({"kid": f"made-up-{second}"})) == 401
        assert at.asked == 10


async def test_a_key_that_the_issuer_took_back_stops_working_within_five_minutes(issuer: Issuer, opened: Open) -> None:
    now = [1000.0]
    keys = [issuer.jwk]
    async with site(lambda: answer(jwks(*keys))) as at:
        identity = await opened(by_url(at.url), clock=lambda: now[0])
        assert await enter(identity, issuer.token()) == 200
        keys[:] = [NEXT.jwk]
        now[0] += 299
        assert await enter(identity, issuer.token()) == 200
        now[0] += 1
        assert await enter(identity, issuer.token()) == 401


async def test_while_the_issuer_is_down_known_keys_work_for_an_hour_and_then_it_says_when_to_come_back(
    issuer: Issuer, opened: Open
) -> None:
    now = [1000.0]
    up = [True]
    async with site(lambda: answer(jwks(issuer.jwk, NEXT.jwk)) if up[0] else answer(b"", "500 Oh")) as at:
        identity = await opened(by_url(at.url), clock=lambda: now[0])
        assert await enter(identity, issuer.token()) == 200
        up[0] = False
        now[0] += 400
        assert await enter(identity, issuer.token()) == 200
        assert await enter(identity, issuer.token({"kid": "unknown"})) == (503, 10)
        now[0] += 4
        assert await enter(identity, issuer.token({"kid": "unknown"})) == (503, 6)
        assert await enter(identity, issuer.token()) == 200
        now[0] = 1000 + 3599
        assert await enter(identity, issuer.token()) == 200
        now[0] = 1000 + 3600
        status = await enter(identity, issuer.token())
        assert isinstance(status, tuple)
        assert status[0] == 503
        up[0] = True
        now[0] += status[1]
        assert await enter(identity, issuer.token()) == 200


@pytest.mark.parametrize(
    "body",
    [
        answer(b"not json"),
        answer(b"[]"),
        answer(b'{"keys": {}}'),
        answer(b'{"keys": []}'),
        answer(b"[" * 100_000),
        answer(jwks(Issuer(rsa_key(1)).jwk) + b" " * 1_000_001),
        b"nonsense\r\n\r\n",
        b"",
    ],
    ids=["no JSON", "a list", "no list", "empty", "deep", "large", "no HTTP", "hung up"],
)
async def test_an_issuer_that_answers_nonsense_is_one_that_is_down(
    body: bytes, issuer: Issuer, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    token = issuer.token()
    async with site(lambda: body) as at:
        identity = await opened(by_url(at.url))
        status = await enter(identity, token)
        assert isinstance(status, tuple)
        assert (status[0], at.asked) == (503, 1)
    assert [r.message for r in caplog.records if r.levelname == "WARNING"][-1] == "auth.keys-unavailable"
    assert token.split(".")[2] not in caplog.text


async def test_the_issuers_address_is_not_left_for_another(issuer: Issuer, opened: Open) -> None:
    async with site(lambda: answer(jwks(issuer.jwk))) as other:
        async with site(lambda: answer(b"", "302 Found", f"Location: {other.url}\r\n")) as at:
            identity = await opened(by_url(at.url), clock=lambda: 1000.0)
            assert await enter(identity, issuer.token()) == (503, 10)
        assert other.asked == 0


async def test_a_token_that_no_key_could_make_good_does_not_make_the_service_ask(issuer: Issuer, opened: Open) -> None:
    async with site(lambda: answer(jwks(issuer.jwk))) as at:
        identity = await opened(by_url(at.url))
        for token in (
            issuer.unsigned(),
            issuer.signed_with_the_public_key(),
            issuer.token({"kid": None}),
            issuer.token({"typ": "x"}),
            "a.b.c",
        ):
            assert await enter(identity, token) == 401
        assert at.asked == 0


async def test_nothing_listens_there(issuer: Issuer, opened: Open) -> None:
    identity = await opened(by_url("http://127.0.0.1:9/jwks"), clock=lambda: 1000.0)
    assert await enter(identity, issuer.token()) == (503, 10)


async def test_many_at_once_ask_the_issuer_once_and_one_who_leaves_does_not_stop_it(issuer: Issuer, opened: Open) -> None:
    async with site(lambda: answer(jwks(issuer.jwk))) as at:
        at.hang = asyncio.Event()
        identity = await opened(by_url(at.url))
        first = asyncio.create_task(enter(identity, issuer.token()))
        rest = [asyncio.create_task(enter(identity, issuer.token())) for _ in range(50)]
        await at.came.wait()
        first.cancel()
        await asyncio.sleep(0.01)
        at.hang.set()
        assert await asyncio.gather(*rest) == [200] * 50
        assert at.asked == 1


async def test_an_issuer_that_hangs_makes_nobody_wait_who_has_a_known_key(issuer: Issuer, opened: Open) -> None:
    now = [1000.0]
    async with site(lambda: answer(jwks(issuer.jwk))) as at:
        identity = await opened(by_url(at.url), clock=lambda: now[0])
        assert await enter(identity, issuer.token()) == 200
        at.hang = asyncio.Event()
        now[0] += 301
        one = asyncio.create_task(enter(identity, issuer.token()))
        await asyncio.sleep(0.05)
        assert not one.done()
        async with asyncio.timeout(3):  # reading the keys is given five
            assert await enter(identity, issuer.token()) == 200
        await identity.aclose()
        at.hang.set()
        one.cancel()
        await asyncio.gather(one, return_exceptions=True)


async def test_after_closing_no_task_remains(issuer: Issuer, opened: Open) -> None:
    async with site(lambda: answer(jwks(issuer.jwk))) as at:
        at.hang = asyncio.Event()
        identity = await opened(by_url(at.url))
        asking = asyncio.create_task(enter(identity, issuer.token()))
        await at.came.wait()
        before = len(asyncio.all_tasks())
        asking.cancel()
        await identity.aclose()
        await asyncio.gather(asking, return_exceptions=True)
        assert len(asyncio.all_tasks()) <= before - 2
        at.hang.set()


async def test_a_file_of_keys_is_read_again_when_a_key_is_not_known(issuer: Issuer, by_file: IdentitySettings, opened: Open) -> None:
    now = [1000.0]
    assert by_file.jwks_file is not None
    identity = await opened(by_file, clock=lambda: now[0])
    assert await enter(identity, NEXT.token()) == 401
    await asyncio.to_thread(by_file.jwks_file.write_bytes, jwks(issuer.jwk, NEXT.jwk))
    now[0] += 10
    assert await enter(identity, NEXT.token()) == 200


@pytest.mark.parametrize(
    "content", [None, b"{", b'{"keys": []}', json.dumps({"keys": [RSAAlgorithm.to_jwk(rsa_key(1), as_dict=True)]}).encode()]
)
async def test_a_file_that_would_let_nobody_in_stops_the_start(content: bytes | None, opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    if content is not None:
        await asyncio.to_thread(path.write_bytes, content)
    with pytest.raises(SettingsError, match=r"^YINGZHI_SERVE_JWKS_FILE: keys\.json"):
        await opened(IdentitySettings(issuer=ISSUER, audience=AUDIENCE, jwks_file=path))


CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


def signer(algorithm: str) -> Issuer:
    if algorithm in CURVES:
        return Issuer(ec.generate_private_key(CURVES[algorithm]), "k", algorithm)
    return Issuer(ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else rsa_key(1), "k", algorithm)


@pytest.mark.parametrize("algorithm", sorted(ALLOWED))
async def test_every_algorithm_of_the_list_lets_in_with_its_own_key_only(algorithm: str, opened: Open, tmp_path: Path) -> None:
    own = signer(algorithm)
    path = tmp_path / "keys.json"
    await asyncio.to_thread(path.write_bytes, jwks({**own.jwk, "alg": algorithm}))
    identity = await opened(IdentitySettings(issuer=ISSUER, audience=AUDIENCE, jwks_file=path))
    assert await enter(identity, own.token()) == 200
    for other in sorted(ALLOWED - {algorithm}):
        assert await enter(identity, signer(other).token()) == 401


def test_no_algorithm_of_the_list_can_be_signed_with_what_the_service_knows() -> None:
    assert not [a for a in ALLOWED if a.lower() == "none" or a.startswith("HS")]


@pytest.mark.parametrize(
    "changed",
    [
        {"kid": None}, {"kid": ""}, {"kid": 7}, {"use": "enc"}, {"key_ops": ["encrypt"]}, {"key_ops": 3}, {"alg": "HS256"},
        {"alg": "RSA-OAEP"}, {"alg": ["RS256"]}, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": ["RSA"]}, {"kty": "EC", "crv": "P-256"},
        {"kty": "EC", "crv": ["P-256"]}, {"n": 5}, {"n": "!"}, {"e": None}, {"d": "AQAB"},
    ],
    ids=str,
)  # fmt: skip
def test_a_key_that_is_not_for_checking_signatures_is_passed_over(changed: dict[str, Any], issuer: Issuer) -> None:
    bad = {k: v for k, v in {**issuer.jwk, **changed}.items() if v is not None}
    with pytest.raises(BadKeySet):
        read_jwks(jwks(bad))
    assert {kid for kid, _ in read_jwks(jwks(bad, NEXT.jwk))} == {"rsa-2"}


def test_a_private_key_that_was_published_is_passed_over(issuer: Issuer) -> None:
    private = {**RSAAlgorithm.to_jwk(rsa_key(1), as_dict=True), "kid": "rsa-1", "key_ops": ["verify"]}
    assert set(private) > set(issuer.jwk) - {"use"}
    with pytest.raises(BadKeySet):
        read_jwks(jwks(private))


def test_a_weak_key_is_passed_over() -> None:
    with pytest.raises(BadKeySet):
        read_jwks(jwks(public_jwk(rsa_key(3, 1024), "weak")))


def test_a_key_pinned_to_an_algorithm_is_for_no_other(issuer: Issuer) -> None:
    assert set(read_jwks(jwks({**issuer.jwk, "alg": "PS256"}))) == {("rsa-1", "PS256")}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["RSA", "EC", "OKP", "oct", "sig", "P-256", "AQAB"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["keys", "kty", "kid", "use", "crv", "x", "y", "n", "e", "alg", "key_ops", "d", "k"]), inner, max_size=8
        )
    ),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_whatever_stands_in_a_key_set_is_read_or_refused(given: Any) -> None:
    for document in (given, {"keys": given}, {"keys": [given]}):
        try:
            assert read_jwks(json.dumps(document).encode())
        except BadKeySet:
            continue


async def test_a_key_store_that_was_never_asked_holds_nothing() -> None:
    async def fetch() -> bytes:
        raise AssertionError("nobody asked")

    await KeyStore(fetch).aclose()
