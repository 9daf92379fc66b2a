"""A trace: all that a scorer may read of one run of one case. Stored as JSON lines, one run a line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import Field, ValidationError

from yingzhi.clinical.consultation import Consultation
from yingzhi.clinical.errors import GoldError
from yingzhi.clinical.presentation import Presentation
from yingzhi.clinical.words import Language, Record

VERSION = 1
"""Raised when a trace of before can't be scored any more."""
BLOCK = 1 << 16
KEPT = ("specialist.started", "specialist.finished", "tool.called", "tool.returned", "model.called", "model.returned", "challenge.raised")
"""Events that a trace keeps; the others say nothing that the consultation does not."""


class Trace(Record):
    """One run of one case in one language."""

    version: int = VERSION
    case: str = Field(description="Id of the gold case, or of whatever case it was.")
    lang: Language
    epoch: int = Field(default=1, ge=1)
    presentation: Presentation
    consultation: Consultation | None = Field(description="Null if the run ended in an error.")
    events: list[dict[str, Any]] = Field(default_factory=list, description="Which specialist and tool ran when; no patient text.")
    began: datetime | None = Field(default=None, description="When it began; traces of before do not say.")
    seconds: float = Field(default=0.0, ge=0)
    error: str = Field(default="", description="Kind of the error that ended the run.")

    @property
    def key(self) -> str:
        """Case, language and epoch: one trace of a run each."""
        return f"{self.case}.{self.lang}.{self.epoch}"


def write_traces(path: Path, traces: Iterable[Trace]) -> None:
    """Append traces to a file."""
    append_lines(path, (trace.model_dump_json(exclude_defaults=True) for trace in traces))


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Append lines to a file, each with one write: a killed run leaves whole lines, and at most one torn one, which is cut off here."""
    with path.open("a+b") as file:
        file.truncate(_whole(file))
        for line in lines:
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _whole(file: BinaryIO) -> int:
    """Bytes up to the end of the last whole line; reads from the end, as the file may be long."""
    end = file.seek(0, os.SEEK_END)
    while end:
        begin = max(0, end - BLOCK)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def read_traces(path: Path) -> Iterator[Trace]:
    """The traces of a file; a torn last line of a killed run is left out.

    Raises:
        GoldError: Naming the file and the line: not a trace, or one of another version.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise GoldError(f"{path.name}: can't be read ({type(error).__name__})") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield Trace.model_validate_json(line)
        except ValidationError as error:
            if number == len(lines):  # no line break after it: the write was cut off
                return
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the line"
            raise GoldError(f"{path.name} line {number}: {where}: not a trace of this version ({first['msg'].lower()})") from error
