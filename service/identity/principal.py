"""Who asks, and what each role may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from yingzhi.tools.retrieval.port import PUBLIC, TENANT

Role = Literal["doctor", "nurse", "pharmacist", "researcher", "admin", "service"]
ROLES: tuple[Role, ...] = get_args(Role)

Permission = Literal[
    "consultation.create",
    "consultation.read",
    "consultation.answer",
    "consultation.edit",
    "consultation.sign",
    "consultation.delete",
    "patient.write",
    "drugs.check",
    "evidence.search",
    "labs.interpret",
    "scores.compute",
    "cds.call",
    "chat.use",
    "audit.read",
]
ALL: tuple[Permission, ...] = get_args(Permission)

LOOK_UP: frozenset[Permission] = frozenset({"drugs.check", "evidence.search", "labs.interpret", "scores.compute"})
"""Computed from what the caller sends; shows nothing that is stored of a patient."""
CARE: frozenset[Permission] = frozenset(
    {*LOOK_UP, "consultation.create", "consultation.read", "consultation.answer", "patient.write", "cds.call", "chat.use"}
)

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    "doctor": frozenset({*CARE, "consultation.edit", "consultation.sign"}),
    "nurse": CARE,  # a draft is the doctor's who signs it: no editing
    "pharmacist": frozenset({*LOOK_UP, "consultation.read", "consultation.answer", "cds.call"}),
    "researcher": LOOK_UP,
    "admin": frozenset({"consultation.delete", "audit.read"}),  # runs the installation, has no part in the care
    "service": CARE,
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        subject: The token's `sub`, the key's public prefix, or `dev`.
        tenant: Whose data; inside every query.
        roles: What they are; the permissions of several roles add up.
        kind: How they were known: a token of the issuer, an API key, or development mode.
    """

    subject: str
    tenant: str
    roles: frozenset[Role]
    kind: Literal["user", "key", "dev"]

    def may(self, permission: Permission) -> bool:
        """Whether one of the roles has the permission."""
        return any(permission in PERMISSIONS[role] for role in self.roles)


DEV = Principal("dev", "local", frozenset(ROLES), "dev")
"""Everyone on this machine, in development mode."""


def tenant_of(value: object) -> str | None:
    """The value as a tenant's name; None if it is none. `public` is everyone's and nobody's own."""
    return value if isinstance(value, str) and TENANT.fullmatch(value) and value != PUBLIC else None


def roles_of(values: object) -> frozenset[Role]:
    """The roles among the values (a list, or words in a string); what is not a role of ours is ignored."""
    given = values.split() if isinstance(values, str) else values if isinstance(values, list) else []
    named = {v for v in given if isinstance(v, str)}
    return frozenset(role for role in ROLES if role in named)
