"""Guidance that disagrees: which of the curated conflicts bear on a case."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from yingzhi.clinical.citation import Reference
from yingzhi.clinical.conflict import GuidanceConflict, GuidanceSide
from yingzhi.knowledge.workup_models import Conflict
from yingzhi.tools.red_flags import text


def conflicts_of(
    conflicts: Iterable[Conflict],
    drugs: Mapping[str, Collection[str]],
    diseases: Collection[str],
    tests: Collection[str],
    age: float | None,
    records: Mapping[str, Reference],
) -> list[GuidanceConflict]:
    """The conflicts that bear, each side with its own source. No side is preferred.

    Args:
        conflicts: The curated table.
        drugs: Drugs that are taken or offered, each with the classes it belongs to.
        diseases: Likely diagnoses.
        tests: Tests that are recommended now.
        age: Years, where known.
        records: Of the sources.
    """
    found = []
    for conflict in conflicts:
        by_drug = [d for d, levels in drugs.items() if not set(conflict.drugs).isdisjoint(levels)]
        by_test = [t for t in conflict.tests if t in tests]
        by_disease = [d for d in conflict.diseases if d in diseases]
        if conflict.age_below is not None and (age is None or age >= conflict.age_below):
            continue
        kinds = ((conflict.drugs, by_drug), (conflict.tests, by_test), (conflict.diseases, by_disease))
        borne = [bool(hits) for named, hits in kinds if named]
        if not (all(borne) if conflict.needs_all else any(borne)):
            continue
        found.append(
            GuidanceConflict(
                id=conflict.id,
                topic=text(conflict.topic),
                because=[*by_drug, *by_disease, *by_test],
                sides=[GuidanceSide(says=text(s.says), source=s.source, reference=records[s.source]) for s in conflict.sides],
                note=text(conflict.note) if conflict.note else None,
            )
        )
    return found
