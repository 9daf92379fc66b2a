"""The same drug twice, a drug beside a combination that holds it, two drugs of a class of which one is enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yingzhi.clinical.medication import DrugAlert
from yingzhi.clinical.presentation import Medication
from yingzhi.clinical.words import Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES
from yingzhi.tools.drug_patient import route_of
from yingzhi.tools.drug_spelling import fold
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.interactions import pairs_of, stays_local

ACT = Text(en="Keep one, unless both are meant.", zh="保留一种，除非有意联用。")


def check_duplicates(records: Mapping[str, Sequence[Medication]], routes: Mapping[str, str], formulary: Formulary) -> list[DrugAlert]:
    """Duplications in a list.

    Args:
        records: How each drug is taken, by id.
        routes: Route by drug id; a drug on the skin and one by mouth are no duplication.
        formulary: The formulary.

    Returns:
        One alert a pair of drugs, and one for every drug that stands there under two names.
    """
    out = [_twice(drug, formulary) for drug, taken in records.items() if len(taken) > 1 and len(_systemic_names(taken)) > 1]
    for a, b in pairs_of(list(records)):
        if stays_local(a, routes[a], formulary) != stays_local(b, routes[b], formulary):
            continue
        if (alert := _pair(a, b, formulary)) is not None:
            out.append(alert)
    return out


def _systemic_names(taken: Sequence[Medication]) -> set[str]:
    return {fold(m.name) for m in taken if route_of(m) not in LOCAL_ROUTES}


def _pair(a: str, b: str, formulary: Formulary) -> DrugAlert | None:
    x, y = formulary.display[a], formulary.display[b]
    one, other = formulary.drugs[a], formulary.drugs[b]
    if same := [d for d in (one.ingredients or (a,)) if d in (other.ingredients or (b,))]:
        words = [formulary.display[d] for d in same]
        what = Text(en=", ".join(w.en for w in words), zh="、".join(w.zh for w in words))
        return _alert(
            f"content-{min(a, b)}",
            [a, b],
            Text(en=f"{x.en} + {y.en}: the same substance twice", zh=f"{x.zh}＋{y.zh}：含相同成分"),
            Text(en=f"In both: {what.en}.", zh=f"两者均含：{what.zh}。"),
            f"duplicate-content:{a}+{b}",
            (one if one.ingredients else other).sources,
        )
    shared = sorted(formulary.profiles[a].duplicates & formulary.profiles[b].duplicates)
    if not shared:
        return None
    names = formulary.classes[shared[0]].names
    return _alert(
        shared[0],
        [a, b],
        Text(en=f"{x.en} + {y.en}: duplication", zh=f"{x.zh}＋{y.zh}：重复用药"),
        Text(en=f"Drugs of one class: {names.en}.", zh=f"同类药物：{names.zh}。"),
        f"duplicate:{shared[0]}:{a}+{b}",
    )


def _twice(drug: str, formulary: Formulary) -> DrugAlert:
    name = formulary.display[drug]
    return _alert(
        f"same-{drug}",
        [drug],
        Text(en=f"{name.en}: listed twice", zh=f"{name.zh}：重复列出"),
        Text(en="It stands in the list under two names.", zh="该药以两个名称出现在用药清单中。"),
        f"duplicate:same:{drug}",
    )


def _alert(key: str, drugs: list[str], title: Text, why: Text, identity: str, sources: Sequence[str] = ()) -> DrugAlert:
    return DrugAlert(
        id=identity,
        kind="duplicate",
        tier="watch",
        severity="moderate",
        drugs=drugs,
        title=title,
        why=why,
        act=ACT,
        sources=list(sources),
        problem=f"duplicate-{key}",
    )
