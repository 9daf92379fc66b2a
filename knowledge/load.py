"""Reads the knowledge: YAML files once, then one compiled file keyed by their content."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.knowledge.drug_models import DrugKnowledge
from yingzhi.knowledge.lab_models import LabAnalyte
from yingzhi.knowledge.measure_load import read_measure_rules
from yingzhi.knowledge.measure_models import MeasureRule
from yingzhi.knowledge.models import Disease, FindingTerm, Investigation, RedFlag, Source, Strict
from yingzhi.knowledge.pack_load import read_packs
from yingzhi.knowledge.pack_models import DrugPack
from yingzhi.knowledge.site_models import Equipment, Site, SpecialistCare
from yingzhi.knowledge.systemic_models import SystemicRule
from yingzhi.knowledge.workup_models import Conflict, TestRisk

HERE = Path(__file__).parent
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
T = TypeVar("T", bound=BaseModel)


class Tables(Strict):
    """Every record of the knowledge, in one value that serialises."""

    sources: tuple[Source, ...] = ()
    findings: tuple[FindingTerm, ...] = ()
    investigations: tuple[Investigation, ...] = ()
    diseases: tuple[Disease, ...] = ()
    red_flags: tuple[RedFlag, ...] = ()
    analytes: tuple[LabAnalyte, ...] = ()
    packs: tuple[DrugPack, ...] = ()
    measure_rules: tuple[MeasureRule, ...] = ()
    systemic: tuple[SystemicRule, ...] = ()
    test_risks: tuple[TestRisk, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    equipment: tuple[Equipment, ...] = ()
    specialists: tuple[SpecialistCare, ...] = ()
    sites: tuple[Site, ...] = ()
    drugs: DrugKnowledge


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The knowledge by id, and the hash of the files it came from."""

    hash: str
    sources: Mapping[str, Source]
    findings: Mapping[str, FindingTerm]
    investigations: Mapping[str, Investigation]
    diseases: Mapping[str, Disease]
    red_flags: Mapping[str, RedFlag]
    analytes: Mapping[str, LabAnalyte]
    packs: Mapping[str, DrugPack]
    measure_rules: tuple[MeasureRule, ...]
    systemic: Mapping[str, SystemicRule]
    test_risks: tuple[TestRisk, ...]
    conflicts: tuple[Conflict, ...]
    equipment: Mapping[str, Equipment]
    specialists: Mapping[str, SpecialistCare]
    sites: Mapping[str, Site]
    drugs: DrugKnowledge


def read_yaml(path: Path) -> object:
    """Parse one file with the safe loader.

    Raises:
        KnowledgeError: The file is not YAML; the message names file and line.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise KnowledgeError(f"{path.name}{f' line {mark.line + 1}' if mark else ''}: not readable as YAML") from error


def knowledge_files(root: Path = HERE) -> list[Path]:
    """All knowledge files, sorted, so that the hash is stable."""
    return sorted(root.glob("*/*.yaml"))


def content_hash(root: Path = HERE) -> str:
    """Sixteen hex digits over the names and bytes of every knowledge file and the schema."""
    digest = hashlib.sha256()
    for path in [*knowledge_files(root), *sorted(HERE.glob("*models.py"))]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def load_knowledge(cache: Path | None = None, root: Path = HERE) -> Knowledge:
    """Read the knowledge, from the compiled file if there is one for this content.

    Args:
        cache: Folder for the compiled file; None reads the YAML every time.
        root: Folder of the knowledge files.

    Raises:
        KnowledgeError: A file is wrong; the message names file and key.
    """
    key = content_hash(root)
    compiled = cache / f"knowledge-{key}.json" if cache else None
    if compiled and compiled.exists():
        try:
            return _index(Tables.model_validate_json(compiled.read_bytes()), key)
        except ValidationError:
            compiled.unlink(missing_ok=True)  # a damaged file is made anew
    tables = read_tables(root)
    if compiled:
        write_atomically(compiled, tables.model_dump_json(exclude_defaults=True).encode())
    return _index(tables, key)


def read_tables(root: Path = HERE) -> Tables:
    """Read and validate every YAML file."""
    from yingzhi.knowledge.drug_load import read_drug_knowledge  # it reads its files with `read_yaml` of this module

    return Tables(
        analytes=tuple(_records(root / "labs", LabAnalyte)),
        packs=read_packs(root),
        measure_rules=read_measure_rules(root),
        drugs=read_drug_knowledge(root),
        sources=tuple(_records(root / "sources", Source)),
        findings=tuple(_records(root / "findings", FindingTerm)),
        investigations=tuple(_records(root / "investigations", Investigation)),
        red_flags=tuple(_records(root / "red_flags", RedFlag)),
        systemic=tuple(_records(root / "systemic", SystemicRule)),
        test_risks=tuple(_records(root / "test_risks", TestRisk)),
        conflicts=tuple(_records(root / "conflicts", Conflict)),
        equipment=tuple(_records(root / "equipment", Equipment)),
        specialists=tuple(_records(root / "specialists", SpecialistCare)),
        sites=tuple(_one(path, read_yaml(path), Site) for path in sorted((root / "sites").glob("*.yaml"))),
        diseases=tuple(_one(path, read_yaml(path), Disease) for path in sorted((root / "diseases").glob("*.yaml"))),
    )


def _records(folder: Path, model: type[T]) -> Iterator[T]:
    for path in sorted(folder.glob("*.yaml")):
        rows = read_yaml(path)
        if not isinstance(rows, list):
            raise KnowledgeError(f"{path.name}: a list of records is expected")
        for row in rows:
            yield _one(path, row, model)


def _one(path: Path, row: object, model: type[T]) -> T:
    try:
        return model.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        name = row.get("id", "?") if isinstance(row, dict) else "?"
        raise KnowledgeError(f"{path.name}, {name}: {'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from error


def _index(tables: Tables, key: str) -> Knowledge:
    return Knowledge(
        hash=key,
        sources=MappingProxyType({r.id: r for r in tables.sources}),
        findings=MappingProxyType({r.id: r for r in tables.findings}),
        investigations=MappingProxyType({r.id: r for r in tables.investigations}),
        diseases=MappingProxyType({r.id: r for r in tables.diseases}),
        red_flags=MappingProxyType({r.id: r for r in tables.red_flags}),
        analytes=MappingProxyType({r.id: r for r in tables.analytes}),
        packs=MappingProxyType({r.id: r for r in tables.packs}),
        measure_rules=tables.measure_rules,
        systemic=MappingProxyType({r.id: r for r in tables.systemic}),
        test_risks=tables.test_risks,
        conflicts=tables.conflicts,
        equipment=MappingProxyType({r.id: r for r in tables.equipment}),
        specialists=MappingProxyType({r.id: r for r in tables.specialists}),
        sites=MappingProxyType({r.id: r for r in tables.sites}),
        drugs=tables.drugs,
    )


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside the target and rename, so that a reader sees the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
