"""Whether a line of a pack holds for a patient: yes, no, or not known, and then for want of which fact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from yingzhi.clinical.medication import DrugPatient
from yingzhi.clinical.words import Text
from yingzhi.knowledge.drug_models import LOCAL_ROUTES
from yingzhi.knowledge.pack_models import Who
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.drug_patient import PatientState, patient_state, route_of
from yingzhi.tools.formulary import Formulary

NEEDS = {
    "egfr": Text(en="eGFR, or creatinine with age and sex", zh="eGFR，或肌酐加年龄、性别"),
    "age": Text(en="age", zh="年龄"),
    "sex": Text(en="sex", zh="性别"),
    "drugs": Text(en="which drugs are taken", zh="正在使用的药物"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """The patient as packs ask for them."""

    state: PatientState
    taking: Mapping[str, int]
    """Drugs taken other than on the skin, their classes and traits, with the level."""
    drugs_known: bool
    """Whether the record says anything about drugs."""

    def takes(self, term: str) -> bool:
        """Whether a term (`nsaid`, `photosensitivity>=2`) fits one of the drugs."""
        word, _, least = term.partition(">=")
        return self.taking.get(word, 0) >= (int(least) if least else 1)


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer, and the facts that are missing for one."""

    holds: bool | None
    missing: tuple[Text, ...] = ()


def person(patient: DrugPatient, formulary: Formulary, state: PatientState | None = None) -> Person:
    """Derive what packs ask for; `state` where it was derived already."""
    words: dict[str, int] = {}
    for medication in patient.medications:
        match = resolve_drug(medication.name, formulary)
        if match is None or medication.stopped_days_ago is not None or formulary.profiles[match.drug].local_only:
            continue
        if route_of(medication) not in LOCAL_ROUTES:
            for word, level in formulary.profiles[match.drug].levels.items():
                words[word] = max(level, words.get(word, 0))
    return Person(state or patient_state(patient, formulary), words, bool(patient.medications))


def fits(who: Who | None, one: Person, formulary: Formulary) -> Fit:
    """Judge a line's condition. A fact that the record does not give makes it open, never false."""
    if who is None:
        return Fit(True)
    answers = list(_answers(who, one, formulary))
    if any(value is False for value, _ in answers):
        return Fit(False)
    missing = tuple({need.en: need for value, needs in answers if value is None for need in needs}.values())
    return Fit(None, missing) if missing else Fit(True)


def _answers(who: Who, one: Person, formulary: Formulary) -> Iterator[tuple[bool | None, tuple[Text, ...]]]:
    state = one.state
    if who.any_of:
        yield _condition(who.any_of, state, formulary)
    if who.taking:
        there = any(one.takes(term) for term in who.taking)
        yield (there or (False if one.drugs_known else None), (NEEDS["drugs"],))
    for limit, known, need, test in _numbers(who, state):
        if limit is not None:
            yield (None if known is None else test(known, limit), (NEEDS[need],))
    if who.sex is not None:
        yield (None if state.sex == "unknown" else state.sex == who.sex, (NEEDS["sex"],))
    if who.childbearing:
        yield (state.may_bear_children, ())


def _numbers(who: Who, state: PatientState) -> Iterator[tuple[float | None, float | None, str, Callable[[float, float], bool]]]:
    yield who.egfr_below, state.egfr, "egfr", lambda x, limit: x < limit
    yield who.age_below, state.age, "age", lambda x, limit: x < limit
    yield who.age_from, state.age, "age", lambda x, limit: x >= limit


def _condition(wanted: tuple[str, ...], state: PatientState, formulary: Formulary) -> tuple[bool | None, tuple[Text, ...]]:
    if state.present & set(wanted):
        return True, ()
    records = [formulary.conditions[c] for c in wanted if c in formulary.conditions and c not in state.absent]
    untested = tuple(Text(en=r.names.en, zh=r.names.zh) for r in records if r.tested)
    return (None, untested) if untested else (False, ())
