"""HPO terms that a case gives: which ids are known, and which findings of the lexicon they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.finding import Finding, Status
from yingzhi.clinical.presentation import Phenotypes, Presentation
from yingzhi.clinical.words import Span
from yingzhi.knowledge.models import FindingTerm
from yingzhi.tools.rare.arm import RareArm

HPO_ID = re.compile(r"HP:[0-9]{7}")
CLIMB = 3
"""A present term may be taken for a finding that is more general by this many steps: "linear hyperpigmentation" for hyperpigmentation."""
SIDES: tuple[tuple[Status, str], ...] = (("present", "present"), ("absent", "absent"))


def check_phenotypes(case: Presentation, arm: RareArm | None) -> list[str]:
    """The ids that nobody knows, which are left out.

    Args:
        case: The case.
        arm: The ontology, with the older ids of every term; without one all well-formed ids pass.

    Returns:
        Unknown ids in the order given, each once.

    Raises:
        CaseError: Something is not an id at all; a term is both present and absent, if need be under an older id; or no id is known
            and the case has nothing else. The message names the field and the id.
    """
    given = case.phenotypes
    if not given.present and not given.absent:
        return []
    unknown: list[str] = []
    sides: dict[str, set[object]] = {}
    for side, _ in SIDES:
        for number, term in enumerate(getattr(given, side)):
            if not HPO_ID.fullmatch(term):
                raise CaseError("not an id of the Human Phenotype Ontology (HP: and seven digits)", f"phenotypes.{side}.{number}")
            at: object = term if arm is None else arm.index.position(term)
            if at is None:
                unknown.append(term)
            else:
                sides.setdefault(side, set()).add(at)
                if at in sides.get("present", set()) & sides.get("absent", set()):
                    raise CaseError(f"{term} is both present and absent", "phenotypes")
    if not sides and not (case.text.strip() or case.reports or case.answers):
        side = "present" if given.present else "absent"
        raise CaseError("not an id of the Human Phenotype Ontology", f"phenotypes.{side}.0")
    return list(dict.fromkeys(unknown))


def phenotype_findings(given: Phenotypes, terms: Mapping[str, FindingTerm], arm: RareArm | None) -> list[Finding]:
    """Findings for HPO terms: the same term, or for a present one the nearest more general one that the lexicon has.

    Args:
        given: The ids.
        terms: The lexicon by id.
        arm: The ontology; without one only equal ids meet.
    """
    if not given.present and not given.absent:
        return []
    named = {t.hpo: t.id for t in terms.values() if t.hpo}
    findings: list[Finding] = []
    for status, side in SIDES:
        for number, term in enumerate(getattr(given, side)):
            found = named.get(term) or (_nearest(term, arm, CLIMB if side == "present" else 0) if arm else None)
            if found is not None:
                findings.append(_finding(terms[found], status, f"phenotypes.{side}.{number}", term))
    return _merged(findings)


def _nearest(given: str, arm: RareArm, steps: int) -> str | None:
    at = arm.index.position(given)
    layer: Iterable[int] = [] if at is None else [at]
    for _ in range(steps + 1):
        for candidate in layer:
            if candidate in arm.finding_at:
                return arm.finding_at[candidate]
        layer = [p for c in layer for p in arm.index.parents(c)]
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
