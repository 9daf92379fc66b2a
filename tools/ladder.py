"""The workup ladder: cheap, harmless tests first; a dearer or riskier tier opens only once the field has narrowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yingzhi.clinical.alert import Alert
from yingzhi.clinical.differential import Differential
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.words import TIERS, CareLevel, Text, Tier
from yingzhi.clinical.workup import Caution, Outcome, Rung, TestAdvice, Workup
from yingzhi.knowledge.models import Disease, DiseaseTest, FindingTerm, Investigation
from yingzhi.knowledge.site_models import Site
from yingzhi.knowledge.workup_models import TestRisk
from yingzhi.tools.asks import Ask
from yingzhi.tools.cautions import HARM, cautions_of, harm_of, held_by, plain_risks
from yingzhi.tools.chart import Chart
from yingzhi.tools.done_tests import Done
from yingzhi.tools.gain import Field, field_of, finding_gain, outcomes, test_gain
from yingzhi.tools.gates import ALWAYS_OPEN, gate
from yingzhi.tools.inference import DiagnosisModel
from yingzhi.tools.ranking import Ranking
from yingzhi.tools.red_flags import text
from yingzhi.tools.sites import can_do, nearest_for

__all__ = ["ALWAYS_OPEN", "Bench", "build_workup", "gate"]

LEAST_GAIN = 0.02
"""Bits; a test that settles less is not worth its price unless a dangerous diagnosis calls for it."""
MOST = {"ask-examine": 4, "non-invasive": 4, "blood": 6, "minor-invasive": 3, "invasive-or-costly": 3}
CONSIDERED = 0.08
"""A diagnosis's own tests are weighed when it is at least this likely…"""
IN_LANE = 0.003
"""…or this likely and in the must-not-miss lane."""
DANGER = 0.15
"""Probability from which a must-not-miss diagnosis opens the gate of the test that confirms it…"""
DANGER_IN_EMERGENCY = 0.05
"""…and when there is a critical red flag."""
SETTLING = frozenset({"confirm", "when-in-doubt"})
"""Roles of a test that settles a diagnosis; one that is only in sight asks for no blood but by these."""
LATER = frozenset({"monitor", "before-treatment", "after-recovery"})
"""Roles that are not for today."""
INVASIVE: frozenset[Tier] = frozenset({"minor-invasive", "invasive-or-costly"})
LIKELY = 0.2
"""A diagnosis's own invasive tests are weighed when it is at least this likely; a dangerous one's sooner."""
TYPICAL = 0.8
"""A diagnosis this likely needs no test that its file asks for only when in doubt."""
STILL_LIVE = 0.05
"""An invasive test that excludes is weighed while what it excludes is at least this likely."""
UNASKED = 0.1
"""Bits that a blood test has to promise if no diagnosis asks for it; tissue is not taken unasked."""
ASKED = {"confirm": 0.6, "when-in-doubt": 0.4, "exclude": 0.3, "screen": 0.25, "severity": 0.2}
"""What a diagnosis's asking for a test counts for in their order, in bits, by what the test is to do."""
AS_LIKELY = 0.3
"""In their order a dangerous diagnosis counts as at least this likely."""
CNY_A_HARM = 20.0
"""CNY that a harm point is counted as, when tests are put in order."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What the ladder is built with: the knowledge, the patient's chart, and the site."""

    model: DiagnosisModel
    diseases: Mapping[str, Disease]
    tests: Mapping[str, Investigation]
    terms: Mapping[str, FindingTerm]
    risks: Sequence[TestRisk]
    chart: Chart
    done: Mapping[str, Done]
    setting: CareLevel
    site: Site | None = None
    sites: Mapping[str, Site] = field(default_factory=dict)
    pointed: frozenset[str] = frozenset()
    """Diseases that critical red flags point to."""
    asks: Mapping[str, Ask] = field(default_factory=dict)
    """What something other than a diagnosis asks for."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A test that might help, and why."""

    test: Investigation
    gain: float
    wanted: tuple[tuple[str, DiseaseTest], ...]
    """(disease, its entry) pairs that ask for it."""
    asked: float
    """How much it is asked for: what it does for the likeliest of these, or for what else asks."""
    cautions: tuple[Caution, ...] = ()
    harm: float = 0.0
    """Harm points for this patient."""
    ask: Ask | None = None
    """What else asks for it."""


