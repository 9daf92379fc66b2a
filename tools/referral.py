"""Which level of care the case needs, and how soon (分级诊疗)."""

from __future__ import annotations

from collections.abc import Mapping

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.words import CARE_LEVELS, URGENCIES, CareLevel, Text, Urgency
from yingzhi.clinical.workup import Referral
from yingzhi.knowledge.models import Disease, RedFlag
from yingzhi.tools.red_flags import text

LIKELY = 0.25
DANGEROUS = 0.12


def refer(
    differential: Differential,
    findings: list[Finding],
    alerts: list[Alert],
    diseases: Mapping[str, Disease],
    rules: Mapping[str, RedFlag],
    ancestors: Mapping[str, frozenset[str]],
    setting: CareLevel,
) -> Referral:
    """The highest level and the greatest urgency that a red flag, a likely diagnosis or a dangerous one calls for."""
    there = {f.id for f in findings if f.status in {"present", "uncertain"} and f.experiencer == "patient"}
    there |= {a for f in there if f in ancestors for a in ancestors[f]}
    quiet = Text(en="No sign that a higher level is needed.", zh="暂无须上转的依据。")
    wants: list[tuple[CareLevel, Urgency, Text]] = []
    wants.append(("primary", "routine", quiet))
    for alert in alerts:
        if alert.id in rules:
            wants.append((rules[alert.id].care, rules[alert.id].urgency, alert.title))
    for d in differential.diagnoses:
        threshold = DANGEROUS if d.must_not_miss else LIKELY
        if d.probability < threshold:
            continue
        care = diseases[d.id].care
        wants.append((care.level, care.urgency, Text(en=f"{d.en}: {care.note.en}", zh=f"{d.zh}：{care.note.zh}")))
        wants.extend((e.level, e.urgency, text(e.why)) for e in care.escalate if there & set(e.when))
    level: CareLevel = CARE_LEVELS[max(CARE_LEVELS.index(w[0]) for w in wants)]
    urgency: Urgency = URGENCIES[min(URGENCIES.index(w[1]) for w in wants)]
    decisive = [w[2] for w in wants if w[0] == level or w[1] == urgency]
    return Referral(
        level=level, urgency=urgency, refer=CARE_LEVELS.index(level) > CARE_LEVELS.index(setting), reasons=_distinct(decisive)[:5]
    )


def _distinct(reasons: list[Text]) -> list[Text]:
    seen: set[str] = set()
    return [r for r in reasons if not (r.en in seen or seen.add(r.en))]  # type: ignore[func-returns-value]
