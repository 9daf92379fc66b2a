"""Drugs by days against the onset of an eruption: latency windows, ALDEN and Naranjo, order of suspicion, what must not be given again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.eruption import EruptionCase, EruptionTimeline, Exposure, Suspect, WindowFit
from yingzhi.clinical.medication import DrugMatch, UnknownDrug
from yingzhi.clinical.score import ScoreResult
from yingzhi.clinical.words import Text
from yingzhi.knowledge.drug_models import AllergyGroup, Eruption
from yingzhi.tools.drug_names import resolve_drug, unknown_drug
from yingzhi.tools.drug_spelling import fold
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.scores import compute

Notoriety = Literal["strong", "associated", "suspected", "other", "not-suspected"]
ALDEN_FOR = "sjs-ten"
CLEARED = 5.0
"""Half-lives after which a drug counts as gone from the body (ALDEN)."""
NOTORIETY_ALDEN: Mapping[Notoriety, str] = {
    "strong": "strongly-associated",
    "associated": "associated",
    "suspected": "suspected",
    "other": "unknown",
    "not-suspected": "not-suspected",
}
NOTORIETY_POINTS: Mapping[Notoriety, float] = {"strong": 3, "associated": 2, "suspected": 1, "other": 0, "not-suspected": -1}
FIT_POINTS: Mapping[WindowFit, float] = {"typical": 3, "possible": 2, "early": -1, "late": -1, "after": -3, "unknown": 0}
CHALLENGE_POINTS = {"same-disease-same-drug": 4, "same-disease-or-drug": 2, "unspecific": 1, "unknown": 0, "tolerated": -2}
KNOWN: Mapping[Notoriety, Text] = {
    "strong": Text(en="among the drugs best known for it", zh="属该反应高风险药物"),
    "associated": Text(en="known for it", zh="与该反应相关"),
    "suspected": Text(en="reported with it", zh="有该反应报道"),
    "not-suspected": Text(en="no association found in large studies", zh="大型研究未见关联"),
}

NONE_BEFORE = Text(
    en="No drug begun before the onset is recorded: ask again, herbs and eye drops too.",
    zh="未记录发疹前用药：再次询问（含中药、滴眼液）。",
)


def eruption_timeline(case: EruptionCase, formulary: Formulary) -> EruptionTimeline:
    """Place every drug against the onset and order them by suspicion.

    Args:
        case: The eruption, its onset and what was taken.
        formulary: The formulary.

    Returns:
        The timeline. A name that is not certain, or a start that is not recorded, is listed and never taken for innocent.

    Raises:
        CaseError: The kind of eruption is not known; the message lists the kinds.
    """
    kind = _kind(case.eruption, formulary)
    placed: list[tuple[Exposure, DrugMatch]] = []
    unknown: list[UnknownDrug] = []
    for exposure in case.exposures:
        match = resolve_drug(exposure.medication.name, formulary)
        if match is None:
            unknown.append(unknown_drug(exposure.medication.name, formulary))
        else:
            placed.append((exposure, match))
    drugs = [m.drug for _, m in placed]
    suspects = [_suspect(exposure, match, kind, case, drugs, formulary) for exposure, match in placed]
    if kind.id == ALDEN_FOR:
        suspects = _with_alden(suspects, [e for e, _ in placed], case)
    suspects.sort(key=lambda s: (-s.points, s.fit == "after", s.drug))
    return EruptionTimeline(
        eruption=kind.id,
        names=Text(en=kind.names.en, zh=kind.names.zh),
        typical=kind.typical,
        suspects=suspects,
        recognised=[m for _, m in placed],
        unknown=unknown,
        missing=_missing(suspects, unknown),
        now=_now(kind, suspects, formulary),
        rechallenge=Text(en=kind.rechallenge.en, zh=kind.rechallenge.zh),
        testing=Text(en=kind.testing.en, zh=kind.testing.zh),
        sources=sorted({kind.source, *kind.sources}),
    )


def _kind(name: str, formulary: Formulary) -> Eruption:
    wanted = fold(name)
    for one in formulary.eruptions.values():
        if wanted in {fold(w) for w in (one.id, one.disease, one.names.en, one.names.zh)}:
            return one
    raise CaseError(f"a kind of eruption is expected: {', '.join(sorted(formulary.eruptions))}", "eruption")


@dataclass(frozen=True, slots=True)
class Times:
    """When a drug was taken, in days before the onset; None = not recorded."""

    latency: float | None
    stopped_before: float | None


def _times(exposure: Exposure, onset: float) -> Times:
    taken = exposure.medication
    latency = None if taken.started_days_ago is None else taken.started_days_ago - onset
    stopped = None if taken.stopped_days_ago is None else taken.stopped_days_ago - onset
    return Times(latency, stopped if stopped is not None and stopped > 0 else None)


def _suspect(
    exposure: Exposure, match: DrugMatch, kind: Eruption, case: EruptionCase, drugs: Sequence[str], formulary: Formulary
) -> Suspect:
    times = _times(exposure, case.onset_days_ago)
    profile = formulary.profiles[match.drug]
    notoriety = _notoriety(match.drug, kind, formulary)
    fit = _fit(times, exposure, match.drug, kind, formulary)
    challenge = _challenge(exposure)
    points = FIT_POINTS[fit] + NOTORIETY_POINTS[notoriety] + CHALLENGE_POINTS[challenge]
    points -= 3 if _in_body(exposure, times, case) == "excluded" else 0
    points -= 2 if exposure.continued_without_harm else 0
    return Suspect(
        drug=match.drug,
        names=match.names,
        written=exposure.medication.name,
        latency_days=times.latency,
        stopped_before_days=times.stopped_before,
        fit=fit,
        notoriety=notoriety,
        points=points,
        naranjo=_naranjo(exposure, times, notoriety),
        why=_why(times, fit, notoriety, exposure, kind),
        related=[d for d in dict.fromkeys(drugs) if d != match.drug and formulary.profiles[d].allergy_groups & profile.allergy_groups],
        avoid=[Text(en=f"{g.names.en}: {g.text.en}", zh=f"{g.names.zh}：{g.text.zh}") for g in _groups(match.drug, formulary)],
    )


def _groups(drug: str, formulary: Formulary) -> list[AllergyGroup]:
    return [formulary.allergy_groups[g] for g in sorted(formulary.profiles[drug].allergy_groups)]


def _notoriety(drug: str, kind: Eruption, formulary: Formulary) -> Notoriety:
    fits = formulary.profiles[drug].fits
    grades: tuple[tuple[Notoriety, tuple[str, ...]], ...] = (
        ("strong", kind.strong),
        ("associated", kind.associated),
        ("suspected", kind.suspected),
        ("not-suspected", kind.not_suspected),
    )
    for grade, terms in grades:
        if any(map(fits, terms)):
            return grade
    return "other"


def _fit(times: Times, exposure: Exposure, drug: str, kind: Eruption, formulary: Formulary) -> WindowFit:
    """Where the latency lies. After an earlier reaction the quick window counts too."""
    days = times.latency
    if days is None:
        return "unknown"
    if days < 0 or (days == 0 and kind.typical[0] > 0):
        return "after"
    slow = next((w for term, w in kind.slow.items() if formulary.profiles[drug].fits(term)), None)
    typical, possible = (slow, slow) if slow else (kind.typical, kind.possible)
    if exposure.reacted_before in ("same", "other") and kind.again[0] <= days <= kind.again[1]:
        return "typical"
    if typical[0] <= days <= typical[1]:
        return "typical"
    if possible[0] <= days <= possible[1]:
        return "possible"
    return "early" if days < possible[0] else "late"


def _challenge(exposure: Exposure) -> str:
    """ALDEN's third item."""
    if exposure.reacted_before == "same":
        return "same-disease-same-drug"
    if exposure.reacted_before == "other" or exposure.similar_reacted == "same":
        return "same-disease-or-drug"
    if exposure.similar_reacted == "other":
        return "unspecific"
    return "tolerated" if exposure.reacted_before == "none" else "unknown"


