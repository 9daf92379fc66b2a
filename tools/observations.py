"""From findings to evidence: what the inference may take as seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
}
"""Family findings that stand for a disease or a history named in a relative."""


def observations(findings: Iterable[Finding]) -> list[Observation]:
    """Findings of the patient as evidence; a relative's findings and unknown ones are none."""
    return [
        Observation(f.id, STRENGTH[f.status] * (PAST if f.temporality == "past" else 1.0))
        for f in findings
        if f.experiencer == "patient" and f.status in STRENGTH
    ]


def family_findings(diseases: Iterable[str], findings: Iterable[str]) -> set[str]:
    """Findings implied by diseases and histories that run in the family."""
    return {FAMILY.get(d, "family-same-condition") for d in diseases} | {FAMILY[f] for f in findings if f in FAMILY}


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
    return rank(
        model,
        observations(history.findings),
        age=history.patient.age,
        sex=history.patient.sex,
        setting=setting,
        hints={d: named.get(d, 0.0) + (more or {}).get(d, 0.0) for d in {*named, *(more or {})}},
    )
