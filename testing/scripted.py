"""A chat model that says what a test wrote down for it, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field, PrivateAttr

Reply = str | dict[str, Any] | AIMessage | Exception | Callable[[list[BaseMessage]], Any]


class ScriptedModel(BaseChatModel):
    """Gives its replies one after the other.

    A reply is text, a dict (given as JSON), an AIMessage (for tool calls), an exception (raised), or a function of the messages that gives
    one of these. The last reply is given again and again with `repeat`; else a call too many fails.

    Attributes:
        replies: What to say, in order.
        repeat: Whether the last reply stands for all later calls.
        calls: The messages of every call so far.
        offered: Names of the tools offered in every call so far.
    """

    replies: list[Any] = Field(default_factory=list)
    repeat: bool = False
    calls: list[list[BaseMessage]] = Field(default_factory=list)
    offered: list[list[str]] = Field(default_factory=list)
    _next: int = PrivateAttr(default=0)
    _tools: list[str] = PrivateAttr(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **_kwargs: Any) -> Any:
        """Note which tools are offered in the next call."""
        self._tools = [t["function"]["name"] if isinstance(t, dict) else getattr(t, "name", str(t)) for t in tools]
        return self

    def assert_complete(self) -> None:
        """Fail unless every reply was asked for."""
        assert self._next >= len(self.replies), f"{len(self.replies) - self._next} replies were never asked for"

    def _reply(self, messages: list[BaseMessage]) -> AIMessage:
        self.calls.append(list(messages))
        self.offered.append(self._tools)
        self._tools = []
        if self._next >= len(self.replies) and not (self.repeat and self.replies):
            raise AssertionError(f"call {len(self.calls)} has no reply")
        reply = self.replies[min(self._next, len(self.replies) - 1)]
        self._next += 1
        if callable(reply) and not isinstance(reply, BaseMessage):
            reply = reply(messages)
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, AIMessage):
            return reply
        return AIMessage(reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        yield from _pieces(self._reply(messages))

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **_kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for piece in _pieces(self._reply(messages)):
            yield piece


def _pieces(reply: AIMessage, size: int = 40) -> Iterator[ChatGenerationChunk]:
    text = str(reply.text)
    for start in range(0, len(text), size):
        yield ChatGenerationChunk(message=AIMessageChunk(content=text[start : start + size]))
    calls = [
        {"name": c["name"], "args": json.dumps(c["args"]), "id": c["id"], "index": i, "type": "tool_call_chunk"}
        for i, c in enumerate(reply.tool_calls)
    ]
    last = AIMessageChunk(content="", tool_call_chunks=calls, response_metadata=reply.response_metadata)  # type: ignore[arg-type]
    last.usage_metadata = reply.usage_metadata
    yield ChatGenerationChunk(message=last)
