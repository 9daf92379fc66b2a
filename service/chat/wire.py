"""OpenAI's chat completions as they cross the wire: what is read of a request, and how answers are put together."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from time import time
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from yingzhi.clinical.words import Language, Record
from yingzhi.service.problems import Problem

MODELS: dict[str, Language | None] = {"yingzhi": None, "yingzhi-zh": "zh", "yingzhi-en": "en"}
"""Names of the models, and the language each answers in; None is the note's own."""
CREATED = 1767225600
"""When the models were made, as clients want to know it: a constant."""
MOST_MESSAGES = 2000
UNFORCED = (None, "none", "auto")
"""Choices of a tool that leave it at none; tools that are only offered are ignored."""
EXAMPLE: dict[str, Any] = {
    "model": "yingzhi",
    "stream": True,
    "messages": [{"role": "user", "content": "An 82-year-old man has had tense blisters on the trunk for two weeks."}],
}


class _Read(BaseModel):
    """What is read of a request: front ends send more than anybody knows, so what is not known is ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Part(_Read):
    """A part of a message."""

    type: str = Field(max_length=100)
    text: str | None = None


class Message(_Read):
    """A message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self) -> str:
        """The words in it."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(p.text for p in self.content or [] if p.type in {"text", "input_text"} and p.text)

    def unread(self) -> bool:
        """Whether something in it is not text."""
        return isinstance(self.content, list) and any(p.type not in {"text", "input_text", "refusal"} for p in self.content)


class StreamOptions(_Read):
    """How a stream ends."""

    include_usage: bool | None = None


class ResponseFormat(_Read):
    """In which form the answer is wanted."""

    type: str = Field(max_length=100)


class Metadata(_Read):
    """What a program says about the request."""

    consultation: str | None = Field(default=None, max_length=100, description="Id of the consultation to go on with.")


class ChatRequest(_Read):
    """A request for a chat completion. Sampling, stop words and lengths have no meaning here and are ignored."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    model: str = Field(max_length=200)
    messages: list[Message] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    tool_choice: str | dict[str, Any] | None = None
    function_call: str | dict[str, Any] | None = None
    response_format: ResponseFormat | None = None
    modalities: list[str] | None = None
    logprobs: bool | None = None
    metadata: Metadata | None = None

    def language(self) -> Language | None:
        """The language that the model's name asks for.

        Raises:
            Problem: 404, there is no such model.
        """
        if self.model not in MODELS:
            raise Problem(404, "Model not found", "there is no such model; GET /v1/models names them", field="model")
        return MODELS[self.model]

    def check(self) -> None:
        """Refuse what was asked for and can't be had; what only could be used, like tools, is ignored.

        Raises:
            Problem: 400, naming the field.
        """
        refusals = (
            ("n", self.n not in {None, 1}, "one answer is given to a request"),
            ("tool_choice", self.tool_choice not in UNFORCED, "no tool is called here"),
            ("function_call", self.function_call not in UNFORCED, "no tool is called here"),
            ("response_format", self.response_format is not None and self.response_format.type != "text", "only text is written here"),
            ("modalities", self.modalities not in (None, ["text"]), "only text is written here"),
            ("logprobs", self.logprobs is True, "there are no log probabilities"),
        )
        for name, refused, why in refusals:
            if refused:
                raise Problem(400, "Not supported", why, field=name)


class ModelCard(Record):
    """A model as it is listed."""

    id: str
    object: Literal["model"] = "model"
    created: int = CREATED
    owned_by: str = "yingzhi"


class ModelList(Record):
    """All models."""

    object: Literal["list"] = "list"
    data: list[ModelCard]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of the language model behind the run; 0 where none was asked."""

    prompt: int = 0
    completion: int = 0

    def body(self) -> dict[str, int]:
        """As it is sent."""
        return {"prompt_tokens": self.prompt, "completion_tokens": self.completion, "total_tokens": self.prompt + self.completion}


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer and its frames."""

    model: str
    with_usage: bool = False
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time()))

    def whole(self, text: str, thinking: str, usage: Usage) -> dict[str, Any]:
        """The answer in one piece."""
        message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None}
        if thinking:
            message["reasoning_content"] = thinking
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return {**self._head("chat.completion"), "choices": [choice], "usage": usage.body()}

    def first(self) -> bytes:
        """The frame that opens the answer."""
        return self._chunk({"role": "assistant", "content": ""})

    def words(self, text: str, *, thinking: bool = False) -> bytes:
        """A frame with more of the answer, or of what front ends show as thinking."""
        return self._chunk({"reasoning_content": text} if thinking else {"content": text})

    def last(self, usage: Usage) -> bytes:
        """The frames that end the answer."""
        end = self._chunk({}, "stop")
        if self.with_usage:
            end += frame({**self._head("chat.completion.chunk"), "choices": [], "usage": usage.body()})
        return end + DONE

    def _chunk(self, delta: dict[str, str], finish: str | None = None) -> bytes:
        body = self._head("chat.completion.chunk")
        body["choices"] = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        if self.with_usage:
            body["usage"] = None
        return frame(body)

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model, "system_fingerprint": None}


DONE = b"data: [DONE]\n\n"


def frame(body: dict[str, Any]) -> bytes:
    """A server-sent event."""
    return b"data: " + json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
