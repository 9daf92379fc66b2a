"""Proves the packs whole: what they name is there, one drug has one pack, and a closer watch is closer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from yingzhi.knowledge.pack_models import DrugPack, Limit, Line, Rhythm, Who

if TYPE_CHECKING:
    from yingzhi.knowledge.load import Knowledge

MONTH = 365.25 / 12 / 7
"""Weeks."""


def check_packs(k: Knowledge) -> Iterator[str]:
    """Every problem as one line."""
    drugs = {d.id for d in k.drugs.drugs}
    classes = {c.id for c in k.drugs.classes}
    conditions = {c.id for c in k.drugs.conditions} | k.findings.keys() | k.diseases.keys()
    owner: dict[str, str] = {}
    for pack in k.packs.values():
        yield from (f"pack {pack.id}: drug {i} is unknown" for i in pack.drugs if i not in drugs)
        yield from (f"pack {pack.id}: drug {i} has another pack, {owner[i]}" for i in pack.drugs if i in owner)
        owner |= dict.fromkeys(pack.drugs, pack.id)
        yield from (f"pack {pack.id}: a line names {i}, which is not its drug" for i in sorted(_named(pack) - set(pack.drugs)))
        tests = {t for s in pack.screen for t in s.tests} | {t for w in pack.watch for t in w.tests}
        yield from (f"pack {pack.id}: test {i} is unknown" for i in sorted(tests - k.investigations.keys()))
        for who in _whos(pack):
            yield from (f"pack {pack.id}: condition {i} is unknown" for i in who.any_of if i not in conditions)
            yield from (f"pack {pack.id}: {i} is no drug or class" for i in who.taking if i not in drugs | classes)
        for limit in (limit for rule in pack.stop for limit in rule.limits):
            yield from _limit(pack, limit, k)
        yield from _rhythms(pack)
        yield from _sections(pack)


def _named(pack: DrugPack) -> set[str]:
    lines: tuple[Line, ...] = (*pack.screen, *pack.watch, *pack.stop, *pack.conception, *pack.vaccines, *pack.counsel)
    return {drug for line in lines for drug in line.drugs}


def check_measure_rules(k: Knowledge) -> Iterator[str]:
    """Every problem of the rules on treatments without a drug, as one line."""
    conditions = {c.id for c in k.drugs.conditions} | k.findings.keys() | k.diseases.keys()
    words = {d.id for d in k.drugs.drugs} | {c.id for c in k.drugs.classes} | {e.id for e in k.drugs.effects}
    for rule in k.measure_rules:
        yield from (f"measure rule {rule.id}: condition {i} is unknown" for i in rule.any_of if i not in conditions)
        yield from (f"measure rule {rule.id}: {i} is no drug, class or effect" for i in rule.taking if i.partition(">=")[0] not in words)
        if rule.source not in k.sources:
            yield f"measure rule {rule.id}: source {rule.source} is unknown"
        if not rule.any_of and not rule.taking:
            yield f"measure rule {rule.id}: would hold always"


def _whos(pack: DrugPack) -> Iterator[Who]:
    named = (*(s.who for s in pack.screen), *(w.who for w in pack.watch), *(v.who for v in pack.vaccines))
    yield from (who for who in named if who is not None)
    yield from (closer.who for watch in pack.watch for closer in watch.sooner)


def _limit(pack: DrugPack, limit: Limit, k: Knowledge) -> Iterator[str]:
    analyte = k.analytes.get(limit.analyte)
    if analyte is None or analyte.kind != "quantity":
        yield f"pack {pack.id}: {limit.analyte} is no measured analyte"
    elif limit.below is None and limit.above is None and limit.times_upper is None:
        yield f"pack {pack.id}: the limit of {limit.analyte} has no value"
    elif analyte.plausible is not None:
        values = [v for v in (limit.below, limit.above) if v is not None]
        if any(not analyte.plausible[0] <= v <= analyte.plausible[1] for v in values):
            yield f"pack {pack.id}: the limit of {limit.analyte} is not plausible in {analyte.unit}"


def _rhythms(pack: DrugPack) -> Iterator[str]:
    for watch in pack.watch:
        for rhythm in (watch, *watch.sooner):
            if rhythm.every_weeks is not None and rhythm.every_months is not None:
                yield f"pack {pack.id}: {watch.what.en}: two intervals"
        for closer in watch.sooner:
            if watch.until_months is None and _interval(closer) > _interval(watch):
                yield f"pack {pack.id}: {watch.what.en}: a closer watch is wider than the usual one"
            elif _first(closer) > _first(watch):
                yield f"pack {pack.id}: {watch.what.en}: a closer watch begins later than the usual one"


def _interval(rhythm: Rhythm) -> float:
    return rhythm.every_weeks or (rhythm.every_months * MONTH if rhythm.every_months else float("inf"))


def _first(rhythm: Rhythm) -> float:
    return min([*rhythm.weeks, *(m * MONTH for m in rhythm.months), _interval(rhythm)])


def _sections(pack: DrugPack) -> Iterator[str]:
    """A full pack answers every question; a short one may leave the laboratory out."""
    if pack.short:
        return
    for name in ("screen", "watch", "stop", "conception"):
        if not getattr(pack, name):
            yield f"pack {pack.id}: nothing under {name}"
    for sex in ("female", "male"):
        if not any(rule.sex == sex for rule in pack.conception):
            yield f"pack {pack.id}: nothing on conception for {sex} patients"
