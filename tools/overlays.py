"""A site's own interaction table laid over the built-in rules. It may raise a severity, never lower one."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from yingzhi.clinical.errors import CaseError, KnowledgeError, SettingsError
from yingzhi.clinical.medication import Mechanism
from yingzhi.clinical.overlay import Disagreement, OverlayReport, UnreadName
from yingzhi.clinical.words import Severity, Text
from yingzhi.knowledge.drug_models import Harm
from yingzhi.knowledge.load import write_atomically
from yingzhi.tools.drug_names import resolve_drug, unknown_drug
from yingzhi.tools.drug_rules import ORDER

if TYPE_CHECKING:
    from yingzhi.tools.formulary import Formulary

Pair = tuple[str, str]


class Columns(BaseModel):
    """Which column of the table holds what."""

    model_config = ConfigDict(extra="forbid")

    drug_a: str
    drug_b: str
    level: str
    mechanism: str = ""
    management: str = ""


class TableMapping(BaseModel):
    """How a table is read. A YAML file of this shape goes with the import."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="Id of the overlay.")
    title: str = Field(min_length=1, max_length=200)
    body: str = Field(min_length=1, max_length=200, description="Who issues the table.")
    year: int = Field(ge=1950, le=2100)
    columns: Columns
    levels: dict[str, Harm] = Field(min_length=1, description="Each level of the table to one of ours.")
    ignore: list[str] = Field(default_factory=list, description="Levels that are left out.")
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a table says of a pair."""

    severity: Severity
    mechanism: str = ""
    management: str = ""


@dataclass(frozen=True, slots=True)
class Overlay:
    """An imported table."""

    name: str
    title: str
    body: str
    year: int
    digest: str
    """SHA-256 of the table, first sixteen digits: it pins what was in force."""
    pairs: Mapping[Pair, Entry]
    """By the two ids in order."""

    @property
    def source(self) -> str:
        """How it is cited."""
        return f"{self.body}: {self.title} ({self.year})"

    def mechanism(self, entry: Entry) -> Mechanism:
        """A table's word as one mechanism of a verdict."""
        why = entry.mechanism or f"Listed in {self.title}."
        act = entry.management or f"See {self.title}."
        return Mechanism(
            rule=f"overlay-{self.name}",
            severity=entry.severity,
            mechanism=Text(en=why, zh=entry.mechanism or f"见于本院数据表《{self.title}》。"),
            management=Text(en=act, zh=entry.management or f"请查阅《{self.title}》。"),
            sources=[self.source],
        )


def read_mapping(path: Path) -> TableMapping:
    """Read a mapping file.

    Raises:
        CaseError: It can't be read, or a field is missing or wrong; the message names the field.
    """
    import yaml

    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CaseError("cannot be read as YAML", path.name) from error
    try:
        return TableMapping.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise CaseError(first["msg"], f"{path.name}: {'.'.join(map(str, first['loc'])) or 'file'}") from error


def read_table(table: Path, mapping: TableMapping, formulary: Formulary) -> tuple[Overlay, OverlayReport]:
    """Read a table by its mapping.

    Args:
        table: CSV with a head.
        mapping: How it is read.
        formulary: Whose drugs its names are.

    Returns:
        The overlay, and what was taken over and what was not: a name is taken only where it is certain.

    Raises:
        CaseError: A column is missing or a level is not in the mapping; the message names the column, or the line and level.
    """
    tally: Counter[str] = Counter()
    unread: Counter[str] = Counter()
    known: dict[str, str | None] = {}
    pairs: dict[Pair, Entry] = {}
    for line, row in _rows(table, mapping):
        tally["rows"] += 1
        severity = _severity(row, line, mapping, table)
        names = [_cell(row, column, line, table) for column in (mapping.columns.drug_a, mapping.columns.drug_b)]
        for name in names:
            if name not in known:
                match = resolve_drug(name, formulary)
                known[name] = match.drug if match else None
        ids = [known[n] for n in names]
        missing = {n for n, i in zip(names, ids, strict=True) if i is None}
        unread.update(missing)
        a, b = ids
        if a is None or b is None:
            tally["unread_rows"] += 1
        elif severity is None:
            tally["ignored"] += 1
        elif a == b:
            tally["same_drug"] += 1
        else:
            key = (a, b) if a < b else (b, a)
            entry = Entry(severity, _text(row, mapping.columns.mechanism), _text(row, mapping.columns.management))
            tally["repeated"] += key in pairs
            if key not in pairs or ORDER[severity] < ORDER[pairs[key].severity]:
                pairs[key] = entry
    digest = hashlib.sha256(table.read_bytes()).hexdigest()[:16]
    overlay = Overlay(mapping.name, mapping.title, mapping.body, mapping.year, digest, pairs)
    return overlay, _report(overlay, tally, unread, formulary)


def _rows(table: Path, mapping: TableMapping) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with table.open(encoding=mapping.encoding, newline="") as stream:
            reader = csv.DictReader(stream, delimiter=mapping.delimiter)
            head = list(reader.fieldnames or [])
            wanted = {f"columns.{role}": name for role, name in mapping.columns.model_dump().items() if name}
            for role, name in wanted.items():
                if name not in head:
                    raise CaseError(f"the table has no column {name!r}; it has {', '.join(map(repr, head[:12])) or 'none'}", role)
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeError, LookupError, csv.Error) as error:
        raise CaseError(f"cannot be read as {mapping.encoding} text with {mapping.delimiter!r} between columns", table.name) from error


