"""The workup ladder: which test next, what it costs and risks, and which gate is shut and why."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.remark import Remark
from yingzhi.clinical.words import Record, Text, Tier


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
    patient_risks: list[Text] = Field(default_factory=list, description="What raises the risk in this patient.")
    preparation: Text | None = None
    specimen: Text | None = None
    turnaround: Text | None = None
    elsewhere: bool = Field(default=False, description="Usually not available at a site of this level.")
    source: str = ""
    derived_from: str = Field(default="", description="`model` where a model alone proposed it; else empty.")


class Rung(Record):
    """One tier of the ladder with its gate."""

    tier: Tier
    open: bool
    why: Text = Field(description="Why the gate is open or shut.")
    tests: list[TestAdvice] = Field(default_factory=list)


class Workup(Record):
    """What the workup specialist gives."""

    rungs: list[Rung] = Field(description="All five tiers, in order.")
    price_now: float = Field(ge=0, description="Sum of the recommended tests in CNY.")
    bypass: Text | None = Field(default=None, description="Why the ladder was shortened: an emergency that can't wait.")
    remarks: list[Remark] = Field(default_factory=list, description="What a model added in words; empty without one.")


class Referral(Record):
    """Which level of care, and how soon (分级诊疗)."""

    level: Literal["primary", "secondary", "tertiary"]
    urgency: Literal["emergency", "urgent", "soon", "routine"]
    refer: bool = Field(description="Whether the level is above that of the site.")
    reasons: list[Text]
