"""Bodies that are too large or too slow are refused before anything reads them whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yingzhi.service.problems import Problem

SWALLOWED = 4
"""How many times the limit is read and thrown away before an answer says that it was too much."""


class BodyLimit:
    """ASGI middleware: so many bytes, in so many seconds.

    Args:
        app: What is served.
        most: Bytes.
        seconds: Seconds.
        answer: From a path and a problem to the answer, as the front end of that path has it.
    """

    def __init__(self, app: ASGIApp, most: int, seconds: float, answer: Callable[[str, Problem], Response]) -> None:
        self.app, self.most, self.seconds, self.answer = app, most, seconds, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on while its body keeps the limits."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        body = _Body(receive, self.most, self.seconds, asyncio.get_running_loop().time() + self.seconds)
        if _length(scope) > self.most:
            body.refuse(413)
        answered = False

        async def unless_refused(message: Message) -> None:
            """A framework that could not read the body has an answer of its own, which would say less."""
            nonlocal answered
            if body.problem is None or answered:
                answered = answered or message["type"] == "http.response.start"
                await send(message)

        if body.problem is None:
            try:
                await self.app(scope, body.receive, unless_refused)
            except Problem:
                if body.problem is None or answered:
                    raise
        if body.problem is not None and not answered:
            await body.swallow()
            await self.answer(scope["path"], body.problem)(scope, receive, send)


@dataclass(slots=True)
class _Body:
    """A request's body on its way in."""

    take: Receive
    most: int
    seconds: float
    deadline: float
    seen: int = 0
    whole: bool = False
    problem: Problem | None = None

    async def receive(self) -> Message:
        if self.whole:  # what comes now is the reader's leaving
            return await self.take()
        try:
            async with asyncio.timeout_at(self.deadline):
                message = await self._next()
        except TimeoutError:
            raise self.refuse(408) from None
        if self.seen > self.most:
            raise self.refuse(413)
        return message

    async def swallow(self) -> None:
        """Read on for a while: a client that is still sending would see its connection break instead of the answer."""
        try:
            async with asyncio.timeout_at(self.deadline):
                while not self.whole and self.seen < SWALLOWED * self.most:
                    await self._next()
        except TimeoutError:
            return

    def refuse(self, status: int) -> Problem:
        title, detail = "The body is too large", f"{self.most} bytes are the most"
        if status == 408:
            title, detail = "The body was too slow", f"it has to be there within {self.seconds:g} seconds"
        self.problem = Problem(status, title, detail, headers={"Connection": "close"})
        return self.problem

    async def _next(self) -> Message:
        message = await self.take()
        self.seen += len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        return message


def _length(scope: Scope) -> int:
    given = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
    return int(given) if given.isdigit() else 0
