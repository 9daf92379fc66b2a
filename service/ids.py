"""Ids are made by the server: unguessable, and of one shape a kind."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Path

from yingzhi.service.wire import CONSULTATION, PATIENT, pattern

ConsultationId = Annotated[str, Path(pattern=pattern(CONSULTATION), description="Id of the consultation, made by the server.")]
PatientId = Annotated[str, Path(pattern=pattern(PATIENT), description="Id of the patient, made by the server.")]


def new_id(kind: str) -> str:
    """An id of 128 random bits."""
    return f"{kind}_{secrets.token_hex(16)}"
