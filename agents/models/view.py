"""What a model is shown: the record, the playbook's result in short, and the ids it may use, as plain text for the prompt's blocks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from yingzhi.agents.proposals import FORMS
from yingzhi.agents.specialist import Resources, View
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.document import Documentation
from yingzhi.clinical.history import History
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.workup import Workup
from yingzhi.tools.passages import opening
from yingzhi.tools.rare import known_diseases

RECORD = 12_000
"""Characters of the record that are shown; what is longer is cut, and the cut is said."""
IDS = 40
FEW = 5
"""Of each list, and three times as many ids, when it has to be brief."""
BRIEF_WORDS = 160
"""Characters of a sentence in a brief answer."""


def record_text(view: View) -> str:
    """The record: note, reports, drugs, allergies."""
    case: Presentation | None = view.get("presentation")
    history: History | None = view.get("history")
    parts = [case.text] if case else []
    if case:
        parts += [f"[report: {r.kind}] {r.text}" for r in case.reports]
    patient = history.patient if history else case.patient if case else None
    if patient:
        known = {"sex": patient.sex, "age": patient.age, "pregnant": patient.pregnant, "allergies": patient.allergies}
        parts.append("[patient] " + _json({k: v for k, v in known.items() if v not in (None, [], "unknown")}))
    drugs = history.medications if history else case.medications if case else []
    if drugs:
        parts.append("[drugs] " + ", ".join(m.name for m in drugs))
    text = "\n".join(p for p in parts if p)
    return text if len(text) <= RECORD else text[:RECORD] + "\n[cut]"


def result_text(name: str, result: BaseModel, view: View, brief: bool = False) -> str:
    """The playbook's result, in short; shorter still with `brief`."""
    short: Any = {}
    if isinstance(result, History):
        short = {
            "findings": [f"{f.id}={f.status}" for f in result.findings if f.experiencer == "patient"][:60],
            "alerts": [a.title.en for a in result.red_flags],
            "labs": [f"{lab.en} {lab.value:g} {lab.unit} {lab.flag}" for lab in result.labs if lab.value is not None][:20],
        }
    elif isinstance(result, Differential):
        short = _differential(result, passages=True)
    elif isinstance(result, Workup):
        short = {
            "tiers": [
                {"tier": r.tier, "gate": "open" if r.open else "shut", "tests": [f"{t.id}={t.status}" for t in r.tests]}
                for r in result.rungs
            ]
        }
    elif isinstance(result, TreatmentReview):
        short = {
            "drugs": [d.drug for d in result.current.drugs],
            "alerts": [a.title.en for a in result.alerts],
            "options": [f"{o.drug or o.en}={o.suitable}" for o in result.options][:14],
            "not_checked": [t.en for t in result.not_checked][:6],
        }
    differential: Differential | None = view.get("differential")
    if name in {"workup", "pharmacology", "documentation"} and differential is not None:
        short = {"diagnoses": _differential(differential, passages=name != "documentation"), **short}
    if isinstance(result, Documentation):
        short |= _for_the_summary(view, result)
    return _json(_fewer(short) if brief else short)


def _fewer(value: Any) -> Any:
    """The first few of every list."""
    if isinstance(value, dict):
        return {k: _fewer(v) for k, v in value.items() if k != "passages"}
    return [_fewer(v) for v in value[:FEW]] if isinstance(value, list) else value


def _for_the_summary(view: View, result: Documentation) -> dict[str, Any]:
    history: History | None = view.get("history")
    workup: Workup | None = view.get("workup")
    medication: TreatmentReview | None = view.get("pharmacology")
    return {
        "red_flags": [a.title.en for a in history.red_flags] if history else [],
        "drug_alerts": [a.title.en for a in medication.alerts] if medication else [],
        "not_checked": [t.en for t in medication.not_checked][:4] if medication else [],
        "tests": [t.id for r in workup.rungs for t in r.tests if t.status == "recommended"] if workup else [],
        "gates_shut": [r.tier for r in workup.rungs if not r.open] if workup else [],
        "level_of_care": f"{result.referral.level}, {result.referral.urgency}",
    }


