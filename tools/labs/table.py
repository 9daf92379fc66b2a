"""The analytes made ready for reading: their names in one automaton, their units parsed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ahocorasick

from yingzhi.clinical.errors import KnowledgeError
from yingzhi.knowledge.lab_models import LabAnalyte
from yingzhi.tools.labs.units import UnitTable, fold, unit_table


@dataclass(frozen=True, slots=True)
class Compiled:
    """An analyte with its units."""

    record: LabAnalyte
    units: UnitTable


@dataclass(frozen=True, slots=True)
class LabTable:
    """All analytes; made once a knowledge object, by `compile_labs`."""

    analytes: dict[str, Compiled]
    automaton: Any
    """Folded name -> (length, ids of the analytes so named, spelling -> ids of those for which it is a symbol)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A name found in a text."""

    start: int
    end: int
    ids: tuple[str, ...]
    symbol: bool


def compile_labs(analytes: Iterable[LabAnalyte]) -> LabTable:
    """Build the automaton and the unit tables.

    Raises:
        KnowledgeError: A unit is not known, or an analyte is named that does not exist.
    """
    compiled: dict[str, Compiled] = {}
    names: dict[str, list[str]] = {}
    symbols: dict[str, dict[str, tuple[str, ...]]] = {}
    for a in analytes:
        try:
            units = unit_table(a.unit, [(u.unit, u.factor, u.offset) for u in a.also])
        except ValueError as error:
            raise KnowledgeError(f"labs, {a.id}: {error}") from error
        compiled[a.id] = Compiled(a, units)
        for name in (a.names.en, a.names.zh, *a.aliases.en, *a.aliases.zh):
            if len(name) == 1:
                _add(symbols, name, a.id)
            elif a.id not in names.setdefault(fold(name), []):
                names[fold(name)].append(a.id)
        for symbol in a.symbols:
            _add(symbols, symbol, a.id)
    _check_links(compiled)
    automaton = ahocorasick.Automaton()
    for key in {**names, **symbols}:
        automaton.add_word(key, (len(key), tuple(names.get(key, ())), symbols.get(key, {})))
    automaton.make_automaton()
    return LabTable(compiled, automaton)


def _add(symbols: dict[str, dict[str, tuple[str, ...]]], spelling: str, analyte: str) -> None:
    spellings = symbols.setdefault(fold(spelling), {})
    spellings[spelling] = tuple(dict.fromkeys((*spellings.get(spelling, ()), analyte)))


def _check_links(compiled: dict[str, Compiled]) -> None:
    for c in compiled.values():
        for other in (c.record.fraction_of, c.record.absolute):
            if other is not None and other not in compiled:
                raise KnowledgeError(f"labs, {c.record.id}: {other} is no analyte")


def find_names(text: str, folded: str, table: LabTable) -> list[Hit]:
    """Names of analytes in order of place; of two that overlap the earlier and longer one stands."""
    found: list[Hit] = []
    if not table.analytes:
        return found
    for last, (length, ids, symbols) in table.automaton.iter(folded):
        start, end = last + 1 - length, last + 1
        meant = ids or symbols.get(text[start:end])
        if meant and _whole(folded, start, end):
            found.append(Hit(start, end, meant, symbol=not ids))
    found.sort(key=lambda h: (h.start, -h.end))
    kept: list[Hit] = []
    for hit in found:
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return kept


def _whole(folded: str, start: int, end: int) -> bool:
    """Whether a name stands by itself: no Latin letter or digit runs into it."""
    first, last = folded[start], folded[end - 1]
    before = folded[start - 1] if start else " "
    after = folded[end] if end < len(folded) else " "
    if _latin(first):
        if _latin(before) or before.isdigit():
            return False
        if before == "-" and start > 1 and _latin(folded[start - 2]):
            return False  # non-hdl, pre-albumin
    if _latin(last) and _latin(after):
        return False
    return not (last.isdigit() and (after.isdigit() or (after == "." and folded[end + 1 : end + 2].isdigit())))


def _latin(char: str) -> bool:
    return char.isascii() and char.isalpha()
