"""Errors in OpenAI's shape, which is what its clients read."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from yingzhi.clinical.errors import YingzhiError
from yingzhi.service.problems import Problem, first_fault, problem_of

LOG = logging.getLogger(__name__)
TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}


def error_body(problem: Problem) -> dict[str, Any]:
    """The problem as `{"error": {message, type, param, code}}`."""
    words = re.sub(r"[^a-z]+", "_", problem.title.lower()).strip("_")
    kind = TYPES.get(problem.status, "server_error" if problem.status >= 500 else "invalid_request_error")
    message = f"{problem.title}: {problem.detail}" if problem.detail else problem.title
    return {"error": {"message": message, "type": kind, "param": problem.field or None, "code": CODES.get(problem.status, words)}}


def error_response(problem: Problem) -> Response:
    """The problem as an answer; clients are told to try again only where that can help."""
    again = "true" if "Retry-After" in problem.headers else "false"
    return JSONResponse(error_body(problem), problem.status, {**problem.headers, "x-should-retry": again})


UNIONS = re.compile(r"\.(?:str|list\[Part\]|dict\[str,any\])(?=\.|$)")
"""What validation adds to a path to say which form of a field it tried."""


def problem_of_request(error: RequestValidationError) -> Problem:
    """What is wrong with a request; the value that was given is not repeated."""
    field, sentence = first_fault(list(error.errors()))
    return Problem(400, "The request is not as it should be", sentence, field=UNIONS.sub("", field))


def problem_of_http(error: HTTPException) -> Problem:
    """The problem that FastAPI made an exception of its own of; one of ours lies behind it where a body is too large or too slow."""
    if isinstance(error.__cause__, Problem):
        return error.__cause__
    return Problem(error.status_code, HTTPStatus(error.status_code).phrase, headers=error.headers)


def trouble(error: Exception) -> Problem:
    """The problem of an exception that nobody foresaw; its kind is noted, and not its words, which may be a patient's."""
    LOG.error("chat-trouble", extra={"error": type(error).__name__})
    return problem_of(error)


class ChatRoute(APIRoute):
    """A route whose errors, its dependencies' among them, have OpenAI's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with the errors put into shape."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                return error_response(problem_of_request(error))
            except (Problem, YingzhiError) as error:
                return error_response(problem_of(error))
            except HTTPException as error:
                return error_response(problem_of_http(error))
            except Exception as error:
                return error_response(trouble(error))

        return handled
