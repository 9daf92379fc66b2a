"""Whether two drugs harm each other, by mechanism. Pure, symmetric, free of order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING

from yingzhi.clinical.medication import TIER_OF, DrugAlert, Interaction, Mechanism
from yingzhi.clinical.words import Severity, Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES, CombinedRule
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.drug_profiles import absorbed
from yingzhi.tools.drug_rules import ORDER, Rule
from yingzhi.tools.formulary import Formulary, Masks

if TYPE_CHECKING:
    from yingzhi.tools.overlays import Entry, Overlay


def check_names(a: str, b: str, formulary: Formulary) -> Interaction:
    """Judge a pair by names as written.

    Returns:
        The verdict; `known` false and severity `unknown` if either name is not certain. `drug_a`, `drug_b` as given.
    """
    first, second = resolve_drug(a, formulary), resolve_drug(b, formulary)
    if first is None or second is None:
        return Interaction(drug_a=a, drug_b=b, known=False, severity="unknown")
    return check_pair(first.drug, second.drug, formulary).model_copy(update={"drug_a": a, "drug_b": b})


def check_pairs(rows: Sequence[tuple[str, str]], formulary: Formulary) -> Iterator[Interaction]:
    """Judge many pairs by names as written, in order; each name is looked up once and each pair of drugs judged once.

    Args:
        rows: Names of the two drugs.
        formulary: The formulary.

    Yields:
        What `check_names` would return for each.
    """
    known: dict[str, str | None] = {}
    judged: dict[tuple[str, str], Interaction] = {}
    for a, b in rows:
        for name in (a, b):
            if name not in known:
                match = resolve_drug(name, formulary)
                known[name] = None if match is None else match.drug
        first, second = known[a], known[b]
        if first is None or second is None:
            yield Interaction(drug_a=a, drug_b=b, known=False, severity="unknown")
            continue
        key = (first, second) if first < second else (second, first)
        if key not in judged:
            judged[key] = check_pair(*key, formulary)
        yield judged[key].model_copy(update={"drug_a": a, "drug_b": b})


def check_pair(a: str, b: str, formulary: Formulary, route_a: str = "", route_b: str = "") -> Interaction:
    """Judge a pair of drugs.

    Args:
        a: Id of a drug.
        b: Id of the other.
        formulary: The formulary.
        route_a: Route of `a` (a `drug_models.Route`); empty = the drug's usual, systemic if it has a systemic one.
        route_b: Route of `b`.

    Returns:
        The verdict with every mechanism, the worst first; `none` if no rule holds; `unknown` if an id is not in the formulary.
    """
    return judge_pair(a, b, formulary, route_a, route_b).verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict on a pair, and the problem that its worst mechanism is a case of."""

    verdict: Interaction
    problem: str = ""


def judge_pair(a: str, b: str, formulary: Formulary, route_a: str = "", route_b: str = "") -> Judged:
    """Like `check_pair`, with the problem it belongs to: what adds up, which drug drives the exposure, or the rule itself."""
    if a not in formulary.masks or b not in formulary.masks:
        return Judged(Interaction(drug_a=a, drug_b=b, known=False, severity="unknown"))
    hits = pair_hits(a, b, formulary, route_a, route_b)
    mechanisms = [_mechanism(rule, actor, victim, formulary) for rule, actor, victim in hits]
    if formulary.overlays and not (stays_local(a, route_a, formulary) or stays_local(b, route_b, formulary)):
        mechanisms = _with_overlays(a, b, mechanisms, formulary)
    verdict = Interaction(drug_a=a, drug_b=b, known=True, severity=mechanisms[0].severity if mechanisms else "none", mechanisms=mechanisms)
    if not hits:
        return Judged(verdict, f"pair-{min(a, b)}-{max(a, b)}")
    rule, actor, _ = hits[0]
    return Judged(verdict, f"{rule.group}-{actor}" if rule.pathway else rule.group)


def pair_severity(a: str, b: str, formulary: Formulary) -> Severity:
    """Only how bad a pair of known ids is; the quick way for long lists."""
    if a == b:
        return "none"
    x, y = formulary.masks[a], formulary.masks[b]
    bits = (x.a & y.b) | (x.b & y.a)
    severity = formulary.rules[(bits & -bits).bit_length() - 1].severity if bits else "none"
    if not formulary.overlays or formulary.profiles[a].local_only or formulary.profiles[b].local_only:
        return severity
    return _raised(severity, a, b, formulary)


def pair_hits(a: str, b: str, formulary: Formulary, route_a: str = "", route_b: str = "") -> list[tuple[Rule, str, str]]:
    """The rules that hold for a pair with the drug that acts and the one acted upon: the worst of each group, the worst group first."""
    if a == b:
        return []
    if b < a:
        a, b, route_a, route_b = b, a, route_b, route_a
    xa, xb = _sides(formulary.masks[a], route_a)
    ya, yb = _sides(formulary.masks[b], route_b)
    found: dict[tuple[str, str], tuple[Rule, str, str]] = {}
    hits = [(n, 0) for n in _bits(xa & yb)] + [(n, 1) for n in _bits(xb & ya)]
    for bit, backward in sorted(hits):
        rule = formulary.rules[bit]
        actor, victim = (b, a) if backward else (a, b)
        found.setdefault((rule.group, actor if rule.pathway else ""), (rule, actor, victim))
    return sorted(found.values(), key=lambda hit: (ORDER[hit[0].severity], hit[0].id, hit[1]))


