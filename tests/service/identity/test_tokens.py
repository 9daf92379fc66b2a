from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service.identity.issuer import AUDIENCE, ISSUER, Issuer, jwks, rsa_key, without_padding
from yingzhi.service.identity import IdentitySettings, Principal
from yingzhi.service.identity.jwks import KeyStore
from yingzhi.service.identity.tokens import principal_of
from yingzhi.service.problems import Problem

ONE = Issuer(rsa_key(1))
SETTINGS = IdentitySettings(issuer=ISSUER, audience=AUDIENCE, jwks_url="https://idp.example/jwks")


def fetching() -> Callable[[], Awaitable[bytes]]:
    async def fetch() -> bytes:
        return jwks(ONE.jwk)

    return fetch


def read(token: str) -> Principal | int:
    """Who a token speaks for, or the status it is refused with; anything else is a fault."""
    try:
        return asyncio.run(principal_of(token, KeyStore(fetching()), SETTINGS))
    except Problem as problem:
        refused = problem
    parts = [part for part in token.split(".") if len(part) > 12]
    assert not [part for part in parts if part in f"{refused} {refused.body()} {refused.headers}"]
    return refused.status


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["RS256", "rsa-1", "JWT", "yingzhi", ISSUER]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
HEADER = st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jku", "jwk", "x5u", "x5c", "zip", "cty"]), VALUES)
CLAIMS = st.dictionaries(st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "sub", "jti", "tenant", "roles"]), VALUES)
FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(st.text(max_size=200) | st.from_regex(r"\A[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\Z"))
def test_no_text_gets_in_or_breaks_the_check(token: str) -> None:
    assert read(token) == 401


@FEW
@given(HEADER, CLAIMS, st.binary(max_size=80))
def test_no_forged_token_gets_in_or_breaks_the_check(header: dict[str, Any], claims: dict[str, Any], signature: bytes) -> None:
    made = {"alg": "RS256", "kid": "rsa-1", "typ": "JWT", **header}
    parts = [without_padding(json.dumps(part).encode()) for part in (made, {**ONE.claims(), **claims})]
    assert read(".".join([*parts, without_padding(signature)])) == 401


@FEW
@given(CLAIMS)
def test_whatever_the_issuer_signs_gives_a_principal_or_a_refusal(claims: dict[str, Any]) -> None:
    if not isinstance(claims.get("iss", ""), str):
        claims = {k: v for k, v in claims.items() if k != "iss"}  # the library signs no such token
    who = read(ONE.token(**claims))
    if isinstance(who, Principal):
        assert who.tenant == {**ONE.claims(), **claims}["tenant"]
        assert 0 < len(who.subject) <= 255
        assert who.roles
        assert who.kind == "user"
    else:
        assert who in {401, 403}


@FEW
@given(HEADER)
def test_no_header_leads_to_another_key(header: dict[str, Any]) -> None:
    stranger = Issuer(rsa_key(2))
    kept = {k: v for k, v in header.items() if k not in {"alg", "kid", "b64", "typ", "crit"}}
    assert read(stranger.token(kept)) == 401
    assert isinstance(read(ONE.token(kept)), Principal)


def test_a_signed_token_with_one_character_changed_is_refused() -> None:
    token = ONE.token()
    for at in range(0, len(token), 7):
        other = "A" if token[at] != "A" else "B"
        assert read(token[:at] + other + token[at + 1 :]) == 401
