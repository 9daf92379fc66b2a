"""Reads the drug knowledge from its YAML files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.knowledge import drug_models as m
from yingzhi.knowledge.load import HERE, read_yaml
from yingzhi.knowledge.models import Source

T = TypeVar("T", bound=BaseModel)
PAIR_FILES = ("pharmacodynamic", "absorption")


def read_drug_knowledge(root: Path = HERE) -> m.DrugKnowledge:
    """Read and validate every file of drug knowledge.

    Args:
        root: The knowledge folder.

    Returns:
        All records, in the order of the files.

    Raises:
        KnowledgeError: a file cannot be read or a record is wrong; names the file, the record and the field.
    """
    rules = root / "interactions"
    kinetics = _mapping(rules / "kinetics.yaml")
    return m.DrugKnowledge(
        drugs=tuple(x for p in sorted((root / "drugs").glob("*.yaml")) for x in _many(p, m.Drug)),
        classes=_many(rules / "classes.yaml", m.DrugClass),
        effects=_many(rules / "effects.yaml", m.Effect),
        pathways=_many(rules / "pathways.yaml", m.Pathway),
        kinetic_rows=_records(rules / "kinetics.yaml", kinetics.get("rows", []), m.KineticRow),
        kinetic_templates=_records(rules / "kinetics.yaml", kinetics.get("templates", []), m.KineticTemplate),
        additive_rules=_many(rules / "additive.yaml", m.AdditiveRule),
        pair_rules=tuple(x for name in PAIR_FILES for x in _many(rules / f"{name}.yaml", m.PairRule)),
        combined_rules=_many(rules / "combined.yaml", m.CombinedRule),
        allergy_groups=_many(rules / "allergy.yaml", m.AllergyGroup),
        conditions=_many(rules / "conditions.yaml", m.Condition),
        sources=_many(root / "sources" / "drugs.yaml", Source),
    )


def _mapping(path: Path) -> dict[str, Any]:
    raw = _read(path)
    if not isinstance(raw, dict):
        raise KnowledgeError(f"{path.name}: a mapping is expected")
    return raw


def _many(path: Path, model: type[T]) -> tuple[T, ...]:
    raw = _read(path)
    if not isinstance(raw, list):
        raise KnowledgeError(f"{path.name}: a list of records is expected")
    return _records(path, raw, model)


def _read(path: Path) -> object:
    try:
        return read_yaml(path)
    except (OSError, yaml.YAMLError) as error:
        raise KnowledgeError(f"{path.name}: cannot be read ({type(error).__name__})") from error


def _records(path: Path, rows: Iterable[Any], model: type[T]) -> tuple[T, ...]:
    out = []
    for position, row in enumerate(rows, 1):
        try:
            out.append(model.model_validate(row))
        except ValidationError as error:
            which = row.get("id", position) if isinstance(row, dict) else position
            first = error.errors()[0]
            raise KnowledgeError(f"{path.name}: {which}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return tuple(out)
