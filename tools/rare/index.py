"""The rare diseases as arrays: what is kept in the cache, and how it is read back in a few milliseconds."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yingzhi.clinical.errors import ToolError

Ints = NDArray[np.int32]
Shorts = NDArray[np.uint16]
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class RareIndex:
    """R profiles (one a catalogue entry) of F forms (twins are one) of E diseases (a series of genetic forms is one), over T terms.

    CSR: row r holds `ptr[r]` to `ptr[r + 1]`.
    """

    term: Ints
    """[T] number of the HPO id, ascending."""
    old: Ints
    """[2, O] number of every older id, ascending, and the position of the current term."""
    term_names: Bytes
    """T names, one a line, UTF-8."""
    up_ptr: Ints
    up: Shorts
    """CSR over terms: the term and all that it implies, below `Phenotypic abnormality`."""
    parent_ptr: Ints
    parent: Shorts
    """CSR over terms: what each is a kind of."""
    down_ptr: Ints
    down: Shorts
    """CSR over terms: the term and all that imply it."""
    background: Floats
    """[T] mean share over all profiles."""
    information: Floats
    """[T] -ln of the share of profiles that hold the term."""
    column_ptr: Ints
    column: Shorts
    column_share: NDArray[np.float16]
    """CSR over terms: the profiles that hold it, and the share there (that of its likeliest descendant)."""
    direct_ptr: Ints
    direct: Shorts
    direct_share: NDArray[np.float16]
    direct_count: NDArray[np.float16]
    """CSR over profiles: the features that are written down, their shares, and the patients that these rest on (0 = not stated)."""
    denied: Ints
    """[2, N] term and profile where a feature was looked for and not found, by term."""
    denied_count: Floats
    full: Floats
    """[R] information of the whole profile, weighted by share."""
    skin: Floats
    """[R] share with any abnormality of skin, hair, nails or mucosa."""
    form: Ints
    """[R] the form that the profile is of."""
    disease: Ints
    """[R] the disease that the profile is of."""
    disease_of: Ints
    """[F] the disease that the form is of."""
    papers: Floats
    """[F] number of papers that the annotations cite."""
    member_ptr: Ints
    member: Ints
    """CSR over forms: the forms that a group is made of; empty for all but groups."""
    onset: Floats
    """[R, 11] patients by age class of onset, as `patient.ONSETS` orders them."""
    modes: Ints
    """[R] modes of inheritance as bits, as `patient.MODES` orders them."""
    ids: Bytes
    """R catalogue ids, one a line."""
    names: Bytes
    """R names, one a line, UTF-8."""
    genes: Bytes
    """F lists of gene symbols, parted by spaces, one a line; a line may be empty."""

    @property
    def profiles(self) -> int:
        """R."""
        return len(self.disease)

    @property
    def forms(self) -> int:
        """F."""
        return len(self.disease_of)

    @cached_property
    def diseases(self) -> int:
        """E."""
        return int(self.disease_of.max(initial=-1)) + 1

    @cached_property
    def id_list(self) -> list[str]:
        """The catalogue id of each profile."""
        return lines_of(self.ids)

    @cached_property
    def name_list(self) -> list[str]:
        """The name of each profile."""
        return lines_of(self.names)

    @cached_property
    def gene_list(self) -> list[str]:
        """The genes of each form, parted by spaces."""
        return lines_of(self.genes)

    @cached_property
    def term_name_list(self) -> list[str]:
        """The name of each term."""
        return lines_of(self.term_names)

    @cached_property
    def _by_disease(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        order = np.argsort(self.disease, kind="stable")
        return np.searchsorted(self.disease[order], np.arange(self.diseases + 1)), order

    def rows_of(self, disease: int) -> list[int]:
        """Profiles of a disease, OMIM before Orphanet."""
        ptr, order = self._by_disease
        rows: list[int] = order[ptr[disease] : ptr[disease + 1]].tolist()
        return rows

    def position(self, given: str) -> int | None:
        """Where a term stands, by any id that was ever given out; None for an unknown one."""
        number = number_of(given)
        if number is None:
            return None
        at = int(np.searchsorted(self.term, number))
        if at < len(self.term) and int(self.term[at]) == number:
            return at
        at = int(np.searchsorted(self.old[0], number))
        return int(self.old[1, at]) if at < self.old.shape[1] and int(self.old[0, at]) == number else None

    def term_id(self, position: int) -> str:
        """The HPO id at a position."""
        return f"HP:{int(self.term[position]):07d}"

    def implied(self, position: int) -> Shorts:
        """The term and all that it implies."""
        return self.up[self.up_ptr[position] : self.up_ptr[position + 1]]

    def implying(self, position: int) -> Shorts:
        """The term and all that imply it."""
        return self.down[self.down_ptr[position] : self.down_ptr[position + 1]]

    def parents(self, position: int) -> list[int]:
        """What the term is a kind of."""
        part = self.parent[self.parent_ptr[position] : self.parent_ptr[position + 1]]
        return [int(p) for p in part]

    def holders(self, position: int) -> tuple[Shorts, NDArray[np.float16]]:
        """Profiles that hold the term, and the share there."""
        part = slice(int(self.column_ptr[position]), int(self.column_ptr[position + 1]))
        return self.column[part], self.column_share[part]

    def is_finding(self, position: int) -> bool:
        """Whether the term is something a patient shows; onset, inheritance and the like are not."""
        return bool(self.up_ptr[position + 1] > self.up_ptr[position])


def number_of(given: str) -> int | None:
    """`HP:0000951` as 951."""
    return int(given[3:]) if given.startswith("HP:") and given[3:].isdecimal() and len(given) == 10 else None


def lines_of(blob: Bytes) -> list[str]:
    """The lines of a text that is kept as bytes."""
    return blob.tobytes().decode().split("\n") if len(blob) else []


def blob_of(lines: list[str]) -> Bytes:
    """Lines as bytes."""
    return np.frombuffer("\n".join(line.replace("\n", " ") for line in lines).encode(), dtype=np.uint8)


def to_bytes(index: RareIndex) -> bytes:
    """The index as one file, not compressed: reading it takes a copy and nothing else."""
    stream = io.BytesIO()
    np.savez(stream, **{f.name: getattr(index, f.name) for f in fields(index)})
    return stream.getvalue()


def read_index(path: Path) -> RareIndex:
    """Read a file that `to_bytes` made.

    Raises:
        FileNotFoundError: There is none.
        ToolError: It is damaged, or of another layout.
    """
    data = path.read_bytes()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            given: dict[str, Any] = {f.name: arrays[f.name] for f in fields(RareIndex)}
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ToolError(f"{path.name}: damaged ({type(error).__name__})") from error
    return RareIndex(**given)
