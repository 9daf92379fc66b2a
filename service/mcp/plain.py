"""A tool whose errors are one plain sentence: no value that was given, no trace, and a fault of ours says that nothing is known."""

from __future__ import annotations

import logging
from typing import Any

from fastmcp.exceptions import ToolError, ValidationError
from fastmcp.tools import FunctionTool, ToolResult
from pydantic import ValidationError as Invalid

from yingzhi.clinical.errors import CaseError, YingzhiError
from yingzhi.service.problems import first_fault


class PlainTool(FunctionTool):
    """Catches what the function or the check of its arguments raises, inside: traces and logs see the sentence and nothing else."""

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """Run the tool.

        Raises:
            ToolError: One sentence.
        """
        try:
            return await super().run(arguments)
        except ToolError:
            raise
        except Exception as error:
            raise ToolError(sentence(error), log_level=logging.INFO) from None


def sentence(error: Exception) -> str:
    """What is said of an error: which argument is wrong, or that the check failed."""
    invalid = error.__cause__ if isinstance(error, ValidationError) else None
    if isinstance(invalid, Invalid):
        field, words = first_fault(list(invalid.errors(include_input=False, include_url=False, include_context=False)))
        return f"{field}: {words}" if field else words
    if isinstance(error, CaseError):
        return str(error)
    if isinstance(error, YingzhiError):
        return f"{type(error).__name__}: {error}"
    return f"The check failed ({type(error).__name__}). Nothing is known of what it would have found; do not read this as no problem."
