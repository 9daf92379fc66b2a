"""The dependency that a route asks for its caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from yingzhi.service import audit
from yingzhi.service.identity.principal import Permission, Principal
from yingzhi.service.identity.refusals import forbidden
from yingzhi.service.logs import note
from yingzhi.service.problems import Problem

if TYPE_CHECKING:
    from yingzhi.service.context import Context

BEARER = HTTPBearer(auto_error=False, scheme_name="bearer", description="A token of the issuer, or an API key (`yk_…`).")
"""Only so that the OpenAPI document says it."""
EVERYONE = "-"


@cache
def allowed(permission: Permission) -> Callable[..., Awaitable[Principal]]:
    """A FastAPI dependency that lets in who may do this: `Annotated[Principal, Depends(allowed("consultation.read"))]`.

    It asks `app.state.context.identity` who comes and `.limits` whether the tenant asks too often.

    Raises:
        Problem: 401, 403, 429 or 503, from the dependency.
    """

    async def principal(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)] = None) -> Principal:
        context: Context = request.app.state.context
        who = await enter(context, request.headers, request.client.host if request.client else None, permission)
        if not who.may(permission):
            await _note(context, who, permission)
            raise forbidden(f"none of the caller's roles has the permission {permission}")
        return who

    return principal


async def enter(context: Context, headers: Mapping[str, str], client_host: str | None, what: str) -> Principal:
    """Who asks, counted; for what is no FastAPI route (an ASGI application of its own), which has to ask for the permission itself.

    Args:
        context: The process's.
        headers: Of the request.
        client_host: Address that the connection comes from.
        what: What is asked for, in lower-case, for the audit of a refusal: a permission, or the protocol.

    Raises:
        Problem: 401, 403, 429 or 503.
    """
    try:
        who = await context.identity.authenticate(headers, client_host)
        note(tenant=who.tenant)
    except Problem as problem:
        tried = problem.status == 401 and "authorization" in headers
        if tried and not context.limits.strangers.take(EVERYONE):
            await _note(context, audit.nobody(), what)
        raise
    context.limits.request(who.tenant)
    return who


async def _note(context: Context, who: audit.Actor, what: str) -> None:
    """Write a refusal to the audit log, in a transaction of its own."""
    await context.database.write(lambda db: audit.record(db, who, "auth.refused", detail_codes=(what,)))
