"""The log: one JSON object a line on standard error, of which every field is on a list and of a shape that holds no words of a case.

Nothing that a caller sends is ever written: no path, query, header, body, no message of an exception, no text of a library's log line.
An event that is not in `LogEvent` reads `other`, with the place in the code, so that it can be put on the list.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType, TracebackType
from typing import Any, Literal, get_args

import structlog

from yingzhi.tools.retrieval.port import TENANT

LogEvent = Literal[
    "service.started", "service.draining", "service.stopped", "service.dev-mode",
    "request", "request.failed",
    "run.started", "run.ended", "run.failed", "run.cancelled", "run.recovered", "run.given-up", "run.trouble", "lease.lost", "queue.full",
    "auth.refused", "auth.keys-unavailable", "audit.broken", "database.failed", "provider.failed", "erasure.failed",
    "library", "warning", "crash", "other",
]  # fmt: skip
EVENTS: frozenset[str] = frozenset(get_args(LogEvent))
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_ID = {kind: re.compile(rf"{kind}_[0-9a-f]{{32}}") for kind in "cr"}
_REQUEST = re.compile(r"[0-9a-f]{32}")
_ROUTE = re.compile(r"[A-Za-z0-9_./:{}*$-]{1,120}")
_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")
_FILE = re.compile(r"(?:^|/)([A-Za-z0-9_.-]+/[A-Za-z0-9_]+\.py)$")
A_DAY = 86_400_000.0


class Route(str):
    """A route's template, which is code; a plain string may be a path that somebody sent and is not written."""

    __slots__ = ()


@dataclass(slots=True)
class Noted:
    """What is known of the work at hand; it stands in each line that is written meanwhile."""

    request: str = ""
    tenant: str = ""
    consultation: str = ""
    run: str = ""


_noted: ContextVar[Noted | None] = ContextVar("yingzhi_noted", default=None)


def note(*, tenant: str = "", consultation: str = "", run: str = "") -> None:
    """Say of the work at hand whose it is; outside of `noting` nothing happens.

    Args:
        tenant: Of the principal, once its credential was checked.
        consultation: Id.
        run: Id.
    """
    noted = _noted.get()
    if noted is not None:
        noted.tenant, noted.consultation, noted.run = tenant or noted.tenant, consultation or noted.consultation, run or noted.run


@contextmanager
def noting(*, request: str = "", tenant: str = "", consultation: str = "", run: str = "") -> Iterator[Noted]:
    """Work that lines are written of: a request, or a run."""
    noted = Noted(request, tenant, consultation, run)
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