def _differential(d: Differential, *, passages: bool) -> dict[str, Any]:
    def side(cells: Iterable[Any], effect: str) -> list[str]:
        return [c.finding if c.status != "absent" else f"no {c.finding}" for c in cells if c.effect == effect][:5]

    out: dict[str, Any] = {
        "ranked": [
            {"id": x.id, "p": round(x.probability, 3), "for": side(x.cells, "supports"), "against": side(x.cells, "opposes")[:3]}
            for x in d.diagnoses[:6]
        ],
        "must_not_miss": d.must_not_miss,
    }
    if passages and d.evidence:
        out["passages"] = [{"id": c.id, "text": opening(c.passage, 320)} for c in d.evidence[:4]]
    return out


def id_list(name: str, result: BaseModel, view: View, r: Resources, brief: bool = False) -> str:
    """The ids that a model may use, with their names, one a line."""
    k = r.knowledge
    ids: list[str] = []
    known: tuple[Mapping[str, Any], ...]
    if name == "history" and isinstance(result, History):
        known = (k.findings,)
        ids = [q.finding for q in result.questions] + [f.id for f in result.findings]
    elif name in {"differential", "challenge"} and isinstance(result, Differential):
        diseases = known_diseases(result.diagnoses[:10], k.diseases)
        known = (diseases,)
        leading = [d.id for d in result.diagnoses[:10]]
        ids = leading + [m.disease for d in leading[:3] if d in k.diseases for m in k.diseases[d].mimics]
        history: History | None = view.get("history")
        if name == "challenge" and history is not None:
            known = (diseases, k.findings)
            ids = [*ids[:28], *(q.finding for q in history.questions[:10])]
    elif name == "workup" and isinstance(result, Workup):
        known = (k.investigations,)
        differential: Differential | None = view.get("differential")
        live = [d.id for d in differential.diagnoses[:3] if d.id in k.diseases] if differential else []
        ids = [t.id for rung in result.rungs for t in rung.tests] + [t.test for d in live for t in k.diseases[d].investigations]
    elif name == "pharmacology" and isinstance(result, TreatmentReview):
        known = (r.formulary.drugs,)
        ids = [d.drug for d in result.current.drugs] + [o.drug for o in result.options if o.drug]
    else:
        return ""
    records = ((i, next((table[i] for table in known if i in table), None)) for i in list(dict.fromkeys(ids))[: 3 * FEW if brief else IDS])
    return "\n".join(f"{i} = {record.names.en} {record.names.zh}" for i, record in records if record is not None)


@lru_cache(maxsize=32)
def schema_of(name: str, brief: bool = False) -> dict[str, Any]:
    """The form of a proposal as a compact JSON schema; with narrower limits if it has to be brief."""
    schema: dict[str, Any] = _compact(FORMS[name].model_json_schema())
    return _narrowed(schema) if brief else schema


@lru_cache(maxsize=32)
def schema_text(name: str, brief: bool = False) -> str:
    """The same as text, without the limits: they are for a decoder that keeps to them, and only make a prompt longer."""
    return _json(_unlimited(schema_of(name, brief)))


def _narrowed(schema: Any) -> Any:
    limits = {"maxItems": FEW, "maxLength": BRIEF_WORDS}
    if isinstance(schema, dict):
        return {k: min(v, limits[k]) if k in limits else _narrowed(v) for k, v in schema.items()}
    return [_narrowed(v) for v in schema] if isinstance(schema, list) else schema


def _unlimited(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {k: _unlimited(v) for k, v in schema.items() if k not in {"maxItems", "maxLength"}}
    return [_unlimited(v) for v in schema] if isinstance(schema, list) else schema


def _compact(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {k: _compact(v) for k, v in schema.items() if k not in {"title", "default", "description"} or not isinstance(v, str | list)}
    return [_compact(v) for v in schema] if isinstance(schema, list) else schema


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
