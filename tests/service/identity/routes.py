"""An application with one route a permission."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI

from yingzhi.service import problems
from yingzhi.service.identity import DevelopmentHeader, Identity, Principal, allowed
from yingzhi.service.identity.principal import ALL, Permission
from yingzhi.service.limits import Limits


class Routes:
    """The application, and who reached a route of it."""

    def __init__(self, identity: Identity, limits: Limits) -> None:
        self.reached: list[Principal] = []
        self.app = FastAPI()
        self.app.state.context = SimpleNamespace(identity=identity, limits=limits, database=identity.database)
        self.app.add_middleware(DevelopmentHeader)
        problems.install(self.app)
        for permission in ALL:
            self.app.add_api_route(f"/{permission}", self._route(permission))

    def _route(self, permission: Permission) -> Callable[..., dict[str, str]]:
        def route(who: Annotated[Principal, Depends(allowed(permission))]) -> dict[str, str]:
            self.reached.append(who)
            return {"tenant": who.tenant}

        return route

    def client(self, host: str = "127.0.0.1", base: str = "http://127.0.0.1:8321") -> httpx.AsyncClient:
        """A caller at an address."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(host, 40000)), base_url=base)
