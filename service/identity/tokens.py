"""Bearer tokens: JSON Web Tokens of the issuer, checked as RFC 8725 asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from yingzhi.service.identity.jwks import ALLOWED, KeyStore
from yingzhi.service.identity.principal import Principal, roles_of, tenant_of
from yingzhi.service.identity.refusals import forbidden, unauthorized
from yingzhi.service.identity.settings import IdentitySettings
from yingzhi.service.problems import Problem

SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
LONGEST = 16_384
TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""Header `typ`; one for another purpose (logout, DPoP proof) is not a credential."""
REQUIRED = ["iss", "aud", "exp", "iat", "sub"]
NOT_ACCEPTED = "the token is not accepted"


async def principal_of(token: str, keys: KeyStore, settings: IdentitySettings) -> Principal:
    """Who the token speaks for.

    Args:
        token: As in the Authorization header.
        keys: The issuer's.
        settings: With issuer and audience.

    Raises:
        Problem: 401, not a good token (why is told of tokens that are signed rightly); 403, it names no tenant or no role;
            503, the issuer's keys can't be had now.
    """
    kid, algorithm = _header(token)
    key = await keys.find(kid, algorithm)
    if key is None:
        raise unauthorized(NOT_ACCEPTED)
    claims = _claims(token, key, algorithm, settings)
    tenant = tenant_of(_claim(claims, settings.tenant_claim))
    if tenant is None:
        raise forbidden("the token names no tenant")
    roles = roles_of(_claim(claims, settings.roles_claim))
    if not roles:
        raise forbidden("the token names no role that is known here")
    return Principal(claims["sub"], tenant, roles, "user")


def _header(token: str) -> tuple[str, str]:
    """(kid, algorithm) of the header; `jku`, `x5u`, `jwk` and `x5c` in it are a stranger's word for a key and are not looked at."""
    import jwt

    if len(token) > LONGEST or not SHAPE.fullmatch(token):
        raise unauthorized(NOT_ACCEPTED)
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise unauthorized(NOT_ACCEPTED) from None
    kid, algorithm, kind = header.get("kid"), header.get("alg"), header.get("typ", "JWT")
    if not isinstance(kid, str) or not isinstance(algorithm, str) or algorithm not in ALLOWED:
        raise unauthorized(NOT_ACCEPTED)
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise unauthorized(NOT_ACCEPTED)
    return kid, algorithm


def _claims(token: str, key: Any, algorithm: str, settings: IdentitySettings) -> dict[str, Any]:
    """The claims, once signature, issuer, audience and times are found right."""
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],  # one of ALLOWED, and the key was found for it: the header chose among ours
            issuer=settings.issuer,
            audience=settings.audience,
            leeway=settings.leeway,
            options={"require": REQUIRED, "enforce_minimum_key_length": True},
        )
    except jwt.PyJWTError as error:
        raise _refusal(error) from None
    if not 0 < len(claims["sub"]) <= 255 or not claims["sub"].isprintable():
        raise unauthorized("the token names no subject")
    return claims


def _refusal(error: Exception) -> Problem:
    """What is told of a token that is not good; only of one with a right signature more than that."""
    import jwt

    known: list[tuple[type[Exception], str]] = [
        (jwt.ExpiredSignatureError, "the token has expired"),
        (jwt.ImmatureSignatureError, "the token is not yet valid"),
        (jwt.InvalidIssuerError, "the token is of another issuer"),
        (jwt.InvalidAudienceError, "the token is for another service"),
        (jwt.MissingRequiredClaimError, "the token lacks a claim that is needed"),
    ]
    return unauthorized(next((why for kind, why in known if isinstance(error, kind)), NOT_ACCEPTED))


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; a claim whose own name has dots (`https://hospital.example/roles`) is found by its whole name."""
    if path in claims:
        return claims[path]
    for at, character in enumerate(path):
        inner = claims.get(path[:at]) if character == "." else None
        if isinstance(inner, dict):
            found = _claim(inner, path[at + 1 :])
            if found is not None:
                return found
    return None
