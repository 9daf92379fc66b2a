"""What is audited, and how each act is said in FHIR R4: event type, subtype, action, and what the entity is.

Codes: DICOM PS3.16 (event types and subtypes), ISO 21089 (life-cycle of the entity), HL7 audit-event-action and audit-event-outcome,
as bound by AuditEvent in FHIR R4 and R4B (HL7, 2019 and 2022).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Act = Literal[
    "consultation.create",
    "consultation.read",
    "consultation.answer",
    "consultation.edit",
    "consultation.sign",
    "consultation.reject",
    "consultation.cancel",
    "consultation.delete",
    "consultation.branch",
    "consultation.run-end",
    "document.read",
    "patient.create",
    "patient.delete",
    "drugs.check",
    "cds.call",
    "cds.feedback",
    "mcp.call",
    "chat.turn",
    "key.create",
    "key.revoke",
    "auth.refused",
    "audit.read",
    "audit.reseal",
]
Outcome = Literal["0", "4", "8", "12"]
"""0 it went well; 4 it was refused or wrong (as HTTP 4xx); 8 it failed here (as HTTP 5xx); 12 the service can't go on."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

DCM = "http://dicom.nema.org/resources/ontology/DCM"
ISO_21089 = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
OWN = "urn:yingzhi:"

ACTIVITY, LOG_USED, PATIENT_RECORD, QUERY, ALERT, LOGIN = "110100", "110101", "110110", "110112", "110113", "110114"


@dataclass(frozen=True, slots=True)
class Entity:
    """What an act is done to.

    Attributes:
        type: 1 a person, 2 an object of the system.
        role: Object role: 1 patient, 3 report, 4 domain resource, 13 security resource, 24 query.
        shape: What its ids look like; anything else is not written down.
    """

    type: str
    role: str
    shape: re.Pattern[str]


WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._:/{}-]{0,126}[A-Za-z0-9}])?")
CONSULTATION_ID, PATIENT_ID = re.compile(r"c_[0-9a-f]{32}"), re.compile(r"p_[0-9a-f]{32}")
ENTITIES: Mapping[str, Entity] = {
    "consultation": Entity("2", "4", CONSULTATION_ID),
    "document": Entity("2", "3", re.compile(r"c_[0-9a-f]{32}(?:[/.@:][A-Za-z0-9._@:/-]{0,80})?")),
    "patient": Entity("1", "1", PATIENT_ID),
    "tool": Entity("2", "24", WORD),
    "key": Entity("2", "13", WORD),
    "route": Entity("2", "13", re.compile("/?" + WORD.pattern)),
    "log": Entity("2", "13", WORD),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """An act in FHIR's words."""

    type: str
    action: Literal["C", "R", "U", "D", "E"]
    entity: str
    lifecycle: str = ""
    subtype: str = ""
    outcome: Outcome = "0"


KINDS: Mapping[Act, Kind] = {
    "consultation.create": Kind(PATIENT_RECORD, "C", "consultation", "originate"),
    "consultation.read": Kind(PATIENT_RECORD, "R", "consultation", "access"),
    "consultation.answer": Kind(PATIENT_RECORD, "U", "consultation", "amend"),
    "consultation.edit": Kind(PATIENT_RECORD, "U", "consultation", "amend"),
    "consultation.sign": Kind(PATIENT_RECORD, "U", "consultation", "attest"),
    "consultation.reject": Kind(PATIENT_RECORD, "U", "consultation", "deprecate"),
    "consultation.cancel": Kind(PATIENT_RECORD, "U", "consultation"),
    "consultation.delete": Kind(PATIENT_RECORD, "D", "consultation", "destroy"),
    "consultation.branch": Kind(PATIENT_RECORD, "C", "consultation", "originate"),
    "consultation.run-end": Kind(ACTIVITY, "E", "consultation"),
    "document.read": Kind(PATIENT_RECORD, "R", "document", "report"),
    "patient.create": Kind(PATIENT_RECORD, "C", "patient", "originate"),
    "patient.delete": Kind(PATIENT_RECORD, "D", "patient", "destroy"),
    "drugs.check": Kind(QUERY, "E", "tool"),
    "cds.call": Kind(QUERY, "E", "tool"),
    "cds.feedback": Kind(ACTIVITY, "C", "tool", "receive"),
    "mcp.call": Kind(QUERY, "E", "tool"),
    "chat.turn": Kind(ACTIVITY, "E", "consultation"),
    "key.create": Kind(ALERT, "C", "key", subtype="110137"),
    "key.revoke": Kind(ALERT, "D", "key", subtype="110137"),
    "auth.refused": Kind(LOGIN, "E", "route", subtype="110122", outcome="4"),
    "audit.read": Kind(LOG_USED, "R", "log"),
    "audit.reseal": Kind(ALERT, "U", "log", subtype="110129"),
}
