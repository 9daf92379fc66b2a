"""The JSON schema of a score's values, for a tool call or a form."""

from __future__ import annotations

from typing import Any

from yingzhi.clinical.score import Score, ScoreInput
from yingzhi.clinical.words import Language


def input_schema(score: Score, language: Language = "en") -> dict[str, Any]:
    """A JSON schema (draft 2020-12) of the object that `compute` takes as values.

    Args:
        score: The definition.
        language: Language of titles and descriptions.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{score.short}: {score.names.say(language)}",
        "description": f"{score.measures.say(language)} {score.note.say(language)}",
        "type": "object",
        "properties": {one.id: _property(one, language) for one in score.inputs},
        "required": [one.id for one in score.inputs],
        "additionalProperties": False,
    }


def choice_words(one: ScoreInput, language: Language) -> str:
    """The choices of an input with their meaning, as one line."""
    between = "；" if language == "zh" else "; "
    return between.join(f"{c.value} = {c.zh if language == 'zh' else c.en}" for c in one.choices)


def _property(one: ScoreInput, language: Language) -> dict[str, Any]:
    label = one.label.say(language)
    if one.kind == "flag":
        return {"type": "boolean", "description": label}
    if one.kind == "choice":
        return {"enum": [choice.value for choice in one.choices], "description": f"{label}. {choice_words(one, language)}"}
    described = f"{label} ({one.unit})" if one.unit else label
    return {"type": "integer" if one.whole else "number", "minimum": one.minimum, "maximum": one.maximum, "description": described}
