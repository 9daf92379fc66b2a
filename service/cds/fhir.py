"""The parts of FHIR R4 resources that the cards are made from; all else in a resource is ignored.

The Bundles of clinical systems carry extensions and slips in places nobody reads, and so do the specification's own examples: to
refuse those would silence a check that could be made. What is read has to be right, and a slip there is named by its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from yingzhi.clinical.errors import CaseError
from yingzhi.tools.untrusted import strip_invisible

MOST = 2000
"""Resources in one Bundle; more than that is not one patient's record for one visit."""


def plain(text: str) -> str:
    """Words without what can't be seen, in one line."""
    return " ".join(strip_invisible(text).split())


def day_of(written: str) -> date:
    """The first day that a FHIR date or dateTime may mean: a year is its first of January."""
    return date.fromisoformat((written[:10] + "-01-01")[:10] if len(written) == 4 else (written[:10] + "-01")[:10])


def _real(written: str) -> str:
    try:
        day_of(written)
    except ValueError:
        raise PydanticCustomError("day", "there is no such day") from None
    return written


Day = Annotated[str, StringConstraints(pattern=r"^\d{4}(-\d\d(-\d\d(T\S*)?)?)?$"), AfterValidator(_real)]
"""FHIR date or dateTime."""


class Part(BaseModel):
    """A part of a resource."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Coding(Part):
    """FHIR Coding."""

    system: str = ""
    code: str = ""
    display: str = ""


class Concept(Part):
    """FHIR CodeableConcept."""

    coding: tuple[Coding, ...] = ()
    text: str = ""

    def words(self) -> str:
        """The text, or else the first display."""
        return next((w for w in map(plain, (self.text, *(c.display for c in self.coding))) if w), "")

    def codes(self) -> set[str]:
        """All codes, whatever their system."""
        return {c.code for c in self.coding}


NO_CONCEPT = Concept()


class Quantity(Part):
    """FHIR Quantity."""

    value: Annotated[float, Field(allow_inf_nan=False)] | None = None
    comparator: Literal["", "<", "<=", ">=", ">", "ad"] = ""
    unit: str = ""
    code: str = ""


class Interval(Part):
    """A reference range."""

    low: Quantity | None = None
    high: Quantity | None = None


class Period(Part):
    """FHIR Period."""

    start: Day | None = None
    end: Day | None = None


class Reference(Part):
    """FHIR Reference."""

    reference: str = ""
    display: str = ""


class Resource(Part):
    """What all have in common."""

    KIND: ClassVar[str] = ""

    id: str = ""


class PatientResource(Resource):
    """FHIR Patient."""

    KIND = "Patient"

    gender: Literal["male", "female", "other", "unknown"] | None = None
    birthDate: Day | None = None


class ConditionResource(Resource):
    """FHIR Condition."""

    KIND = "Condition"

    clinicalStatus: Concept = NO_CONCEPT
    verificationStatus: Concept = NO_CONCEPT
    category: tuple[Concept, ...] = ()
    code: Concept = NO_CONCEPT


class AllergyResource(Resource):
    """FHIR AllergyIntolerance."""

    KIND = "AllergyIntolerance"

    clinicalStatus: Concept = NO_CONCEPT
    verificationStatus: Concept = NO_CONCEPT
    category: tuple[str, ...] = ()
    code: Concept = NO_CONCEPT


class Component(Part):
    """One of the values of an Observation, e.g. the systolic pressure."""

    code: Concept = NO_CONCEPT
    valueQuantity: Quantity | None = None


class ObservationResource(Resource):
    """FHIR Observation."""

    KIND = "Observation"

    status: str = ""
    category: tuple[Concept, ...] = ()
    code: Concept = NO_CONCEPT
    effectiveDateTime: Day | None = None
    effectivePeriod: Period | None = None
    issued: Day | None = None
    valueQuantity: Quantity | None = None
    valueCodeableConcept: Concept | None = None
    valueString: str | None = None
    referenceRange: tuple[Interval, ...] = ()
    component: tuple[Component, ...] = ()


class MedicationResource(Resource):
    """FHIR Medication."""

    KIND = "Medication"

    code: Concept = NO_CONCEPT


def contained_drugs(resources: Iterable[Mapping[str, Any]]) -> dict[str, Concept]:
    """The Medications among contained resources by their reference; one that can't be read names no drug."""
    found: dict[str, Concept] = {}
    for one in resources:
        if one.get("resourceType") == MedicationResource.KIND:
            with suppress(ValidationError):
                medication = MedicationResource.model_validate(one)
                found[f"#{medication.id}"] = medication.code
    return found


class Dosage(Part):
    """FHIR Dosage."""

    text: str = ""
    route: Concept = NO_CONCEPT
    timing: Any = None
    doseAndRate: Any = None
    asNeededBoolean: Any = None


class DrugResource(Resource):
    """What an order and a statement have in common."""

    status: str = ""
    medicationCodeableConcept: Concept | None = None
    medicationReference: Reference | None = None
    contained: tuple[dict[str, Any], ...] = ()


class RequestResource(DrugResource):
    """FHIR MedicationRequest."""

    KIND = "MedicationRequest"

    intent: str = ""
    doNotPerform: bool = False
    authoredOn: Day | None = None
    dosageInstruction: tuple[Dosage, ...] = ()


class StatementResource(DrugResource):
    """FHIR MedicationStatement."""

    KIND = "MedicationStatement"

    effectivePeriod: Period | None = None
    effectiveDateTime: Day | None = None
    dosage: tuple[Dosage, ...] = ()


R = TypeVar("R", bound=Resource)


def read_as(kind: type[R], resource: Mapping[str, Any], path: str) -> R:
    """A resource's parts.

    Raises:
        CaseError: Naming the path of the first slip, never the value.
    """
    try:
        return kind.model_validate(resource)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise CaseError(first["msg"][:1].lower() + first["msg"][1:], ".".join((path, *map(str, first["loc"])))) from None


def resources_of(value: Mapping[str, Any], path: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The resources of a Bundle with their paths; a single resource is one by itself.

    Raises:
        CaseError: It is neither, or too many.
    """
    if not isinstance(value.get("resourceType"), str):
        raise CaseError("a FHIR resource is expected", f"{path}.resourceType")
    if value["resourceType"] != "Bundle":
        yield value, path
        return
    entries = value.get("entry", [])
    if not isinstance(entries, list):
        raise CaseError("a list is expected", f"{path}.entry")
    if len(entries) > MOST:
        raise CaseError(f"more than {MOST:,} entries", f"{path}.entry")
    for number, entry in enumerate(entries):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            raise CaseError("a FHIR resource is expected", f"{path}.entry.{number}.resource")
        yield resource, f"{path}.entry.{number}.resource"


def is_paged(value: Mapping[str, Any]) -> bool:
    """Whether a Bundle is only the first page of a search."""
    links = value.get("link")
    return isinstance(links, list) and any(isinstance(link, dict) and link.get("relation") == "next" for link in links)
