"""A whole list of drugs in one patient: names, pairs, three together, the patient, allergies, duplicates, and what was not checked."""

from __future__ import annotations

from collections.abc import Sequence

from yingzhi.clinical.medication import TIER_OF, DrugAlert, DrugMatch, DrugPatient, Interaction, MedicationReview, NotChecked, UnknownDrug
from yingzhi.clinical.presentation import Medication
from yingzhi.clinical.words import Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES
from yingzhi.tools.allergies import check_allergies, read_allergies
from yingzhi.tools.drug_names import resolve_drug, unknown_drug
from yingzhi.tools.drug_patient import patient_state, route_of
from yingzhi.tools.drug_rules import ORDER
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.interactions import check_combined, check_pair, pairs_of
from yingzhi.tools.patient_rules import check_patient


def review_medications(
    current: Sequence[Medication | str], proposed: Sequence[Medication | str], patient: DrugPatient | None, formulary: Formulary
) -> MedicationReview:
    """Judge every drug of two lists against each other and against the patient.

    Args:
        current: What the patient takes, besides `patient.medications`; drugs that were stopped are left out. A bare name that
            stands in `patient.medications` adds nothing: what is recorded there (route, stopped) holds.
        proposed: What the doctor thinks of giving; names or records.
        patient: The patient; None = no patient facts, only names and interactions are judged.
        formulary: The formulary.

    Returns:
        The review. A name that is not certain is listed as unknown and as not checked; the other drugs are still judged.
        Interactions of grade `minor` stand in `interactions` and raise no alert.
    """
    recorded = patient.medications if patient else []
    named = {m.name for m in recorded}
    listed = [*recorded, *(_record(m) for m in current if not (isinstance(m, str) and m in named)), *(_record(m) for m in proposed)]
    matches, unknown, routes = _resolve([m for m in listed if m.stopped_days_ago is None], formulary)
    drugs = [m.drug for m in matches]
    pairs = (check_pair(a, b, formulary, routes[a], routes[b]) for a, b in pairs_of(drugs))
    interactions = [pair for pair in pairs if pair.severity != "none"]
    alerts = [_pair_alert(one, formulary) for one in interactions if one.severity != "minor"]
    alerts += check_combined([d for d in drugs if not _is_local(d, routes[d], formulary)], formulary)
    alerts += _duplicates(drugs, routes, formulary)
    gaps = [NotChecked(drug=u.name, check="name", needs=Text(en="A name that the formulary knows", zh="处方集内的药名")) for u in unknown]
    if patient is not None:
        state = patient_state(patient, formulary)
        allergens, unread = read_allergies(patient.allergies, formulary)
        meant = Text(en="Which drug or group is meant", zh="明确所指药物或类别")
        gaps += [NotChecked(drug=entry, check="allergy", needs=meant) for entry in unread]
        for drug in sorted(drugs):
            against, missing = check_patient(drug, state, formulary, routes[drug])
            alerts += [*against, *check_allergies(drug, allergens, formulary)]
            gaps += missing
    return MedicationReview(
        drugs=matches,
        unknown=unknown,
        alerts=sorted(alerts, key=lambda a: (ORDER[a.severity], a.kind, a.id)),
        interactions=sorted(interactions, key=lambda i: (ORDER[i.severity], i.drug_a, i.drug_b)),
        not_checked=sorted(gaps, key=lambda g: (g.check != "name", ORDER[g.worst], g.drug, g.needs.en)),
    )


def _record(drug: Medication | str) -> Medication:
    return Medication(name=drug) if isinstance(drug, str) else drug


def _resolve(taken: Sequence[Medication], formulary: Formulary) -> tuple[list[DrugMatch], list[UnknownDrug], dict[str, str]]:
    matches: dict[str, DrugMatch] = {}
    unknown: dict[str, UnknownDrug] = {}
    routes: dict[str, str] = {}
    for one in taken:
        match = resolve_drug(one.name, formulary)
        if match is None:
            unknown.setdefault(one.name, unknown_drug(one.name, formulary))
            continue
        route = route_of(one)
        if match.drug in matches and routes[match.drug] in LOCAL_ROUTES:
            routes[match.drug] = route  # once on the skin and once by mouth: the systemic use counts
        matches.setdefault(match.drug, match)
        routes.setdefault(match.drug, route)
    return list(matches.values()), list(unknown.values()), routes


def _is_local(drug: str, route: str, formulary: Formulary) -> bool:
    return formulary.profiles[drug].local_only or (route in LOCAL_ROUTES and not formulary.drugs[drug].absorbed_locally)


def _pair_alert(one: Interaction, formulary: Formulary) -> DrugAlert:
    a, b = formulary.display[one.drug_a], formulary.display[one.drug_b]
    telling = [m for m in one.mechanisms if m.severity != "minor"]
    return DrugAlert(
        id=f"interaction:{one.drug_a}+{one.drug_b}",
        kind="interaction",
        tier=TIER_OF[one.severity],
        severity=one.severity,
        drugs=[one.drug_a, one.drug_b],
        title=Text(en=f"{a.en} + {b.en}", zh=f"{a.zh}＋{b.zh}"),
        why=Text(en=" ".join(m.mechanism.en for m in telling), zh="".join(m.mechanism.zh for m in telling)),
        act=one.mechanisms[0].management,
        sources=sorted({s for m in telling for s in m.sources}),
    )


def _duplicates(drugs: Sequence[str], routes: dict[str, str], formulary: Formulary) -> list[DrugAlert]:
    out = []
    for a, b in pairs_of(drugs):
        if _is_local(a, routes[a], formulary) != _is_local(b, routes[b], formulary):
            continue
        shared = sorted(formulary.profiles[a].duplicates & formulary.profiles[b].duplicates)
        if shared:
            names, x, y = formulary.classes[shared[0]].names, formulary.display[a], formulary.display[b]
            out.append(
                DrugAlert(
                    id=f"duplicate:{shared[0]}:{a}+{b}",
                    kind="duplicate",
                    tier="watch",
                    severity="moderate",
                    drugs=[a, b],
                    title=Text(en=f"{x.en} + {y.en}: duplication", zh=f"{x.zh}＋{y.zh}：重复用药"),
                    why=Text(en=f"Two drugs of one class: {names.en}.", zh=f"同类药物两种：{names.zh}。"),
                    act=Text(en="Keep one, unless both are meant.", zh="保留一种，除非有意联用。"),
                )
            )
    return out
