from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from yingzhi.clinical.consultation import Review
from yingzhi.clinical.presentation import Patient, Presentation
from yingzhi.graphs.events import EVENT
from yingzhi.graphs.schema import schemas

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("given", "years"), [("P3Y6M", 3.5), ("P2W", 14 / 365.25), ("P10D", 10 / 365.25), (45, 45.0), (0.5, 0.5)])
def test_an_age_is_a_number_of_years_or_an_iso_duration(given: str | float, years: float) -> None:
    assert Patient.model_validate({"age": given}).age == pytest.approx(years)


@pytest.mark.parametrize("age", ["P", "three", -1, 200, "3 years"])
def test_an_age_that_cannot_be_is_refused(age: object) -> None:
    with pytest.raises(ValidationError):
        Patient.model_validate({"age": age})


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError):
        Presentation.model_validate({"text": "x", "notes": "y"})


SELF_EVIDENT = {
    "id",
    "en",
    "zh",
    "type",
    "title",
    "text",
    "kind",
    "status",
    "level",
    "urgency",
    "tier",
    "lang",
    "action",
    "language",
    "sex",
}
"""Fields whose name and type say all there is to say."""


@pytest.mark.parametrize("model", [Presentation, Review])
def test_every_field_that_a_caller_fills_in_is_described(model: type[BaseModel]) -> None:
    schema = model.model_json_schema()
    parts = {model.__name__: schema, **schema.get("$defs", {})}
    bare = [
        f"{name}.{field}"
        for name, part in parts.items()
        for field, spec in part.get("properties", {}).items()
        if "description" not in spec and field not in SELF_EVIDENT and "$ref" not in spec and "$ref" not in spec.get("items", {})
    ]
    assert bare == []


def test_the_exported_schemas_are_up_to_date() -> None:
    for name, schema in schemas().items():
        stored = json.loads((ROOT / "docs" / "schema" / f"{name}.json").read_text(encoding="utf-8"))
        assert stored == json.loads(json.dumps(schema)), f"docs/schema/{name}.json: run `make schema`"


def test_the_event_union_is_closed() -> None:
    with pytest.raises(ValidationError):
        EVENT.validate_python({"type": "something.else"})
