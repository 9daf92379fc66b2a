"""A clinician goes on in spite of a drug problem: who, why, and of the problem as it was then."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.clinical.words import Record, Text

DrugRole = Literal["prescriber", "pharmacist", "nurse"]

OverrideReason = Literal[
    "benefit-outweighs-risk",
    "monitoring-in-place",
    "dose-adjusted",
    "separated-in-time",
    "tolerated-before",
    "no-alternative",
    "short-course",
    "specialist-advised",
    "data-wrong",
]
"""Why a clinician goes on in spite of an alert; coded, so that it can be counted."""

REASONS: dict[OverrideReason, Text] = {
    "benefit-outweighs-risk": Text(en="Benefit outweighs the risk", zh="获益大于风险"),
    "monitoring-in-place": Text(en="Monitoring is in place", zh="已安排监测"),
    "dose-adjusted": Text(en="Dose has been adjusted", zh="已调整剂量"),
    "separated-in-time": Text(en="Taken hours apart", zh="已错开给药时间"),
    "tolerated-before": Text(en="Tolerated together before", zh="既往合用可耐受"),
    "no-alternative": Text(en="There is no alternative", zh="无替代药物"),
    "short-course": Text(en="Short course only", zh="短期使用"),
    "specialist-advised": Text(en="A specialist has advised it", zh="专科医师建议"),
    "data-wrong": Text(en="The record is wrong", zh="记录有误"),
}


class Acknowledgement(Record):
    """A clinician has seen a problem as it was then. It holds until the problem changes."""

    problem: str = Field(max_length=300, description="Id of the problem.")
    fingerprint: str = Field(max_length=64, description="Fingerprint of the problem as it was seen.")
    reason: OverrideReason = Field(description="Why the clinician goes on.")
    role: DrugRole = Field(default="prescriber", description="Who has seen it.")
