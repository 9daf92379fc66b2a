"""The audit log: a FHIR AuditEvent an act, chained by hashes a tenant, sealed with a key outside the database (docs/audit.md).

An act is recorded in its own transaction: `record(connection, who, "consultation.read", entity=id)`. A refusal takes its transaction
back, so it is recorded in one of its own.
"""

from yingzhi.service.audit.acts import Act, Outcome
from yingzhi.service.audit.chain import SCHEMA, attach, count_entries, fits, has_entries, record, reseal
from yingzhi.service.audit.event import UNKNOWN, Actor, Named, nobody, system
from yingzhi.service.audit.key import make_key, read_key, retire_key
from yingzhi.service.audit.read import Entry, Head, entries, heads
from yingzhi.service.audit.verify import Flaw, Verification, against, compare, verify

__all__ = [
    "SCHEMA", "UNKNOWN", "Act", "Actor", "Entry", "Flaw", "Head", "Named", "Outcome", "Verification",
    "against", "attach", "compare", "count_entries", "entries", "fits", "has_entries", "heads", "make_key", "nobody", "read_key",
    "record", "reseal", "retire_key", "system", "verify",
]  # fmt: skip