def _in_body(exposure: Exposure, times: Times, case: EruptionCase) -> str:
    """ALDEN's second item. Where the half-life is not known the drug is taken to have been there: that never clears it."""
    if times.stopped_before is None or exposure.half_life_days is None:
        return "definite"
    if times.stopped_before < CLEARED * exposure.half_life_days:
        return "definite"
    return "doubtful" if case.organ_impaired else "excluded"


def _delay(exposure: Exposure, times: Times) -> str:
    """ALDEN's first item."""
    days = times.latency
    if days is None:
        return "compatible"  # not recorded: neither the strongest nor an excuse
    if days <= 0:
        return "excluded"
    if days > 56:
        return "unlikely"
    if exposure.reacted_before in ("same", "other"):
        return "suggestive" if days <= 4 else "likely"
    return "likely" if days < 5 else "suggestive" if days <= 28 else "compatible"


def _with_alden(suspects: list[Suspect], exposures: list[Exposure], case: EruptionCase) -> list[Suspect]:
    """ALDEN for every drug: the five items first, then whether another drug's sum passes three."""
    items = []
    for suspect, exposure in zip(suspects, exposures, strict=True):
        times = _times(exposure, case.onset_days_ago)
        items.append(
            {
                "delay": _delay(exposure, times),
                "in_body": _in_body(exposure, times, case),
                "challenge": _challenge(exposure),
                "dechallenge": "continued-without-harm" if exposure.continued_without_harm else "neutral",
                "notoriety": NOTORIETY_ALDEN[suspect.notoriety],
            }
        )
    first = [compute("alden", {**item, "other_cause": False}).total for item in items]
    out = []
    for n, (suspect, item) in enumerate(zip(suspects, items, strict=True)):
        other = any(total > 3 for k, total in enumerate(first) if k != n)
        score = compute("alden", {**item, "other_cause": other})
        out.append(suspect.model_copy(update={"alden": score, "points": score.total}))
    return out


