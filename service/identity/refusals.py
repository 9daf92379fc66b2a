"""The answers to those who do not get in: fixed sentences, so that no part of a token can be in one."""

from __future__ import annotations

from typing import Any

from yingzhi.service.problems import Problem

REALM = 'Bearer realm="yingzhi"'

RESPONSES: dict[int | str, dict[str, Any]] = {
    401: {"description": "No credential, or one that is not accepted.", "content": {"application/problem+json": {}}},
    403: {"description": "The caller's roles don't allow it.", "content": {"application/problem+json": {}}},
    429: {"description": "Too much at once; Retry-After says when.", "content": {"application/problem+json": {}}},
    503: {"description": "The issuer's keys can't be had now; Retry-After says when.", "content": {"application/problem+json": {}}},
}
"""For `APIRouter(responses=…)`: what every route that asks who is there can answer."""


def unauthorized(why: str = "") -> Problem:
    """401: none was given, or why it is not accepted (ASCII, no quotes)."""
    challenge = f'{REALM}, error="invalid_token", error_description="{why}"' if why else REALM
    detail = why or "a bearer token or an API key is needed"
    return Problem(401, "Not authenticated", detail, field="Authorization", headers={"WWW-Authenticate": challenge})


def forbidden(why: str) -> Problem:
    """403: known, but may not."""
    return Problem(403, "Not allowed", why, headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope"'})


def too_many(why: str, seconds: int) -> Problem:
    """429, and in how many seconds it goes."""
    return Problem(429, "Too many requests", why, headers={"Retry-After": str(seconds)})


def unavailable(seconds: int) -> Problem:
    """503: whether a token is good can't be told now."""
    detail = "the issuer's keys can't be had now, so that the token could be checked"
    return Problem(503, "Identity is not available", detail, headers={"Retry-After": str(seconds)})
