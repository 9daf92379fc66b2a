"""Drugs of the same group that the rules find nothing against beside the rest of the list. Not advice to give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yingzhi.knowledge.drug_models import LOCAL_ROUTES
from yingzhi.tools.allergies import Allergen, check_allergies
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
    kin = [d for d in formulary.drugs.values() if group and d.atc.startswith(group)]
    kin += [d for d in formulary.drugs.values() if set(d.classes) & set(record.classes)]
    for one in kin:
        if route and route not in one.routes:
            continue
        if one.id not in seen and not one.ingredients and systemic == any(r not in LOCAL_ROUTES for r in one.routes):
            seen.add(one.id)
            yield one.id


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
