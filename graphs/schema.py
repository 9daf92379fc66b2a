"""Writes the JSON schemas of what crosses a wire: `python -m yingzhi.graphs.schema FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from yingzhi.clinical.consultation import Consultation, Review
from yingzhi.clinical.presentation import Presentation
from yingzhi.graphs.events import EVENT


def schemas() -> dict[str, dict[str, Any]]:
    """File name (without ending) and JSON schema of each record."""
    return {
        "presentation": Presentation.model_json_schema(),
        "consultation": Consultation.model_json_schema(mode="serialization"),
        "review": Review.model_json_schema(),
        "event": EVENT.json_schema(mode="serialization"),
    }


def write(folder: Path) -> None:
    """Write one file a schema."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (folder / f"{name}.json").write_text(json.dumps(schema, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schema"))
