"""Ranks diagnoses by probability and says what each finding contributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from yingzhi.clinical.words import CareLevel, Sex
from yingzhi.tools.inference import FEMALE_SHARE, FULL_NOTE, Array, DiagnosisModel, age_band

DAMPING = 0.9
"""Each further finding of one group counts this much of the one before it."""
PRIOR_POWER: Mapping[CareLevel, float] = {"primary": 0.75, "secondary": 0.5, "tertiary": 0.4}
"""How strongly the clinic's case mix rules: cases that are put to a tool are harder than the average, the more so uphill."""
TEMPERATURE = 1.3
"""Divides the log posterior: evidence is never as independent as a product of likelihoods has it."""
SHARP, FLAT, DOUBT = 1.3, 0.65, 0.2
"""Stated probabilities: eight in ten that the record says what it seems to (the posterior to the power SHARP), two in ten that it
tells half as much (FLAT); fitted on development cases. One temperature can't do both: with it the highest are too high."""
SILENCE = 0.45
"""Weight of findings that the note does not mention."""
OTHER_WEIGHT = 400.0
"""Prior weight, in cases per 10,000 visits, of all that the knowledge does not hold."""
STRENGTH: Mapping[str, float] = {"present": 1.0, "uncertain": 0.5, "absent": -1.0}
PAST = 0.35
LIMITS = (-3.5, 5.0)
"""Bounds of a single log likelihood ratio: no one line of a note decides alone."""
REMEMBERED = 16
"""Rankings that are kept: the questions, the differential and the workup of a consultation ask for the same one."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One finding as evidence: strength 1 = surely present, -1 = surely absent, between = unsure or past."""

    finding: str
    strength: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The posterior over all diseases, and where it comes from."""

    probability: Array
    """[D], sums with `other` to 1."""
    other: float
    score: Array
    """[D] log posterior odds against `other`, before tempering."""
    observed: tuple[Observation, ...]
    contribution: Array
    """[D, O] log likelihood ratio of each observation, undamped (natural logarithm)."""
    evidence: Array
    """[D] damped sum of the contributions: what the findings say, the prior apart."""


def rank(
    model: DiagnosisModel,
    observations: list[Observation],
    *,
    age: float | None = None,
    sex: Sex = "unknown",
    setting: CareLevel = "secondary",
    hints: Mapping[str, float] | None = None,
) -> Ranking:
    """Posterior probability of every disease.

    Args:
        model: From `compile_model`.
        observations: Findings that were looked for; unknown ids are ignored.
        age: Years.
        sex: Sex of the patient.
        setting: Level of the site.
        hints: Log likelihood ratios by disease id from elsewhere, e.g. a diagnosis that the note names.

    Returns:
        Probabilities over all diseases and `other`; the arrays are read only.
    """
    return _rank(model, tuple(observations), age, sex, setting, tuple((hints or {}).items()))


@lru_cache(maxsize=REMEMBERED)
def _rank(
    model: DiagnosisModel,
    observations: tuple[Observation, ...],
    age: float | None,
    sex: Sex,
    setting: CareLevel,
    hints: tuple[tuple[str, float], ...],
) -> Ranking:
    seen = _most_specific(model, observations)
    columns = np.array([model.column[o.finding] for o in seen], dtype=int)
    strength = np.array([o.strength for o in seen])
    contribution = _contributions(model, columns, strength)
    evidence = damped([model.groups[c] for c in columns], contribution) + _silence(model, columns, strength)
    prior = PRIOR_POWER[setting] * np.log(model.clinic) + _patient(model, age, sex)
    for disease, hint in hints:
        if disease in model.row:
            evidence[model.row[disease]] += hint
    score = prior + evidence - PRIOR_POWER[setting] * np.log(OTHER_WEIGHT)
    tempered = np.append(score, 0.0) / TEMPERATURE
    weights = np.exp(tempered - tempered.max())
    posterior = stated(weights / weights.sum())
    for array in (posterior, score, contribution, evidence):
        array.setflags(write=False)
    return Ranking(posterior[:-1], float(posterior[-1]), score, tuple(seen), contribution, evidence)


def stated(posterior: Array) -> Array:
    """Probabilities that come true, from a posterior that sums to 1: the same order, the same sum."""
    whole = np.maximum(posterior, 1e-300)
    sharp, flat = whole**SHARP, whole**FLAT
    both: Array = (1 - DOUBT) * sharp / sharp.sum() + DOUBT * flat / flat.sum()
    return both


def _most_specific(model: DiagnosisModel, observations: tuple[Observation, ...]) -> list[Observation]:
    """Leave out what another observation implies: `blister` beside `tense bulla` says nothing new."""
    known = {o.finding: o for o in observations if o.finding in model.column and o.strength}
    implied: set[str] = set()
    for o in known.values():
        if o.strength > 0:
            implied |= {a for a in model.ancestors[o.finding] if a in known and known[a].strength > 0}
        else:
            implied |= {f for f, other in known.items() if other.strength < 0 and o.finding in model.ancestors[f]}
    return [o for f, o in sorted(known.items()) if f not in implied]


def _contributions(model: DiagnosisModel, columns: np.ndarray[tuple[int], np.dtype[np.int_]], strength: Array) -> Array:
    if not len(columns):
        return np.zeros((len(model.diseases), 0))
    return ratios(model.share[:, columns], model.leak[columns], strength)


def ratios(share: Array, leak: Array, strength: Array) -> Array:
    """Log likelihood ratio of every observation in every disease, bounded; `share` [D, O], `leak` and `strength` [O]."""
    present = np.log(share / leak)
    absent = np.log((1 - share) / (1 - leak))
    ratio: Array = np.where(strength > 0, present * strength, -absent * strength)
    return np.clip(ratio, *LIMITS)


def damped(groups: Sequence[str], contribution: Array) -> Array:
    """Sum of the contributions [D, O] by disease, the further ones of a group counting less; `groups` has the group of each column."""
    total = np.zeros(len(contribution))
    kinds = np.array(groups)
    for group in dict.fromkeys(groups):  # in their order, so that the sum is the same to the last bit
        part = contribution[:, kinds == group]
        if part.shape[1] == 1:
            total += part[:, 0]
            continue
        weights = np.maximum(DAMPING ** np.arange(part.shape[1]), 0.2)
        rising = np.sort(part, axis=1)  # what speaks for falls from its end, what speaks against from its beginning
        total += (np.maximum(rising[:, ::-1], 0) + np.minimum(rising, 0)) @ weights
    return total


def _silence(model: DiagnosisModel, columns: np.ndarray[tuple[int], np.dtype[np.int_]], strength: Array) -> Array:
    """What the note's silence says: hallmarks that go unmentioned count against, the less the shorter the note."""
    said = {model.findings[c] for c in columns}
    spans = [model.span[model.column[f]] for f in said.union(*(model.ancestors[f] for f in said))]
    cells = np.concatenate([np.arange(start, end) for start, end in spans]) if spans else np.arange(0)
    weights, whole = model.silence[min(len(columns), FULL_NOTE)]
    total = whole - np.bincount(model.written[0][cells], weights=weights[cells], minlength=len(model.diseases))
    silent: Array = np.maximum(total, -4.0) * SILENCE
    return silent


def _patient(model: DiagnosisModel, age: float | None, sex: Sex) -> Array:
    total = np.zeros(len(model.diseases))
    if age is not None:
        total += np.log(model.age[:, age_band(age)])
    if sex == "female":
        total += np.log(np.maximum(model.female, 0.01) / FEMALE_SHARE)
    elif sex == "male":
        total += np.log(np.maximum(1 - model.female, 0.01) / (1 - FEMALE_SHARE))
    return total
