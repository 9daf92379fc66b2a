"""Which services there are: their hooks, what they ask a client to prefetch, and how they introduce themselves."""

from __future__ import annotations

from dataclasses import dataclass

from yingzhi.clinical.words import Language, Text
from yingzhi.service.cds.wire import Discovery, Hook, Service

PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}",
    "allergies": "AllergyIntolerance?patient={{context.patientId}}",
    "requests": "MedicationRequest?patient={{context.patientId}}&status=active",
    "statements": "MedicationStatement?patient={{context.patientId}}&status=active",
    "laboratory": "Observation?patient={{context.patientId}}&category=laboratory&_sort=-date&_count=200",
    "pregnancy": "Observation?patient={{context.patientId}}&code=82810-3&_sort=-date&_count=1",
    "body": "Observation?patient={{context.patientId}}&code=29463-7,8302-2&_sort=-date&_count=2",
    "social": "Observation?patient={{context.patientId}}&category=social-history&_sort=-date&_count=20",
    "vitals": "Observation?patient={{context.patientId}}&category=vital-signs&_sort=-date&_count=50",
}
"""FHIR R4 queries, within the subset that the specification recommends."""
SOUGHT = {
    "patient": Text(en="Sex and age", zh="性别与年龄"),
    "conditions": Text(en="Diagnoses", zh="诊断"),
    "allergies": Text(en="Allergies", zh="过敏史"),
    "requests": Text(en="Current orders", zh="在用医嘱"),
    "statements": Text(en="Drugs taken otherwise", zh="其他在用药物"),
    "laboratory": Text(en="Laboratory results", zh="检验结果"),
    "pregnancy": Text(en="Pregnancy status", zh="妊娠状态"),
    "body": Text(en="Weight and height", zh="体重与身高"),
    "social": Text(en="Occupation and alcohol", zh="职业与饮酒"),
    "vitals": Text(en="Vital signs", zh="生命体征"),
}
LIMITED = frozenset({"laboratory", "pregnancy", "body", "social", "vitals"})
"""Queries that ask for the newest only: a further page is no gap."""

QUIET = frozenset({"pregnancy", "body", "social", "vitals"})
"""Not told when a client never supplies them: the drug check asks for pregnancy and weight itself, and red flags rest on findings."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A service.

    Attributes:
        id: Its part of the address.
        hook: When it is called.
        title: Its name.
        about: What it does.
        prefetch: Keys of `PREFETCH`.
        needs: The keys without which it can do nothing (412).
    """

    id: str
    hook: Hook
    title: Text
    about: Text
    prefetch: tuple[str, ...]
    needs: tuple[str, ...] = ()


SAFETY = Text(
    en="Checks draft drug orders against what the patient takes and is: interactions, diseases, pregnancy, kidney function, allergies, "
    "duplicates. What could not be checked is said. It never orders.",
    zh="核查拟开药物与在用药物及患者情况：相互作用、疾病、妊娠、肾功能、过敏、重复用药；未能核查的逐一说明。本服务从不开具医嘱。",
)
FACTS = ("patient", "conditions", "allergies", "requests", "statements", "laboratory", "pregnancy", "body", "social")
OFFERS: tuple[Offer, ...] = (
    Offer(
        id="yingzhi-patient-view",
        hook="patient-view",
        title=Text(en="yingzhi: red flags and drug safety", zh="櫻智：危险信号与用药安全"),
        about=Text(
            en="Red flags of the record, interactions and contraindications among current drugs, overdue monitoring.",
            zh="病历危险信号、在用药物的相互作用与禁忌、逾期监测。",
        ),
        prefetch=(*FACTS, "vitals"),
        needs=("patient",),
    ),
    Offer("yingzhi-order-select", "order-select", Text(en="yingzhi: drug safety", zh="櫻智：用药安全"), SAFETY, FACTS),
    Offer("yingzhi-order-sign", "order-sign", Text(en="yingzhi: drug safety before signing", zh="櫻智：签署前用药安全"), SAFETY, FACTS),
)
USAGE = Text(
    en="FHIR R4. Works from prefetched data alone: the client's FHIR server is never called, its tokens are not used. Languages: zh, en.",
    zh="FHIR R4。仅使用预取数据，从不访问调用方FHIR服务器，不使用其令牌。语言由Accept-Language决定（zh或en）。",
)


def offer_of(service: str) -> Offer | None:
    """The service of this id."""
    return next((o for o in OFFERS if o.id == service), None)


def discovery(lang: Language) -> Discovery:
    """What the discovery endpoint answers."""
    return Discovery(
        services=tuple(
            Service(
                hook=o.hook,
                title=o.title.say(lang),
                description=o.about.say(lang),
                id=o.id,
                prefetch={key: PREFETCH[key] for key in o.prefetch},
                usage_requirements=USAGE.say(lang),
            )
            for o in OFFERS
        )
    )
