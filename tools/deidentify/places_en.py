"""English addresses, hospitals, schools and employers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from yingzhi.tools.deidentify.spans import Kind, Span, has_english

WORD = r"(?:St\.|[A-Z][A-Za-z'’-]*)"
ROAD = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Close|Crescent|Way|Place|Pl|Square|Sq|Boulevard|Blvd|"
    r"Terrace|Gardens|Grove|Highway|Hwy|Parkway|Pkwy|Row|Mews|Hill|Walk|Park|Quay|Broadway)"
)
UK = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
US = r"[A-Z]{2} \d{5}(?:-\d{4})?"
STREET = (
    rf"(?<![\w.])(?:(?:[Ff]lat|[Aa]pt\.?|[Aa]partment|[Uu]nit|[Rr]oom|[Ss]uite) [\dA-Z]{{1,6}},? "
    rf")?\d{{1,5}}[A-Za-z]?,? (?:{WORD} ){{1,4}}{ROAD}\b\.?"
    rf"(?:,? (?:[Ff]lat|[Aa]pt\.?|[Aa]partment|[Uu]nit|[Ss]uite|#) ?[\dA-Z]{{1,6}})?(?:,? {WORD}(?: "
    rf"{WORD}){{0,2}}(?=,? (?:{UK}|{US})\b|\n|$))?(?:, (?!{US}|{UK}){WORD}(?: {WORD})?)?(?:,? (?:{UK}|{US})\b)?"
)
LABEL = (
    r"(?:(?:[Hh]ome |[Pp]ermanent |[Mm]ailing |[Cc]urrent |[Pp]ostal |[Ww]ork )?(?:[Aa]ddress|ADDRESS)|[Ll]ives at|"
    r"[Rr]esides at|[Ll]iving at|[Rr]esident (?:of|at))\s?:?\s{0,3}"
)
CODE = (
    rf"(?:[Pp]ost ?code|[Zz]ip(?: ?[Cc]ode)?|ZIP(?: [Cc]ode)?)\s?:?\s{{0,2}}({UK}|\d{{5}}(?:-\d{{4}})?|\d{{3,6}}|"
    rf"[A-Z]\d[A-Z] ?\d[A-Z]\d)(?![A-Za-z\d])"
)
TOWN = (
    rf"(?:[Ll]ives in|[Ll]iving in|[Rr]esides in|[Bb]orn in|[Rr]esident of|[Mm]oved (?:here )?from) ({WORD}(?: "
    rf"{WORD}){{0,2}}(?:, {WORD}(?: {WORD})?)?)"
)
GENERIC = (
    "The A An Our Your This That At In From To Dermatology Dermatologic Skin Outpatient Inpatient Cancer General "
    "Local District Teaching University Regional Community Children's Children’s Pediatric Paediatric Eye Allergy "
    "Wound Mohs Laser Melanoma Burn Burns Emergency Medical Public Private Day Acute Mental Health Primary Care "
    "Rheumatology Oncology Surgical Psoriasis Eczema Patch Test Urgent Family Rapid Access Follow Up "
    "Specialist Tertiary Referral Rural Central Main City County State National Women's Maternity Fracture Pain Vein "
    "Vascular Diabetic Diabetes Foot Travel Sexual Nurse Led Phototherapy Biologics Vulval Hair Nail"
)
PLACE = (
    r"(?:Hospital|Infirmary|Medical Cent(?:er|re)|Health Cent(?:er|re)|Clinic|Sanatorium|Hospice|Nursing Home|Care "
    r"Home|Medical Practice|Medical College)"
)
OF = rf"(?: of (?:the )?{WORD}(?: {WORD}){{0,2}})?"
WORK = (
    r"(?:[Ee]mployer|[Ww]orkplace|[Ss]chool|[Cc]ompany|[Nn]ursery|[Cc]ollege)\s?:\s{0,3}([^\n;]{2,60}?)(?=$|[\n;]|"
    r"\. |,(?! (?:Inc|Ltd|LLC)))"
)
AT = (
    rf"(?:[Ww]orks (?:at|for)|[Ww]orking (?:at|for)|[Ee]mployed (?:at|by)|[Ss]tud(?:ies|ent|ying) at|[Aa]ttends|"
    rf"[Tt]eaches at|[Tt]eacher at) (?:the )?({WORD}(?: (?:of |and |& )?{WORD}){{0,4}})"
)


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], int, Kind], ...]:
    rows: tuple[tuple[str, int, Kind], ...] = (
        (STREET, 0, "ADDRESS"),
        (
            (
                rf"\b{LABEL}((?=[^\n;]*[A-Z\d])[^\n;]{{3,90}}?)(?=$|[\n;]|\. |\.$|,? (?:[Pp]hone|[Tt]el|[Mm]obile|DOB|MRN|NHS|"
                rf"[Ee]mail|[Pp]ost ?code|[Zz]ip|and |who |with ))"
            ),
            1,
            "ADDRESS",
        ),
        (rf"\b{CODE}", 1, "ADDRESS"),
        (rf"\b{TOWN}", 1, "ADDRESS"),
        (rf"\b{WORK}", 1, "PLACE"),
        (rf"\b{AT}", 1, "PLACE"),
    )
    return tuple((re.compile(pattern, re.ASCII | re.MULTILINE), group, kind) for pattern, group, kind in rows)


@lru_cache(maxsize=1)
def _institution() -> tuple[re.Pattern[str], re.Pattern[str], frozenset[str]]:
    before = rf"(?<![A-Za-z])(?:{WORD}|of|and|&|for|the)(?: (?:{WORD}|of|and|&|for|the)){{0,6}} $"
    return re.compile(rf"\b{PLACE}\b{OF}"), re.compile(before), frozenset(GENERIC.split())


def _institutions(text: str) -> Iterator[Span]:
    ending, before, generic = _institution()
    for found in ending.finditer(text):
        front = before.search(text[max(0, found.start() - 80) : found.start()])
        words = front.group().split() if front else []
        while words and (words[0] in {"of", "and", "&", "for", "the"} or (words[0].endswith(".") and words[0] not in {"St.", "Mt."})):
            words = words[1:]
        own = [w for w in words if w not in generic and w[0].isupper()]
        named = " of " in found.group()
        if not own and not named:
            continue
        start = found.start() - sum(len(w) + 1 for w in words)
        yield Span(start, found.end(), "PLACE")


def find_english_places(text: str) -> Iterator[Span]:
    """Addresses and institutions of a folded text; `Dermatology Clinic` and other words for any hospital stay."""
    if not has_english(text):
        return
    for pattern, group, kind in _patterns():
        for found in pattern.finditer(text):
            yield Span(found.start(group), found.end(group), kind)
    yield from _institutions(text)
