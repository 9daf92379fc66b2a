"""Prints the OpenAPI document that the types are made of: the service's own, with the events and the AG-UI state, which are streamed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from typing import Any

REF = "#/components/schemas/{model}"
SENT = ("Event", "FrontState", "View", "Admitted", "Page", "Version")
"""Records that are only sent, and always whole."""


def document() -> dict[str, Any]:
    """The document, with `Event` and `FrontState` among its schemas."""
    from yingzhi.graphs.events import EVENT
    from yingzhi.service.agui import FrontState
    from yingzhi.service.app import create_app
    from yingzhi.service.settings import ServiceSettings

    found = create_app(ServiceSettings()).openapi()
    schemas = found["components"]["schemas"]
    for name, schema in (
        ("Event", EVENT.json_schema(mode="serialization", ref_template=REF)),
        ("FrontState", FrontState.model_json_schema(mode="serialization", ref_template=REF)),
    ):
        for part, its in schema.pop("$defs", {}).items():
            schemas.setdefault(part, its)
        schemas[name] = schema
    asked = [operation.get("requestBody", {}) for path in found["paths"].values() for operation in path.values()]
    for name in _reached(schemas, SENT) - _reached(schemas, _named(asked)):
        if "properties" in schemas[name]:
            schemas[name]["required"] = list(schemas[name]["properties"])  # a default means that it may be left out of a request
    return found


def _named(part: Any) -> Iterable[str]:
    """Schemas that a part of the document names."""
    return re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(part))


def _reached(schemas: dict[str, Any], names: Iterable[str]) -> set[str]:
    """These schemas and all that they are made of."""
    reached: set[str] = set()
    ahead = [n for n in names if n in schemas]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += [n for n in _named(schemas[name]) if n in schemas]
    return reached


if __name__ == "__main__":
    json.dump(document(), sys.stdout, ensure_ascii=False)
