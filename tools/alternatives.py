"""Drugs of the same group that the rules find nothing against beside the rest of the list. Not advice to give them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from yingzhi.clinical.alert_board import Alternative
from yingzhi.clinical.medication import DrugProblem
from yingzhi.knowledge.drug_models import LOCAL_ROUTES
from yingzhi.tools.allergies import Allergen, check_allergies
from yingzhi.tools.contraindications import Regimen
from yingzhi.tools.drug_patient import PatientState
from yingzhi.tools.drug_rules import ORDER
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.interactions import pair_severity
from yingzhi.tools.patient_rules import check_patient

GROUP = 5
"""Characters of an ATC code that name the chemical or pharmacological group; one that ends in X is a group of the ungrouped."""
NOT_INTERCHANGEABLE = frozenset(
    {"antimetabolite", "antifolate", "cytotoxic", "alkylating-agent", "immunosuppressant", "thiopurine", "calcineurin-inhibitor",
     "mtor-inhibitor", "mycophenolate", "anticonvulsant", "aromatic-anticonvulsant", "antiarrhythmic-ia", "antiarrhythmic-ic",
     "antiarrhythmic-iii", "tyrosine-kinase-inhibitor", "antituberculous", "rifamycin", "chinese-patent-medicine", "supplement", "food",
     "hiv-protease-inhibitor", "nnrti", "nrti", "hcv-antiviral", "vitamin-k-antagonist", "lithium-salt", "anticholinergic-drug",
     "live-vaccine", "inactivated-vaccine", "thyroid-hormone", "cardiac-glycoside", "systemic-retinoid", "maoi"}
)  # fmt: skip
"""Classes whose members do not stand in for each other: a neighbour here would be another treatment, not another choice."""
MOST_DRUGS = 4
"""Drugs of a problem, those of its worst part, for which neighbours are sought."""


def problem_alternatives(problem: DrugProblem, regimen: Regimen, formulary: Formulary) -> list[Alternative]:
    """Neighbours for the drugs of a problem that has to be settled before going on; none for a dose, which is mended by a dose."""
    if problem.tier not in ("stop", "decide") or problem.kind == "dose":
        return []
    listed = regimen.listed
    return [
        Alternative(instead_of=drug, drug=other, names=formulary.display[other])
        for drug in problem.parts[0].drugs[:MOST_DRUGS]
        for other in alternatives(
            drug,
            [d for d in listed.matches if d != drug],
            regimen.state,
            formulary,
            allergens=regimen.allergens,
            route=listed.routes.get(drug, ""),
        )
    ]


def alternatives(
    drug: str,
    others: Sequence[str],
    state: PatientState | None,
    formulary: Formulary,
    *,
    allergens: Sequence[Allergen] = (),
    route: str = "",
    limit: int = 3,
) -> list[str]:
    """Neighbours of a drug that raise nothing of grade moderate or worse with the other drugs or in the patient.

    Args:
        drug: Id of the drug that is in question.
        others: Ids of the drugs that stay.
        state: The patient; None = only interactions count.
        formulary: The formulary.
        allergens: What the patient is allergic to.
        route: How the drug is given, if known; a neighbour of a nasal spray has to be a nasal spray.
        limit: How many at most.

    Returns:
        Ids, those of the same ATC group first, then of the same class; none if every neighbour has something against it,
        or something that could not be checked.
    """
    out: list[str] = []
    for candidate in _neighbours(drug, route, formulary):
        if len(out) == limit:
            break
        if candidate not in others and _clear(candidate, others, state, allergens, formulary):
            out.append(candidate)
    return out


def _neighbours(drug: str, route: str, formulary: Formulary) -> Iterator[str]:
    record = formulary.drugs[drug]
    if set(record.classes) & NOT_INTERCHANGEABLE:
        return
    group = record.atc[:GROUP] if len(record.atc) >= GROUP and record.atc[GROUP - 1] != "X" else ""
    systemic = any(r not in LOCAL_ROUTES for r in record.routes)
    seen = {drug}
    by_group, by_class = _index(formulary)
    kin = [*by_group.get(group, ()), *sorted({place for c in record.classes for place in by_class.get(c, ())})]
    drugs = list(formulary.drugs.values())
    for one in (drugs[place] for place in kin):
        if route and route not in one.routes:
            continue
        if one.id not in seen and not one.ingredients and systemic == any(r not in LOCAL_ROUTES for r in one.routes):
            seen.add(one.id)
            yield one.id


@lru_cache(maxsize=4)
def _index(formulary: Formulary) -> tuple[Mapping[str, list[int]], Mapping[str, list[int]]]:
    """Places of the drugs in the formulary, by ATC group and by class."""
    by_group: dict[str, list[int]] = defaultdict(list)
    by_class: dict[str, list[int]] = defaultdict(list)
    for place, drug in enumerate(formulary.drugs.values()):
        if len(drug.atc) >= GROUP:
            by_group[drug.atc[:GROUP]].append(place)
        for one in drug.classes:
            by_class[one].append(place)
    return by_group, by_class


def _clear(candidate: str, others: Sequence[str], state: PatientState | None, allergens: Sequence[Allergen], formulary: Formulary) -> bool:
    moderate = ORDER["moderate"]
    if any(ORDER[pair_severity(candidate, other, formulary)] <= moderate for other in others):
        return False
    if check_allergies(candidate, allergens, formulary):
        return False
    if state is None:
        return True
    against, missing = check_patient(candidate, state, formulary)
    grave = ORDER["major"]
    return all(ORDER[a.severity] > moderate for a in against) and all(ORDER[n.worst] > grave for n in missing if n.worst != "unknown")
