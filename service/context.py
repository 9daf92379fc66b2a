"""What a request is answered with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from yingzhi.agents.specialist import Resources
from yingzhi.service.consultations import Consultations
from yingzhi.service.records import Records
from yingzhi.service.settings import ServiceSettings
from yingzhi.service.store import Database

if TYPE_CHECKING:
    from yingzhi.service.identity import Identity
    from yingzhi.service.limits import Limits
    from yingzhi.service.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that is opened once for the process; kept in `app.state.context`."""

    settings: ServiceSettings
    resources: Resources
    database: Database
    consultations: Consultations
    records: Records
    identity: Identity
    limits: Limits
    metrics: Metrics


def context(request: Request) -> Context:
    """The process's context."""
    found: Context = request.app.state.context
    return found


Here = Annotated[Context, Depends(context)]
