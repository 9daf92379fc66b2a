"""What the OpenAPI document says of problems, and its examples."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi.openapi.models import Example
from pydantic import BaseModel, Field

from yingzhi.service.problems import MEDIA_TYPE


class ProblemBody(BaseModel):
    """A problem as RFC 9457 has it."""

    type: str = "about:blank"
    title: str = Field(description="The kind of problem.")
    status: int
    detail: str = Field(default="", description="One sentence; never patient text.")
    field: str = Field(default="", description="Path of the field that is wrong.")


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with."""
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    every = {*statuses, 400, 408, 413, 415, 503}
    return {s: {"description": HTTPStatus(s).phrase, "content": {MEDIA_TYPE: {"schema": schema}}} for s in sorted(every)}


BUSY: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "A run is at work, the revision is stale, or the consultation is over",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
    }
}

EXAMPLES: dict[str, Example] = {
    "zh": {
        "summary": "A Chinese note",
        "value": {"case": {"text": "患者女，68岁。右侧胸背部针刺样疼痛5天，成簇水疱3天，沿肋间呈带状分布，单侧，未过中线。"}},
    },
    "en": {
        "summary": "An English note with patient facts and drugs",
        "value": {
            "case": {
                "text": "Itch for three months, tense blisters on the trunk for two weeks.",
                "patient": {"sex": "male", "age": 82},
                "medications": [{"name": "linagliptin", "started_days_ago": 120}],
            }
        },
    },
}

ACT_EXAMPLES: dict[str, Example] = {
    "answer": {
        "summary": "Answer a question, add a result",
        "value": {
            "review": {
                "action": "answer",
                "answers": [{"finding": "nikolsky-sign", "status": "absent"}],
                "reports": [{"kind": "immunofluorescence", "text": "DIF: linear IgG and C3 along the basement membrane zone."}],
            }
        },
    },
    "note": {"summary": "More of the record", "value": {"review": {"action": "answer", "note": "口腔黏膜无糜烂。"}, "if_busy": "enqueue"}},
    "edit": {
        "summary": "Edit a sentence of a draft",
        "value": {
            "review": {
                "action": "edit",
                "edits": [
                    {"document": "outpatient-record", "section": "chief-complaint", "sentence": 0, "text": "Blisters for two weeks."}
                ],
            },
            "revision": 1,
        },
    },
    "sign": {"summary": "Sign", "value": {"review": {"action": "sign"}, "revision": 2}},
    "reject": {"summary": "Reject", "value": {"review": {"action": "reject", "reason": "seen by dermatology in person"}, "revision": 2}},
}
