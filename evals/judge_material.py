"""What a judge is shown of a trace and its gold case, by criterion: never which run, model or machine it is of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from yingzhi.agents.models.view import record_text
from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.differential import Cell, Diagnosis
from yingzhi.clinical.document import Document
from yingzhi.clinical.remark import Remark
from yingzhi.clinical.words import Language
from yingzhi.evals.cases import GoldCase
from yingzhi.evals.judge_grades import ENDED, Criterion
from yingzhi.evals.trace import Trace

DIAGNOSES = 5
CELLS = 8
QUESTIONS = 10
SUMMARY = "outpatient-record"
"""The draft that is judged: the only one that every consultation has and a dermatologist reads."""


def material(criterion: Criterion, case: GoldCase, trace: Trace) -> tuple[dict[str, str], str]:
    """The texts of a prompt's data blocks, or why there is nothing to judge.

    Args:
        criterion: What is judged.
        case: The gold case.
        trace: Of a consultation on it.

    Returns:
        `record`, `gold` and `work`, neither masked nor wrapped, and an empty reason; or nothing and the reason.
    """
    if trace.consultation is None:
        return {}, f"{ENDED} {trace.error or 'an error'}"
    work = _work(criterion, trace.consultation, trace.lang)
    if work is None:
        return {}, {"reasoning": "no differential", "summary": "no summary", "questions": "no questions"}[criterion]
    record = record_text({"presentation": trace.presentation})
    return {"record": record, "gold": _json(_gold(criterion, case, trace.lang)), "work": _json(work)}, ""


def fingerprint(texts: dict[str, str]) -> str:
    """Sixteen hex digits over what is shown."""
    return hashlib.sha256(_json(texts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _work(criterion: Criterion, c: Consultation, lang: Language) -> dict[str, Any] | None:
    leading = c.differential[:DIAGNOSES]
    named = [{"id": d.id, "name": _name(d, lang), "probability": round(d.probability, 3)} for d in leading]
    if criterion == "questions":
        asked = c.history.questions[:QUESTIONS] if c.history else []
        told = [{"question": q.ask.say(lang), "how": q.how, "separates": q.separates} for q in asked]
        return {"questions": told, "open": named} if told else None
    if criterion == "summary":
        draft = next((d for d in c.documents if d.kind == SUMMARY), None)
        added = _remarks([r for r in c.remarks if r.specialist == "documentation"])
        return {"draft": _draft(draft), "added": added, "diagnoses": named, "must_not_miss": c.must_not_miss} if draft else None
    if not leading:
        return None
    return {
        "differential": [
            n | {"for": _cells(d.cells, "supports", lang), "against": _cells(d.cells, "opposes", lang)}
            for n, d in zip(named, leading, strict=True)
        ],
        "none_of_these": round(c.other, 3),
        "must_not_miss": c.must_not_miss,
        "remarks": _remarks([r for r in c.remarks if r.specialist == "differential"]),
        "doubts": _remarks(c.doubts),
    }


def _gold(criterion: Criterion, case: GoldCase, lang: Language) -> dict[str, Any]:
    e = case.expected
    gold: dict[str, Any] = {"diagnosis": e.diagnosis, "must_not_miss": e.must_not_miss}
    if criterion == "questions":
        return gold | {"hidden": case.hidden, "first_tests": e.first_tests}
    gold["findings"] = {f.finding: f.status for f in e.findings}
    if criterion == "reasoning":
        return gold | {"matrix": [f"{c.finding} {c.effect} {c.diagnosis}" for c in e.matrix]}
    alerts = [" + ".join(a.drugs) or " | ".join(a.rules) for a in e.alerts]
    return gold | {"alerts": alerts, "says": [w.says.say(lang) for w in e.documents if w.kind == SUMMARY]}


def _name(d: Diagnosis, lang: Language) -> str:
    return d.zh if lang == "zh" else d.en


def _cells(cells: Sequence[Cell], effect: str, lang: Language) -> list[str]:
    return [c.named().say(lang) for c in cells if c.effect == effect][:CELLS]


def _remarks(remarks: Sequence[Remark]) -> list[dict[str, str]]:
    """What a model added, without its name."""
    return [{"about": r.about, "stance": r.stance, "text": r.text} for r in remarks]


def _draft(draft: Document) -> dict[str, list[str]]:
    return {section.title: [s.text for s in section.sentences] for section in draft.sections}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