def _naranjo(exposure: Exposure, times: Times, notoriety: Notoriety) -> ScoreResult:
    """Naranjo with what is known; everything that was not asked counts as unknown."""

    def said(value: bool | None) -> str:
        return "unknown" if value is None else "yes" if value else "no"

    similar = exposure.reacted_before in ("same", "other") or exposure.similar_reacted in ("same", "other")
    return compute(
        "naranjo",
        {
            "reports": said(notoriety in ("strong", "associated", "suspected")),
            "after_drug": "unknown" if times.latency is None else said(times.latency >= 0),
            "improved": said(exposure.improved_on_stopping),
            "rechallenge": said(True if exposure.reacted_before == "same" else None),
            "other_causes": "unknown",
            "placebo": "unknown",
            "toxic_level": "unknown",
            "dose_dependent": "unknown",
            "earlier_similar": said(True if similar else False if exposure.reacted_before == "none" else None),
            "objective": "unknown",
        },
    )


def _why(times: Times, fit: WindowFit, notoriety: Notoriety, exposure: Exposure, kind: Eruption) -> list[Text]:
    low, high = kind.typical
    usual = Text(en=f"usual {low:g}-{high:g} days", zh=f"常见{low:g}–{high:g}天")
    out = [
        Text(en="start not recorded", zh="起始时间未记录")
        if times.latency is None
        else Text(en="begun after the onset", zh="发疹后才开始使用")
        if fit == "after"
        else Text(en=f"begun {times.latency:g} days before the onset ({usual.en})", zh=f"发疹前{times.latency:g}天开始使用（{usual.zh}）")
    ]
    if times.stopped_before is not None:
        days = times.stopped_before
        out.append(Text(en=f"stopped {days:g} days before the onset", zh=f"发疹前{days:g}天已停用"))
    if notoriety in KNOWN:
        out.append(KNOWN[notoriety])
    if exposure.reacted_before in ("same", "other"):
        out.append(Text(en="the patient reacted to it before", zh="既往对该药有反应"))
    if exposure.reacted_before == "none":
        out.append(Text(en="tolerated before", zh="既往用过无反应"))
    if exposure.continued_without_harm:
        out.append(Text(en="went on without harm", zh="继续使用而皮疹消退"))
    return out


def _missing(suspects: Sequence[Suspect], unknown: Sequence[UnknownDrug]) -> list[Text]:
    out = [Text(en=f"{s.names.en}: day of the first dose", zh=f"{s.names.zh}：首次用药日期") for s in suspects if s.fit == "unknown"]
    out += [
        Text(en=f"{s.names.en}: half-life, as it was stopped before the onset", zh=f"{s.names.zh}：半衰期（发疹前已停药）")
        for s in suspects
        if s.stopped_before_days is not None
    ]
    return out + [Text(en=f"{u.name}: which drug it is", zh=f"{u.name}：具体药物") for u in unknown]


def _now(kind: Eruption, suspects: Sequence[Suspect], formulary: Formulary) -> list[Text]:
    """Stopping comes first; the order of suspicion never delays it."""
    live = [s for s in suspects if s.fit not in ("after",)]
    if not live:
        return [
            Text(
                en="No drug begun before the onset is recorded: ask again, herbs and eye drops too.",
                zh="未记录发疹前用药：再次询问（含中药、滴眼液）。",
            )
        ]
    top = [s for s in live if s.points >= max(s.points for s in live) - 1][:3]
    en = "Stop now every drug that could have done it and can be stopped, first " + ", ".join(s.names.en for s in top) + "."
    zh = "立即停用所有可疑且可停的药物，首先停" + "、".join(s.names.zh for s in top) + "。"
    out = [Text(en=en, zh=zh)]
    crossed = [d for s in top for d in s.related]
    if crossed:
        names = [formulary.display[d] for d in dict.fromkeys(crossed)]
        out.append(
            Text(
                en=f"May cross-react, do not begin or go on with: {', '.join(n.en for n in names)}.",
                zh=f"可能交叉反应，避免使用或继续：{'、'.join(n.zh for n in names)}。",
            )
        )
    out.append(Text(en="Record the suspects as an allergy and report the reaction.", zh="登记可疑致敏药物并上报不良反应。"))
    return out
