"""Which drugs the patient takes, from the fields and from the note, and which findings follow from them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping

from yingzhi.clinical.finding import Finding
from yingzhi.clinical.presentation import Medication, Presentation
from yingzhi.clinical.words import Span
from yingzhi.knowledge.drug_models import LOCAL_ROUTES
from yingzhi.knowledge.models import FindingTerm
from yingzhi.tools.combined_tablets import merely_named, one_tablet
from yingzhi.tools.demographics import read_demographics
from yingzhi.tools.drug_names import resolve_drug
from yingzhi.tools.drug_patient import route_of
from yingzhi.tools.extraction import Extraction, Mention
from yingzhi.tools.formulary import Formulary
from yingzhi.tools.interactions import stays_local
from yingzhi.tools.medication_time import Course, read_courses
from yingzhi.tools.note_doses import dose_beside, joined, route_beside
from yingzhi.tools.old_reactions import named_groups, reaction_to

CLASS_FINDINGS: Mapping[str, str] = {
    "systemic-corticosteroid": "systemic-steroid-use",
    "topical-corticosteroid": "topical-steroid-use",
    "immunosuppressant": "immunosuppressant-use",
    "thiopurine": "antimetabolite-use",
    "antimetabolite": "antimetabolite-use",
    "jak-inhibitor": "immunosuppressant-use",
    "anticoagulant": "anticoagulant-use",
    "beta-lactam": "antibiotic-use",
    "macrolide": "antibiotic-use",
    "fluoroquinolone": "antibiotic-use",
    "tetracycline-group": "antibiotic-use",
    "sulfonamide-antibiotic": "antibiotic-use",
}
"""Class of the formulary to finding of the lexicon."""
SYSTEMIC = frozenset({"systemic-steroid-use", "immunosuppressant-use", "antimetabolite-use", "anticoagulant-use"})
"""Findings that a cream or eye drop of the same substance does not make true."""
DRUG_FINDINGS: Mapping[str, str] = {"methotrexate": "methotrexate-use"}
HIGH_RISK = frozenset(
    {
        "carbamazepine",
        "oxcarbazepine",
        "phenytoin",
        "phenobarbital",
        "lamotrigine",
        "allopurinol",
        "sulfamethoxazole",
        "co-trimoxazole",
        "sulfasalazine",
        "nevirapine",
        "meloxicam",
        "piroxicam",
    }
)
"""Drugs with a strong association with SJS/TEN (EuroSCAR; Mockenhaupt et al. 2008)."""
RECENT = 60.0
"""Days in which a drug begun, or stopped, may have to do with what the patient comes with."""
ALLERGY = re.compile(r"allerg\w*\s+to[^.;]{0,40}$|hypersensitiv\w*\s+to[^.;]{0,40}$", re.IGNORECASE)
ALLERGY_AFTER = re.compile(r"^\s*(?:类|類)?(?:药物|藥物|药|藥)?\s*(?:过敏|過敏|allerg)", re.IGNORECASE)
MEASURED = re.compile(r"\s*[:：=]?\s*[<>≤≥]?\s*\d+(?:\.\d+)?\s*(?:[mμµunp]*mol|[mμµnp]?g\s*/\s*d?l|m?i?u\s*/\s*m?l)", re.IGNORECASE)
"""A concentration after the name: "urea 6.1 mmol/L" is a result, not a drug."""
AGO = re.compile(r"\s*(?:ago|before|earlier|前)")
STOPPED = re.compile(r"停用|已停|stopped|discontinued", re.IGNORECASE)


def read_medications(case: Presentation, noted: Extraction, formulary: Formulary) -> list[Medication]:
    """The given drugs, then those that the note names as taken or stopped, with the dose and the route that stand beside the name.

    A drug given already is not repeated; where its record has no dose, that of the note is taken, and what the note says of its
    end is not. A drug that the note says was stopped has `stopped_days_ago`, 0 where it does not say when; in doubt it is taken.
    """
    listed = list(case.medications)
    known: dict[str, int] = {}
    for place, medication in enumerate(listed):
        if (match := resolve_drug(medication.name, formulary)) is not None:
            known.setdefault(match.drug, place)
    fixed = {place for place, medication in enumerate(listed) if medication.dose}
    given = len(listed)
    drugs = sorted(noted.drugs, key=lambda m: m.start)
    starts = sorted({m.start for m in drugs})
    courses: dict[int, list[Course]] = {}
    for mention, course in zip(drugs, read_courses(case.text, drugs), strict=True):
        if not _is_use(case.text, mention, course):
            continue
        place = known.setdefault(mention.id, len(listed))
        courses.setdefault(place, []).append(course)
        following = starts[at] if (at := bisect_left(starts, mention.end)) < len(starts) else len(case.text)
        dose = "" if place in fixed else dose_beside(case.text, mention.start, mention.end, following)
        routes = formulary.drugs[mention.id].routes if mention.id in formulary.drugs else ()
        route = route_beside(case.text, mention.start, mention.end, routes)
        if place == len(listed):
            name = case.text[mention.start : mention.end]
            listed.append(Medication(name=name, dose=dose, route=route, started_days_ago=_started(case.text, mention, course)))
        elif place not in fixed:
            listed[place] = joined(listed[place], dose, listed[place].route if place < given else _wider(listed[place].route, route, dose))
    told = [m if i < given else _ended(m, courses[i]) for i, m in enumerate(listed)]
    return one_tablet(given, told, formulary, merely_named(case.text, drugs, formulary))


def _is_use(text: str, mention: Mention, course: Course) -> bool:
    """Whether a mention tells of a use by the patient: a denial of the stopping is one, and so is "no longer"."""
    said = (mention.status == "present" and not mention.hypothetical) or course.standing in ("kept", "stopped")
    if not said or mention.experiencer != "patient" or MEASURED.match(text, mention.end):
        return False
    return not is_allergy(text, mention)


def _ended(medication: Medication, courses: list[Course]) -> Medication:
    """The record with its end: if the last word on it is that it was stopped and none says that it goes on."""
    if courses[-1].standing != "stopped" or any(c.standing in ("taken", "kept") for c in courses):
        return medication
    days = next((c.days for c in reversed(courses) if c.standing == "stopped" and c.days is not None), 0.0)
    started = medication.started_days_ago
    return medication.model_copy(update={"stopped_days_ago": days, "started_days_ago": started if (started or 0) >= days else None})


def _wider(before: str, now: str, dose: str) -> str:
    """The route that two mentions leave: by mouth once is by mouth, whatever cream of the same drug the note names too."""
    systemic = now not in LOCAL_ROUTES and (now != "" or dose != "")
    return now if before in LOCAL_ROUTES and systemic else before


def noted_allergies(case: Presentation, noted: Extraction) -> list[str]:
    """Drugs and groups of drugs that the note calls an allergy, or the cause of a reaction of old, as written."""
    words = [
        case.text[m.start : m.end]
        for m in noted.drugs
        if m.status == "present" and (_said_allergic(case.text, m) or (m.experiencer == "patient" and reaction_to(case.text, m) != "none"))
    ]
    words += [name for m, name in named_groups(case.text) if is_allergy(case.text, m)]
    return [w for w in dict.fromkeys(words) if w.casefold() not in {a.casefold() for a in case.patient.allergies}]


def is_allergy(text: str, mention: Mention) -> bool:
    """Whether the note says that the patient is allergic to the drug named, or reacted to it long ago."""
    return _said_allergic(text, mention) or reaction_to(text, mention) == "old"


def _said_allergic(text: str, mention: Mention) -> bool:
    return bool(
        ALLERGY.search(text[max(0, mention.start - 60) : mention.start]) or ALLERGY_AFTER.match(text[mention.end : mention.end + 12])
    )


def _started(text: str, mention: Mention, course: Course) -> float | None:
    """Days since the first dose, where the same sentence gives a time with `ago` or 前 that is not when it was stopped."""
    left = max((text.rfind(c, 0, mention.start) for c in "。；.;\n"), default=-1) + 1
    ends = [i for i in (text.find(c, mention.end) for c in "。；.;\n") if i >= 0]
    sentence = text[left : min(ends, default=len(text))]
    over = course.standing == "stopped"
    if (STOPPED.search(sentence) and not over) or not AGO.search(sentence):
        return None
    times = [d for d in read_demographics(sentence).durations if AGO.match(sentence[d.end : d.end + 8])]
    times = [d for d in times if not over or round(d.value, 1) > (course.days or 0.0)]
    nearest = min(times, key=lambda d: abs(d.start - (mention.start - left)), default=None)
    return round(nearest.value, 1) if nearest else None


def drug_findings(medications: list[Medication], formulary: Formulary, terms: Mapping[str, FindingTerm]) -> list[Finding]:
    """Exposures that follow from the drugs: classes, recency, known culprits of severe eruptions."""
    found: dict[str, str] = {}
    for number, medication in enumerate(medications):
        match = resolve_drug(medication.name, formulary)
        for finding in _exposures(medication, match.drug if match else "", formulary):
            found.setdefault(finding, f"medications.{number}")
    return [
        Finding(id=t.id, en=t.names.en, zh=t.names.zh, kind=t.kind, status="present", derived_from=path, spans=_span(path, medications))
        for finding, path in found.items()
        if (t := terms.get(finding))
    ]


def _exposures(medication: Medication, drug: str, formulary: Formulary) -> list[str]:
    out: list[str] = []
    if medication.stopped_days_ago is not None and medication.stopped_days_ago > RECENT:
        return out
    substances = {drug, *formulary.drugs[drug].ingredients} if drug else set()
    if drug:
        levels = formulary.profiles[drug].levels
        local = stays_local(drug, route_of(medication), formulary)
        out += [finding for group, finding in CLASS_FINDINGS.items() if group in levels and not (local and finding in SYSTEMIC)]
        out += [finding for one, finding in DRUG_FINDINGS.items() if one in substances and not local]
    days = medication.started_days_ago
    recent = days is not None and days <= RECENT
    if recent and days is not None:
        out.append("drug-in-4-days" if days <= 4 else "drug-in-1-8-weeks" if 7 <= days <= 56 else "new-drug")
    if substances & HIGH_RISK and (recent or days is None):
        out.append("high-risk-drug")
    return out


def _span(path: str, medications: list[Medication]) -> list[Span]:
    name = medications[int(path.rpartition(".")[2])].name
    return [Span(source=path, start=0, end=len(name), text=name)]
