"""Alerts about the record itself: not about skin, words addressed to a machine, contradictions, nothing understood."""

from __future__ import annotations

import re

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.presentation import Patient
from yingzhi.clinical.words import Span, Text

INSTRUCTION = re.compile(
    r"(?:ignore|disregard|forget|override)\b.{0,30}\b(?:instruction|prompt|rule|above|previous)|system prompt"
    r"|you are (?:now )?(?:an?|the) (?:ai|assistant|model)|do not (?:raise|show|report|mention)\b.{0,20}\balert"
    r"|(?:忽略|无视|不要理会|忘记).{0,12}(?:指令|提示|规则|以上|之前)|系统提示词|你(?:现在)?是一个?(?:AI|人工智能|助手|模型)",
    re.IGNORECASE | re.DOTALL,
)
"""Words that address a language model. The embedded engine can't be instructed; the doctor should know all the same."""


def record_alerts(text: str, about_skin: bool, findings: list[Finding], patient: Patient) -> list[Alert]:
    """What the doctor should know about the record before trusting what was made from it."""
    alerts = []
    if match := INSTRUCTION.search(text):
        alerts.append(
            Alert(
                id="instructions-in-note",
                kind="record",
                level="warning",
                title=Text(en="The note holds words addressed to a machine", zh="病历中含有针对机器的指令性文字"),
                why=Text(
                    en="They were treated as text and followed by nothing; check where the note comes from.",
                    zh="已仅按文本处理，未被执行；请核实病历来源。",
                ),
                spans=[Span(source="note", start=match.start(), end=match.end(), text=match.group())],
            )
        )
    if not about_skin:
        alerts.append(
            Alert(
                id="not-about-skin",
                kind="record",
                level="warning",
                title=Text(en="Nothing about skin was recognised", zh="未识别到皮肤相关内容"),
                why=Text(
                    en="The record names no skin, hair, nail or mucosal finding that is known; a ranking would rest on nothing.",
                    zh="病历未描述可识别的皮肤、毛发、甲或黏膜发现，无法据此排序。",
                ),
            )
        )
    if patient.sex == "male" and any(f.id == "pregnancy" and f.status == "present" and f.experiencer == "patient" for f in findings):
        alerts.append(
            Alert(
                id="male-and-pregnant",
                kind="record",
                level="warning",
                title=Text(en="The note calls the patient male and pregnant", zh="病历同时记载男性与妊娠"),
                why=Text(
                    en="One of the two is wrong, or another person is meant; pregnancy was not taken for the patient's.",
                    zh="两者必有一误，或指他人；未按患者妊娠处理。",
                ),
            )
        )
    return alerts
