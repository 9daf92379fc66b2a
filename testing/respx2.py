"""Arms respx for both HTTP stacks at once.

The OpenAI client speaks through httpx2, which respx does not know: its requests pass by every mock and go out. qdrant-client and others
still speak through httpx. `armed` stands before both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from respx import MockRouter
from respx.mocks import HTTPCoreMocker
from respx.models import AllMockedAssertionError


class HTTPCore2Mocker(HTTPCoreMocker):
    """respx's mocker for httpcore, set on httpcore2, the layer below httpx2."""

    name = "httpcore2"
    targets = [target.replace("httpcore.", "httpcore2.") for target in HTTPCoreMocker.targets]  # noqa: RUF012 - as in respx


class Router(MockRouter):
    """A router that remembers what it had no answer for.

    Attributes:
        unmocked: Method and address of every request that no route took.
    """

    def __init__(self, *, assert_all_called: bool = True) -> None:
        super().__init__(assert_all_called=assert_all_called, using=HTTPCoreMocker.name)
        self.unmocked: list[str] = []

    def handler(self, request: httpx.Request) -> httpx.Response:
        """Answer a blocking request."""
        try:
            return super().handler(request)
        except AllMockedAssertionError:
            self.unmocked.append(f"{request.method} {request.url}")
            raise

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        """Answer an asynchronous request."""
        try:
            return await super().async_handler(request)
        except AllMockedAssertionError:
            self.unmocked.append(f"{request.method} {request.url}")
            raise


@contextmanager
def armed(*, assert_all_called: bool = True) -> Iterator[Router]:
    """Answer every request of httpx and httpx2 by the routes that are set on the router; none goes out.

    A request without a route fails where it is made, and, as a client may swallow that, once more at the end.

    Args:
        assert_all_called: Whether a route that was never used fails too.

    Raises:
        AssertionError: A request had no route, or a route had no request.
    """
    router = Router(assert_all_called=assert_all_called)
    with router:
        HTTPCore2Mocker.register(router)
        HTTPCore2Mocker.start()
        try:
            yield router
        finally:
            HTTPCore2Mocker.unregister(router)
            HTTPCore2Mocker.stop()
        if router.unmocked:
            raise AssertionError(f"no route for {', '.join(router.unmocked)}")