def keep_listed(_logger: Any, level: str, given: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The structlog processor: what is on the list and of the right shape; everything else is dropped, whatever it is."""
    said = given.get("event")
    known = isinstance(said, str) and said in EVENTS
    line: dict[str, Any] = {"time": _now(), "level": level, "event": said if known else "other"}
    noted = _noted.get() or Noted()
    line["request"] = noted.request if _REQUEST.fullmatch(noted.request) else None
    line["tenant"] = noted.tenant if TENANT.fullmatch(noted.tenant) else None
    for name, kind in (("consultation", "c"), ("run", "r")):
        value = given.get(name) or getattr(noted, name)
        line[name] = value if isinstance(value, str) and _ID[kind].fullmatch(value) else None
    route, method = given.get("route"), given.get("method")
    line["route"] = str(route) if isinstance(route, Route) and _ROUTE.fullmatch(route) else None
    line["method"] = (method if method in METHODS else "OTHER") if isinstance(method, str) else None
    line["status"] = _number(given.get("status"), 100, 599)
    line["milliseconds"] = _number(given.get("milliseconds"), 0.0, A_DAY)
    error, where = _error(given), given.get("where")
    line["error"] = class_of(error)
    line["where"] = _raised_at(error) or (where if isinstance(where, _Place) else None) or (None if known else _caller())
    return {name: value for name, value in line.items() if value is not None}


def class_of(error: BaseException | None) -> str | None:
    """The kind of an exception."""
    if error is None:
        return None
    name = type(error).__name__
    return name if _CLASS.fullmatch(name) else "Exception"


UNMATCHED = Route("unmatched")
"""The route of a request that no route answers."""


class _Place(str):
    """`folder/file.py:line`."""

    __slots__ = ()


class _Lines:
    """Where lines go: standard error as it is now, not as it was when this was made."""

    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    debug = info = warn = warning = error = critical = fatal = exception = failure = log = msg


_PROCESSORS: tuple[Any, ...] = (keep_listed, structlog.processors.JSONRenderer(json.dumps))
LOG: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
    _Lines(), processors=_PROCESSORS, wrapper_class=structlog.make_filtering_bound_logger(logging.INFO), context_class=dict
)
"""`LOG.info("run.ended", run=id)`, `LOG.error("run.failed", error=exception)`: an exception is given whole, its class is written."""


_RAISED = "_yingzhi_raised"
"""Attribute of a log record: the exception that it was made with."""


class _Handler(logging.Handler):
    """Lines of libraries, without their words."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname.lower() if record.levelname in {"WARNING", "ERROR", "CRITICAL"} else "warning"
        event = "warning" if record.name == "py.warnings" else "library"
        event = record.msg if record.msg in EVENTS else event
        error = getattr(record, _RAISED, None)
        place = _place(record.pathname, record.lineno)
        getattr(LOG, level)(event, error=error, where=place)


def configure_logs() -> Callable[[], None]:
    """Send everything through the list: this package's lines, those of libraries from `warning` on, warnings, and what crashes.

    Records of the standard library are stripped of their words where they are made, so that a handler that a library brings along
    can't tell them either; only a message that is a `LogEvent` stays. Call it once, after the application is built.

    Returns:
        What puts everything back as it was.
    """
    root, make = logging.getLogger(), logging.getLogRecordFactory()
    before = (root.handlers[:], root.level, logging.raiseExceptions, sys.excepthook, threading.excepthook, sys.unraisablehook)
    loggers = [one for one in logging.Logger.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    were = [(one, one.handlers[:], one.propagate) for one in loggers]

    def stripped(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        setattr(record, _RAISED, record.exc_info[1] if record.exc_info else None)
        said = record.msg if isinstance(record.msg, str) and record.msg in EVENTS else "withheld"
        record.msg, record.args, record.exc_info, record.exc_text, record.stack_info = said, (), None, None, None
        return record

    def undo() -> None:
        logging.captureWarnings(False)
        logging.setLogRecordFactory(make)
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        logging.raiseExceptions, sys.excepthook, threading.excepthook, sys.unraisablehook = before[2:]
        for one, handlers, propagate in were:
            one.handlers[:], one.propagate = handlers, propagate
        structlog.reset_defaults()

    logging.setLogRecordFactory(stripped)
    logging.captureWarnings(True)
    root.handlers[:] = [_Handler(logging.WARNING)]
    root.setLevel(logging.WARNING)
    for one in loggers:
        one.handlers[:], one.propagate = [], True
    logging.raiseExceptions = False
    sys.excepthook = _crashed
    threading.excepthook = lambda crash: LOG.error("crash", error=crash.exc_value)
    sys.unraisablehook = lambda crash: LOG.error("crash", error=crash.exc_value)
    structlog.configure(processors=_PROCESSORS, logger_factory=lambda *_: _Lines(), context_class=dict)
    return undo


def _crashed(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    LOG.critical("crash", error=error)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(value: object, low: float, high: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        return None
    return round(value, 1)


def _error(given: Mapping[str, Any]) -> BaseException | None:
    """The exception of a line; of a group with one in it, that one."""
    raised = given.get("error") or given.get("exc_info")
    if raised is True:
        raised = sys.exc_info()
    if isinstance(raised, tuple) and len(raised) == 3:
        raised = raised[1]
    while isinstance(raised, BaseExceptionGroup) and len(raised.exceptions) == 1:
        raised = raised.exceptions[0]
    return raised if isinstance(raised, BaseException) else None


def _raised_at(error: BaseException | None) -> str | None:
    """The innermost frame of this package, else the innermost of all."""
    found = own = None
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        frame = trace.tb_frame
        found = _place(frame.f_code.co_filename, trace.tb_lineno)
        if str(frame.f_globals.get("__name__", "")).startswith("yingzhi."):
            own = found
        trace = trace.tb_next
    return own or found


def _caller() -> str | None:
    """Who wrote this line."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__", "")).split(".")[0] in {"structlog", "logging"}:
        frame = frame.f_back
    while frame is not None and (frame.f_globals.get("__name__") == __name__ or "structlog" in frame.f_code.co_filename):
        frame = frame.f_back
    return _place(frame.f_code.co_filename, frame.f_lineno) if frame is not None else None


def _place(file: str, line: int) -> _Place:
    found = _FILE.search(file.replace("\\", "/"))
    return _Place(f"{found[1] if found else 'elsewhere'}:{line}")