def _severity(row: dict[str, str], line: int, mapping: TableMapping, table: Path) -> Harm | None:
    level = _cell(row, mapping.columns.level, line, table)
    if level in mapping.ignore:
        return None
    if level not in mapping.levels:
        raise CaseError(f"level {level!r} is neither in levels nor in ignore of the mapping", f"{table.name} line {line}")
    return mapping.levels[level]


def _cell(row: dict[str, str], column: str, line: int, table: Path) -> str:
    value = row.get(column)
    if not isinstance(value, str) or not value.strip():
        raise CaseError(f"{column} is empty", f"{table.name} line {line}")
    return value.strip()


def _text(row: dict[str, str], column: str) -> str:
    value = row.get(column) if column else None
    return value.strip()[:1000] if isinstance(value, str) else ""


def _report(overlay: Overlay, tally: Counter[str], unread: Counter[str], formulary: Formulary) -> OverlayReport:
    names = []
    for name, rows in unread.most_common(50):
        why = unknown_drug(name, formulary)
        names.append(UnreadName(name=name, rows=rows, reason=why.reason, suggestions=[s.drug for s in why.suggestions]))
    against = Counter(_side(entry.severity, key, formulary) for key, entry in overlay.pairs.items())
    return OverlayReport(
        name=overlay.name,
        title=overlay.title,
        rows=tally["rows"],
        pairs=len(overlay.pairs),
        repeated=tally["repeated"],
        same_drug=tally["same_drug"],
        ignored=tally["ignored"],
        unread_rows=tally["unread_rows"],
        unread=names,
        worse=against["worse"],
        milder=against["milder"],
        agree=against["agree"],
    )


def _side(said: Severity, key: Pair, formulary: Formulary) -> str:
    from yingzhi.tools.interactions import pair_severity  # it imports this module's neighbours

    built_in = pair_severity(*key, dataclasses.replace(formulary, overlays=()))
    return "agree" if said == built_in else "worse" if ORDER[said] < ORDER[built_in] else "milder"


def disagreements(overlay: Overlay, formulary: Formulary) -> list[Disagreement]:
    """Every pair that the table and the built-in rules grade differently, those furthest apart first.

    Args:
        overlay: The table.
        formulary: The formulary; its overlays are left out of the comparison.
    """
    from yingzhi.tools.interactions import check_pair

    bare = dataclasses.replace(formulary, overlays=())
    found = []
    for (a, b), entry in overlay.pairs.items():
        verdict = check_pair(a, b, bare)
        if verdict.severity == entry.severity:
            continue
        sources = sorted({s for m in verdict.mechanisms for s in m.sources})
        worse = entry.severity if ORDER[entry.severity] < ORDER[verdict.severity] else verdict.severity
        found.append(
            Disagreement(
                drug_a=a, drug_b=b, built_in=verdict.severity, built_in_sources=sources,
                table=entry.severity, table_source=overlay.source, holds=worse,
            )
        )  # fmt: skip
    return sorted(found, key=lambda d: (-abs(ORDER[d.built_in] - ORDER[d.table]), ORDER[d.holds], d.drug_a, d.drug_b))


def save_overlay(overlay: Overlay, home: Path) -> Path:
    """Keep an overlay under the home folder; one of the same name is replaced.

    Raises:
        SettingsError: The folder can't be written.
    """
    path = _folder(home) / f"{overlay.name}.json"
    rows = [[a, b, e.severity, e.mechanism, e.management] for (a, b), e in sorted(overlay.pairs.items())]
    head = {"name": overlay.name, "title": overlay.title, "body": overlay.body, "year": overlay.year, "digest": overlay.digest}
    try:
        write_atomically(path, json.dumps({**head, "pairs": rows}, ensure_ascii=False).encode())
    except OSError as error:
        raise SettingsError(f"YINGZHI_HOME: the overlay can't be written ({type(error).__name__})") from error
    return path


def remove_overlay(name: str, home: Path) -> bool:
    """Take an overlay away; False if there is none of this name."""
    path = next((p for p in _folder(home).glob("*.json") if p.stem == name), None)
    if path is None:
        return False
    path.unlink()
    return True


def with_overlays(formulary: Formulary, home: Path) -> Formulary:
    """The formulary with every overlay kept under the home folder; the same object if there is none.

    Raises:
        KnowledgeError: A kept file is damaged; it is named, and nothing is checked as if it were not there.
    """
    overlays = tuple(_load(path, formulary) for path in sorted(_folder(home).glob("*.json")))
    return dataclasses.replace(formulary, overlays=overlays) if overlays else formulary


def _load(path: Path, formulary: Formulary) -> Overlay:
    try:
        raw = json.loads(path.read_bytes())
        pairs: dict[Pair, Entry] = {}
        for a, b, severity, mechanism, management in raw["pairs"]:
            if severity not in ORDER:
                raise ValueError(severity)
            if a in formulary.drugs and b in formulary.drugs:
                pairs[a, b] = Entry(severity, mechanism, management)
        return Overlay(str(raw["name"]), str(raw["title"]), str(raw["body"]), int(raw["year"]), str(raw["digest"]), pairs)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KnowledgeError(f"overlays/{path.name}: damaged; import the table again") from error


def _folder(home: Path) -> Path:
    return home / "overlays"
