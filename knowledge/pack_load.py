"""Reads the packs, and the sources that they name, from their YAML files."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.knowledge.models import Source
from yingzhi.knowledge.pack_models import DrugPack


def read_packs(root: Path | None = None) -> tuple[DrugPack, ...]:
    """Every pack, by file name.

    Raises:
        KnowledgeError: A file is wrong; the message names file and key.
    """
    from yingzhi.knowledge.load import HERE, read_yaml  # it reads the packs with this module

    packs = []
    for path in sorted(((root or HERE) / "packs").glob("*.yaml")):
        try:
            packs.append(DrugPack.model_validate(read_yaml(path)))
        except ValidationError as error:
            first = error.errors()[0]
            raise KnowledgeError(f"{path.name}: {'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from error
    return tuple(packs)


def read_sources(root: Path | None = None) -> dict[str, Source]:
    """Every source by id.

    Raises:
        KnowledgeError: A file is wrong.
    """
    from yingzhi.knowledge.load import HERE, read_yaml

    found: dict[str, Source] = {}
    for path in sorted(((root or HERE) / "sources").glob("*.yaml")):
        rows = read_yaml(path)
        if not isinstance(rows, list):
            raise KnowledgeError(f"{path.name}: a list of records is expected")
        for row in rows:
            try:
                source = Source.model_validate(row)
            except ValidationError as error:
                raise KnowledgeError(f"{path.name}: {error.errors()[0]['msg']}") from error
            if source.id in found:
                raise KnowledgeError(f"{path.name}: source {source.id} is there twice")
            found[source.id] = source
    return found
