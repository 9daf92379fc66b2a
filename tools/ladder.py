"""The workup ladder: cheap, harmless tests first; a dearer or riskier tier opens only once the field has narrowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.words import CARE_LEVELS, TIERS, CareLevel, Text, Tier
from yingzhi.clinical.workup import Rung, TestAdvice, Workup
from yingzhi.knowledge.models import Disease, DiseaseTest, FindingTerm, Investigation
from yingzhi.tools.gain import field_of, finding_gain, test_gain
from yingzhi.tools.inference import DiagnosisModel
from yingzhi.tools.ranking import Ranking
from yingzhi.tools.red_flags import text

LEAST_GAIN = 0.02
"""Bits; a test that settles less is not worth its price unless a dangerous diagnosis calls for it."""
MOST = {"ask-examine": 4, "non-invasive": 4, "blood": 6, "minor-invasive": 3, "invasive-or-costly": 3}
CONSIDERED = 0.08
"""A diagnosis's own tests are weighed when it is at least this likely…"""
IN_LANE = 0.002
"""…or this likely and in the must-not-miss lane."""
DANGER = 0.15
"""Probability from which a must-not-miss diagnosis opens the gate of the test that confirms it…"""
DANGER_IN_EMERGENCY = 0.05
"""…and when there is a critical red flag."""
LATER = frozenset({"monitor", "before-treatment", "after-recovery"})
"""Roles that are not for today."""
CLINICAL = frozenset({"morphology", "sign", "site", "symptom"})
"""Kinds of findings that a look or a question gives: a test is not done because one of these is known."""
INVASIVE: frozenset[Tier] = frozenset({"minor-invasive", "invasive-or-costly"})
LIKELY = 0.2
"""A diagnosis's own invasive tests are weighed when it is at least this likely; a dangerous one's sooner."""
TYPICAL = 0.8
"""A diagnosis this likely needs no test that its file asks for only when in doubt."""
STILL_LIVE = 0.05
"""An invasive test that excludes is weighed while what it excludes is at least this likely."""
UNASKED = 0.1
"""Bits that a blood test has to promise if no diagnosis asks for it; tissue is not taken unasked."""
ALWAYS_OPEN: tuple[Tier, ...] = ("ask-examine", "non-invasive")
ASKED = {"confirm": 0.6, "when-in-doubt": 0.4, "exclude": 0.3, "screen": 0.25, "severity": 0.2}
"""What a diagnosis's asking for a test counts for in their order, in bits, by what the test is to do."""
AS_LIKELY = 0.3
"""In their order a dangerous diagnosis counts as at least this likely."""
RISK_COST = {"none": 0.0, "venepuncture": 20.0, "minor": 150.0, "major": 600.0}
"""CNY that the harm of a test is counted as, when tests are put in order."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A test that might help, and why."""

    test: Investigation
    gain: float
    wanted: tuple[tuple[str, DiseaseTest], ...]
    """(disease, its entry) pairs that ask for it."""
    asked: float
    """How much it is asked for: what it does for the likeliest of these."""


def build_workup(
    model: DiagnosisModel,
    ranking: Ranking,
    differential: Differential,
    findings: list[Finding],
    alerts: list[Alert],
    diseases: Mapping[str, Disease],
    tests: Mapping[str, Investigation],
    terms: Mapping[str, FindingTerm],
    setting: CareLevel,
) -> Workup:
    """All five tiers with their gates; only tests behind an open gate are recommended."""
    there = {f.id for f in findings if f.status == "present" and f.experiencer == "patient"}
    known = {f.id for f in findings if f.status in {"present", "absent"} and f.experiencer == "patient"}
    results = {f.id for f in findings if f.id in known and f.kind not in CLINICAL}
    emergency = [a for a in alerts if a.level == "critical" and a.kind == "red-flag"]
    least = DANGER_IN_EMERGENCY if emergency else DANGER
    candidates = _candidates(model, ranking, differential, diseases, tests, there, known, least)
    rungs = []
    for tier in TIERS:
        chosen = sorted((c for c in candidates if c.test.tier == tier), key=_order, reverse=True)
        opened, why = gate(tier, differential, findings, emergency, _dangerous_wants(chosen, differential, least))
        if emergency and tier not in ALWAYS_OPEN:  # no time for what no likely diagnosis asks for, nor for tissue that settles no danger
            chosen = [c for c in chosen if c.wanted and (tier not in INVASIVE or _dangerous_wants([c], differential, least))]
        advice = [_advise(c, opened, known, findings, diseases, terms, setting) for c in chosen if _worth(c, results)]
        rungs.append(Rung(tier=tier, open=opened, why=why, tests=advice[: MOST[tier]]))
    price = sum(t.price for r in rungs for t in r.tests if t.status == "recommended")
    bypass = (
        Text(
            en="The ladder is shortened: " + "; ".join(a.title.en for a in emergency),
            zh="急症，阶梯从简：" + "；".join(a.title.zh for a in emergency),
        )
        if emergency
        else None
    )
    return Workup(rungs=rungs, price_now=round(price, 1), bypass=bypass)


