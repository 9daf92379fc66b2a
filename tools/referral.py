"""Which level of care the case needs, and how soon (分级诊疗)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.words import CARE_LEVELS, URGENCIES, CareLevel, Text, Urgency
from yingzhi.clinical.workup import Need, Referral, Workup
from yingzhi.knowledge.models import Disease, RedFlag
from yingzhi.knowledge.site_models import KINDS, Kind, Site, SpecialistCare, Transfer
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.red_flags import text
from yingzhi.tools.sites import place, transfers

LIKELY = 0.25
DANGEROUS = 0.12
FAR = 60.0
"""Minutes of transfer from which on an emergency is told to begin here."""
SMALLEST: Mapping[CareLevel, Kind] = {"primary": "village", "secondary": "county", "tertiary": "tertiary"}
"""The smallest kind of site that counts as a level."""


@dataclass(frozen=True, slots=True)
class Place:
    """The site, and what else is known of sites and drugs."""

    site: Site
    sites: Mapping[str, Site]
    specialists: Mapping[str, SpecialistCare]
    formulary: Formulary


def refer(
    differential: Differential,
    findings: list[Finding],
    alerts: list[Alert],
    diseases: Mapping[str, Disease],
    rules: Mapping[str, RedFlag],
    ancestors: Mapping[str, frozenset[str]],
    setting: CareLevel,
    workup: Workup | None = None,
    here: Place | None = None,
) -> Referral:
    """The highest level and the greatest urgency that a red flag, a likely diagnosis or a dangerous one calls for.

    With a site's profile it says as well what is needed and not here, where to, what must not wait and what goes along; a test
    that would confirm a likely or dangerous diagnosis and can't be done here is a reason to refer.
    """
    there = {f.id for f in findings if f.status in {"present", "uncertain"} and f.experiencer == "patient"}
    there |= {a for f in there if f in ancestors for a in ancestors[f]}
    quiet = Text(en="No sign that a higher level is needed.", zh="暂无须上转的依据。")
    wants: list[tuple[CareLevel, Urgency, Text]] = []
    wants.append(("primary", "routine", quiet))
    for alert in alerts:
        if alert.id in rules:
            wants.append((rules[alert.id].care, rules[alert.id].urgency, alert.title))
        elif alert.kind == "red-flag" and alert.level == "warning":  # a single dangerous finding is no routine
            wants.append(("primary", "soon", alert.title))
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
    setting = here.site.level if here else setting
    referral = Referral(
        level=level,
        urgency=urgency,
        refer=CARE_LEVELS.index(level) > CARE_LEVELS.index(setting),
        reasons=_distinct(decisive)[:5],
        before=_distinct([a.act for a in alerts if a.act and a.level == "critical"])[:3],
        bring=_bring(differential, workup),
    )
    return _by_site(referral, differential, alerts, diseases, workup, here) if here else referral


def _by_site(
    referral: Referral,
    differential: Differential,
    alerts: list[Alert],
    diseases: Mapping[str, Disease],
    workup: Workup | None,
    here: Place,
) -> Referral:
    """The referral by what the site can do."""
    live = [d.id for d in differential.diagnoses if d.probability >= (DANGEROUS if d.must_not_miss else LIKELY)]
    decisive = {e.test for d in live for e in diseases[d].investigations if e.role in {"confirm", "when-in-doubt"}}
    away = [t for rung in (workup.rungs if workup else ()) for t in rung.tests if t.elsewhere and t.status == "recommended"]
    needs = [Need(kind="test", id=t.id, en=t.en, zh=t.zh, where=t.where) for t in away]
    needs += _drugs(live[:1], diseases, here)
    lacking = [t for t in away if t.id in decisive]
    refer_now = referral.refer or bool(lacking)
    if refer_now:
        needs += _specialists(live, {a.id for a in alerts}, diseases, here)
    reasons = list(referral.reasons)
    if lacking and not referral.refer:
        names = [t.en for t in lacking[:2]], [t.zh for t in lacking[:2]]
        reasons.insert(0, Text(en=f"Not done here: {', '.join(names[0])}.", zh=f"本机构不能开展：{'、'.join(names[1])}。"))
    goal = _goal(referral.level, needs, here) if refer_now else None
    minutes = goal.minutes if goal else None
    if minutes is not None and minutes > FAR and referral.urgency == "emergency":
        reasons.append(
            Text(
                en=f"The transfer takes about {minutes:.0f} min: call ahead, begin here, send with an escort.",
                zh=f"转运约需{minutes:.0f}分钟：先电话联系，就地开始处理，专人护送。",
            )
        )
    to = place(goal, here.sites) if goal else None
    return referral.model_copy(update={"refer": refer_now, "reasons": reasons, "needs": needs, "to": to, "minutes": minutes})


def _goal(level: CareLevel, needs: list[Need], here: Place) -> Transfer | None:
    """The nearest place of the level that has as much of what is needed as any; None where the profile names no place."""
    able = [t for t in transfers(here.site) if KINDS.index(t.to) >= KINDS.index(SMALLEST[level])]
    wanted = {n.where.en for n in needs if n.where}
    return next((t for t in able if place(t, here.sites).en in wanted), able[0] if able else None)


def _drugs(leading: list[str], diseases: Mapping[str, Disease], here: Place) -> list[Need]:
    """First-line drugs of the leading diagnosis that the site does not stock."""
    if here.site.drugs is None:
        return []
    stock = set(here.site.drugs)
    wanted = dict.fromkeys(t.drug for d in leading for t in diseases[d].treatment if t.drug and t.line <= 1)
    formulary = here.formulary
    lacking = [d for d in wanted if d in formulary.profiles and stock.isdisjoint({d, *formulary.profiles[d].levels})]
    return [Need(kind="drug", id=d, en=formulary.display[d].en, zh=formulary.display[d].zh) for d in lacking[:4]]


def _specialists(live: list[str], flags: set[str], diseases: Mapping[str, Disease], here: Place) -> list[Need]:
    """Whose care the likely diagnoses and the red flags need, where the site has none of it."""
    groups = {diseases[d].group for d in live}
    needed = [s for s in here.specialists.values() if groups & set(s.groups) or set(live) & set(s.diseases) or flags & set(s.red_flags)]
    return [
        Need(kind="specialist", id=s.id, en=s.names.en, zh=s.names.zh, where=_with(s, here))
        for s in needed
        if s.id not in here.site.specialists
    ][:4]


def _with(specialist: SpecialistCare, here: Place) -> Text | None:
    return next((place(t, here.sites) for t in transfers(here.site) if specialist.id in here.sites[t.to].specialists), None)


def _bring(differential: Differential, workup: Workup | None) -> list[Text]:
    """What has to go along with the patient."""
    bring = [Text(en="All drugs of the last eight weeks, with packages", zh="近8周全部用药及药盒")]
    done = [t for rung in (workup.rungs if workup else ()) for t in rung.tests if t.status == "done"]
    if done:
        names = ", ".join(t.en for t in done[:4]), "、".join(t.zh for t in done[:4])
        bring.append(Text(en=f"Results already there: {names[0]}", zh=f"已有检查结果：{names[1]}"))
    if any("biopsy" in t.id for t in done):
        bring.append(Text(en="The slides or the block of the biopsy", zh="病理切片或蜡块"))
    if differential.confidence != "none":
        bring.append(Text(en="Photographs of the skin, dated", zh="带日期的皮损照片"))
    return bring


def _distinct(reasons: list[Text]) -> list[Text]:
    seen: set[str] = set()
    return [r for r in reasons if not (r.en in seen or seen.add(r.en))]  # type: ignore[func-returns-value]