def build_workup(
    ranking: Ranking, differential: Differential, findings: Sequence[Finding], alerts: Sequence[Alert], bench: Bench
) -> Workup:
    """All five tiers with their gates; only tests behind an open gate, not done yet and not to be avoided are recommended."""
    emergency = [a for a in alerts if a.level == "critical" and a.kind == "red-flag"]
    least = DANGER_IN_EMERGENCY if emergency else DANGER
    field = field_of(bench.model, ranking.probability, ranking.other)
    candidates = _candidates(field, differential, bench, least)
    names = {d.id: Text(en=d.en, zh=d.zh) for d in differential.diagnoses}
    rungs = []
    for tier in TIERS:
        chosen = sorted((c for c in candidates if c.test.tier == tier), key=_order, reverse=True)
        dangerous = _dangerous_wants(chosen, differential, least)
        if tier == TIERS[-1]:  # what a cheaper test settles can wait for it, unless a red flag points to it
            sooner = _settled_sooner(candidates, differential, least, bench.done)
            dangerous = [d for d in dangerous if d in bench.pointed or d not in sooner]
        passed = gate(tier, differential, findings, emergency, [names[d] for d in dangerous])
        if emergency and tier not in ALWAYS_OPEN:  # no time for what no likely diagnosis asks for, nor for tissue that settles no danger
            chosen = [c for c in chosen if c.wanted and (tier not in INVASIVE or _dangerous_wants([c], differential, least))]
        shown = _first_asked([c for c in chosen if _worth(c, bench.done)], MOST[tier])
        advice = [_advise(c, passed.open, field, bench) for c in shown]
        rungs.append(Rung(tier=tier, open=passed.open, why=passed.why, opened_by=passed.by, opens_when=passed.when, tests=advice))
    rungs = _with_first(rungs, field, bench)
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


def _with_first(rungs: list[Rung], field: Field, bench: Bench) -> list[Rung]:
    """Adds what has to be known before a recommended test: an INR before a cut, kidney function before contrast."""
    wanted: dict[str, Ask] = {}
    for advice in (t for rung in rungs for t in rung.tests if t.status == "recommended"):
        for first in (f for c in advice.cautions for f in c.first if f not in bench.done):
            wanted.setdefault(first, Ask(Text(en=f"Before: {advice.en}", zh=f"先于：{advice.zh}"), 0.0))
    there = {t.id for rung in rungs for t in rung.tests}
    added = []
    for rung in rungs:
        more = [bench.tests[t] for t in wanted if t not in there and bench.tests[t].tier == rung.tier]
        candidates = [Candidate(t, test_gain(bench.model, field, t.yields), (), 0.0, (), HARM[t.invasiveness], wanted[t.id]) for t in more]
        added.append(rung.model_copy(update={"tests": rung.tests + [_advise(c, rung.open, field, bench) for c in candidates]}))
    return added


def _wanted(differential: Differential, bench: Bench, least: float) -> dict[str, list[tuple[str, DiseaseTest]]]:
    """Which test is asked for now, and by which diagnoses."""
    wanted: dict[str, list[tuple[str, DiseaseTest]]] = {}
    diseases, tests, there = bench.diseases, bench.tests, bench.chart.there
    known = bench.chart.found | bench.chart.absent
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
                if d.probability < CONSIDERED and entry.role not in SETTLING and tests[entry.test].tier not in ALWAYS_OPEN:
                    continue
                if not invasive or _asks(entry, d.id, probability, differential.must_not_miss, least, cheaper):
                    wanted.setdefault(entry.test, []).append((d.id, entry))
    return wanted


def _candidates(field: Field, differential: Differential, bench: Bench, least: float) -> list[Candidate]:
    wanted = _wanted(differential, bench, least)
    probability = {d.id: d.probability for d in differential.diagnoses}
    held = held_by(bench.chart, bench.risks)
    found, model = [], bench.model
    single = finding_gain(field)
    for test in bench.tests.values():
        if not bench.chart.found.isdisjoint(test.uninformative_in):
            continue
        # given the disease, findings are independent in this model, so a test can't tell more than its findings one by one
        most = sum(single[model.column[y]] for y in test.yields if y in model.column)
        ask = bench.asks.get(test.id)
        if most < LEAST_GAIN and test.id not in wanted and ask is None:
            continue
        gain = test_gain(model, field, test.yields)
        if gain >= LEAST_GAIN or test.id in wanted or ask is not None:
            asking = wanted.get(test.id, [])
            weights = [
                ASKED[e.role] * (max(probability[d], AS_LIKELY) if d in differential.must_not_miss else probability[d]) for d, e in asking
            ]
            weights += [ask.weight] if ask else []
            cautions = tuple(cautions_of(test, held))
            harm = harm_of(test, cautions, len(plain_risks(test, bench.chart, cautions, bench.terms)))
            found.append(Candidate(test, gain, tuple(asking), max(weights, default=0.0), cautions, harm, ask))
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
    cost = 30.0 + candidate.test.price + CNY_A_HARM * candidate.harm
    return (candidate.gain + candidate.asked) / cost


