"""From findings to evidence: what the inference may take as seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from yingzhi.clinical.finding import Finding
from yingzhi.clinical.history import History, NamedDiagnosis
from yingzhi.clinical.words import CareLevel
from yingzhi.tools.inference import DiagnosisModel
from yingzhi.tools.ranking import PAST, STRENGTH, Observation, Ranking, rank

FAMILY: dict[str, str] = {
    "atopic-dermatitis": "family-atopy",
    "psoriasis-vulgaris": "family-psoriasis",
    "melanoma": "family-melanoma",
    "previous-psoriasis": "family-psoriasis",
    "previous-eczema": "family-atopy",
    "atopy": "family-atopy",
    "asthma-rhinitis": "family-atopy",
    "asthma": "family-atopy",
    "allergic-rhinitis": "family-atopy",
    "allergic-conjunctivitis": "family-atopy",
    "eczema-unspecified": "family-atopy",
    "hair-loss": "family-hair-loss",
    "frontal-hairline-recession": "family-hair-loss",
    "crown-thinning": "family-hair-loss",
    "androgenetic-alopecia": "family-hair-loss",
    "acne-vulgaris": "family-acne",
    "keloid": "family-keloid",
    "hyperhidrosis": "family-sweating",
    "palmoplantar-sweating": "family-sweating",
    "basal-cell-carcinoma": "family-skin-cancer",
    "squamous-cell-carcinoma": "family-skin-cancer",
    "vitiligo": "family-autoimmune",
    "systemic-lupus-erythematosus": "family-autoimmune",
    "alopecia-areata": "family-autoimmune",
    "thyroid-disease": "family-autoimmune",
    "hyperthyroid": "family-autoimmune",
    "hypothyroid": "family-autoimmune",
}
"""Family findings that stand for a disease or a history named in a relative."""
CATCHING = frozenset(
    [
        "varicella",
        "measles",
        "rubella",
        "mumps",
        "scabies",
        "head-lice",
        "body-lice",
        "pubic-lice",
        "impetigo",
        "tinea-capitis",
        "tinea-corporis",
        "tinea-pedis",
        "tinea-cruris",
        "molluscum-contagiosum",
        "hand-foot-and-mouth-disease",
        "herpangina",
        "scarlet-fever",
        "erythema-infectiosum",
        "roseola-infantum",
        "common-wart",
        "plantar-wart",
        "mpox",
        "leprosy",
        "lupus-vulgaris",
        "previous-varicella",
        "tinea-manuum",
        "tinea-faciei",
        "ecthyma",
    ]
)
"""What is caught from another: in a relative it is a contact, not a family trait."""


def observations(findings: Iterable[Finding]) -> list[Observation]:
    """Findings of the patient as evidence; a relative's findings and unknown ones are none."""
    return [
        Observation(f.id, STRENGTH[f.status] * (PAST if f.temporality == "past" else 1.0))
        for f in findings
        if f.experiencer == "patient" and f.status in STRENGTH
    ]


def family_findings(diseases: Iterable[str], findings: Iterable[str]) -> set[str]:
    """Findings implied by diseases and histories that run in the family."""
    there = list(findings)
    named = {"contact-with-similar-case" if d in CATCHING else FAMILY.get(d, "family-same-condition") for d in diseases}
    return named | {FAMILY[f] for f in there if f in FAMILY} | {"contact-with-similar-case" for f in there if f in CATCHING}


HINT = {
    ("present", "current"): 1.4,
    ("uncertain", "current"): 0.9,
    ("present", "past"): 0.5,
    ("uncertain", "past"): 0.2,
    ("absent", "current"): -1.0,
    ("absent", "past"): -0.3,
}
"""Log likelihood ratios of a diagnosis that the note names: another doctor's or the patient's guess is evidence, but a weak one."""


def hints(named: Iterable[NamedDiagnosis]) -> dict[str, float]:
    """What the diagnoses named in the note add to the ranking, by disease id."""
    found: dict[str, float] = {}
    for n in named:
        if n.experiencer == "patient":
            value = HINT.get((n.status, n.temporality), 0.0)
            found[n.disease] = max(found.get(n.disease, value), value, key=abs)
    return found


def implied(findings: Iterable[Finding], ancestors: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Ids of present findings that a more specific present finding says already: no need to write both down."""
    there = {f.id for f in findings if f.status == "present" and f.experiencer == "patient"}
    return frozenset(a for f in there for a in ancestors.get(f, frozenset()) if a in there)


def rank_record(model: DiagnosisModel, history: History, setting: CareLevel, more: Mapping[str, float] | None = None) -> Ranking:
    """The ranking of all diseases from a record as it was read: its findings, the patient, and the diagnoses that it names.

    Args:
        model: The diagnosis model.
        history: The record.
        setting: Level of the site.
        more: Log likelihood ratios by disease from elsewhere, added to those of the named diagnoses.
    """
    named = hints(history.named_diagnoses)
    ranking = rank(
        model,
        observations(history.findings),
        age=history.patient.age,
        sex=history.patient.sex,
        setting=setting,
        hints={d: named.get(d, 0.0) + (more or {}).get(d, 0.0) for d in {*named, *(more or {})}},
    )
    return humbled(model, ranking)


ENOUGH = 4
"""Present findings from which on one can tell whether they hang together."""
COHERENT, LOOSE, LEAST = 0.48, 0.30, 0.1
"""Share of what is present that the leading disease accounts for: from COHERENT on its probability stands, at LOOSE or below only LEAST
of it does. Notes of real patients lie above (5th percentile .42 to .48 in development cases), findings thrown together below
(median .34)."""


def coherence(model: DiagnosisModel, ranking: Ranking) -> float | None:
    """How much of what is present the leading disease accounts for, each finding weighed by how seldom it is met.

    Returns:
        A share in [0, 1], or None where too little is present to tell.
    """
    columns = np.array([model.column[o.finding] for o in ranking.observed if o.strength > 0], dtype=int)
    if len(columns) < ENOUGH:
        return None
    weights = -np.log(model.leak[columns])
    leading = int(ranking.probability.argmax())
    return float((weights * model.listed[leading, columns]).sum() / weights.sum())


def humbled(model: DiagnosisModel, ranking: Ranking) -> Ranking:
    """The ranking, with probability moved to `other` where the findings don't hang together: no disease explains them. The order stays."""
    share = coherence(model, ranking)
    if share is None or share >= COHERENT:
        return ranking
    kept = float(np.clip((share - LOOSE) / (COHERENT - LOOSE), LEAST, 1.0))
    return replace(ranking, probability=ranking.probability * kept, other=1 - (1 - ranking.other) * kept)
