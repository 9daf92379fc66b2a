"""What a doctor hands over: the patient, the note, the reports, the drugs."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from yingzhi.clinical.acknowledgement import Acknowledgement
from yingzhi.clinical.words import CareLevel, Language, Record, Sex

ISO_DURATION = re.compile(r"P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T\S*)?")


def years(value: Any) -> Any:
    """An age in years from a number or an ISO 8601 duration (`P3Y6M`); anything else is left for pydantic to refuse."""
    if not isinstance(value, str):
        return value
    found = ISO_DURATION.fullmatch(value.strip())
    if not found or value.strip() in ("P", "PT"):
        return value
    y, m, w, d = (float(part) if part else 0.0 for part in found.groups())
    return y + m / 12 + w * 7 / 365.25 + d / 365.25


SEX_WORDS = {"": "unknown", "unknown_sex": "unknown", "other_sex": "unknown", "other": "unknown", "f": "female", "m": "male"}
"""How phenopackets, FHIR and forms put it."""


def sex_word(value: Any) -> Any:
    """A sex in any of the usual spellings; anything else is left for pydantic to refuse."""
    if value is None:
        return "unknown"
    if not isinstance(value, str):
        return value
    word = value.strip().lower()
    return SEX_WORDS.get(word, word)


PatientSex = Annotated[Sex, BeforeValidator(sex_word)]
Age = Annotated[float, BeforeValidator(years), Field(ge=0, le=125)]


class Patient(Record):
    """Who the patient is. Nothing here identifies a person."""

    sex: PatientSex = Field(default="unknown", description="Sex as it bears on disease and drugs.")
    age: Age | None = Field(default=None, description="Age in years; an ISO 8601 duration is accepted.")
    weight_kg: float | None = Field(default=None, gt=0.3, le=400, description="Body weight in kg.")
    height_cm: float | None = Field(default=None, gt=20, le=260, description="Height in cm.")
    pregnant: bool | None = Field(default=None, description="Pregnant now; null when not known.")
    lactating: bool | None = Field(default=None, description="Breast-feeding now; null when not known.")
    allergies: list[str] = Field(default_factory=list, description="Drugs or substances, as written.")
    conditions: list[str] = Field(default_factory=list, description="Other diseases: lexicon ids or words.")


class Medication(Record):
    """A drug that the patient takes or took."""

    name: str = Field(min_length=1, max_length=200, description="As written: generic, brand, Chinese or English.")
    dose: str = Field(default="", description="Dose as written, e.g. `15 mg weekly`.")
    route: str = Field(default="", description="Route as written.")
    started_days_ago: float | None = Field(default=None, ge=0, description="Days from first dose to today.")
    stopped_days_ago: float | None = Field(default=None, ge=0, description="Days since the last dose; null while it goes on.")


class Report(Record):
    """A report that came with the patient."""

    kind: Literal["laboratory", "pathology", "immunofluorescence", "dermoscopy", "microbiology", "imaging", "other"] = Field(
        default="other", description="Which kind of report."
    )
    text: str = Field(description="The report's text.")
    test: str = Field(default="", description="Id of the investigation, where known.")


class Phenotypes(Record):
    """Human Phenotype Ontology terms."""

    present: list[str] = Field(default_factory=list, description="HPO ids observed.")
    absent: list[str] = Field(default_factory=list, description="HPO ids looked for and not found.")


class Answer(Record):
    """The doctor's answer to a question or the outcome of a look."""

    finding: str = Field(description="Id of the finding.")
    status: Literal["present", "absent", "unknown"] = Field(description="What the doctor found.")


class Presentation(Record):
    """A case as it comes in. At least one of `text`, `phenotypes`, `reports` or `answers` has to say something."""

    id: str = Field(default="case", max_length=200, description="The caller's name for the case.")
    text: str = Field(default="", description="The note: complaint, history, examination, in Chinese, English or both.")
    lang: Language | None = Field(default=None, description="Language of the output; that of the note when null.")
    patient: Patient = Field(default_factory=Patient)
    medications: list[Medication] = Field(default_factory=list)
    reports: list[Report] = Field(default_factory=list)
    phenotypes: Phenotypes = Field(default_factory=Phenotypes)
    answers: list[Answer] = Field(default_factory=list, description="Answers to questions, newest last.")
    setting: CareLevel = Field(default="secondary", description="Level of the site: primary 基层, secondary 县级, tertiary 三级.")
    acknowledged: list[Acknowledgement] = Field(
        default_factory=list, max_length=500, description="Drug problems that a clinician has seen and goes on in spite of, newest last."
    )
