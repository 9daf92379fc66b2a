"""What is left for this patient: the options of a diagnosis summed up by line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from yingzhi.clinical.treatment import DiseaseChoices, TreatmentOption
from yingzhi.clinical.words import Text

LINES = (
    ("immediate measures", "首要措施"),
    ("first-line options", "一线治疗"),
    ("second-line options", "二线治疗"),
    ("later options", "后线治疗"),
)


def choices_of(options: Iterable[TreatmentOption]) -> list[DiseaseChoices]:
    """One summary a diagnosis, in the order of the options.

    An option that could not be judged is neither left nor lost: it is open, with the facts that it needs.
    """
    return [_choices(disease, list(group)) for disease, group in groupby(options, key=lambda o: o.disease)]


def _choices(disease: str, options: Sequence[TreatmentOption]) -> DiseaseChoices:
    left = [o for o in options if o.suitable in {"yes", "caution"}]
    return DiseaseChoices(
        disease=disease,
        left=[_name(o) for o in left],
        lost=[_reasoned(o) for o in options if o.suitable == "no"],
        open=[_reasoned(o) for o in options if o.suitable == "unknown"],
        note=_note(options, left),
    )


def _name(option: TreatmentOption) -> Text:
    return Text(en=option.en, zh=option.zh)


def _reasoned(option: TreatmentOption) -> Text:
    if option.why is None:
        return _name(option)
    return Text(en=f"{option.en} ({option.why.en.rstrip('.')})", zh=f"{option.zh}（{option.why.zh.rstrip('。')}）")


def _note(options: Sequence[TreatmentOption], left: Sequence[TreatmentOption]) -> Text | None:
    if not left:
        return Text(
            en="None of the listed options is left for this patient: a specialist has to decide.",
            zh="所列治疗均不适用于本例，需专科决定。",
        )
    active = [o for o in options if o.line > 0]
    if not active:
        return None
    first = min(o.line for o in active)
    following = [o.line for o in left if o.line >= first]
    if first in following:
        return None
    lost = LINES[min(first, 3)]
    if not following:
        return Text(
            en=f"The {lost[0]} and all after them are lost or open; what is left is listed.",
            zh=f"{lost[1]}及之后均不可用或待定，余见列表。",
        )
    nearest = LINES[min(min(following), 3)]
    return Text(
        en=f"None of the {lost[0]} is left; the nearest are {nearest[0]}.", zh=f"{lost[1]}均不可用或待定，最近的可选为{nearest[1]}。"
    )
