"""What goes wrong, as RFC 9457 problems: a title, one plain sentence, the field; never patient text, never a trace."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from sqlite3 import OperationalError
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError
from starlette.exceptions import HTTPException

from yingzhi.clinical.errors import CaseError, ModelError, SettingsError, ToolError, YingzhiError

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """A request that is not carried out.

    Attributes:
        status: HTTP status.
        title: The kind of problem, the same words each time.
        detail: One plain sentence about this time.
        field: Path of the field that is wrong, e.g. `case.patient.age`; empty for the whole request.
        headers: Headers of the answer, e.g. Retry-After.
        more: Further members of the problem, e.g. the current revision.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        field: str = "",
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {title}")
        self.status, self.title, self.detail, self.field = status, title, detail, field
        self.headers, self.more = dict(headers or {}), dict(more or {})

    def body(self) -> dict[str, Any]:
        """The problem as it is sent."""
        body: dict[str, Any] = {"type": "about:blank", "title": self.title, "status": self.status}
        if self.detail:
            body["detail"] = self.detail
        if self.field:
            body["field"] = self.field
        return {**body, **self.more}

    def response(self) -> Response:
        """The problem as an answer."""
        return JSONResponse(self.body(), self.status, self.headers, MEDIA_TYPE)


def not_found(what: str) -> Problem:
    """There is none, or it is another tenant's: the answer is the same."""
    return Problem(404, "Not found", f"there is no such {what}", field=what)


def problem_of(error: Exception) -> Problem:
    """The problem that an exception stands for; of an unknown one only its kind is told."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, CaseError):
        message = str(error).removeprefix(f"{error.field}: ")
        return Problem(422, "The case can't be worked on", message, field=error.field)
    if isinstance(error, ModelError | ToolError | OperationalError):  # the last: the disk is full, or another process writes for long
        return Problem(503, "A part of the service is not available", type(error).__name__, headers={"Retry-After": "5"})
    if isinstance(error, SettingsError):
        return Problem(500, "The service is set up wrongly", "see its log")
    if isinstance(error, UnicodeError | PydanticSerializationError):
        return Problem(422, "The request is not as it should be", "it holds characters that no text can hold")
    if isinstance(error, YingzhiError):
        return Problem(422, "The request can't be worked on", type(error).__name__)
    return Problem(500, "Internal error", type(error).__name__)


def first_fault(errors: list[Any]) -> tuple[str, str]:
    """(field, sentence) of the first fault that validation found; what was given is not repeated."""
    first = errors[0]
    place = [str(p) for p in first["loc"] if p not in {"body", "query", "path", "header"}]
    kind = first["type"]
    if kind == "json_invalid":
        return "", "the body is not well-formed JSON"
    if kind == "extra_forbidden":
        return ".".join(place), "no such field"
    if kind in {"value_error", "union_tag_invalid"}:  # the words are a validator's and may quote what was given
        return ".".join(place), "the value can't be"
    message = str(first["msg"])
    return ".".join(place), message[:1].lower() + message[1:]


def install(app: FastAPI) -> None:
    """Answer every error as a problem."""

    async def on_problem(_: Request, error: Exception) -> Response:
        return problem_of(error).response()

    async def on_invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError | ValidationError)
        field, sentence = first_fault(list(error.errors()))
        return Problem(422, "The request is not as it should be", sentence, field=field).response()

    async def on_http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        title = HTTPStatus(error.status_code).phrase
        return Problem(error.status_code, title, headers=error.headers).response()

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(YingzhiError, on_problem)
    app.add_exception_handler(OperationalError, on_problem)
    app.add_exception_handler(UnicodeError, on_problem)
    app.add_exception_handler(PydanticSerializationError, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_problem)
