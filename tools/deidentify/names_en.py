"""Names of persons in English text: after a title, a label, or where a sentence can only speak of a person.

Eponyms are safe by context: a name counts only beside a title, a label, an age or a letter's opening and end, never before
a word such as disease, sign or syndrome.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from yingzhi.tools.deidentify.spans import Span, has_english

THING = (
    r"(?:diseases?|syndromes?|signs?|phenomen(?:on|a)|tests?|lamp|nodes?|nodules?|papules?|plaques?|criteria|scores?|"
    r"stain|tumou?rs?|cells?|bod(?:y|ies)|spots?|lines?|reactions?|procedures?|"
    r"surgery|classification|scale|rules?|ulcers?|nae?v(?:us|i)|lymphoma|sarcoma|carcinoma|dermatitis|dermatosis|"
    r"eruption|purpura|vasculitis|granuloma|gangrene|angina|palsy|fever|virus|anaemia|anemia|"
    r"oedema|edema|melanosis|phototype|type|stage|grade|index|method|solution|bodies|erythema|psoriasis|hepatitis|"
    r"arthritis|thyroiditis|encephalopathy|Disease|Syndrome|Sign|positive|negative)"
)
LETTERS = r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]+"
ONE = rf"(?:[DO]['’]|Ma?c)?{LETTERS}(?:[-'’]{LETTERS})?"
PARTICLE = r"(?:(?:van|von|der|den|de|del|della|da|dos|di|la|le|bin|binti|ibn|al|el|ter)[ -]){1,3}"
WORD = rf"(?:{PARTICLE})?{ONE}"
INITIAL = r"(?:[A-Z]\.){1,3}|[A-Z]"
LOUD = r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ'’-]+"
STOP = (
    "The A An And In On At Of For With Was Is Has Had He She It His Her They This That There New Old Patient "
    "Patients Chief Complaint History Dear Doctor Colleague Presenting Case Report Male Female Man "
    "Woman Boy Girl Child Infant Caucasian African American Chinese Asian White Black Hispanic Indian Japanese "
    "European British Examination Exam Findings Diagnosis Impression Assessment Plan Medications "
    "Medication Allergies Allergy Family Social Past Medical Surgical Physical Review Labs Laboratory Results Date "
    "Age Sex Gender Birth Name Address Phone Email No None Unknown Not Denies Reports Previously "
    "Otherwise Healthy Today Yesterday Recently Sir Madam Team Clinic Hospital Department Dermatology Skin Emergency "
    "Consultant Referral Follow Up Information Care Blood Pressure Type Stage Grade Day Week Month "
    "Year If When After Before Since During Then Also We I My Our Your Thank Thanks Please See Seen Re Subject "
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April June July "
    "August September October November December Nil Known Drug Practitioner Specialist Led Mr Mrs Ms Miss Mx Dr Prof "
    "Yes Active Current Normal Left Right Upper Lower Acute Chronic Who What"
)
ILLNESS = (
    r"[A-Z][a-z]*(?:itis|osis|oma|emia|iasis|penia|algia|pathy|trophy|derma|edema|pox|cyte|cillin|mab|statin|zole|"
    r"mycin|ular|eous|oid)\b"
)
NAME = r"(?:{word}|(?:{initial})(?= ))(?: (?:{word}|(?:{initial})(?=[ ,.;]))){{{low},{high}}}"
TITLE = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Drs|Prof|Professor|Doctor|Nurse|Sister(?! Mary Joseph)|Sir|Dame|Madam|Lady|Rev|Mister)"
LABEL = (
    r"(?:(?:[Pp]atient|PATIENT|[Ff]ull|[Ff]amily|[Ff]irst|[Ll]ast|[Gg]iven|[Mm]iddle|[Mm]aiden|[Pp]referred|[Ll]egal|"
    r"[Cc]hild|[Mm]other|[Ff]ather|[Pp]arent|[Gg]uardian|[Cc]onsultant|[Dd]octor|[Pp]hysician)(?:['’]s)? "
    r"?(?:[Nn]ames?|NAME)|"
    r"[Ss]urname|SURNAME|[Ff]orenames?|[Aa]lias|AKA|[Nn]ext of [Kk]in|NOK|(?:[Ee]mergency )?[Cc]ontact(?: [Pp]erson)?|"
    r"[Cc]onsultant|[Aa]ttending(?: [Pp]hysician| [Dd]octor)?|[Pp]hysician|(?:[Rr]eferring|[Tt]reating|[Pp]rimary "
    r"[Cc]are|[Ff]amily) (?:[Dd]octor|[Pp]hysician|GP|[Cc]linician)|"
    r"GP|PCP|[Ss]urgeon|[Dd]ermatologist|[Rr]esident|[Rr]egistrar|[Nn]urse|(?:[Ee]lectronically )?[Ss]igned(?: "
    r"[Bb]y)?|[Ss]ignature|(?:[Rr]eported|[Dd]ictated|[Rr]eviewed|[Pp]repared|[Ss]een|[Vv]erified|[Ww]ritten|"
    r"[Aa]uthori[sz]ed|[Rr]equested|[Oo]rdered|[Rr]eferred|[Ee]ntered|[Tt]ranscribed) [Bb]y|[Aa]uthor|"
    r"[Gg]uardian|[Ii]nformant|[Cc]arer|[Ii]nsured|[Pp]olicy ?[Hh]older)"
)
BARE_LABEL = r"(?:^|[\n;|(,])[ \t]*(?:Name|NAME|Patient|PATIENT|Pt|Re|RE)"
KIN = (
    r"(?:wife|husband|partner|spouse|mother|father|son|daughter|brother|sister|aunt|uncle|grandmother|grandfather|"
    r"niece|nephew|cousin|friend|neighbou?r|mom|mum|dad|carer|guardian)"
)


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    stop = "(?!(?:" + STOP.replace(" ", "|") + rf")\b)(?!{ILLNESS})"
    end = rf"(?!['’]?s? {THING}\b|[-–][A-Za-z])(?![A-Za-zÀ-ÿ])"

    def name(low: int, high: int, word: str = rf"{stop}{WORD}") -> str:
        return NAME.format(word=word, initial=INITIAL, low=low, high=high) + end

    loud = rf"{LOUD}(?:,? (?:{LOUD}|{LETTERS}|{INITIAL})){{0,3}}"
    age = (
        r"(?:,? (?:is|was)|,)? ?(?:an? )?(?:\(|aged? )?\d{1,3}(?:[- ]?(?:year|yr|month|week|day|y/?o\b)|[ ,]*(?:M|F|male|"
        r"female|man|woman)\b|[,)])"
    )
    capital = "(?=[A-ZÀ-ÖØ-Þ])"
    start = r"(?=[A-Za-zÀ-ÿ])(?<![A-Za-zÀ-ÿ\d-])"
    rows = (
        rf"{start}{TITLE}\.?\s({name(0, 3)}(?: [A-Z]{{4,}}\b)?)",
        rf"{start}(?:Dr|Mrs|Ms|Prof)\.? ({LOUD}(?: {LOUD})?)(?![A-Za-z])",
        rf"{start}{LABEL}\s?(?:\([^()\n]{{1,12}}\))?\s?[:=]\s{{0,4}}(?:{TITLE}\.? )?({loud}|{name(0, 4)}(?:, {name(0, 2)})?)",
        rf"{BARE_LABEL}\s?[:=][ \t]{{0,4}}(?:{TITLE}\.? )?({loud}(?=[\n,;|(]|$| +(?:DOB|MRN|NHS|[Aa]ge|[Ss]ex))|"
        rf"{name(1, 4)}|{name(0, 0)}, {name(0, 2)}|{name(0, 0)}(?=\s*(?:$|\n|;|\|| {{2}})))",
        rf"{capital}{start}({name(1, 3)})(?={age})",
        rf"{start}(?:[Pp]atient,? |[Pp]t\.? )({name(1, 2)})(?=,| (?:is|was|has|had|presents|presented|reports|reported|"
        rf"complains|denies|attended|came|returns|returned|who|aged)\b| \()",
        rf"{start}(?:named|called|[Mm]y name is|[Nn]ame is|known as) ({name(0, 3)})",
        rf"{start}(?:I am|I'm|[Tt]his is|[Ii]nterviewed|[Dd]iscussed with|[Ss]poke (?:to|with)|[Ss]een by|[Rr]eferred by|"
        rf"[Ss]igned by|[Rr]eviewed by) ({name(1, 3)})",
        rf"{start}(?:[Hh]is|[Hh]er|[Mm]y|[Tt]heir|[Tt]he patient's) {KIN},? ({name(0, 2)})",
        rf"{start}(?:I am|I'm) ({name(0, 0)})(?=,| and I\b|\. )",
        rf"{start}(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? ((?:[A-Z]\.){{1,3}})(?![A-Za-z])",
        rf"{start}Dear ({name(0, 2)})(?=\s?[,:\n])",
        rf"(?:[Ss]incerely|[Ff]aithfully|[Rr]egards|[Tt]ruly|[Ww]ishes),?\s*\n\s*({name(0, 3)})",
        rf"{capital}{start}({name(1, 3)})(?=,? (?:MD|M\.D\.|DO|RN|NP|PA-C|FRCP|MRCP|MBBS|MBChB|PhD|FAAD|FRCPC|FACP)\b)",
    )
    return tuple(re.compile(row, re.MULTILINE) for row in rows)


def find_english_names(text: str) -> Iterator[Span]:
    """Names of persons in a folded text; the title or label before a name stays."""
    if not has_english(text):
        return
    for pattern in _patterns():
        for found in pattern.finditer(text):
            yield Span(found.start(1), found.end(1), "PERSON")
