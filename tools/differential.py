"""Builds the differential from a ranking: the matrix, the must-not-miss lane, links, contrasts and what changed."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from math import log, log2

import numpy as np

from yingzhi.clinical.differential import Cell, Change, Confidence, Contrast, Diagnosis, Differential
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.words import Text
from yingzhi.knowledge.models import Disease, FindingTerm
from yingzhi.tools.inference import DiagnosisModel
from yingzhi.tools.ranking import Ranking
from yingzhi.tools.red_flags import text

UNSURE = 0.25
"""A leading diagnosis below this probability is right one time in five: the confidence is low."""
SHOWN = 12
"""How many diagnoses are handed over."""
LIVE = 0.015
"""A must-not-miss disease above this probability stays in its lane."""
FAINT, LIVE_EVIDENCE = 0.002, 2.5
"""…or above this one with findings that together make it this many times (natural log) likelier than before."""
STRONG_EVIDENCE = 5.0
"""…or this many times, however well another diagnosis explains them…"""
LEAST = 0.0005
"""…and at least this likely. What the file of a leading diagnosis names among its mimics stays whatever its probability."""
NEUTRAL = 0.3
"""A likelihood ratio whose log2 is smaller than this says nothing worth showing."""
HALLMARK = 0.5
MOST_NOT_ASKED = 4
LN2 = log(2)
LINKED = 0.15
"""Mimics in sight are those of diagnoses above this probability."""


def build_differential(
    model: DiagnosisModel,
    ranking: Ranking,
    diseases: Mapping[str, Disease],
    terms: Mapping[str, FindingTerm],
    findings: list[Finding],
    before: Differential | None = None,
    alarming: Container[str] = frozenset(),
) -> Differential:
    """The whole result of the differential specialist.

    Args:
        model: The diagnosis model.
        ranking: Posterior from `rank`.
        diseases: By id.
        terms: Lexicon by id.
        findings: Findings of the record, for the places they were read at.
        before: The previous version, to say what changed.
        alarming: Ids of dangerous diseases that a raised red flag points to.
    """
    order = [int(i) for i in np.argsort(-ranking.probability)]
    confidence = confidence_of(ranking)
    leading = [i for n, i in enumerate(order) if (n == 0 and confidence != "none") or ranking.probability[i] >= LINKED]
    mimics = {m.disease for i in leading for m in diseases[model.diseases[i]].mimics}
    known = confidence != "none"  # of a record that says nothing, nothing is in sight: what is left is the prior of all patients
    lane = [
        i
        for i in order
        if model.diseases[i] in alarming or (known and _must_not_be_missed(ranking, i, diseases[model.diseases[i]], mimics))
    ]
    shown = order[:SHOWN] + [i for i in lane if i not in order[:SHOWN]]
    places = {f.id: f for f in findings if f.experiencer == "patient"}
    asked = {o.finding for o in ranking.observed} | set(places)
    asked |= {a for f in asked for a in model.ancestors.get(f, ())}
    diagnoses = [_diagnosis(model, ranking, i, diseases[model.diseases[i]], terms, places, asked) for i in shown]
    return Differential(
        diagnoses=diagnoses,
        must_not_miss=[model.diseases[i] for i in lane],
        other=round(ranking.other, 4),
        confidence=confidence,
        converged=converged(ranking),
        contrasts=_contrasts(diagnoses, diseases),
        changes=_changes(before, diagnoses, findings, model),
    )


def confidence_of(ranking: Ranking) -> Confidence:
    """`none` = nothing to go on, then low, moderate, high: from the evidence and the leading probability."""
    top = float(ranking.probability.max()) if len(ranking.probability) else 0.0
    return confidence_from(sum(1 for o in ranking.observed if o.strength > 0), top, ranking.other)


def confidence_from(informative: int, top: float, other: float) -> Confidence:
    """The same from the number of present findings, the leading probability and that of `other`."""
    if informative == 0:
        return "none"
    if informative < 3 or top < UNSURE or other > 0.5:
        return "low"
    return "high" if top >= 0.6 and informative >= 5 else "moderate"


def converged(ranking: Ranking) -> bool:
    """Whether the field is narrow enough for targeted tests: three diagnoses hold most of the probability, on real evidence."""
    return converged_from(sum(1 for o in ranking.observed if o.strength > 0), np.sort(ranking.probability)[::-1][:3].tolist())


def converged_from(informative: int, best: Sequence[float]) -> bool:
    """The same from the number of present findings and the leading probabilities, the highest first."""
    return informative >= 4 and (best[0] >= 0.5 or sum(best[:3]) >= 0.7)


def _must_not_be_missed(ranking: Ranking, i: int, disease: Disease, mimics: set[str]) -> bool:
    if not disease.must_not_miss:
        return False
    p, evidence = float(ranking.probability[i]), float(ranking.evidence[i])
    return disease.id in mimics or p >= LIVE or (p >= FAINT and evidence >= LIVE_EVIDENCE) or (p >= LEAST and evidence >= STRONG_EVIDENCE)


def _diagnosis(
    model: DiagnosisModel,
    ranking: Ranking,
    i: int,
    disease: Disease,
    terms: Mapping[str, FindingTerm],
    places: Mapping[str, Finding],
    asked: set[str],
) -> Diagnosis:
    cells = _cells(model, ranking, i, disease, terms, places) + _not_asked(model, disease, terms, asked)
    return Diagnosis(
        id=disease.id,
        en=disease.names.en,
        zh=disease.names.zh,
        aliases=[*disease.aliases.en, *disease.aliases.zh],
        icd10=disease.icd10,
        xrefs=list(disease.xrefs),
        probability=round(float(ranking.probability[i]), 4),
        commonness=disease.commonness,
        must_not_miss=disease.must_not_miss,
        danger=text(disease.danger) if disease.danger else None,
        summary=text(disease.summary),
        cells=cells,
        sources=list(disease.sources),
    )


def _cells(
    model: DiagnosisModel, ranking: Ranking, i: int, disease: Disease, terms: Mapping[str, FindingTerm], places: Mapping[str, Finding]
) -> list[Cell]:
    written = {f.finding: f for f in disease.findings}
    cells = []
    weights = ranking.contribution[i] / LN2
    for k in np.flatnonzero(np.abs(weights) >= NEUTRAL).tolist():
        seen, weight = ranking.observed[k], float(weights[k])
        term, fact = terms[seen.finding], written.get(seen.finding)
        place = places.get(seen.finding)
        cells.append(
            Cell(
                finding=term.id,
                en=term.names.en,
                zh=term.names.zh,
                status="absent" if seen.strength < 0 else "uncertain" if seen.strength < 1 else "present",
                effect="supports" if weight > 0 else "opposes",
                weight=round(weight, 2),
                share=fact.p if fact else None,
                basis=fact.basis if fact else None,
                spans=place.spans if place else [],
                source=fact.source if fact else "",
            )
        )
    cells.sort(key=lambda c: -abs(c.weight))
    return cells


def _not_asked(model: DiagnosisModel, disease: Disease, terms: Mapping[str, FindingTerm], asked: set[str]) -> list[Cell]:
    """The most telling hallmarks of the disease that nobody looked for."""
    unasked = [f for f in disease.findings if f.p >= HALLMARK and f.finding in terms and f.finding not in asked]
    rated = sorted(((log2(f.p / model.leak[model.column[f.finding]]), f) for f in unasked), key=lambda pair: -pair[0])
    cells = []
    for weight, f in rated[:MOST_NOT_ASKED]:
        term = terms[f.finding]
        cells.append(
            Cell(
                finding=term.id,
                en=term.names.en,
                zh=term.names.zh,
                status="unknown",
                effect="not-asked",
                weight=round(weight, 2),
                share=f.p,
                basis=f.basis,
                source=f.source,
            )
        )
    return cells


def _contrasts(diagnoses: list[Diagnosis], diseases: Mapping[str, Disease]) -> list[Contrast]:
    live = [d.id for d in diagnoses if d.probability >= 0.03][:6]
    found: dict[frozenset[str], Contrast] = {}
    for first in live:
        for mimic in diseases[first].mimics:
            pair = frozenset((first, mimic.disease))
            if mimic.disease in live and pair not in found:
                found[pair] = Contrast(first=first, second=mimic.disease, apart_by=text(mimic.apart_by), findings=list(mimic.findings))
    return list(found.values())


def _changes(before: Differential | None, diagnoses: list[Diagnosis], findings: list[Finding], model: DiagnosisModel) -> list[Change]:
    if before is None:
        return []
    old = {d.id: d for d in before.diagnoses}
    seen_before = {c.finding: c.effect for d in before.diagnoses for c in d.cells if c.effect != "not-asked"}
    changes = []
    for d in diagnoses:
        was = old[d.id].probability if d.id in old else 0.0
        if abs(d.probability - was) >= 0.03:
            because = [c.finding for c in d.cells if c.effect != "not-asked" and c.finding not in seen_before]
            changes.append(Change(diagnosis=d.id, before=was, after=d.probability, because=because))
    for d in before.diagnoses:
        if d.probability >= 0.03 and d.id not in {x.id for x in diagnoses}:
            changes.append(Change(diagnosis=d.id, before=d.probability, after=0.0))
    return sorted(changes, key=lambda c: -abs(c.after - c.before))


def percent(p: float) -> str:
    """A probability as a doctor may read it: never certain, never impossible."""
    return ">99%" if p > 0.99 else "<0.1%" if p < 0.001 else f"{p:.1%}" if p < 0.1 else f"{p:.0%}"


def name_of(disease: Disease) -> Text:
    """The disease's name in both languages."""
    return Text(en=disease.names.en, zh=disease.names.zh)
