"""Red flags: findings and combinations that are dangerous whatever the diagnosis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yingzhi.clinical.alert import ALERT_LEVELS, Alert
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.words import Text
from yingzhi.knowledge.models import Bilingual, FindingTerm, RedFlag


def red_flags(
    findings: Iterable[Finding],
    age: float | None,
    rules: Iterable[RedFlag],
    terms: Mapping[str, FindingTerm],
    ancestors: Mapping[str, frozenset[str]],
) -> list[Alert]:
    """Every rule that fires, the gravest first, then single findings that are dangerous by themselves.

    A suspected finding fires a rule as a seen one does: the price of a missed emergency is higher than that of a second look.
    """
    there = {
        f.id: f for f in findings if f.experiencer == "patient" and f.status in {"present", "uncertain"} and f.temporality == "current"
    }
    implied = set(there) | {a for f in there if f in ancestors for a in ancestors[f]}
    fired: list[Alert] = []
    explained: set[str] = set()
    for rule in rules:
        if _fires(rule, implied, age):
            options = (*rule.any_of, *(f for group in rule.one_of_each for f in group))
            needed = {*rule.all_of, *(f for f in options if f in implied)}
            used = [f for f in there.values() if f.id in needed or needed & ancestors.get(f.id, frozenset())]
            explained |= {f.id for f in used}
            fired.append(_alert(rule, used))
    for finding in there.values():
        term = terms[finding.id]
        if term.red_flag and finding.id not in explained:
            name = Text(en=term.names.en, zh=term.names.zh)
            fired.append(
                Alert(id=f"finding-{term.id}", kind="red-flag", level="warning", title=name, why=text(term.red_flag), spans=finding.spans)
            )
    return sorted(fired, key=lambda a: ALERT_LEVELS.index(a.level))


def _fires(rule: RedFlag, implied: set[str], age: float | None) -> bool:
    if rule.age_below is not None and (age is None or age >= rule.age_below):
        return False
    if rule.age_above is not None and (age is None or age <= rule.age_above):
        return False
    return (
        all(f in implied for f in rule.all_of)
        and (not rule.any_of or any(f in implied for f in rule.any_of))
        and all(any(f in implied for f in group) for group in rule.one_of_each)
        and not any(f in implied for f in rule.none_of)
    )


def _alert(rule: RedFlag, used: list[Finding]) -> Alert:
    return Alert(
        id=rule.id,
        kind="red-flag",
        level=rule.level,
        title=text(rule.title),
        why=text(rule.why),
        act=text(rule.act),
        spans=[span for f in used for span in f.spans[:1]],
        sources=[rule.source],
    )


def text(words: Bilingual) -> Text:
    """A knowledge file's wording as the clinical model of it."""
    return Text(en=words.en, zh=words.zh)
