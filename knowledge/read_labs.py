"""Reads the laboratory files."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.knowledge.lab_models import LabAnalyte
from yingzhi.knowledge.load import HERE, read_yaml


def read_labs(root: Path = HERE) -> tuple[LabAnalyte, ...]:
    """Read and validate every analyte of `labs/`.

    Raises:
        KnowledgeError: A file is wrong; the message names file and record.
    """
    found: list[LabAnalyte] = []
    for path in sorted((root / "labs").glob("*.yaml")):
        rows = read_yaml(path)
        if not isinstance(rows, list):
            raise KnowledgeError(f"{path.name}: a list of records is expected")
        for row in rows:
            try:
                found.append(LabAnalyte.model_validate(row))
            except ValidationError as error:
                name = row.get("id", "?") if isinstance(row, dict) else "?"
                raise KnowledgeError(f"{path.name}, {name}: {error.errors()[0]['msg']}") from error
    return tuple(found)
