"""HPO terms of a case: those that were given, those that findings of the lexicon stand for, and those that the note names in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from yingzhi.clinical.finding import Finding
from yingzhi.clinical.history import Phenotype
from yingzhi.clinical.presentation import Phenotypes, Presentation
from yingzhi.clinical.words import Span
from yingzhi.tools.extraction import Extraction
from yingzhi.tools.rare.arm import RareArm
from yingzhi.tools.rare.words import find_terms
from yingzhi.tools.scope import read_scope, sentence_bounds
from yingzhi.tools.text import Token


def read_phenotypes(case: Presentation, findings: Iterable[Finding], noted: Extraction, arm: RareArm) -> list[Phenotype]:
    """The whole record as HPO terms, each once: what was given goes before what was found, and that before what is named in words.

    Args:
        case: The case.
        findings: What the lexicon read.
        noted: Its reading of the note, for the tokens and the diseases that are named there.
        arm: The rare arm.
    """
    known = arm.knowledge.diseases
    common = [(m.start, m.end) for m in noted.diseases if m.id in known and known[m.id].commonness == "common"]
    named = named_phenotypes(case.text, noted.tokens, arm, common) if case.text else []
    return _once([*given_phenotypes(case.phenotypes, arm), *found_phenotypes(findings, arm), *named])


def given_phenotypes(given: Phenotypes, arm: RareArm) -> list[Phenotype]:
    """The terms that the case gives by id, older ids as their current ones; unknown ids are left out.

    Args:
        given: As it came.
        arm: The rare arm.
    """
    found: list[Phenotype] = []
    for status, side in (("present", given.present), ("absent", given.absent)):
        for number, term in enumerate(side):
            if (at := arm.index.position(term)) is not None:
                span = Span(source=f"phenotypes.{status}.{number}", start=0, end=len(term), text=term)
                found.append(_phenotype(arm, at, status, [span]))
    return _once(found)


def found_phenotypes(findings: Iterable[Finding], arm: RareArm) -> list[Phenotype]:
    """The terms that the patient's findings stand for. What a finding was concluded from counts too; a relative's does not."""
    terms = arm.links.terms
    return _once(
        _phenotype(arm, terms[f.id], f.status, f.spans, f.id)
        for f in findings
        if f.id in terms and f.experiencer == "patient" and f.status in {"present", "absent"}
    )


def named_phenotypes(text: str, tokens: Sequence[Token], arm: RareArm, diseases: Sequence[tuple[int, int]] = ()) -> list[Phenotype]:
    """The terms that a note names in words, with what the sentence says of each.

    Args:
        text: The note.
        tokens: Its tokens.
        arm: The rare arm.
        diseases: Where the note names common diseases: "eczema" is a diagnosis that was thought of, and no feature.
    """
    listed = list(tokens)
    matches = find_terms(listed, arm.words)
    if not matches:
        return []
    bounds = sentence_bounds(listed, text)
    sentence = [b for b in bounds for _ in range(*b)]
    found = []
    diagnoses = set(arm.links.diagnoses)
    for term, first, last in matches:
        if term in diagnoses or any(start <= listed[first].start and listed[last].end <= end for start, end in diseases):
            continue
        scope = read_scope(listed, first, last, sentence[first])
        if scope.experiencer == "patient" and not scope.hypothetical and scope.status != "uncertain":
            start, end = listed[first].start, listed[last].end
            found.append(_phenotype(arm, term, scope.status, [Span(source="note", start=start, end=end, text=text[start:end])]))
    return _once(found)


def _phenotype(arm: RareArm, at: int, status: str, spans: list[Span], finding: str = "") -> Phenotype:
    en = arm.index.term_name_list[at]
    return Phenotype(
        id=arm.index.term_id(at),
        en=en,
        zh=arm.links.chinese.get(at, en),
        status="absent" if status == "absent" else "present",
        finding=finding,
        spans=spans,
    )


def _once(phenotypes: Iterable[Phenotype]) -> list[Phenotype]:
    """One record a term: the first, except that within the note what is there wins over what is not."""
    kept: dict[str, Phenotype] = {}
    for p in phenotypes:
        before = kept.get(p.id)
        if before is None or (before.status == "absent" and p.status == "present" and _noted(before) and _noted(p)):
            kept[p.id] = p
    return list(kept.values())


def _noted(p: Phenotype) -> bool:
    return any(s.source == "note" for s in p.spans)
