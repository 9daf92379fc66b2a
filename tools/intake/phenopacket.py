"""GA4GH phenopackets (version 2): subject, phenotypic features, medical actions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.presentation import Patient, Phenotypes, Presentation


class _Part(BaseModel):
    """The fields that are read; all others of the standard are let by."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel, populate_by_name=True)


class _Term(_Part):
    id: str
    label: str = ""


class _Age(_Part):
    iso8601duration: str


class _Time(_Part):
    age: _Age | None = None


class _Subject(_Part):
    id: str = ""
    sex: str = "UNKNOWN_SEX"
    time_at_last_encounter: _Time | None = None
    date_of_birth: datetime | None = None


class _Feature(_Part):
    type: _Term
    excluded: bool = False


class _Disease(_Part):
    term: _Term
    excluded: bool = False


class _Packet(_Part):
    id: str = ""
    subject: _Subject = Field(default_factory=_Subject)
    phenotypic_features: list[_Feature] = Field(default_factory=list)
    diseases: list[_Disease] = Field(default_factory=list)


SEX = {"MALE": "male", "FEMALE": "female"}


def from_phenopacket(document: dict[str, Any], name: str) -> Presentation:
    """A case from a phenopacket; its diagnoses are not read, so that they can't lead the differential.

    Raises:
        CaseError: Naming the path of the field.
    """
    try:
        packet = _Packet.model_validate(document)
        age: Any = None
        if packet.subject.time_at_last_encounter and packet.subject.time_at_last_encounter.age:
            age = packet.subject.time_at_last_encounter.age.iso8601duration
        elif packet.subject.date_of_birth:
            age = max(0.0, (date.today() - packet.subject.date_of_birth.date()).days / 365.25)  # noqa: DTZ011 - a birthday has no time zone
        features = packet.phenotypic_features
        return Presentation(
            id=packet.id or name,
            patient=Patient.model_validate({"sex": SEX.get(packet.subject.sex, "unknown"), "age": age}),
            phenotypes=Phenotypes(
                present=list(dict.fromkeys(f.type.id for f in features if not f.excluded and f.type.id.startswith("HP:"))),
                absent=list(dict.fromkeys(f.type.id for f in features if f.excluded and f.type.id.startswith("HP:"))),
            ),
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise CaseError(first["msg"][0].lower() + first["msg"][1:], ".".join(str(p) for p in first["loc"])) from None
