"""The workup ladder: which test next, what it costs and risks, and which gate is shut and why."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.citation import Reference
from yingzhi.clinical.remark import Remark
from yingzhi.clinical.words import Probability, Record, Text, Tier

CautionLevel = Literal["avoid", "postpone", "caution", "less-telling", "note"]


class Caution(Record):
    """What makes a test riskier for this patient, or its result worth less, and what to do about it."""

    id: str
    level: CautionLevel = Field(
        description="avoid = take another way, postpone = put right first, caution = go on with care, less-telling = worth less, note."
    )
    title: Text
    why: Text
    act: Text
    because: list[str] = Field(description="What in the record brings it about: ids of findings, drugs, analytes.")
    first: list[str] = Field(default_factory=list, description="Tests whose result has to be there before.")
    sources: list[str]


class Outcome(Record):
    """What a result of the test would do to one diagnosis: how it feeds back."""

    diagnosis: str
    finding: str = Field(description="Id of the most telling finding of the test for it.")
    now: Probability
    if_found: Probability
    if_not: Probability


class TestAdvice(Record):
    """One test, judged for this patient."""

    __test__ = False  # pytest must not collect it

    id: str
    en: str
    zh: str
    tier: Tier
    price: float = Field(ge=0, description="Indicative charge in CNY.")
    gain: float = Field(ge=0, description="Expected information gain over the differential, in bits.")
    status: Literal["recommended", "waiting", "done"] = Field(description="recommended now, waiting for its gate, or already done.")
    why: Text
    separates: list[str] = Field(default_factory=list)
    risk: Text
    patient_risks: list[Text] = Field(default_factory=list, description="What raises the risk in this patient, in a word each.")
    cautions: list[Caution] = Field(default_factory=list, description="The same with reason and advice, where a rule knows one.")
    harm: float = Field(default=0.0, ge=0, description="Harm points: 0 none, 1 venepuncture, 8 minor wound, 30 major; raised by cautions.")
    gain_per_100_cny: float | None = Field(default=None, description="Bits for each 100 CNY; null where it costs nothing.")
    gain_per_harm: float | None = Field(default=None, description="Bits for each harm point; null where it does no harm.")
    outcomes: list[Outcome] = Field(default_factory=list, description="What either result would do to the leading diagnoses.")
    known: list[Text] = Field(default_factory=list, description="What the record already says of it.")
    repeat: Text | None = Field(default=None, description="When it is worth doing again, or why now.")
    preparation: Text | None = None
    specimen: Text | None = None
    turnaround: Text | None = None
    elsewhere: bool = Field(default=False, description="Not available at this site, or usually not at a site of its level.")
    where: Text | None = Field(default=None, description="Where it can be done, where the site's profile says so.")
    source: str = ""
    references: list[Reference] = Field(default_factory=list, description="The sources as records; filled in the finished consultation.")
    derived_from: str = Field(default="", description="`model` where a model alone proposed it; else empty.")


class Rung(Record):
    """One tier of the ladder with its gate."""

    tier: Tier
    open: bool
    why: Text = Field(description="Why the gate is open or shut.")
    opened_by: Literal["", "harmless", "red-flag", "must-not-miss", "narrowed", "result"] = Field(
        default="", description="What opened the gate; empty where it is shut."
    )
    opens_when: Text | None = Field(default=None, description="What would open a shut gate.")
    tests: list[TestAdvice] = Field(default_factory=list)


class Workup(Record):
    """What the workup specialist gives."""

    rungs: list[Rung] = Field(description="All five tiers, in order.")
    price_now: float = Field(ge=0, description="Sum of the recommended tests in CNY.")
    bypass: Text | None = Field(default=None, description="Why the ladder was shortened: an emergency that can't wait.")
    remarks: list[Remark] = Field(default_factory=list, description="What a model added in words; empty without one.")


class Need(Record):
    """Something the case needs and the site does not have."""

    kind: Literal["test", "drug", "specialist"]
    id: str
    en: str
    zh: str
    where: Text | None = Field(default=None, description="The nearest place that has it, as far as the site's profile says.")


class Referral(Record):
    """Which level of care, and how soon (分级诊疗)."""

    level: Literal["primary", "secondary", "tertiary"]
    urgency: Literal["emergency", "urgent", "soon", "routine"]
    refer: bool = Field(description="Whether the level is above that of the site, or the site lacks what is needed now.")
    reasons: list[Text]
    to: Text | None = Field(default=None, description="Where to, and how long it takes, by the site's profile.")
    minutes: float | None = Field(default=None, description="Minutes of transfer, where the profile says so.")
    needs: list[Need] = Field(default_factory=list, description="What is needed and not here.")
    before: list[Text] = Field(default_factory=list, description="What must not wait for the transfer.")
    bring: list[Text] = Field(default_factory=list, description="What has to go along with the patient.")
