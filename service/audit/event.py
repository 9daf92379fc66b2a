"""One act as a FHIR R4 AuditEvent in canonical JSON: keys sorted, no spaces, UTF-8."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol, cast

from yingzhi.service.audit.acts import DCM, ENTITIES, ENTITY_TYPE, ISO_21089, KINDS, OBJECT_ROLE, OUTCOMES, OWN, Act

ROLE_TYPE = "http://terminology.hl7.org/CodeSystem/extra-security-role-type"
SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
APPLICATION_SERVER = "4"
CODE = re.compile(r"[a-z0-9](?:[a-z0-9_.:-]{0,62}[a-z0-9])?")
_write = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class Actor(Protocol):
    """Who acts; a `Principal` is one."""

    @property
    def subject(self) -> str:
        """As the identity provider names them; empty where nobody is known."""
        ...

    @property
    def tenant(self) -> str:
        """Whose log it goes to."""
        ...

    @property
    def roles(self) -> Collection[str]:
        """What they are."""
        ...

    @property
    def kind(self) -> str:
        """How they were known: user, key, dev, operator (at a terminal), system, nobody."""
        ...


@dataclass(frozen=True, slots=True)
class Named:
    """An actor that no credential stands for."""

    subject: str
    tenant: str
    kind: str
    roles: frozenset[str] = frozenset()


UNKNOWN = "-"
"""The log of what no tenant can be told for; no tenant can be named so."""


def nobody() -> Named:
    """Someone who was not let in, and of whom nothing is known for sure."""
    return Named("", UNKNOWN, "nobody")


def system(tenant: str) -> Named:
    """The service itself, at work for a tenant."""
    return Named("yingzhi", tenant, "system")


def write_event(
    who: Actor, act: str, at: str, *, entity: str = "", patient: str = "", outcome: str | None = None, detail_codes: tuple[str, ...] = ()
) -> str:
    """The AuditEvent.

    Raises:
        ValueError: An act, outcome, id or code is not of the kind that may stand in the log; it is not repeated in the message.
    """
    kind = KINDS.get(cast("Act", act))
    if kind is None:
        raise ValueError("act: is not one that is audited")
    outcome = kind.outcome if outcome is None else outcome
    if outcome not in OUTCOMES:
        raise ValueError("outcome: 0, 4, 8 or 12 is expected")
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "type": {"code": kind.type, "system": DCM},
        "subtype": [{"code": act, "system": OWN + "act"}],
        "action": kind.action,
        "recorded": at,
        "outcome": outcome,
        "agent": [_agent(who)],
        "source": {
            "observer": {"identifier": {"system": OWN + "device", "value": "yingzhi"}},
            "site": who.tenant,
            "type": [{"code": APPLICATION_SERVER, "system": SOURCE_TYPE}],
        },
    }
    if kind.subtype:
        event["subtype"].append({"code": kind.subtype, "system": DCM})
    entities = [_entity(kind.entity, entity, kind.lifecycle)] if entity else []
    if patient:
        entities.append(_entity("patient", patient))
    if detail_codes:
        if not all(CODE.fullmatch(code) for code in detail_codes):
            raise ValueError("detail_codes: lower-case words of at most 64 characters are expected")
        entities = entities or [{}]
        entities[0]["detail"] = [{"type": "code", "valueString": code} for code in detail_codes]
    if entities:
        event["entity"] = entities
    return _write(event)


def _agent(who: Actor) -> dict[str, Any]:
    agent: dict[str, Any] = {"requestor": who.kind != "system"}
    if who.kind in {"user", "dev", "operator"}:
        agent["type"] = {"coding": [{"code": "humanuser", "system": ROLE_TYPE}]}
    if who.subject:
        agent["who"] = {"identifier": {"system": OWN + who.kind, "value": who.subject}}
    if who.roles:
        agent["role"] = [{"coding": [{"code": role, "system": OWN + "role"}]} for role in sorted(who.roles)]
    return agent


def _entity(name: str, value: str, lifecycle: str = "") -> dict[str, Any]:
    entity = ENTITIES[name]
    if not entity.shape.fullmatch(value):
        raise ValueError(f"{name}: an id that the service made is expected")
    written: dict[str, Any] = {
        "what": {"identifier": {"system": OWN + name, "value": value}},
        "type": {"code": entity.type, "system": ENTITY_TYPE},
        "role": {"code": entity.role, "system": OBJECT_ROLE},
    }
    if lifecycle:
        written["lifecycle"] = {"code": lifecycle, "system": ISO_21089}
    return written
