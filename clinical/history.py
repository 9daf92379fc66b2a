"""What the history specialist gives: the record, read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.finding import Finding, Question, RecordItem, TimelineEvent
from yingzhi.clinical.lab import LabResult
from yingzhi.clinical.presentation import Medication, Patient
from yingzhi.clinical.remark import Remark
from yingzhi.clinical.report import InterpretedReport
from yingzhi.clinical.words import Record, Span, Text


class NamedDiagnosis(Record):
    """A diagnosis that the note itself names."""

    disease: str
    en: str
    zh: str
    status: str = Field(description="present (said to have it), uncertain (suspected), absent (ruled out).")
    temporality: str = Field(description="current or past.")
    experiencer: str = Field(description="patient or family.")
    span: Span


class Phenotype(Record):
    """A feature as a term of the Human Phenotype Ontology: what the ranking of rare diseases goes by."""

    id: str = Field(description="HPO id, e.g. `HP:0001249`; an older id is given as its current one.")
    en: str
    zh: str = Field(description="Chinese name; the English one where the project has none.")
    status: Literal["present", "absent"]
    finding: str = Field(default="", description="Id of the finding that it was read as, where the lexicon has one.")
    spans: list[Span] = Field(default_factory=list, description="Where it was read.")


class History(Record):
    """Findings with their places, labs, reports, timeline, impression, red flags, questions and the completeness check."""

    patient: Patient = Field(description="The patient as understood from fields and note.")
    complaint: Text = Field(description="Complaint in one line: what, where, how long.")
    impression: Text = Field(description="Preliminary clinical impression in a sentence or two (初步临床印象).")
    findings: list[Finding]
    named_diagnoses: list[NamedDiagnosis] = Field(default_factory=list)
    labs: list[LabResult] = Field(default_factory=list)
    reports: list[InterpretedReport] = Field(default_factory=list)
    medications: list[Medication] = Field(default_factory=list, description="Given drugs and those that the note names.")
    timeline: list[TimelineEvent] = Field(default_factory=list)
    red_flags: list[Alert] = Field(default_factory=list)
    questions: list[Question] = Field(default_factory=list)
    completeness: list[RecordItem] = Field(default_factory=list)
    about_skin: bool = Field(default=True, description="Whether the record says anything about skin, hair, nails or mucosa.")
    remarks: list[Remark] = Field(default_factory=list, description="What a model added in words; empty without one.")
    phenotypes: list[Phenotype] = Field(default_factory=list, description="The record as HPO terms: given, found or named in words.")
    unmapped_phenotypes: list[str] = Field(default_factory=list, description="Given ids that the ontology does not know; left out.")
