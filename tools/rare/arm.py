"""The rare arm as it is opened: the compiled index and words, read when they are first wanted and made when there are none."""

from __future__ import annotations

import gc
import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property
from importlib import resources
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from yingzhi.clinical.errors import ToolError
from yingzhi.knowledge.hpo import data_folder, data_key, read_genes, read_ontology, read_profiles
from yingzhi.knowledge.load import Knowledge, read_yaml, write_atomically
from yingzhi.tools.rare.build import build_index
from yingzhi.tools.rare.index import RareIndex, read_index, to_bytes
from yingzhi.tools.rare.links import Links, link_diseases
from yingzhi.tools.rare.words import RareWords, compile_words

WORDINGS = TypeAdapter(dict[str, list[str]])
XREFS = TypeAdapter(dict[str, str])
NAMES = TypeAdapter(dict[str, str])
LINKS = TypeAdapter(Links)
CODE = (
    *("knowledge/hpo/obo", "knowledge/hpo/annotations", "tools/text"),
    *(f"tools/rare/{m}" for m in ("build", "index", "links", "patient", "twins", "words")),
)
"""Modules that decide what the compiled files hold."""


@dataclass(frozen=True)
class RareArm:
    """The rare diseases and how they touch the curated knowledge. Nothing is read before it is asked for."""

    knowledge: Knowledge
    cache: Path
    """Folder of the compiled files."""

    def prepare(self) -> None:
        """Compile the files if there are none (a few seconds), so that no consultation has to wait for it."""
        if not all(path.exists() for path in self._files):
            self._compiled  # noqa: B018

    @cached_property
    def key(self) -> str:
        """Sixteen hex digits that change with the data, the wordings and the code that compiles them."""
        digest = hashlib.sha256()
        root = resources.files("yingzhi")
        for name in CODE:
            digest.update(root.joinpath(*f"{name}.py".split("/")).read_bytes())
        digest.update(_file("wordings").read_bytes())
        return data_key(data_folder()) + digest.hexdigest()[:8]

    @cached_property
    def index(self) -> RareIndex:
        """The profiles."""
        return self._compiled[0]

    @cached_property
    def words(self) -> RareWords:
        """The wordings."""
        return self._compiled[1]

    @cached_property
    def _files(self) -> tuple[Path, Path]:
        return self.cache / f"rare-{self.key}.npz", self.cache / f"rare-words-{self.key}.npz"

    @cached_property
    def _compiled(self) -> tuple[RareIndex, RareWords]:
        at, words_at = self._files
        try:
            return read_index(at), _read_words(words_at)
        except (FileNotFoundError, ToolError):  # none yet, or damaged: made anew
            with _collector_paused():
                index, words = _compile(self.chinese)
            write_atomically(at, to_bytes(index))
            write_atomically(words_at, _words_bytes(words))
            return index, words

    @cached_property
    def chinese(self) -> Mapping[str, list[str]]:
        """HPO id -> Chinese wordings, the name first."""
        return WORDINGS.validate_python(read_yaml(_file("wordings")))

    @cached_property
    def names(self) -> Mapping[str, str]:
        """English parts of disease names -> Chinese."""
        return NAMES.validate_python(read_yaml(_file("names")))

    @cached_property
    def finding_at(self) -> Mapping[int, str]:
        """Position of a term -> the finding of the lexicon whose own record names the term."""
        findings = self.knowledge.findings.values()
        return {at: f.id for f in findings if f.hpo and (at := self.index.position(f.hpo)) is not None}

    @cached_property
    def links(self) -> Links:
        """What the curated knowledge and the index have in common; kept in a file, as it takes longer to find than to read."""
        at = self.cache / f"rare-links-{self.knowledge.hash}-{self.key}.json"
        try:
            return LINKS.validate_json(at.read_bytes())
        except (FileNotFoundError, ValidationError):
            links = link_diseases(self.knowledge, self.index, self.words, self.chinese, XREFS.validate_python(read_yaml(_file("xrefs"))))
            write_atomically(at, LINKS.dump_json(links))
            return links


def _compile(chinese: Mapping[str, list[str]]) -> tuple[RareIndex, RareWords]:
    folder = data_folder()
    ontology = read_ontology(folder / "hp.obo")
    profiles = read_profiles(folder / "phenotype.hpoa", ontology.replaced)
    index = build_index(ontology, profiles, read_genes(folder / "genes_to_phenotype.txt"))
    return index, compile_words(ontology, index, chinese)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """A quarter of a million records are built and none of them goes round in a ring: collecting meanwhile takes half the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _file(name: str) -> Path:
    return Path(str(resources.files("yingzhi.knowledge.hpo").joinpath(f"{name}.yaml")))


def _words_bytes(words: RareWords) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **{f.name: getattr(words, f.name) for f in fields(words)})
    return stream.getvalue()


def _read_words(path: Path) -> RareWords:
    data = path.read_bytes()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return RareWords(**{f.name: arrays[f.name] for f in fields(RareWords)})
    except (ValueError, KeyError, OSError, EOFError) as error:
        raise ToolError(f"{path.name}: damaged ({type(error).__name__})") from error
