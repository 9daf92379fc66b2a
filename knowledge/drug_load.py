"""Reads the drug knowledge: from its YAML files, or from the one compiled file for their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.knowledge import drug_models as m
from yingzhi.knowledge.load import HERE, read_yaml, write_atomically
from yingzhi.knowledge.models import Source

T = TypeVar("T", bound=BaseModel)
PAIR_FILES = ("pharmacodynamic", "absorption", "specific")


def load_drug_knowledge(cache: Path | None, root: Path = HERE) -> m.DrugKnowledge:
    """The drug knowledge, from the compiled file if there is one for this content: a fifth of the time of reading YAML.

    Args:
        cache: Folder for the compiled file; None reads the YAML.
        root: The knowledge folder.

    Raises:
        KnowledgeError: a file cannot be read or a record is wrong.
    """
    if cache is None:
        return read_drug_knowledge(root)
    compiled = cache / f"drugs-{_content_hash(root)}.json"
    try:
        return m.DrugKnowledge.model_validate_json(compiled.read_bytes())
    except FileNotFoundError:
        pass
    except (OSError, ValidationError):
        compiled.unlink(missing_ok=True)  # a damaged file is made anew
    knowledge = read_drug_knowledge(root)
    try:
        write_atomically(compiled, knowledge.model_dump_json(exclude_defaults=True).encode())
    except OSError:  # a home that can't be written only costs time
        return knowledge
    return knowledge


def _content_hash(root: Path) -> str:
    digest = hashlib.sha256()
    folders = (root / "drugs", root / "interactions", root / "sources")
    for path in [*sorted(f for folder in folders for f in folder.glob("*.yaml")), *sorted(HERE.glob("*models.py"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


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
        trait_rules=_many(rules / "patient.yaml", m.TraitRule),
        dose_rules=_many(rules / "doses.yaml", m.DoseRule),
        lab_states=_many(rules / "lab-states.yaml", m.LabState),
        eruptions=_many(rules / "eruptions.yaml", m.Eruption),
        ambiguous_names=_many(rules / "ambiguous.yaml", m.AmbiguousName),
        sources=tuple(x for p in sorted((root / "sources").glob("*.yaml")) for x in _many(p, Source)),
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