def gate(
    tier: Tier, differential: Differential, findings: list[Finding], emergency: list[Alert], dangerous: list[str]
) -> tuple[bool, Text]:
    """Whether a tier is open, and why.

    Args:
        tier: Which one.
        differential: Current differential.
        findings: Findings of the record.
        emergency: Critical red flags; they open the blood gate, and a later one if a dangerous diagnosis is settled there.
        dangerous: Names of likely must-not-miss diagnoses that only this tier can settle.
    """
    if tier in ALWAYS_OPEN:
        return True, Text(en="Harmless and cheap: always open.", zh="无创、低成本，始终开放。")
    if emergency and (tier == "blood" or dangerous):
        return True, Text(en=f"Open: red flag ({emergency[0].title.en}).", zh=f"已开放：危险信号（{emergency[0].title.zh}）。")
    if differential.confidence == "none":
        return False, Text(
            en="Shut: the record names no finding to test for; take history and examine first.",
            zh="未开放：病历尚无可供检验的发现，先完善问诊与查体。",
        )
    if tier == "blood":
        if differential.confidence == "low":
            return False, Text(
                en="Shut: too little is known; ask and examine first, a blood test would be a shot in the dark.",
                zh="未开放：信息不足，先问诊查体，此时抽血缺乏针对性。",
            )
        return True, Text(
            en="Open: history and examination are sufficient to choose blood tests.", zh="已开放：问诊查体已足以选择血液检查。"
        )
    if tier == "minor-invasive":
        if dangerous:
            return True, Text(en=f"Open: only tissue can settle {', '.join(dangerous[:2])}.", zh="已开放：存在须组织学确认的高危诊断。")
        if not differential.converged:
            return False, Text(
                en="Shut: the field is still wide; cheaper steps can narrow it.", zh="未开放：诊断范围尚宽，先以低成本手段收敛。"
            )
        return True, Text(en="Open: the field has narrowed to a few diagnoses.", zh="已开放：诊断已收敛至少数几种。")
    tissue = any(f.kind in {"histology", "immunofluorescence"} and f.status == "present" for f in findings)
    if differential.converged and tissue:
        return True, Text(en="Open: tissue result in hand and the field is narrow.", zh="已开放：已有病理结果且诊断收敛。")
    return False, Text(
        en="Shut: costly or invasive tests wait for a tissue or targeted result.", zh="未开放：高成本或有创检查须待病理或针对性结果。"
    )


def _candidates(
    model: DiagnosisModel,
    ranking: Ranking,
    differential: Differential,
    diseases: Mapping[str, Disease],
    tests: Mapping[str, Investigation],
    there: set[str],
    known: set[str],
    least: float,
) -> list[Candidate]:
    wanted: dict[str, list[tuple[str, DiseaseTest]]] = {}
    probability = {d.id: d.probability for d in differential.diagnoses}
    cheaper = any(
        e.role == "confirm" and e.test in tests and tests[e.test].tier not in INVASIVE and known.isdisjoint(tests[e.test].yields)
        for d in differential.diagnoses
        if d.probability >= LIKELY
        for e in diseases[d.id].investigations
    )
    for d in differential.diagnoses:
        if d.probability >= CONSIDERED or (d.id in differential.must_not_miss and d.probability >= IN_LANE):
            for entry in diseases[d.id].investigations:
                due = entry.role not in LATER and (not entry.given or not there.isdisjoint(entry.given))
                if not due or entry.test not in tests:
                    continue
                invasive = tests[entry.test].tier in INVASIVE
                if not invasive or _asks(entry, d.id, probability, differential.must_not_miss, least, cheaper):
                    wanted.setdefault(entry.test, []).append((d.id, entry))
    found = []
    field = field_of(model, ranking.probability, ranking.other)
    single = finding_gain(field)
    for test in tests.values():
        if not there.isdisjoint(test.uninformative_in):
            continue
        # given the disease, findings are independent in this model, so a test can't tell more than its findings one by one
        most = sum(single[model.column[y]] for y in test.yields if y in model.column)
        if most < LEAST_GAIN and test.id not in wanted:
            continue
        gain = test_gain(model, field, test.yields)
        if gain >= LEAST_GAIN or test.id in wanted:
            asking = wanted.get(test.id, [])
            weights = [
                ASKED[e.role] * (max(probability[d], AS_LIKELY) if d in differential.must_not_miss else probability[d]) for d, e in asking
            ]
            found.append(Candidate(test, gain, tuple(asking), max(weights, default=0.0)))
    return found


