"""A whole consultation as it crosses a wire, and the doctor's part in it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.acknowledgement import Acknowledgement
from yingzhi.clinical.alert import Alert
from yingzhi.clinical.citation import Citation
from yingzhi.clinical.conflict import GuidanceConflict
from yingzhi.clinical.differential import Change, Contrast, Diagnosis, Pair, SystemicLink
from yingzhi.clinical.document import Document
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Answer, Report
from yingzhi.clinical.remark import ModelUse, Remark
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.words import Language, Probability, Record, Text
from yingzhi.clinical.workup import Referral, Workup


class Pins(Record):
    """What the result was made with, so that it can be made again."""

    code: str = Field(description="Version of yingzhi.")
    knowledge: str = Field(description="Hash of the knowledge files.")
    prompts: list[str] = Field(default_factory=list, description="Prompt references; empty without a model.")
    model: str = Field(default="", description="Name of the language model; empty for the embedded engine.")
    index: str = Field(default="", description="Snapshot of the evidence index; empty when it was not searched.")


class Fault(Record):
    """A part that did not work. What it would have checked counts as not checked."""

    specialist: str
    reason: str = Field(description="Kind of fault; never patient text.")
    standing: bool = Field(default=False, description="Whether the specialist's result stands all the same: only its model failed.")
    version: int = Field(default=1, ge=1, description="Round of the consultation.")


class Edit(Record):
    """A doctor's change of one sentence of a draft."""

    document: str = Field(description="Kind of the document.")
    section: str = Field(description="Id of the section.")
    sentence: int = Field(ge=0, description="Index of the sentence in its section; one past the last adds a sentence.")
    text: str = Field(max_length=4000, description="The new wording; empty deletes the sentence.")


class Review(Record):
    """What the doctor does at the review."""

    action: Literal["answer", "edit", "sign", "reject"]
    answers: list[Answer] = Field(default_factory=list, description="With `answer`: answers to questions.")
    reports: list[Report] = Field(default_factory=list, description="With `answer`: new test results.")
    note: str = Field(default="", max_length=200_000, description="With `answer`: more of the record, in words; read after what is there.")
    acknowledged: list[Acknowledgement] = Field(
        default_factory=list, max_length=200, description="With `answer`: drug problems to be quiet until they change."
    )
    edits: list[Edit] = Field(default_factory=list, description="With `edit`, or together with `sign`.")
    by: str = Field(default="", max_length=200, description="Who acts, as the caller's system names them.")
    reason: str = Field(default="", max_length=2000, description="With `reject`: why.")


class Consultation(Record):
    """The result: what the five specialists found, in one record."""

    id: str
    status: Literal["complete", "degraded", "failed"] = Field(description="degraded: a part did not work and is named in `faults`.")
    review: Literal["pending", "signed", "rejected"] = Field(default="pending", description="Where the doctor's review stands.")
    lang: Language
    version: int = Field(default=1, ge=1, description="Counts the rounds of answers and results.")
    differential: list[Diagnosis] = Field(default_factory=list, description="Ranked diagnoses with their matrix cells.")
    must_not_miss: list[str] = Field(default_factory=list)
    other: Probability = Field(default=1.0, description="Probability that none of the known diagnoses fits.")
    confidence: Literal["none", "low", "moderate", "high"] = "none"
    converged: bool = False
    systemic_links: list[SystemicLink] = Field(default_factory=list)
    contrasts: list[Contrast] = Field(default_factory=list)
    together: list[Pair] = Field(
        default_factory=list, description="Two diseases at once, where they explain the record much better than one; at most three pairs."
    )
    changes: list[Change] = Field(default_factory=list)
    decision_path: list[Text] = Field(default_factory=list)
    history: History | None = None
    workup: Workup | None = None
    referral: Referral | None = None
    medication: TreatmentReview | None = None
    documents: list[Document] = Field(default_factory=list)
    alerts: list[Alert] = Field(default_factory=list, description="Every alert of every specialist, gravest first.")
    conflicts: list[GuidanceConflict] = Field(default_factory=list, description="Where guidance for this case disagrees, side by side.")
    sources: list[Citation] = Field(default_factory=list, description="Full records of everything cited.")
    faults: list[Fault] = Field(default_factory=list)
    remarks: list[Remark] = Field(default_factory=list, description="What models added in words, of every specialist.")
    doubts: list[Remark] = Field(default_factory=list, description="The devil's advocate's, against the leading diagnosis.")
    model_use: list[ModelUse] = Field(default_factory=list, description="What a model did for each specialist; empty without one.")
    pins: Pins
    seconds: float = Field(default=0.0, ge=0)
    error: str = Field(default="", description="With status `failed`: one sentence without patient text.")
