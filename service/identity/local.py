"""Development mode: without any identity, only this machine is served.

A loopback address alone keeps nobody out who can make a browser on this machine ask: a page whose name was pointed at 127.0.0.1 (DNS
rebinding) has a foreign Host, a page of another site has a foreign Origin. Both are refused, and so is what came through a proxy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOTICE = (
    "DEVELOPMENT MODE: no issuer and no API key is set up, so everyone on this machine may do everything. Not for patients. "
    "Set YINGZHI_SERVE_ISSUER, or make a key with `yingzhi keys create`."
)
HEADER = (b"yingzhi-mode", b"development; no identity; not for patients")
HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?")
PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")


def is_loopback(host: str) -> bool:
    """Whether a host (name or address, no port) can only mean this machine."""
    address = _address(host.removeprefix("[").removesuffix("]"))
    return host.lower() == "localhost" or (address is not None and address.is_loopback)


def neighbourhood(host: str | None) -> str:
    """What counts as one caller's address: IPv4 whole, IPv6 by its first 64 bits, all of which one customer has."""
    address = _address(host or "")
    if isinstance(address, IPv6Address):
        return f"{int(address) >> 64:x}::/64"
    return "unknown" if address is None else str(address)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def foreign(headers: Mapping[str, str], client_host: str | None) -> str:
    """Why a request is not one of this machine's own; empty if it is.

    Args:
        headers: By lower-case name.
        client_host: Address that the connection comes from; None if it is not known.
    """
    if client_host is None or not is_loopback(client_host):
        return "in development mode only this machine is served"
    if any(name in headers for name in PROXIED):
        return "in development mode requests through a proxy are not served"
    host = headers.get("host", "")
    named = HOST.fullmatch(host)
    if named is None or not is_loopback(named[1]):
        return "in development mode the Host must be a loopback address"
    if not _same_origin(headers, host):
        return "in development mode requests of pages from elsewhere are not served"
    return ""


def _same_origin(headers: Mapping[str, str], host: str) -> bool:
    if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return False
    origin = headers.get("origin")
    return origin is None or origin.lower() in {f"http://{host}".lower(), f"https://{host}".lower()}


class DevelopmentHeader:
    """ASGI middleware: as long as development mode lasts, every answer says so."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, with the header where it is due; `app.state.context.identity` is asked at each answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            context = getattr(scope["app"].state, "context", None)
            if message["type"] == "http.response.start" and context is not None and context.identity.dev:
                message = {**message, "headers": [*message.get("headers", ()), HEADER]}
            await send(message)

        await self.app(scope, receive, marked)