def _raised(severity: Severity, a: str, b: str, formulary: Formulary) -> Severity:
    """The severity with what a site's own tables say; they raise it and never lower it."""
    return min([severity, *(entry.severity for _, entry in _said(a, b, formulary))], key=ORDER.__getitem__)


def _with_overlays(a: str, b: str, mechanisms: list[Mechanism], formulary: Formulary) -> list[Mechanism]:
    """Mechanisms with those of the site's own tables that are worse than all built-in ones, the worst first."""
    built_in = ORDER[mechanisms[0].severity] if mechanisms else ORDER["none"]
    worse = [(overlay, entry) for overlay, entry in _said(a, b, formulary) if ORDER[entry.severity] < built_in]
    if not worse:
        return mechanisms
    worst = {overlay.name: (overlay, entry) for overlay, entry in sorted(worse, key=lambda said: -ORDER[said[1].severity])}
    return sorted([*(overlay.mechanism(entry) for overlay, entry in worst.values()), *mechanisms], key=lambda one: ORDER[one.severity])


def _said(a: str, b: str, formulary: Formulary) -> Iterator[tuple[Overlay, Entry]]:
    """What a site's tables say of two drugs, or of what is in them."""
    for x, y in product((a, *formulary.drugs[a].ingredients), (b, *formulary.drugs[b].ingredients)):
        key = (x, y) if x < y else (y, x)
        for overlay in formulary.overlays:
            if (entry := overlay.pairs.get(key)) is not None:
                yield overlay, entry


def stays_local(drug: str, route: str, formulary: Formulary) -> bool:
    """Whether a drug, given so, reaches the blood to no extent that matters."""
    return formulary.profiles[drug].local_only or (route in LOCAL_ROUTES and not absorbed(formulary.drugs[drug], formulary.drugs))


def _sides(masks: Masks, route: str) -> tuple[int, int]:
    return (masks.local_a, masks.local_b) if route in LOCAL_ROUTES else (masks.a, masks.b)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _mechanism(rule: Rule, actor: str, victim: str, formulary: Formulary) -> Mechanism:
    return Mechanism(
        rule=rule.id,
        severity=rule.severity,
        onset=rule.onset,
        mechanism=_fill(rule.mechanism.en, rule.mechanism.zh, rule, actor, victim, formulary),
        management=_fill(rule.management.en, rule.management.zh, rule, actor, victim, formulary),
        sources=[rule.source],
    )


def _fill(en: str, zh: str, rule: Rule, actor: str, victim: str, formulary: Formulary) -> Text:
    if rule.pathway is None:
        return Text(en=en, zh=zh)
    one, other = formulary.display[actor], formulary.display[victim]
    return Text(
        en=en.format(actor=one.en, victim=other.en, pathway=rule.pathway.en),
        zh=zh.format(actor=one.zh, victim=other.zh, pathway=rule.pathway.zh),
    )


def check_combined(drugs: Sequence[str], formulary: Formulary, about: str = "") -> list[DrugAlert]:
    """What three or more drugs of a list do together.

    Args:
        drugs: Ids, each once.
        formulary: The formulary.
        about: Only rules in which this drug of the list takes part; all of them where it is empty.

    Returns:
        One alert a rule that holds.
    """
    listed = sorted(set(drugs))
    part = formulary.profiles[about].fits if about else None
    rules = [r for r in formulary.combined if part is None or any(part(term) for member in r.members for term in member)]
    return [alert for rule in rules if (alert := _combined(rule, listed, formulary)) is not None]


def _combined(rule: CombinedRule, drugs: list[str], formulary: Formulary) -> DrugAlert | None:
    fitting = [[d for d in drugs if any(map(formulary.profiles[d].fits, member))] for member in rule.members]
    if not all(fitting) or not _distinct(fitting, frozenset()):
        return None
    involved = sorted({d for options in fitting for d in options})
    names = [formulary.display[d] for d in involved]
    return DrugAlert(
        id=f"combined:{rule.id}:{'+'.join(involved)}",
        kind="combined",
        tier=TIER_OF[rule.severity],
        severity=rule.severity,
        drugs=involved,
        title=Text(en=" + ".join(n.en for n in names), zh="＋".join(n.zh for n in names)),
        why=Text(en=rule.mechanism.en, zh=rule.mechanism.zh),
        act=Text(en=rule.management.en, zh=rule.management.zh),
        sources=[rule.source],
        problem=rule.problem or f"combined-{rule.id}",
    )


def _distinct(options: list[list[str]], taken: frozenset[str]) -> bool:
    """Whether a different drug can be chosen for every member."""
    if not options:
        return True
    return any(_distinct(options[1:], taken | {d}) for d in options[0] if d not in taken)


def pairs_of(drugs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each unordered pair of different drugs once, in a fixed order."""
    return combinations(sorted(set(drugs)), 2)
