"""What a service says no with, one class a remedy.

Refused                  mend the request: `field` names what is wrong; or the credential
├── Conflict             look at the consultation again: `revision` is where it stands
Unreachable              try again after `after` seconds
"""

from __future__ import annotations

import httpx


class Refused(Exception):
    """The service did not carry the request out.

    Attributes:
        status: HTTP status.
        field: Path of the field that is wrong; empty for the whole request.
    """

    def __init__(self, message: str, status: int, field: str = "") -> None:
        super().__init__(message)
        self.status, self.field = status, field


class Conflict(Refused):
    """A run is at work, the revision is stale, or the consultation is over.

    Attributes:
        revision: Where the consultation stands, if the service says.
    """

    def __init__(self, message: str, revision: int | None) -> None:
        super().__init__(message, 409)
        self.revision = revision


class Unreachable(Exception):
    """The service can't be reached, is overloaded or not ready.

    Attributes:
        after: Seconds after which to try again.
    """

    def __init__(self, message: str, after: float = 1.0) -> None:
        super().__init__(message)
        self.after = after


def raise_for(response: httpx.Response) -> None:
    """Raise what an answer says no with; its body is read.

    Raises:
        Refused: 4xx.
        Conflict: 409.
        Unreachable: 429 and 5xx.
    """
    if response.is_success:
        return
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):  # something before the service answered
        problem = {}
    words = [str(problem[k]) for k in ("title", "field", "detail") if problem.get(k)]
    message = ": ".join(words) or response.reason_phrase
    if response.status_code == 409:
        raise Conflict(message, problem.get("revision"))
    if response.status_code == 429 or response.status_code >= 500:
        given = response.headers.get("retry-after", "")
        raise Unreachable(message, float(given) if given.isdigit() else 1.0)
    raise Refused(message, response.status_code, str(problem.get("field", "")))
