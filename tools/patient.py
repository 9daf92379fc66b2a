"""Who the patient is, from the fields and from the note; the two must agree."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping

from yingzhi.clinical.errors import CaseError
from yingzhi.clinical.finding import Finding
from yingzhi.clinical.presentation import Patient
from yingzhi.clinical.words import Span
from yingzhi.knowledge.models import FindingTerm
from yingzhi.tools.demographics import Demographics, Measure
from yingzhi.tools.extraction import Mention


def merge_patient(given: Patient, read: Demographics, findings: list[Finding]) -> Patient:
    """Fill the fields that the caller left open from the note.

    Raises:
        CaseError: A field contradicts another field or the note.
    """
    age, sex = given.age, given.sex
    if age is not None and read.age is not None and read.stated_age and abs(age - read.age.value) > max(2.0, 0.1 * age):
        raise CaseError("contradicts the age that the note gives", "patient.age")
    if sex != "unknown" and read.sex != "unknown" and sex != read.sex and read.stated_age:
        raise CaseError("contradicts the sex that the note gives", "patient.sex")
    age = age if age is not None else (read.age.value if read.age else None)
    sex = sex if sex != "unknown" else read.sex
    noted = next((f for f in findings if f.id == "pregnancy" and f.experiencer == "patient"), None)
    pregnant = given.pregnant
    if pregnant is None and noted is not None and noted.temporality == "current" and sex != "male":
        pregnant = {"present": True, "absent": False}.get(noted.status)
    if pregnant and sex == "unknown":
        sex = "female"
    if given.pregnant and sex == "male":
        raise CaseError("a male patient can't be pregnant", "patient.pregnant")
    if given.pregnant and age is not None and not 8 <= age <= 62:
        raise CaseError("contradicts the patient's age", "patient.pregnant")
    return given.model_copy(update={"age": age, "sex": sex, "pregnant": pregnant})


COMPLAINT_KINDS = frozenset({"morphology", "colour", "symptom", "arrangement", "sign"})


PASSES_ZH = re.compile(r"\s*(?:之?内|后|左右)?(?:可|能|便|即|均|全部|逐渐)?(?:自行|自然|自动)?(?:消退|消失|缓解|隐退|自愈)")
PASSES_EN = re.compile(
    r"\b(?:fad|resolv|disappear|subsid|vanish|clear)\w*(?: \w+){0,2} (?:in|within|after)(?: about| some| around)?(?: half)?\s*$",
    re.IGNORECASE,
)
"""Round a duration: how long one lesion lasts, which tells nothing of how long the trouble has been there."""


def _passes(text: str, measure: Measure) -> bool:
    return bool(PASSES_ZH.match(text, measure.end) or PASSES_EN.search(text[max(0, measure.start - 50) : measure.start]))


def onset(text: str, read: Demographics, mentions: Iterable[Mention], terms: Mapping[str, FindingTerm]) -> Measure | None:
    """How long the complaint has lasted: the first duration in a sentence that tells of lesions or symptoms, else the first that there is.

    Durations of drugs, of other diseases and of relatives' troubles stand in other sentences.
    """
    places = sorted(m.start for m in mentions if m.id in terms and terms[m.id].kind in COMPLAINT_KINDS and m.experiencer == "patient")
    durations = [d for d in read.durations if not _passes(text, d)]
    stops = [(m.start(), m.end()) for m in STOP.finditer(text)]
    for measure in durations:
        before = bisect_right(stops, measure.start, key=lambda s: s[1])
        after = bisect_left(stops, measure.end, key=lambda s: s[0])
        left = stops[before - 1][1] if before else 0
        right = stops[after][0] if after < len(stops) else len(text)
        at = bisect_left(places, left)
        if at < len(places) and places[at] < right:
            return measure
    return durations[0] if durations else None


STOP = re.compile(r"[。；;！？!?\n]|\.(?=\s|$)")


def _long_fever(text: str, durations: Iterable[Measure], mentions: Iterable[Mention]) -> Span | None:
    """A duration of five to sixty days in the clause that names the fever."""
    fevers = [m for m in mentions if m.id in FEVERS and m.status == "present" and m.experiencer == "patient" and m.temporality == "current"]
    for measure in durations:
        for fever in fevers:
            first, last = min(measure.start, fever.start), max(measure.end, fever.end)
            since = fever.start > measure.end and AFTERWARDS.match(text, measure.end)  # "12天后高热": how long before, not how long
            if 5 <= measure.value <= 60 and last - first <= 40 and not since and not CLAUSE.search(text[first:last]):
                return Span(source="note", start=measure.start, end=measure.end, text=text[measure.start : measure.end])
    return None


FEVERS = frozenset({"fever", "high-fever"})
AFTERWARDS = re.compile(r"\s*(?:以后|之后|后|after|later)")
CLAUSE = re.compile(r"[，,。；;！？!?\n]|\.(?=\s|$)")


def derived_findings(
    patient: Patient,
    began: Measure | None,
    present: set[str],
    terms: Mapping[str, FindingTerm],
    text: str,
    durations: Iterable[Measure] = (),
    mentions: Iterable[Mention] = (),
) -> list[Finding]:
    """Findings that follow from numbers: tempo from the duration, pregnancy from the patient's field."""
    derived: dict[str, tuple[str, Span | None]] = {}
    if began and not present & {"acute-onset", "subacute-onset", "chronic-course", "hyperacute-onset"}:
        place = Span(source="note", start=began.start, end=began.end, text=text[began.start : began.end])
        derived[_tempo(began.value)] = ("duration", place)
    if "fever-5-days" not in present and (long := _long_fever(text, durations, mentions)):
        derived["fever-5-days"] = ("duration", long)
    if patient.pregnant and "pregnancy" not in present:
        derived["pregnancy"] = ("patient.pregnant", None)
    out = []
    for finding, (origin, span) in derived.items():
        if finding in terms:
            t = terms[finding]
            out.append(
                Finding(
                    id=t.id, en=t.names.en, zh=t.names.zh, kind=t.kind, status="present", spans=[span] if span else [], derived_from=origin
                )
            )
    if patient.pregnant is None and patient.sex == "male" and "pregnancy" in terms:
        t = terms["pregnancy"]
        out.append(Finding(id=t.id, en=t.names.en, zh=t.names.zh, kind=t.kind, status="absent", derived_from="patient.sex"))
    return out


def _tempo(days: float) -> str:
    if days <= 1:
        return "hyperacute-onset"
    if days <= 14:
        return "acute-onset"
    return "subacute-onset" if days <= 90 else "chronic-course"
