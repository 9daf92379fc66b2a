"""The systemic map at work: what of the rest of the body bears in this case, why, and what of it was already checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from yingzhi.clinical.differential import Diagnosis, LinkCheck, SystemicLink
from yingzhi.clinical.history import NamedDiagnosis
from yingzhi.clinical.words import Text
from yingzhi.knowledge.load import Knowledge
from yingzhi.knowledge.models import Disease, FindingTerm, Investigation
from yingzhi.knowledge.systemic_models import SystemicRule
from yingzhi.tools.chart import Chart
from yingzhi.tools.done_tests import Done
from yingzhi.tools.red_flags import text

LINKED = 0.15
"""A diagnosis brings its links from this probability on; the leading one always."""
LINKED_DANGER = 0.05
"""A dangerous one brings them sooner."""
STRENGTHS = ("strong", "moderate", "weak")
SINGLE = 4
"""A test of more findings than this speaks for a link only by those that the link looks for: vital signs are not one thing."""
NAMED = 4
"""How many checks of one kind are named in a sentence."""
State = Literal["for", "against", "done", "open"]
STATES: tuple[tuple[State, str, str], ...] = (
    ("for", "Speaks for it", "支持"),
    ("against", "Speaks against it", "不支持"),
    ("done", "Done, says nothing", "已查，无提示"),
    ("open", "Not checked yet", "尚未核查"),
)


@dataclass(frozen=True, slots=True)
class Map:
    """What the links are drawn from."""

    rules: tuple[SystemicRule, ...]
    by_finding: Mapping[str, tuple[int, ...]]
    """Finding to the places of the rules that it may bring."""
    by_disease: Mapping[str, tuple[int, ...]]
    about_drugs: frozenset[str]
    """Diseases whose drugs a rule names."""
    diseases: Mapping[str, Disease]
    tests: Mapping[str, Investigation]
    terms: Mapping[str, FindingTerm]
    drug_names: Mapping[str, Text]


def draw_map(k: Knowledge, drug_names: Mapping[str, Text]) -> Map:
    """The map of the knowledge."""
    rules = tuple(k.systemic.values())
    by_finding: dict[str, list[int]] = {}
    by_disease: dict[str, list[int]] = {}
    for n, rule in enumerate(rules):
        groups = [g for g in (*((f,) for f in rule.all_of), rule.any_of, *rule.one_of_each) if g]
        for f in min(groups, key=len, default=()):  # every group has to be met, so the smallest is enough to look by
            by_finding.setdefault(f, []).append(n)
        for d in {*rule.diseases, *rule.said_by}:
            by_disease.setdefault(d, []).append(n)
    return Map(
        rules=rules,
        by_finding={f: tuple(ns) for f, ns in by_finding.items()},
        by_disease={d: tuple(ns) for d, ns in by_disease.items()},
        about_drugs=frozenset(d for rule in rules if rule.drugs and rule.system == "drug" for d in rule.diseases),
        diseases=k.diseases,
        tests=k.investigations,
        terms=k.findings,
        drug_names=drug_names,
    )


def systemic_links(
    diagnoses: Sequence[Diagnosis], known: bool, named: Iterable[NamedDiagnosis], chart: Chart, done: Mapping[str, Done], source: Map
) -> list[SystemicLink]:
    """Every link that bears: those of the leading diagnoses' own files, and the rules that findings or leading diagnoses bring.

    Args:
        diagnoses: Ranked; the first leads.
        known: Whether the record says enough for the first to count as leading.
        named: Diagnoses that the note names; what the patient is said to have now brings its links like one that leads.
        chart: The patient.
        done: What the record holds of tests.
        source: The map.
    """
    leading = [
        d.id
        for n, d in enumerate(diagnoses)
        if d.probability >= LINKED or (n == 0 and known) or (d.must_not_miss and d.probability >= LINKED_DANGER)
    ]
    leading += [d for d in _had(named) if d in source.diseases and d not in leading]
    links = [
        link
        for d in leading
        for link in _own(source.diseases[d], chart, done, source)
        if d not in source.about_drugs or link.system != "drug"
    ]
    spoken = {d for d in leading if source.diseases[d].systemic_links}
    places = {n for f in chart.there for n in source.by_finding.get(f, ())} | {n for d in leading for n in source.by_disease.get(d, ())}
    for rule in (source.rules[n] for n in sorted(places)):
        if not spoken.isdisjoint(rule.said_by):
            continue
        bringing = [d for d in leading if d in rule.diseases or d in rule.said_by]
        by = _borne_by(rule, bringing, chart)
        if by is not None:
            links.append(_ruled(rule, by, bringing, chart, done, source))
    return sorted(links, key=lambda link: (not any(c.state == "for" for c in link.checks), STRENGTHS.index(link.strength)))


def _had(named: Iterable[NamedDiagnosis]) -> list[str]:
    return list(dict.fromkeys(n.disease for n in named if (n.status, n.temporality, n.experiencer) == ("present", "current", "patient")))


def _borne_by(rule: SystemicRule, bringing: Sequence[str], chart: Chart) -> list[str] | None:
    """The findings that bring a rule (none where a diagnosis brings it); None where it does not bear."""
    if not _fits(rule, chart):
        return None
    asked = bool(rule.all_of or rule.any_of or rule.one_of_each)
    there = chart.there
    if (
        asked
        and all(f in there for f in rule.all_of)
        and (not rule.any_of or any(f in there for f in rule.any_of))
        and all(any(f in there for f in group) for group in rule.one_of_each)
    ):
        wanted = {*rule.all_of, *rule.any_of, *(f for group in rule.one_of_each for f in group)}
        return sorted(wanted & there)
    return [] if bringing else None


def _fits(rule: SystemicRule, chart: Chart) -> bool:
    if any(f in chart.there for f in rule.none_of):
        return False
    if rule.age_above is not None and (chart.age is None or chart.age <= rule.age_above):
        return False
    if rule.age_below is not None and (chart.age is None or chart.age >= rule.age_below):
        return False
    return rule.sex is None or chart.sex == rule.sex


def _ruled(rule: SystemicRule, by: list[str], bringing: Sequence[str], chart: Chart, done: Mapping[str, Done], source: Map) -> SystemicLink:
    checks = _drugs(rule, chart, source.drug_names) + _tests(rule.tests, rule.look_for, chart, done, source.tests)
    checks += [_looked(f, chart, source.terms) for f in rule.look_for if f in source.terms and f not in by]
    return SystemicLink(
        id=rule.id,
        disease="" if by else bringing[0],
        condition=text(rule.condition),
        strength=rule.strength,
        act=text(rule.act),
        source=rule.sources[0],
        system=rule.system,
        relation=rule.relation,
        why=text(rule.why),
        findings=by,
        checks=checks,
        checked=_said(checks, rule, chart),
        sources=list(rule.sources),
    )


def _own(disease: Disease, chart: Chart, done: Mapping[str, Done], source: Map) -> list[SystemicLink]:
    links = []
    for number, link in enumerate(disease.systemic_links):
        checks = _tests(link.tests, link.look_for, chart, done, source.tests)
        checks += [_looked(f, chart, source.terms) for f in link.look_for if f in source.terms]
        links.append(
            SystemicLink(
                id=f"{disease.id}-{number}",
                disease=disease.id,
                condition=text(link.condition),
                strength=link.strength,
                act=text(link.act),
                source=link.source,
                system=link.system or "",
                relation=link.relation,
                checks=checks,
                checked=_said(checks, None, chart),
                sources=[link.source],
            )
        )
    return links


def _drugs(rule: SystemicRule, chart: Chart, names: Mapping[str, Text]) -> list[LinkCheck]:
    return [
        LinkCheck(id=drug, kind="drug", en=names[drug].en, zh=names[drug].zh, state="for") for drug in chart.takes(frozenset(rule.drugs))
    ]


def _tests(
    ids: Iterable[str], look_for: Sequence[str], chart: Chart, done: Mapping[str, Done], tests: Mapping[str, Investigation]
) -> list[LinkCheck]:
    checks = []
    for test in (tests[i] for i in ids if i in tests):
        telling = set(test.yields) & set(look_for) if look_for else set(test.yields) if len(test.yields) <= SINGLE else set[str]()
        state: State = (
            "for"
            if not telling.isdisjoint(chart.found)
            else "against"
            if not telling.isdisjoint(chart.absent)
            else "done"
            if test.id in done and done[test.id].again is None
            else "open"
        )
        checks.append(LinkCheck(id=test.id, kind="test", en=test.names.en, zh=test.names.zh, state=state))
    return checks


def _looked(finding: str, chart: Chart, terms: Mapping[str, FindingTerm]) -> LinkCheck:
    state: State = "for" if finding in chart.there else "against" if finding in chart.absent else "open"
    return LinkCheck(id=finding, kind="finding", en=terms[finding].names.en, zh=terms[finding].names.zh, state=state)


def _said(checks: Sequence[LinkCheck], rule: SystemicRule | None, chart: Chart) -> Text:
    """What was already checked, in words."""
    en, zh = [], []
    for state, said_en, said_zh in STATES:
        names = [c for c in checks if c.state == state][:NAMED]
        if names:
            en.append(f"{said_en}: {', '.join(c.en for c in names)}.")
            zh.append(f"{said_zh}：{'、'.join(c.zh for c in names)}。")
    if rule is not None and rule.drugs and not any(c.kind == "drug" for c in checks):
        en.append("None of the recorded drugs is among them." if chart.recorded else "No drug is recorded: ask.")
        zh.append("所记录药物中无相关药物。" if chart.recorded else "未记录用药，须询问。")
    if not en:
        return Text(en="Nothing of it is on record.", zh="病历中尚无相关核查。")
    return Text(en=" ".join(en), zh="".join(zh))
