"""CDS Hooks 2.0 as the specification's tables have it (https://cds-hooks.hl7.org/2.0/), apart from the service's own models."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _absolute(url: str) -> str:
    assert urlsplit(url).scheme in {"http", "https"}
    assert urlsplit(url).netloc
    return url


def _not_empty(value: Any) -> Any:
    assert value not in (None, "", [], {}), "an element is left out rather than null or empty"
    return value


def _short(summary: str) -> str:
    assert len(summary.encode("utf-16-le")) // 2 < 140
    assert "\n" not in summary
    return summary


Words = Annotated[str, Field(min_length=1)]
Url = Annotated[str, AfterValidator(_absolute)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False)

    @model_validator(mode="before")
    @classmethod
    def nothing_is_null_or_empty(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for key, part in value.items():
                assert part is not None, f"{key} is null"
                assert part not in ("", {}), f"{key} is empty"
        return value


class Coding(Part):
    code: Words
    system: Words
    display: Words | None = None


class Reason(Part):
    code: Words
    system: Words
    display: Words


class Source(Part):
    label: Words
    url: Url | None = None
    icon: Url | None = None
    topic: Coding | None = None


class Action(Part):
    type: Literal["create", "update", "delete"]
    description: Words
    resource: dict[str, Any] | None = None
    resourceId: Words | None = None

    @model_validator(mode="after")
    def has_what_its_type_needs(self) -> Action:
        assert self.resourceId if self.type == "delete" else self.resource
        return self


class Suggestion(Part):
    label: Words
    uuid: UUID | None = None
    isRecommended: bool | None = None
    actions: Annotated[list[Action], BeforeValidator(_not_empty)] | None = None


class Link(Part):
    label: Words
    url: Url
    type: Literal["absolute", "smart"]
    appContext: Words | None = None


class Card(Part):
    uuid: UUID | None = None
    summary: Annotated[Words, AfterValidator(_short)]
    detail: Words | None = None
    indicator: Literal["info", "warning", "critical"]
    source: Source
    suggestions: Annotated[list[Suggestion], BeforeValidator(_not_empty)] | None = None
    selectionBehavior: Literal["at-most-one", "any"] | None = None
    overrideReasons: Annotated[list[Reason], BeforeValidator(_not_empty)] | None = None
    links: Annotated[list[Link], BeforeValidator(_not_empty)] | None = None

    @model_validator(mode="after")
    def suggestions_say_how_they_are_chosen(self) -> Card:
        assert bool(self.suggestions) == bool(self.selectionBehavior)
        return self


class Response(Part):
    cards: list[Card]
    systemActions: list[Action] | None = None


class Service(Part):
    hook: Words
    title: Words | None = None
    description: Words
    id: Words
    prefetch: Annotated[dict[str, Words], BeforeValidator(_not_empty)] | None = None
    usageRequirements: Words | None = None


class Discovery(Part):
    services: list[Service]
