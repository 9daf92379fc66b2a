"""What can go wrong with a model, and what is done about it: one table, one retry layer.

The OpenAI client and LangGraph each retry by themselves when left alone, together up to nine times, and the latter retries what can't
get better. Here the client's retries are off and no node has a retry policy: this table alone decides.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Literal

from yingzhi.clinical.errors import MalformedResult, ModelUnavailable

Kind = Literal[
    "bad-key",
    "unknown-model",
    "bad-request",
    "context-too-long",
    "refused",
    "rate-limited",
    "quota-spent",
    "overloaded",
    "server-error",
    "unreachable",
    "certificate",
    "timeout",
    "reset",
    "not-openai",
    "truncated",
    "malformed",
]


@dataclass(frozen=True, slots=True)
class Policy:
    """How one kind of failure is met."""

    retry: bool
    wait: float = 0.0
    """Seconds before the second attempt; the third waits four times as long. What the provider asks for goes first."""
    breaks: bool = False
    """Whether it counts against the endpoint: enough of them in a row, and it is left alone for a while."""
    en: str = ""
    zh: str = ""


POLICIES: Mapping[Kind, Policy] = {
    "bad-key": Policy(False, en="the key is not accepted", zh="密钥未被接受"),
    "unknown-model": Policy(False, en="the endpoint has no such model", zh="该端点没有此模型"),
    "bad-request": Policy(False, en="the endpoint refused the request", zh="端点拒绝该请求"),
    "context-too-long": Policy(False, en="the record is too long for the model", zh="病历超出模型上下文长度"),
    "refused": Policy(False, en="the model declined to answer", zh="模型拒绝回答"),
    "rate-limited": Policy(True, 0.5, en="too many requests", zh="请求过于频繁"),
    "quota-spent": Policy(False, breaks=True, en="the account has no quota left", zh="账户额度已用尽"),
    "overloaded": Policy(True, 0.5, breaks=True, en="the endpoint is overloaded", zh="端点过载"),
    "server-error": Policy(True, 0.2, breaks=True, en="the endpoint failed", zh="端点出错"),
    "unreachable": Policy(True, 0.2, breaks=True, en="the endpoint can't be reached", zh="无法连接端点"),
    "certificate": Policy(False, breaks=True, en="the endpoint's certificate does not verify", zh="端点证书未通过验证"),
    "timeout": Policy(True, 0.0, breaks=True, en="no answer in time", zh="未在时限内应答"),
    "reset": Policy(True, 0.1, breaks=True, en="the connection broke off", zh="连接中断"),
    "not-openai": Policy(False, en="what answers there does not speak the OpenAI protocol", zh="该地址并非OpenAI兼容接口"),
    "truncated": Policy(True, 0.0, en="the answer broke off", zh="回答被截断"),
    "malformed": Policy(False, en="the answer does not fit the schema", zh="回答不符合模式"),
}
ATTEMPTS = 3


class CallFailed(ModelUnavailable):
    """One request failed for good.

    Attributes:
        kind: Its kind; the message holds nothing else.
        after: Seconds the provider asked to wait; None if it didn't.
        final: Whether asking again is of no use, whatever the table says of the kind.
    """

    def __init__(self, kind: Kind, after: float | None = None, *, final: bool = False) -> None:
        super().__init__(kind)
        self.kind: Kind = kind
        self.after = after
        self.final = final


def classify(error: BaseException) -> tuple[Kind, float | None]:
    """The kind of an exception of the client or the transport, and the wait that the provider asked for in seconds."""
    chain = list(_causes(error))
    for one in chain:  # the client wraps what is raised within it
        if isinstance(one, CallFailed):
            return one.kind, one.after
    if isinstance(error, MalformedResult):
        return "malformed", None
    status = getattr(error, "status_code", None)
    if status is None and isinstance(getattr(error, "body", None), dict):  # an error within a stream, after a 200
        status = _status_within(str(getattr(error, "code", "")))
    if isinstance(status, int):
        return _by_status(error, status), _retry_after(error)
    names = {type(e).__name__ for e in chain}
    words = " ".join(str(e)[:200] for e in chain).lower()
    if any("SSLEOF" in n or "SSLZeroReturn" in n for n in names):  # cut off within TLS, which says nothing of certificates
        return "reset", None
    if "certificate" in words or any("ssl" in n.lower() for n in names):
        return "certificate", None
    for kind, marks in TRANSPORT:
        if any(mark in name for mark in marks for name in names):
            return kind, None
    return "not-openai", None


TRANSPORT: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("truncated", ("LengthFinishReason", "OutputParser", "IndexError")),
    ("refused", ("ContentFilter", "Refusal")),
    ("reset", ("RemoteProtocolError", "ReadError", "WriteError", "IncompleteRead", "ConnectionResetError")),
    ("unreachable", ("ConnectError", "ConnectTimeout", "ConnectionRefused", "gaierror", "UnsupportedProtocol", "ProxyError")),
    ("timeout", ("Timeout",)),
    ("not-openai", ("JSONDecodeError", "ValidationError", "DecodingError", "KeyError", "TypeError", "AttributeError")),
    ("unreachable", ("APIConnectionError", "OSError")),
)
"""Kinds of the transport's exceptions by parts of their names, over the chain of causes, the most telling first."""


