"""Reads the rules on treatments without a drug."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.knowledge.measure_models import MeasureRule


def read_measure_rules(root: Path | None = None) -> tuple[MeasureRule, ...]:
    """Every rule, in the order of the files.

    Raises:
        KnowledgeError: A file is wrong; the message names file and key.
    """
    from yingzhi.knowledge.load import HERE, read_yaml  # it reads the rules with this module

    rules = []
    for path in sorted(((root or HERE) / "measures").glob("*.yaml")):
        rows = read_yaml(path)
        for row in rows if isinstance(rows, list) else [rows]:
            try:
                rules.append(MeasureRule.model_validate(row))
            except ValidationError as error:
                first = error.errors()[0]
                raise KnowledgeError(f"{path.name}: {'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from error
    return tuple(rules)