def _asks(entry: DiseaseTest, disease: str, probability: Mapping[str, float], lane: Sequence[str], least: float, cheaper: bool) -> bool:
    """Whether a diagnosis asks for tissue now. A wound needs a reason that is live: a likely diagnosis, or a danger to rule out.

    Args:
        entry: What the diagnosis says of the test.
        disease: Its id.
        probability: Of every diagnosis that is shown.
        lane: Dangerous diagnoses in sight.
        least: From which probability a dangerous one asks.
        cheaper: Whether a test without a wound that confirms a likely diagnosis is still to be done; doubts wait for it.
    """
    p = probability[disease]
    if entry.role != "confirm" and cheaper:
        return False
    if disease in lane and entry.role in {"confirm", "when-in-doubt"}:
        return p >= least and (entry.role == "confirm" or p < TYPICAL)
    if p < LIKELY:
        return False
    live = any(probability.get(o, 0.0) >= (IN_LANE if o in lane else STILL_LIVE) for o in entry.separates)
    if entry.role == "confirm":
        return live or p < TYPICAL or not entry.separates
    if entry.role == "when-in-doubt":
        return p < TYPICAL and (live or not entry.separates)
    return live if entry.separates else p < TYPICAL


def _order(candidate: Candidate) -> float:
    """Information, and what it does for those who ask for it, for its price and harm."""
    cost = 30.0 + candidate.test.price + RISK_COST[candidate.test.invasiveness]
    return (candidate.gain + candidate.asked) / cost


def _worth(candidate: Candidate, known: set[str]) -> bool:
    """Whether it is asked for, or shown as done (`known`: findings that only tests give), or tells much unasked."""
    if candidate.wanted or not known.isdisjoint(candidate.test.yields):
        return True
    return candidate.test.tier not in INVASIVE and candidate.gain >= (2 * LEAST_GAIN if candidate.test.tier in ALWAYS_OPEN else UNASKED)


def _dangerous_wants(chosen: list[Candidate], differential: Differential, least: float) -> list[str]:
    """Must-not-miss diagnoses at least so likely, whose confirming test is among `chosen`."""
    likely = {d.id: d.en for d in differential.diagnoses if d.id in differential.must_not_miss and d.probability >= least}
    return [likely[d] for c in chosen for d, entry in c.wanted if entry.role in {"confirm", "when-in-doubt"} and d in likely]


def _advise(
    c: Candidate,
    opened: bool,
    known: set[str],
    findings: list[Finding],
    diseases: Mapping[str, Disease],
    terms: Mapping[str, FindingTerm],
    setting: CareLevel,
) -> TestAdvice:
    done = any(f.id in set(c.test.yields) and f.kind not in CLINICAL for f in findings if f.id in known)
    there = {f.id for f in findings if f.status == "present" and f.experiencer == "patient"}
    risks = [Text(en=terms[r].names.en, zh=terms[r].names.zh) for r in c.test.risk_raised_by if r in there and r in terms]
    return TestAdvice(
        id=c.test.id,
        en=c.test.names.en,
        zh=c.test.names.zh,
        tier=c.test.tier,
        price=c.test.price,
        gain=round(c.gain, 4),
        status="done" if done else "recommended" if opened else "waiting",
        why=_why(c, diseases),
        separates=[d for d, _ in c.wanted][:4],
        risk=text(c.test.risk),
        patient_risks=risks,
        preparation=text(c.test.preparation) if c.test.preparation else None,
        specimen=text(c.test.specimen) if c.test.specimen else None,
        turnaround=text(c.test.turnaround),
        elsewhere=not any(CARE_LEVELS.index(level) <= CARE_LEVELS.index(setting) for level in c.test.levels),
        source=c.test.source,
    )


def _why(c: Candidate, diseases: Mapping[str, Disease]) -> Text:
    noted = next((entry.note for _, entry in c.wanted if entry.note), None)
    names = [diseases[d].names for d, _ in c.wanted[:3]]
    if noted:
        return text(noted)
    if names:
        return Text(en="For " + ", ".join(n.en for n in names), zh="针对" + "、".join(n.zh for n in names))
    return Text(en="Narrows the differential", zh="有助于缩小鉴别范围")