def _status_within(code: str) -> int:
    if code.isdecimal() and 400 <= int(code) < 600:
        return int(code)
    return 429 if "rate_limit" in code or any(word in code for word in SPENT) else 500


def _by_status(error: BaseException, status: int) -> Kind:
    code = f"{getattr(error, 'code', '')} {getattr(error, 'type', '')} {str(getattr(error, 'message', ''))[:400]}".lower()
    if status == 404:
        return "unknown-model" if "model" in code else "not-openai"
    if status == 429:
        return "quota-spent" if any(word in code for word in SPENT) else "rate-limited"
    if status in STATUSES:
        return STATUSES[status]
    if any(word in code for word in TOO_LONG):  # llama.cpp says so with 500 too
        return "context-too-long"
    if status >= 500:
        return "server-error"
    for kind, marks in WORDS:
        if any(mark in code for mark in marks):
            return kind
    if 300 <= status < 400:
        return "not-openai"
    return "unknown-model" if "model" in code and ("not exist" in code or "not found" in code) else "bad-request"


STATUSES: Mapping[int, Kind] = {
    401: "bad-key",
    402: "quota-spent",
    403: "bad-key",
    405: "not-openai",
    408: "timeout",
    413: "context-too-long",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
SPENT = ("insufficient_quota", "billing_hard_limit", "plan and billing")
"""Not `billing` alone: the limit on requests a minute also points to the billing page."""
TOO_LONG = ("context_length", "context length", "context size", "context_size", "context window", "input length")
WORDS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("refused", ("content_filter", "content management policy", "data_inspection_failed", "content exists risk")),
    ("quota-spent", ("arrearage",)),
)
"""What else 400 stands for: Azure's filter, DashScope's, DeepSeek's; DashScope's account in arrears."""


def _retry_after(error: BaseException) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None)
    if headers is None:
        return None
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers.get(name, "")) * scale)
        except (TypeError, ValueError):
            continue
    try:  # the header's other form is a date
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time())
    except (TypeError, ValueError, OverflowError):
        return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = 0
    current: BaseException | None = error
    while current is not None and seen < 8:
        yield current
        seen += 1
        current = current.__cause__ or current.__context__


def pause(kind: Kind, attempt: int, after: float | None) -> float | None:
    """Seconds to wait before the next attempt; None when there is none.

    Args:
        kind: What happened.
        attempt: Number of the attempt that failed, from 1.
        after: What the provider asked for.
    """
    policy = POLICIES[kind]
    if not policy.retry or attempt >= ATTEMPTS:
        return None
    own = policy.wait * 4 ** (attempt - 1) * random.uniform(0.8, 1.2)
    return max(float(own), after or 0.0)


def last_object(text: str) -> dict[str, object]:
    """The last JSON object of an answer, whatever stands around it.

    Raises:
        MalformedResult: There is none.
    """
    decoder = json.JSONDecoder()
    found: dict[str, object] | None = None
    left = PATIENCE
    start = STARTS.search(text)
    while start is not None and left > 0:
        at = start.start()
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:  # ValueError too is raised, for a number of too many digits
            end = at + 1
            left -= 2000 + getattr(error, "pos", len(text)) - at
        start = STARTS.search(text, end)
    if found is None or left <= 0:
        raise MalformedResult("no JSON object in the answer")
    return found


STARTS = re.compile(r'\{(?=[ \t\n\r]*["}])')
"""Where an object can begin."""
PATIENCE = 4_000_000
"""Characters that are read in vain before giving up; every beginning that leads nowhere counts for 2000 more. An answer of nothing but
braces would hold up all consultations of the process for seconds otherwise."""
