"""Opens chat models: one per specialist, all LangChain's, none with a retry of its own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from pydantic import SecretStr

from yingzhi.agents.models.policy import POLICIES, CallFailed, Kind
from yingzhi.agents.models.settings import ModelSettings
from yingzhi.clinical.errors import SettingsError

if TYPE_CHECKING:
    import httpx2
    from langchain_core.language_models import BaseChatModel
    from langchain_openai import ChatOpenAI

BREAKS_AFTER = 5
"""So many failures of an endpoint in a row, and it is left alone …"""
REST = 30.0
"""… for so many seconds; then one request tries it."""

MOST_BYTES = 32_000_000
"""Bytes of an answer as it is sent: the longest that can be asked for, at a kilobyte a token."""


@dataclass(slots=True)
class Breaker:
    """Keeps a broken endpoint from costing every consultation its deadline."""

    clock: Callable[[], float] = monotonic
    failures: int = 0
    opened: float | None = None

    def check(self) -> None:
        """Let a request pass.

        Raises:
            CallFailed: The endpoint is being left alone.
        """
        if self.opened is not None:
            if self.clock() - self.opened < REST:
                raise CallFailed("unreachable")
            self.opened = self.clock()  # this request tries it; the others wait on

    def record(self, kind: Kind | None) -> None:
        """Count how a request ended; None is well."""
        if kind is None or not POLICIES[kind].breaks:  # whatever it said, it is there
            self.failures, self.opened = 0, None
            return
        self.failures += 1
        if self.failures >= BREAKS_AFTER:
            self.opened = self.clock()


@dataclass(slots=True, eq=False)
class Models:
    """The chat models of an installation, opened when first used, one HTTP connection pool an event loop.

    Attributes:
        settings: How they are reached and how far they may go.
        given: Chat models to use instead of opening any: one for all, or by specialist.
        breakers: One an endpoint, shared by all consultations.
    """

    settings: ModelSettings
    given: BaseChatModel | Mapping[str, BaseChatModel] | None = None
    breakers: dict[str, Breaker] = field(default_factory=dict)
    transport: httpx2.AsyncBaseTransport | None = None
    """HTTP transport instead of the network, e.g. a cassette."""
    toolless: set[str] = field(default_factory=set)
    """Models that refused a request with tools."""
    _turns: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = field(default_factory=WeakKeyDictionary)
    _open: WeakKeyDictionary[asyncio.AbstractEventLoop, list[tuple[ModelSettings, BaseChatModel]]] = field(
        default_factory=WeakKeyDictionary
    )

    def breaker_of(self, url: str) -> Breaker:
        """The breaker of an endpoint: one that is broken must not cut the others off."""
        return self.breakers.setdefault(url, Breaker())

    def turn_of(self, settings: ModelSettings) -> AbstractAsyncContextManager[Any]:
        """What a request to the endpoint holds while it lasts; shared by all consultations of an event loop."""
        most = settings.requests_at_once
        if most is None:
            return nullcontext()
        return self._turns.setdefault(asyncio.get_running_loop(), {}).setdefault(settings.url, asyncio.Semaphore(most))

    def uses(self, name: str) -> bool:
        """Whether a specialist has a model at all."""
        return name not in self.settings.without and not (name == "challenge" and not self.settings.challenge)

    def for_specialist(self, name: str) -> BaseChatModel | None:
        """The chat model of a specialist; None if it works without one."""
        if not self.uses(name):
            return None
        if isinstance(self.given, Mapping):
            return self.given.get(name)
        if self.given is not None:
            return self.given
        pool = self._open.setdefault(asyncio.get_running_loop(), [])
        settings = self.settings.of(name)
        for known, chat in pool:
            if known == settings:
                return chat
        pool.append((settings, open_chat(settings, self.transport)))
        return pool[-1][1]

    async def aclose(self) -> None:
        """Close the connections that were opened in the running event loop."""
        for _, chat in self._open.pop(asyncio.get_running_loop(), []):
            client = getattr(chat, "http_async_client", None)
            if client is not None:
                await client.aclose()


def open_chat(settings: ModelSettings, transport: httpx2.AsyncBaseTransport | None = None) -> BaseChatModel:
    """LangChain's OpenAI chat model as the settings say, with the client's own retries off.

    Raises:
        SettingsError: The certificate file is no PEM file.
    """
    import httpx2

    limits = httpx2.Limits(max_connections=200, max_keepalive_connections=50)
    timeout = httpx2.Timeout(settings.call_seconds, connect=settings.connect_seconds, read=settings.idle_seconds)
    trust, proxy = _trust(settings.ca_file), settings.proxy.get_secret_value() or None
    client = httpx2.AsyncClient(
        verify=trust, proxy=proxy, timeout=timeout, limits=limits, trust_env=False, transport=transport, event_hooks={"response": [_bound]}
    )
    extra: dict[str, Any] = {} if settings.seed is None else {"seed": settings.seed}
    return _chat_class()(
        model=settings.model,
        api_key=settings.key if settings.key.get_secret_value() else SecretStr("none"),
        base_url=settings.url,
        temperature=settings.temperature,
        max_completion_tokens=settings.max_tokens,
        max_retries=0,
        timeout=timeout,
        default_headers={name: value.get_secret_value() for name, value in settings.headers.items()} or None,
        http_async_client=client,
        http_client=httpx2.Client(verify=trust, proxy=proxy, timeout=timeout, trust_env=False),  # else one of the environment's is made
        openai_proxy=None,  # else OPENAI_PROXY is read, and refused beside a client
        stream_usage=True,
        stream_chunk_timeout=None,
        use_responses_api=False,
        **extra,
    )


@cache
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Whom to trust, loaded once: it takes as long as all else of a client together."""
    import httpx2

    if ca_file is None:
        return httpx2.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except OSError:  # ssl.SSLError is one
        raise SettingsError(f"YINGZHI_MODEL: ca_file {ca_file.name} holds no certificates") from None


async def _bound(response: httpx2.Response) -> None:
    """Read no more than an answer can have: the client gathers a line of any length before it looks at it."""
    import httpx2

    whole = response.stream

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = MOST_BYTES
            if isinstance(whole, AsyncIterable):
                async for piece in whole:
                    left -= len(piece)
                    if left < 0:
                        raise CallFailed("malformed")
                    yield piece

        async def aclose(self) -> None:
            if isinstance(whole, httpx2.AsyncByteStream):
                await whole.aclose()

    response.stream = Bounded()


@cache
def _chat_class() -> type[ChatOpenAI]:
    """LangChain's class, which drops a streamed refusal, with the refusal kept."""
    from langchain_openai import ChatOpenAI

    class Chat(ChatOpenAI):
        def _convert_chunk_to_generation_chunk(self, chunk: dict[str, Any], *rest: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            made = super()._convert_chunk_to_generation_chunk(chunk, *rest)
            for choice in (chunk.get("choices") or ())[:1]:
                refusal = (choice.get("delta") or {}).get("refusal")
                if made is not None and refusal:
                    made.message.additional_kwargs["refusal"] = refusal
            return made

    return Chat
