"""Two diseases at once: which second disease explains what the leading one leaves open, and whether two are likelier than one.

A pair shows a finding when either disease does (noisy-or), is silent where both are, and costs the prior of a second disease. The ranking
of single diseases, the lane and the alerts are made without it. docs/diagnosis.md has the derivation and the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from yingzhi.clinical.differential import Pair, PairMember
from yingzhi.clinical.words import CareLevel, Text
from yingzhi.knowledge.models import Disease, FindingTerm
from yingzhi.tools.inference import Array, DiagnosisModel
from yingzhi.tools.ranking import OTHER_WEIGHT, PRIOR_POWER, TEMPERATURE, Ranking, damped, ratios
from yingzhi.tools.text import lower_first

FEWEST = 4
"""Present findings below which nothing is said of two diseases."""
LESION = frozenset({"lesion", "sign", "histology", "immune", "dermoscopy"})
VISIBLE = LESION | {"place", "symptom", "microbe"}
"""Groups of findings that a second skin disease may claim. Drugs, other illnesses, blood counts and the course are no sign of one: every
patient brings some that the leading diagnosis does not explain."""
OWN, OWN_LESION = 6.0, 1.5
"""What each of the two must explain beyond the other, as a damped sum of log likelihood ratios, and the undamped part of it that is seen of
lesions: a germ and a place alone are no disease."""
TELLING = 0.7
"""A finding counts as explained by one of them when it is twice as likely with it as with the other."""
ENOUGH = TEMPERATURE * log(50)
"""Log odds, before tempering, from which on a pair is reported: fifty times likelier than the best single disease."""
CLOSE = TEMPERATURE * log(5)
"""Other readings are named beside the best down to a fifth of its likelihood."""
MOST = 3
MIMIC = 1.5
"""Price of a file that names the other disease as a mimic: what it explains may be the same picture."""
COMORBID = log(2)
"""A stated association makes the second disease twice as frequent: an estimate."""
CERTAIN = 1000.0
CAUSES = frozenset({"bacterial", "viral", "fungal", "parasitic", "sexually-transmitted"})
"""Groups of the knowledge by cause. In the others two of one group are variants or phases of one disease, and no pair."""
NAMED = 4
LINKED = Text(en="The one is known to go with the other. ", zh="两者已知可相伴。")


@dataclass(frozen=True, slots=True)
class _Record:
    """A ranked record, seen from its leading disease."""

    leader: int
    columns: NDArray[np.intp]
    strength: Array
    groups: tuple[str, ...]
    visible: NDArray[np.bool_]
    """[O] present, and of a kind that a second disease may claim."""
    lesion: NDArray[np.bool_]


def find_pairs(
    model: DiagnosisModel, ranking: Ranking, diseases: Mapping[str, Disease], terms: Mapping[str, FindingTerm], setting: CareLevel
) -> list[Pair]:
    """The pairs of diseases that explain the record much better than any single one; nearly always none.

    Args:
        model: The diagnosis model.
        ranking: Its posterior of the record; the leading disease is one of every pair.
        diseases: By id.
        terms: Lexicon by id.
        setting: Level of the site, as in the ranking.
    """
    if sum(1 for o in ranking.observed if o.strength > 0) < FEWEST:
        return []
    record = _record(model, ranking)
    own = _beyond(ranking.contribution, ranking.contribution[record.leader], record.visible)
    seconds = np.flatnonzero((own.sum(axis=1) >= OWN) & (own[:, record.lesion].sum(axis=1) >= OWN_LESION))
    if not len(seconds):
        return []
    gains = _gains(model, ranking, record, seconds, setting)
    first = diseases[model.diseases[record.leader]]
    rated: list[tuple[float, int]] = []
    for k in np.argsort(-gains, kind="stable").tolist():
        if gains[k] + COMORBID < ENOUGH:
            break
        second = diseases[model.diseases[seconds[k]]]
        if one_disease(first, second):
            if not rated:
                return []  # a phase or a variant of the leading disease explains the rest better than anything else
            continue
        gain = float(gains[k]) - MIMIC * _mimicked(first, second) + COMORBID * associated(first, second)
        if gain >= ENOUGH and _both_needed(ranking, record, int(seconds[k])):
            rated.append((gain, int(seconds[k])))
    rated.sort(key=lambda pair: (-pair[0], pair[1]))
    close = [(gain, i) for gain, i in rated[:MOST] if gain >= rated[0][0] - CLOSE]
    return [_pair(model, ranking, record, i, gain, diseases, terms) for gain, i in close]


def either(first: Array, second: Array, leak: Array) -> Array:
    """Probability of a finding when both diseases are there: noisy-or, with what neither causes counted once.

    Args:
        first: Share in the one disease, any shape that goes with the others.
        second: Share in the other.
        leak: How often the finding is met at large.
    """
    background = np.minimum(np.minimum(first, second), leak)
    both: Array = 1 - (1 - first) * (1 - second) / (1 - background)
    return np.clip(both, 0.0002, 0.985)


def one_disease(first: Disease, second: Disease) -> bool:
    """Whether two files are parts of one story: the one is named in what the other is, or both are of one family."""
    if first.group == second.group and first.group not in CAUSES:
        return True
    return _named([first.summary.en, first.summary.zh], second) or _named([second.summary.en, second.summary.zh], first)


def associated(first: Disease, second: Disease) -> bool:
    """Whether the file of one says that the other goes with it."""
    return _named(_company(first), second) or _named(_company(second), first)


def _company(disease: Disease) -> list[str]:
    """What a file says of what goes with the disease and follows it."""
    texts = [link.condition for link in disease.systemic_links] + [disease.course.pattern]
    return [words for t in texts for words in (t.en, t.zh)]


def _named(texts: Sequence[str], disease: Disease) -> bool:
    names = [disease.names.en, disease.names.zh, *disease.aliases.en, *disease.aliases.zh]
    return any(n.lower() in t.lower() for n in names if len(n) >= (4 if n.isascii() else 2) for t in texts)


def _mimicked(first: Disease, second: Disease) -> int:
    return sum(any(m.disease == b.id for m in a.mimics) for a, b in ((first, second), (second, first)))


def _record(model: DiagnosisModel, ranking: Ranking) -> _Record:
    columns = np.array([model.column[o.finding] for o in ranking.observed], dtype=np.intp)
    strength = np.array([o.strength for o in ranking.observed])
    groups = tuple(model.groups[c] for c in columns)
    return _Record(
        leader=int(ranking.probability.argmax()),
        columns=columns,
        strength=strength,
        groups=groups,
        visible=np.array([g in VISIBLE for g in groups]) & (strength > 0),
        lesion=np.array([g in LESION for g in groups]),
    )


def _beyond(mine: Array, others: Array, counted: NDArray[np.bool_]) -> Array:
    """What a disease explains of each finding beyond the other: log likelihood ratios, zero where it explains no more."""
    more: Array = np.maximum(np.maximum(mine, 0) - np.maximum(others, 0), 0) * counted
    return more


def _gains(model: DiagnosisModel, ranking: Ranking, record: _Record, seconds: NDArray[np.intp], setting: CareLevel) -> Array:
    """Log odds of the leading disease with each of the seconds against the best single disease, before tempering."""
    leader, rows = record.leader, np.append(seconds, record.leader)
    share, leak = model.share[:, record.columns], model.leak[record.columns]
    told: Array = ratios(either(share[leader], share[seconds], leak), leak, record.strength)
    own = ranking.contribution[leader]
    claimed = np.array([g in VISIBLE for g in record.groups])
    told = np.where(claimed, told, np.minimum(told, own))
    silence = ranking.evidence[rows] - damped(record.groups, ranking.contribution[rows])  # and the diagnoses that the note names
    before = ranking.score[rows] - ranking.evidence[rows]
    second_prior = before[:-1] + PRIOR_POWER[setting] * log(OTHER_WEIGHT / 10_000)  # from odds against `other` to a share of the visits
    together = before[-1] + second_prior + damped(record.groups, told) + silence[:-1] + silence[-1]
    gains: Array = together - ranking.score.max()
    return gains


def _both_needed(ranking: Ranking, record: _Record, second: int) -> bool:
    """Whether each of the two explains enough that the other does not."""
    a, b = ranking.contribution[record.leader], ranking.contribution[second]
    own = np.stack([_beyond(a, b, record.visible), _beyond(b, a, record.visible)])
    return bool((damped(record.groups, own) >= OWN).all() and (own[:, record.lesion].sum(axis=1) >= OWN_LESION).all())


def _pair(
    model: DiagnosisModel,
    ranking: Ranking,
    record: _Record,
    second: int,
    gain: float,
    diseases: Mapping[str, Disease],
    terms: Mapping[str, FindingTerm],
) -> Pair:
    leading, rest = diseases[model.diseases[record.leader]], diseases[model.diseases[second]]
    one = _member(leading, _explained(ranking, record, record.leader, second))
    other = _member(rest, _explained(ranking, record, second, record.leader))
    linked = associated(leading, rest)
    odds = min(CERTAIN, float(f"{exp(min(gain / TEMPERATURE, 20.0)):.2g}"))
    says = [_says(m, terms) for m in (one, other)]
    much = Text(en=f"{'more than ' if odds >= CERTAIN else ''}{odds:g} times", zh=f"{odds:g}倍{'以上' if odds >= CERTAIN else ''}")
    return Pair(
        first=one,
        second=other,
        odds=odds,
        linked=linked,
        why=Text(
            en=f"{says[0].en}; {says[1].en}. {LINKED.en if linked else ''}"
            f"By the model's count the two together are {much.en} likelier than one disease alone.",
            zh=f"{says[0].zh}；{says[1].zh}。{LINKED.zh if linked else ''}按模型计算，两病并存的可能性为单一疾病的{much.zh}。",
        ),
    )


def _explained(ranking: Ranking, record: _Record, one: int, other: int) -> list[str]:
    weights = _beyond(ranking.contribution[one], ranking.contribution[other], record.strength > 0)
    return [ranking.observed[k].finding for k in np.argsort(-weights, kind="stable").tolist() if weights[k] >= TELLING]


def _member(disease: Disease, findings: list[str]) -> PairMember:
    return PairMember(id=disease.id, en=disease.names.en, zh=disease.names.zh, findings=findings)


def _says(member: PairMember, terms: Mapping[str, FindingTerm]) -> Text:
    named = [terms[f].names for f in member.findings[:NAMED]]
    en, zh = ", ".join(lower_first(n.en) for n in named), "、".join(n.zh for n in named)
    return Text(en=f"{member.en} explains {en}", zh=f"{member.zh}可解释{zh}")
