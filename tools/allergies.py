"""A drug against the patient's allergies, with cross-reactivity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yingzhi.clinical.medication import TIER_OF, DrugAlert
from yingzhi.clinical.words import Severity, Text
from yingzhi.tools.drug_names import fold, resolve_drug
from yingzhi.tools.formulary import Formulary

_AROUND = re.compile(r"(?:过敏史?|类药物?|allergy|allergic to|\ballergies\b|史)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Allergen:
    """What an allergy entry stands for: one drug, a group, or a class."""

    written: str
    drug: str = ""
    groups: frozenset[str] = frozenset()
    drug_class: str = ""


def read_allergies(written: Sequence[str], formulary: Formulary) -> tuple[list[Allergen], list[str]]:
    """Understand allergy entries.

    Returns:
        The allergens, and the entries that mean nothing to the formulary (they may be foods or unknown drugs).
    """
    known, unknown = [], []
    for entry in written:
        allergen = _read(entry, formulary)
        if allergen is None:
            unknown.append(entry)
        else:
            known.append(allergen)
    return known, unknown


def _read(entry: str, formulary: Formulary) -> Allergen | None:
    for words in (entry, _AROUND.sub(" ", entry).strip()):
        folded = fold(words)
        if (group := formulary.allergy_names.get(folded)) is not None:
            return Allergen(entry, groups=frozenset({group}))
        if (match := resolve_drug(words, formulary)) is not None:
            return Allergen(entry, drug=match.drug, groups=formulary.profiles[match.drug].allergy_groups)
        if (name := formulary.class_names.get(folded)) is not None:
            return Allergen(entry, groups=frozenset(formulary.classes[name].allergy_groups), drug_class=name)
    return None


def check_allergies(drug: str, allergens: Sequence[Allergen], formulary: Formulary) -> list[DrugAlert]:
    """Alerts for one drug: the same substance, the same group, a neighbouring group."""
    out = []
    for allergen in allergens:
        verdict = _verdict(drug, allergen, formulary)
        if verdict is None:
            continue
        severity, why, source = verdict
        name = formulary.display[drug]
        out.append(
            DrugAlert(
                id=f"allergy:{drug}:{fold(allergen.written)}",
                kind="allergy",
                tier=TIER_OF[severity],
                severity=severity,
                drugs=[drug],
                title=Text(en=f"{name.en}: allergy on record", zh=f"{name.zh}：有过敏记录"),
                why=why,
                act=Text(
                    en="Ask what happened and when; choose a drug of another group unless the allergy is disproved.",
                    zh="核实反应类型和时间；除非已排除过敏，否则换用其他类别。",
                ),
                sources=[source] if source else [],
                problem=f"allergy-{fold(allergen.written)}",
            )
        )
    return out


def _verdict(drug: str, allergen: Allergen, formulary: Formulary) -> tuple[Severity, Text, str] | None:
    profile = formulary.profiles[drug]
    if allergen.drug == drug:
        return "contraindicated", Text(en="The patient is recorded as allergic to this very drug.", zh="患者对该药本身有过敏记录。"), ""
    if common := sorted(_substances(drug, formulary) & _substances(allergen.drug, formulary)):
        both = [formulary.display[d] for d in common]
        return (
            "contraindicated" if allergen.drug in common else "major",
            Text(
                en=f"The patient is recorded as allergic to {allergen.written}; both hold {', '.join(n.en for n in both)}.",
                zh=f"患者对{allergen.written}有过敏记录，两者均含{'、'.join(n.zh for n in both)}。",
            ),
            "",
        )
    shared = sorted(profile.allergy_groups & allergen.groups)
    if shared:
        group = formulary.allergy_groups[shared[0]]
        return group.severity, Text(en=f"{group.names.en}: {group.text.en}", zh=f"{group.names.zh}：{group.text.zh}"), group.source
    for name in sorted(allergen.groups):
        group = formulary.allergy_groups[name]
        for cross in group.cross:
            if cross.group in profile.allergy_groups:
                return cross.severity, Text(en=cross.text.en, zh=cross.text.zh), group.source
    if allergen.drug_class and allergen.drug_class in profile.levels:
        names = formulary.classes[allergen.drug_class].names
        return "major", Text(en=f"Recorded allergy to the class: {names.en}.", zh=f"对该类药物有过敏记录：{names.zh}。"), ""
    return None


def _substances(drug: str, formulary: Formulary) -> set[str]:
    """The drug itself, and what a combination holds."""
    return {drug, *formulary.drugs[drug].ingredients} if drug else set()
