"""The next best questions, and whether the record is complete."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from yingzhi.clinical.finding import Finding, Question, RecordItem
from yingzhi.clinical.presentation import Patient, Presentation
from yingzhi.clinical.words import Text
from yingzhi.knowledge.models import FindingTerm
from yingzhi.tools.gain import field_of, finding_gain, movers
from yingzhi.tools.inference import DiagnosisModel
from yingzhi.tools.ranking import Ranking
from yingzhi.tools.text import lower_first, simplify

ASK = frozenset({"symptom", "systemic", "course", "exposure", "history", "response"})
EXAMINE = frozenset({"morphology", "colour", "site", "arrangement", "sign"})
LEAST_GAIN = 0.01


def next_questions(
    model: DiagnosisModel, ranking: Ranking, terms: dict[str, FindingTerm], findings: Iterable[Finding], patient: Patient, most: int = 6
) -> list[Question]:
    """Questions and looks with the greatest expected information gain, not yet answered.

    Of a finding and what it implies only the better one is asked.
    """
    known = {f.id for f in findings if f.experiencer == "patient"}
    settled = known | {a for f in known if f in model.ancestors for a in model.ancestors[f]}
    field = field_of(model, ranking.probability, ranking.other)
    gains = finding_gain(field)
    chosen: list[Question] = []
    taken: set[str] = set()
    for column in np.argsort(-gains):
        term = terms[model.findings[column]]
        if len(chosen) == most or gains[column] < LEAST_GAIN:
            break
        related = taken & (model.ancestors[term.id] | {term.id}) or any(term.id in model.ancestors[t] for t in taken)
        if term.id in settled or related or term.kind not in ASK | EXAMINE or _pointless(term.id, patient):
            continue
        taken.add(term.id)
        chosen.append(
            Question(
                finding=term.id,
                ask=_wording(term),
                how="ask" if term.kind in ASK else "examine",
                gain=round(float(gains[column]), 4),
                separates=movers(model, field, term.id),
            )
        )
    return chosen


def _pointless(finding: str, patient: Patient) -> bool:
    return finding in {"pregnancy", "postpartum", "menstrual-irregularity", "vulva"} and patient.sex == "male"


def _wording(term: FindingTerm) -> Text:
    if term.ask:
        return Text(en=term.ask.en, zh=term.ask.zh)
    name = lower_first(term.names.en)
    if term.kind in ASK:
        return Text(en=f"Is there, or has there been: {name}?", zh=f"是否有{term.names.zh}？")
    return Text(en=f"Is this seen: {name}?", zh=f"查看有无{term.names.zh}。")


ITEMS: tuple[tuple[str, str, str, str], ...] = (
    ("duration", "Duration", "病程时间", ""),
    ("site", "Site", "皮损部位", ""),
    ("morphology", "Morphology of the lesions", "皮损形态", ""),
    ("symptoms", "Itch, pain or none", "自觉症状", ""),
    ("past-history", "Past history", "既往史", r"既往|病史|past (?:medical )?history|medical history|otherwise healthy|体健|history of"),
    (
        "drug-history",
        "Drug history",
        "用药史",
        r"用药|服药|服用|口服|外用|药物|medication|takes? no|taking|treated with|cream|ointment|tablet",
    ),
    ("allergy-history", "Allergies", "过敏史", r"过敏史|过敏|allerg"),
    ("family-history", "Family history", "家族史", r"家族|family history|family member"),
    ("general-signs", "Temperature and general state", "体温及一般情况", r"体温|发热|发烧|T\s?3\d|fever|afebrile|vital sign|temperature|℃"),
)
"""What a dermatology record holds (病历书写基本规范, 2010): id, English, Chinese, words that show it."""


def completeness(presentation: Presentation, findings: Iterable[Finding], has_duration: bool) -> list[RecordItem]:
    """Which parts of a complete record are there."""
    kinds = {f.kind for f in findings}
    ids = {f.id for f in findings}
    text = simplify(presentation.text)
    there = {
        "duration": has_duration or "course" in kinds,
        "site": "site" in kinds,
        "morphology": "morphology" in kinds,
        "symptoms": "symptom" in kinds,
        "past-history": "history" in kinds or bool(presentation.patient.conditions),
        "drug-history": bool(presentation.medications),
        "allergy-history": bool(presentation.patient.allergies) or "drug-allergy" in ids,
        "family-history": any(i.startswith("family-") for i in ids),
        "general-signs": "fever" in ids,
    }
    return [
        RecordItem(id=i, en=en, zh=zh, there=there[i] or bool(words and re.search(words, text, re.IGNORECASE)))
        for i, en, zh, words in ITEMS
    ]