def _worth(candidate: Candidate, done: Mapping[str, Done]) -> bool:
    """Whether it is asked for, or done already, or tells much unasked."""
    if candidate.wanted or candidate.ask or candidate.test.id in done:
        return True
    return candidate.test.tier not in INVASIVE and candidate.gain >= (2 * LEAST_GAIN if candidate.test.tier in ALWAYS_OPEN else UNASKED)


def _first_asked(chosen: Sequence[Candidate], most: int) -> list[Candidate]:
    """At most so many, in their order: what nobody asks for never takes the place of what a diagnosis asks for."""
    asked = [c for c in chosen if c.wanted or c.ask][:most]
    unasked = [c for c in chosen if not (c.wanted or c.ask)][: most - len(asked)]
    return sorted([*asked, *unasked], key=_order, reverse=True)


def _dangerous_wants(chosen: Sequence[Candidate], differential: Differential, least: float) -> list[str]:
    """Must-not-miss diagnoses at least so likely, whose confirming test is among `chosen`."""
    likely = {d.id for d in differential.diagnoses if d.id in differential.must_not_miss and d.probability >= least}
    return [d for c in chosen for d, entry in c.wanted if entry.role in {"confirm", "when-in-doubt"} and d in likely]


def _settled_sooner(candidates: Sequence[Candidate], differential: Differential, least: float, done: Mapping[str, Done]) -> list[str]:
    """Dangerous diagnoses that a test of a cheaper tier, not done yet, can settle: the costly one waits for it."""
    return _dangerous_wants([c for c in candidates if c.test.tier != TIERS[-1] and c.test.id not in done], differential, least)


def _advise(c: Candidate, opened: bool, field: Field, bench: Bench) -> TestAdvice:
    test, done = c.test, bench.done.get(c.test.id)
    finished = done is not None and done.again is None
    avoid = any(caution.level == "avoid" for caution in c.cautions)
    here = can_do(test, bench.site, bench.setting)
    plain = [text(bench.terms[r].names) for r in plain_risks(test, bench.chart, c.cautions, bench.terms)]
    return TestAdvice(
        id=test.id,
        en=test.names.en,
        zh=test.names.zh,
        tier=test.tier,
        price=test.price,
        gain=round(c.gain, 4),
        gain_per_100_cny=round(100 * c.gain / test.price, 4) if test.price else None,
        harm=c.harm,
        gain_per_harm=round(c.gain / c.harm, 4) if c.harm else None,
        status="done" if finished else "recommended" if opened and not avoid else "waiting",
        why=_why(c, bench.diseases),
        separates=[d for d, _ in c.wanted][:4],
        outcomes=[] if finished else _outcomes(test, field, bench.model),
        risk=text(test.risk),
        patient_risks=[caution.title for caution in c.cautions] + plain,
        cautions=list(c.cautions),
        known=done.known[:4] if done else [],
        repeat=_repeat(test, done),
        preparation=text(test.preparation) if test.preparation else None,
        specimen=text(test.specimen) if test.specimen else None,
        turnaround=text(test.turnaround),
        elsewhere=not here,
        where=None if here else nearest_for(test, bench.site, bench.sites),
        source=test.source,
    )


def _outcomes(test: Investigation, field: Field, model: DiagnosisModel) -> list[Outcome]:
    return [
        Outcome(diagnosis=o.diagnosis, finding=o.finding, now=o.now, if_found=o.if_found, if_not=o.if_not)
        for o in outcomes(model, field, test.yields)
    ]


def _repeat(test: Investigation, done: Done | None) -> Text | None:
    """When a test of the record is worth doing again."""
    if done is None:
        return None
    if done.again is not None:
        return Text(en=f"To be repeated: {done.again.en.lower()}.", zh=f"须重做：{done.again.zh}。")
    if test.stands is None:
        return Text(en="Need not be repeated unless the picture changes.", zh="病情无变化不必重复。")
    return Text(
        en=f"Not to be repeated if it is from the last {test.stands:.0f} days and the picture has not changed.",
        zh=f"{test.stands:.0f}天内所查且病情无变化者不必重复。",
    )


def _why(c: Candidate, diseases: Mapping[str, Disease]) -> Text:
    noted = next((entry.note for _, entry in c.wanted if entry.note), None)
    names = [diseases[d].names for d, _ in c.wanted[:3]]
    if noted:
        return text(noted)
    if names:
        return Text(en="For " + ", ".join(n.en for n in names), zh="针对" + "、".join(n.zh for n in names))
    return c.ask.why if c.ask else Text(en="Narrows the differential", zh="有助于缩小鉴别范围")
