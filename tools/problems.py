"""Alerts summed up: one problem, however many drugs and pairs are behind it. Nothing is dropped; each part keeps its severity."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from yingzhi.clinical.medication import TIER_OF, DrugAlert, DrugProblem, Onset, ProblemPart
from yingzhi.clinical.words import Text
from yingzhi.tools.drug_rules import ORDER
from yingzhi.tools.formulary import Formulary

SENTENCE = re.compile(r"\S.*?(?:[。！？]|[.!?](?=\s+[A-Z])|$)")
ABOUT_DRUGS = frozenset({"interaction", "combined", "duplicate"})


def sum_up(alerts: Iterable[DrugAlert], formulary: Formulary) -> list[DrugProblem]:
    """The problems behind a list of alerts, the worst first.

    Adding a drug adds problems or drugs to a problem, and may raise its severity; it never takes one away or lowers it.
    """
    grouped: dict[str, list[DrugAlert]] = {}
    for alert in alerts:
        grouped.setdefault(alert.problem or alert.id, []).append(alert)
    problems = [_problem(key, members, formulary) for key, members in grouped.items()]
    return sorted(problems, key=lambda p: (ORDER[p.severity], p.kind, p.id))


def _problem(key: str, alerts: list[DrugAlert], formulary: Formulary) -> DrugProblem:
    ranked = sorted(alerts, key=lambda a: (ORDER[a.severity], a.kind, a.id))
    parts = _parts(ranked)
    drugs = list(dict.fromkeys(d for part in parts for d in part.drugs))
    head = ranked[0]
    return DrugProblem(
        id=key,
        kind=head.kind,
        tier=TIER_OF[head.severity],
        severity=head.severity,
        drugs=drugs,
        title=_title(key, head, drugs, len(ranked), formulary),
        parts=parts,
        alerts=[a.id for a in ranked],
        fingerprint=_fingerprint(key, parts),
    )


def _parts(ranked: Sequence[DrugAlert]) -> list[ProblemPart]:
    """Alerts of one severity and advice become one part with all their drugs."""
    found: dict[tuple[str, str], list[DrugAlert]] = {}
    for alert in ranked:
        found.setdefault((alert.severity, alert.act.en), []).append(alert)
    return [
        ProblemPart(
            drugs=list(dict.fromkeys(d for a in members for d in a.drugs)),
            severity=members[0].severity,
            why=Text(en=_joined((a.why.en for a in members), " "), zh=_joined((a.why.zh for a in members), "")),
            act=members[0].act,
            onset=fastest(a.onset for a in members),
            sources=sorted({s for a in members for s in a.sources}),
        )
        for members in found.values()
    ]


def fastest(onsets: Iterable[Onset]) -> Onset:
    """The earliest onset that is known of several."""
    known = set(onsets)
    return "rapid" if "rapid" in known else "delayed" if "delayed" in known else "unknown"


def onset_of(problem: DrugProblem) -> Onset:
    """How fast the worst of a problem sets in."""
    return fastest(part.onset for part in problem.parts if part.severity == problem.severity)


def _joined(texts: Iterable[str], between: str) -> str:
    """Every sentence once, in the order in which it is first said."""
    return between.join(dict.fromkeys(s for text in texts for s in SENTENCE.findall(text)))


def _title(key: str, head: DrugAlert, drugs: list[str], count: int, formulary: Formulary) -> Text:
    if count == 1:
        return head.title
    names = [formulary.display[d] for d in drugs]
    label = formulary.labels.get(key)
    if head.kind in ABOUT_DRUGS:
        listed = Text(en=" + ".join(n.en for n in names), zh="＋".join(n.zh for n in names))
        return listed if label is None else Text(en=f"{listed.en}: {label.en}", zh=f"{listed.zh}：{label.zh}")
    _, _, reason_en = head.title.en.partition(": ")
    _, _, reason_zh = head.title.zh.partition("：")
    return Text(en=f"{', '.join(n.en for n in names)}: {reason_en}", zh=f"{'、'.join(n.zh for n in names)}：{reason_zh}")


def _fingerprint(key: str, parts: Sequence[ProblemPart]) -> str:
    said = [key, *(f"{p.severity}|{'+'.join(sorted(p.drugs))}|{p.why.en}|{p.act.en}" for p in parts)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]
