"""The complaint in a line and the preliminary impression in a sentence (初步临床印象)."""

from __future__ import annotations

from collections.abc import Iterable

from yingzhi.clinical.finding import Finding
from yingzhi.clinical.presentation import Patient
from yingzhi.clinical.words import Text
from yingzhi.tools.text import lower_first

SEX = {"female": ("woman", "女"), "male": ("man", "男"), "unknown": ("patient", "患者")}
YOUNG = {"female": "girl", "male": "boy", "unknown": "child"}


def person(patient: Patient) -> Text:
    """Age and sex in words: `45-year-old man`, `男，45岁`."""
    noun, zh = SEX[patient.sex]
    if patient.age is None:
        return Text(en=f"{'adult ' if patient.sex != 'unknown' else ''}{noun}", zh={"女": "女性患者", "男": "男性患者"}.get(zh, zh))
    if patient.age < 1 / 12:
        days = round(patient.age * 365.25)
        return Text(en=f"{days}-day-old {YOUNG[patient.sex]}", zh=f"{zh}，生后{days}天")
    if patient.age < 2:
        months = max(1, round(patient.age * 12))
        return Text(en=f"{months}-month-old {YOUNG[patient.sex]}", zh=f"{zh}，{months}个月")
    age = f"{patient.age:g}" if patient.age == round(patient.age, 1) else f"{patient.age:.1f}"
    return Text(en=f"{age}-year-old {YOUNG[patient.sex] if patient.age < 14 else noun}", zh=f"{zh}，{age}岁")


def duration(days: float | None) -> Text | None:
    """Days in the largest fitting unit."""
    if days is None:
        return None
    for limit, size, en, zh in (
        (2, 1 / 24, "hour", "小时"),
        (14, 1, "day", "天"),
        (60, 7, "week", "周"),
        (730, 30.4, "month", "个月"),
        (1e9, 365.25, "year", "年"),
    ):
        if days < limit:
            n = max(1, round(days / size))
            return Text(en=f"{n} {en}{'s' if n > 1 else ''}", zh=f"{n}{zh}")
    return None


UNTOLD = "exanthem"
"""A rash of which nothing more is said; left out beside anything that says more."""


def _names(findings: list[Finding], most: int) -> tuple[str, str]:
    chosen = ([f for f in findings if f.id != UNTOLD] or findings)[:most]
    return ", ".join(lower_first(f.en) for f in chosen), "、".join(f.zh for f in chosen)


def complaint(findings: Iterable[Finding], days: float | None) -> Text:
    """What, where, how long."""
    there = [f for f in findings if f.status == "present" and f.experiencer == "patient" and f.temporality == "current"]
    lesions = [f for f in there if f.kind == "morphology"] + [f for f in there if f.kind == "colour"]
    sites = [f for f in there if f.kind == "site"]
    symptoms = [f for f in there if f.kind == "symptom"]
    what_en, what_zh = _names(lesions or symptoms, 3)
    where_en, where_zh = _names(sites, 3)
    feel_en, feel_zh = _names(symptoms if lesions else [], 2)
    long = duration(days)
    en = (
        (what_en or "skin problem")
        + (f" of {where_en}" if where_en else "")
        + (f", with {feel_en}" if feel_en else "")
        + (f", for {long.en}" if long else "")
    )
    zh = (where_zh or "") + (what_zh or "皮肤问题") + (f"伴{feel_zh}" if feel_zh else "") + (long.zh if long else "")
    return Text(en=en[0].upper() + en[1:], zh=zh)


def impression(patient: Patient, findings: list[Finding], days: float | None, named: list[Text]) -> Text:
    """Who, with what, since when, and what else bears on it."""
    who, what = person(patient), complaint(findings, days)
    there = [f for f in findings if f.status == "present" and f.experiencer == "patient"]
    context = [f for f in there if f.kind in {"systemic", "exposure", "history"}]
    context_en, context_zh = _names(context, 6)
    en = f"{who.en[0].upper()}{who.en[1:]}: {lower_first(what.en)}." + (f" Also: {context_en}." if context_en else "")
    zh = f"{who.zh}。{what.zh}。" + (f"另有：{context_zh}。" if context_zh else "")
    if named:
        en += f" The note itself names: {', '.join(n.en for n in named[:3])}."
        zh += f"病历中提及：{'、'.join(n.zh for n in named[:3])}。"
    return Text(en=en, zh=zh)
