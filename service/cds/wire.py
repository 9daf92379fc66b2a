"""What crosses the wire in CDS Hooks 2.0: the discovery, the call, the cards, the feedback.

Written after HL7, CDS Hooks 2.0 (https://cds-hooks.hl7.org/2.0/). Two things are narrower here than there, on purpose: an action can
only delete a draft order, so that no card can create or change one, and links are absolute.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, field_validator
from pydantic.alias_generators import to_camel

Hook = Literal["patient-view", "order-select", "order-sign"]
Indicator = Literal["info", "warning", "critical"]
INDICATORS: tuple[Indicator, ...] = ("critical", "warning", "info")
"""The most urgent first."""
SUMMARY = 139
"""Characters of a summary at most: the specification wants fewer than 140."""


class Wire(BaseModel):
    """Names in camel case; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)


def characters(text: str) -> int:
    """Length as JavaScript counts it: a sign outside the basic plane is two."""
    return len(text) + sum(c > "\uffff" for c in text)


def _short(text: str) -> str:
    if characters(text) > SUMMARY:
        raise ValueError(f"more than {SUMMARY} characters")
    return text


Words = Annotated[str, StringConstraints(min_length=1)]


class Coding(Wire):
    """A code and what it is called."""

    code: Words
    system: Words
    display: Words | None = None


class Source(Wire):
    """Where the guidance of a card comes from first of all."""

    label: Words
    url: Words | None = None
    topic: Coding | None = None


class Link(Wire):
    """Something to read."""

    label: Words
    url: Words
    type: Literal["absolute"] = "absolute"


class Action(Wire):
    """Removing a draft order: the only action there is. yingzhi never prescribes, so nothing is created or changed."""

    type: Literal["delete"] = "delete"
    description: Words
    resource_id: Words


class Suggestion(Wire):
    """What the doctor may accept with one click."""

    label: Words
    uuid: UUID
    actions: tuple[Action, ...]


class Card(Wire):
    """One thing to tell the doctor."""

    uuid: UUID
    summary: Annotated[Words, AfterValidator(_short)]
    indicator: Indicator
    source: Source
    detail: Words | None = None
    suggestions: tuple[Suggestion, ...] | None = None
    selection_behavior: Literal["at-most-one"] | None = None
    override_reasons: tuple[Coding, ...] | None = None
    links: tuple[Link, ...] | None = None


class CdsResponse(Wire):
    """The answer to a call. There are no system actions: nothing is applied by itself."""

    cards: tuple[Card, ...]


class Service(Wire):
    """A service as the discovery lists it."""

    hook: Hook
    title: Words
    description: Words
    id: Words
    prefetch: dict[str, str]
    usage_requirements: Words


class Discovery(Wire):
    """All services."""

    services: tuple[Service, ...]


FhirId = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class HookContext(BaseModel):
    """What the hook hands over. Fields of later versions of a hook are ignored: a client's update must not silence the check."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)

    user_id: FhirId
    patient_id: FhirId
    encounter_id: FhirId | None = None
    selections: tuple[FhirId, ...] = Field(default=(), max_length=500, description="order-select: the orders just chosen, as references.")
    draft_orders: dict[str, JsonValue] | None = Field(default=None, description="order-select, order-sign: a FHIR R4 Bundle.")


class CdsRequest(Wire):
    """A call of a service."""

    model_config = ConfigDict(hide_input_in_errors=True)

    hook: Hook
    hook_instance: UUID
    fhir_server: Any = Field(default=None, exclude=True, repr=False, description="Never called; not kept.")
    fhir_authorization: Any = Field(default=None, exclude=True, repr=False, description="Never used; not kept.")
    context: HookContext
    prefetch: dict[str, dict[str, JsonValue] | None] = Field(default_factory=dict, max_length=50)
    extension: dict[str, JsonValue] | None = Field(default=None, description="Ignored.")

    @field_validator("fhir_server", "fhir_authorization", mode="before")
    @classmethod
    def _let_go(cls, _: object) -> None:
        """A token that isn't needed is not kept for a moment."""


class AcceptedSuggestion(Wire):
    """A suggestion that was taken."""

    id: UUID


class OverrideReason(Wire):
    """Why a card was set aside."""

    reason: Coding | None = None
    user_comment: str | None = Field(default=None, max_length=4000)


class Feedback(Wire):
    """What became of a card."""

    card: UUID
    outcome: Literal["accepted", "overridden"]
    accepted_suggestions: tuple[AcceptedSuggestion, ...] | None = Field(default=None, max_length=50)
    override_reason: OverrideReason | None = None
    outcome_timestamp: AwareDatetime


class FeedbackRequest(Wire):
    """Feedback on cards that were given out."""

    model_config = ConfigDict(hide_input_in_errors=True)

    feedback: tuple[Feedback, ...] = Field(min_length=1, max_length=500)


class FeedbackReceipt(Wire):
    """How many outcomes are on record from this call."""

    received: int
