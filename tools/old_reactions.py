"""A drug that a note names as the cause of a reaction of old: an allergy to keep in mind, not a drug that is taken.

The same words of the present illness ("rash 2 weeks after starting carbamazepine") name a culprit, which is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from yingzhi.tools.durations import read_durations
from yingzhi.tools.extraction import Mention
from yingzhi.tools.text import simplify

Reaction = Literal["none", "old", "unsure"]
"""unsure = it may belong to the present illness as well: the drug counts as taken and as one that it reacted to."""
OLD, PRESENT = 180.0, 60.0
"""Days since the reaction: from the one on it is of old, up to the other it may be what the patient comes with."""
WIDE = 90
"""Characters round a name that are looked at."""
_SIGN_EN = (
    r"(?:rash(?:es)?|hives|urticaria|weal(?:s|ing)?|wheal(?:s|ing)?|itch(?:ing)?|eruptions?|exanthem\w*|anaphyla\w+|angio-?o?edema|swelling"
    r"|(?:severe |drug |adverse |allergic |skin |bad )*reactions?|sjs|stevens[- ]johnson(?: syndrome)?|(?-i:TEN|DRESS)"
    r"|toxic epidermal necrolysis|agep"
    r"|erythroderma|serum sickness)"
)
_SIGN_ZH = (
    r"(?:皮疹|红疹|药疹|皮炎|荨麻疹|风团|过敏|休克|SJS|TEN|DRESS|Stevens|重症多形|表皮坏死|血管性?水肿|瘙痒|红斑|红皮病|不良反应|起疹|出疹)"
)
_CAUSE_EN = (
    r"(?:after|following|from|to|due to|caused by|secondary to|induced by|because of)"
    r"(?: (?:taking|having|receiving|oral|intravenous|iv|a|an|one|the|course|dose|injection|of|use|her|his|first)){0,5}"
)
_BEFORE_EN = re.compile(rf"\b(?P<sign>{_SIGN_EN}|reacted|reacts)\b(?:[^.;,:]{{0,24}}?|, [^.;:]{{0,40}}?)\b{_CAUSE_EN}\s+$", re.IGNORECASE)
_AFTER_EN = re.compile(
    rf"\s*(?:\d[\w./ ]{{0,12}} )?(?:(?:had |has )?(?:once |previously )?(?:gave|given|caused|triggered|produced|induced|led to"
    rf"|resulted in|brought on"
    rf"|brought out)\b[^.;,]{{0,30}}?\b{_SIGN_EN}\b|[- ](?:induced|related|associated)\s+{_SIGN_EN}\b|(?:drug )?(?:rash|reaction"
    rf"|anaphylaxis|hives)\b)",
    re.IGNORECASE,
)
_EASED = re.compile(
    r"treat|reliev|relief|improv|respon|manag|controll|better|help|clear|settl|resol|less|\b(?:no|not|without)\b"
    r"|缓解|减轻|消退|好转|改善|消失|控制|减少|痊愈|加重|未|无|没",
    re.IGNORECASE,
)
"""Between a sign and a drug, or behind both: it was what the drug was given for."""
_DENIED = re.compile(r"\b(?:no|not|never|without|denies|denied)\b[^.;,]{0,24}$", re.IGNORECASE)
_PAST_EN = re.compile(
    r"\b(?:previous(?:ly)?|prior|past|old|earlier|history of|h/o|hx of|once|childhood|remote|formerly)\b[^.;,:]{0,40}$", re.IGNORECASE
)
_FIT_EN = re.compile(
    r"\b(?:previously|formerly|prior)\s+(?:\w+\s+)?(?:well|healthy|fit|asymptomatic|to)\b|\bpast\s+(?:\w+\s+)?(?:hours?|days?|weeks?|months?)\b"
    r"|\bearlier\s+(?:today|this)\b|\bonce\s+(?:an?|daily|weekly|every|he|she|the)\b|\b(?:years?|year)[- ]old\b",
    re.IGNORECASE,
)
"""Words of the past that say nothing of a reaction; they are blotted out first."""
_SURE_EN = re.compile(
    r"\b(?:previous(?:ly)?|prior|past|old|earlier|history of|h/o|hx of|once|childhood|remote|formerly)\s+"
    r"(?:(?:an?|the|had|has|have|developed|severe|mild|bad|drug|skin|allergic|adverse|cutaneous|generali[sz]ed|immediate|delayed|documented"
    r"|known|fixed|maculopapular|episodes? of|history of|from|with|was|having)\s+){0,4}$",
    re.IGNORECASE,
)
"""Right before the sign: the history is of that sign, and not of some other illness in the clause."""
_ONCE_EN = re.compile(
    r"\b(?:in (?:\w+ )?(?:childhood|infancy|youth|adolescence|the past)|as an? (?:\w+ )?(?:child|infant|baby|toddler|teenager|boy"
    r"|girl|student)"
    r"|when (?:she|he|i) was (?:an? child|young|little|small|a (?:boy|girl|baby|teenager)|\d{1,2}\b)|(?:many |some "
    r"|several )?years ago|long ago"
    r"|once|previously)\b",
    re.IGNORECASE,
)
_YOUNG_EN = re.compile(rf"(?:{_ONCE_EN.pattern})(?<!once)(?<!previously)(?:(?!\b(?:and|but|now|has)\b)[^.;,])*$", re.IGNORECASE)
"""A time of life or of old at the head of the clause that tells of the sign: "as a boy he collapsed with hives"."""
_ON_EN = re.compile(r"\b(?:since|ever|still|persist\w*|ongoing|recurr\w*|presents?|presented|today|now|continu\w*)\b", re.IGNORECASE)
_TAKING_ZH = r"(?:口服|服用|使用|应用|注射|输注|静滴|静脉滴注|静点|肌注|输|服|用|吃|因|对|予|打)"
_BEFORE_ZH = re.compile(rf"{_TAKING_ZH}[^，,。；;]{{0,6}}$|(?:^|[，,、：:曾前史时往因有患（(])\s*$")
_AFTER_ZH = re.compile(
    rf"[^，,。；;]{{0,10}}?(?:后|致|引起|导致|诱发|出现|发生|时)[^。；;，,]{{0,14}}?{_SIGN_ZH}|[^，,。；;]{{0,4}}?(?:后"
    rf"|治疗后)?[，,]?\s*(?:出现|发生|引起|致|即)"
    rf"[^。；;，,]{{0,12}}?{_SIGN_ZH}|(?:类|等)?(?:药物?)?(?:所致|引起|导致|致|相关)?的?{_SIGN_ZH}[^，,。；;]{{0,4}}?史"
)
_CAUSED_ZH = re.compile(r"(?:类|等)?(?:药物?)?(?:所致|引起|导致|诱发)")
_SIGN_BEFORE_ZH = re.compile(rf"{_SIGN_ZH}[^。；;]{{0,8}}$")
_PAST_ZH = re.compile(
    r"(?:曾|既往|幼时|幼年|儿时|小时候?|童年|(?<!入院)以前|从前|过去(?!的?\s*(?:\d|[一二两三四五六七八九十数几半])+\s*个?(?:小时|[天日周月年]))"
    r"|多年前)[^，,。；;]{0,24}$"
)
_SURE_ZH = re.compile(
    rf"(?:曾|幼时|幼年|儿时|小时候?|童年|以前|从前|多年前|过去)[^，,。；;]{{0,24}}$|既往(?:曾|有|因|对|于|在|患者|自行|间断)*(?:{_TAKING_ZH})*了?过?$"
)
"""As `_PAST_ZH`, but that 既往 belongs to the drug: 既往痛风服别嘌醇后皮疹 may be of now."""
_PAST_SIGN_ZH = re.compile(
    rf"(?:曾|既往|幼时|幼年|儿时|小时候?|以前|从前|过去)[^。；;，,]{{0,10}}{_SIGN_ZH}[^。；;]{{0,8}}$"
    rf"|{_SIGN_ZH}[^。；;，,]{{0,4}}史[^。；;]{{0,4}}$"
)
_EXPOSED = re.compile(
    r"\b(?:took|taken|taking|takes|on|used|using|uses)\s+(?:it|them|this)\b|\bre-?(?:start|expos|challeng|introduc|sum)\w*|\bagain\b"
    r"|\bcontinu\w+|\bstill\b|\b(?:too|also)\b(?=\s*(?:[.,;]|$))|又(?:服|用|口服|注射|吃|使用)|(?<![未不])再次?(?:服|用|口服|注射|使用|应用|吃)"
    r"|仍(?:在)?(?:服|用|口服)|继续(?:服|用|口服)",
    re.IGNORECASE,
)
"""Behind the name, in the next sentence too: it was taken since."""
_IN_BRACKETS = re.compile(rf"{_SIGN_ZH}[^。；;，,]{{0,4}}史\s*[（(:：]\s*$")
_HISTORY_ZH = re.compile(rf"[^，,。；;]{{0,10}}{_SIGN_ZH}[^，,。；;]{{0,4}}?史")
_ON_ZH = re.compile("至今|反复|持续|目前|现在|近日|今|仍|加重")
_AGO = re.compile(r"\s*(?:ago|before|earlier|以?前)", re.IGNORECASE)
_END = re.compile(r"[。；;！!？?\n]|\.(?=\s|$)")
_CUT = re.compile(r"[，,]")
_TIME_FIRST = re.compile(r"(?:ago|前|childhood|时|候)\s*$", re.IGNORECASE)

GROUPS = re.compile(
    r"\bpenicillins?\b|\bcephalosporins?\b|\bsulfa(?: drugs?| antibiotics?)?\b|\bsul(?:f|ph)onamides?\b|\bNSAIDs?\b"
    r"|磺胺(?=类|药|过敏|后|等|致|引)|头孢菌素类?|头孢类?(?=药|过敏|抗生素|后|等|致|引)|解热镇痛药|喹诺酮类|四环素类|大环内酯类",
    re.IGNORECASE,
)
"""Groups that a note names instead of a drug; the names are those that `allergies.read_allergies` knows, or nearly."""
_NAMES = {
    "头孢": "头孢菌素类",
    "头孢类": "头孢菌素类",
    "头孢菌素": "头孢菌素类",
    "nsaids": "NSAID",
    "sulfa drug": "sulfa",
    "sulfa antibiotics": "sulfa",
}
_NO = re.compile(
    r"\b(?:no|not|denies|denied|without|never|nil|tolerat\w+|father|mother|brother|sister|husband|wife|partner|son|daughter)\b[^.;]{0,50}$"
    r"|(?:无|否认|未|没有|耐受|父亲|母亲|其父|其母|丈夫|妻子|哥哥|姐姐|弟弟|妹妹|儿子|女儿)[^。；;]{0,24}$",
    re.IGNORECASE,
)


def reaction_to(text: str, mention: Mention) -> Reaction:
    """Whether a note calls a drug the cause of a reaction, and when that was.

    Args:
        text: The note.
        mention: The drug.

    Returns:
        `none` also where it was lately: that drug is a culprit of the present illness.
    """
    first = max(0, mention.start - WIDE)
    plain = simplify(text[first : mention.end + WIDE])
    start, end = mention.start - first, mention.end - first
    begins = [m.end() for m in _END.finditer(plain, 0, start)]
    over = _END.search(plain, end)
    left, right = (begins[-1] if begins else 0), (over.start() if over else len(plain))
    found = _english(plain, left, start, end, right) or _chinese(plain, left, start, end, right) or "none"
    return "unsure" if found == "old" and _EXPOSED.search(plain, end) else found


def _english(text: str, left: int, start: int, end: int, right: int) -> Reaction | None:
    before = text[left:start]
    sign = _BEFORE_EN.search(before)
    behind = None if sign else _AFTER_EN.match(text, end, right)
    if sign is None and behind is None:
        return None
    if _EASED.search(before, sign.end("sign")) if sign else _EASED.search(text, end, min(right, (behind.end() if behind else end) + 12)):
        return None
    lead = _FIT_EN.sub("_", before[: sign.start()] if sign else before)
    if _DENIED.search(lead):
        return None
    tail = end if behind is None else behind.end()
    cut = _CUT.search(text, tail, right)
    clause = text[tail : cut.start() if cut else right]
    past = bool(
        _PAST_EN.search(lead)
        or (sign and _ONCE_EN.search(_CUT.split(lead)[-1]))
        or _ONCE_EN.search(clause)
        or _ONCE_EN.search(text, end, tail)
        or _led(lead, _ONCE_EN)
    )
    first = _clause(text, left, left + sign.start() if sign else start)
    sure = bool(
        _SURE_EN.search(lead)
        or (sign and _YOUNG_EN.search(_CUT.split(lead)[-1]))
        or _ONCE_EN.search(clause)
        or _ONCE_EN.search(text, end, tail)
        or _led(lead, _ONCE_EN)
    )
    return _when(text, max(left, first), cut.start() if cut else right, past, sure, bool(_ON_EN.search(clause)))


def _chinese(text: str, left: int, start: int, end: int, right: int) -> Reaction | None:
    before = text[left:start]
    cause = _AFTER_ZH.match(text, end, right) if _BEFORE_ZH.search(before) else None
    caused = _CAUSED_ZH.match(text, end, right) and _SIGN_BEFORE_ZH.search(before)
    if cause is None and not caused and not _IN_BRACKETS.search(before):
        return None
    if cause and _EASED.search(text, end, min(right, cause.end() + 8)):
        return None
    cut = _CUT.search(text, cause.end() if cause else end, right)
    last = cut.start() if cut else right
    of_drug = _HISTORY_ZH.match(text, end, right) or _led(before, _PAST_ZH)
    past = bool(_PAST_SIGN_ZH.search(before) or _PAST_ZH.search(before) or of_drug)
    sure = bool(of_drug or _SURE_ZH.search(before) or (cause is None and _PAST_SIGN_ZH.search(before)))
    goes_on = bool(_ON_ZH.search(text, end, min(right, last + 12)))
    return _when(text, max(left, _clause(text, left, start)), last, past, sure, goes_on)


def _clause(text: str, left: int, start: int) -> int:
    """Where the clause of a name begins; a time with a comma of its own belongs to it: "10 years ago, penicillin"."""
    cuts = [m.start() for m in _CUT.finditer(text, left, start)]
    if not cuts:
        return left
    opening = text[cuts[-2] + 1 if len(cuts) > 1 else left : cuts[-1]]
    if _TIME_FIRST.search(opening) and len(opening) <= 24:
        return cuts[-2] + 1 if len(cuts) > 1 else left
    return cuts[-1] + 1


def _led(before: str, pattern: re.Pattern[str]) -> bool:
    """Whether the clause before the name's own is only a time: "in childhood, penicillin gave her hives"."""
    pieces = _CUT.split(before)
    return len(pieces) > 1 and len(pieces[-2]) <= 24 and bool(_TIME_FIRST.search(pieces[-2]) and pattern.search(pieces[-2]))


def _when(text: str, first: int, last: int, past: bool, certain: bool, goes_on: bool) -> Reaction:
    """Of old where a time or a word says so; where the trouble has gone on since, or the word may be another thing's, it is not certain."""
    piece = text[first:last]
    ago = [d.value for d in read_durations(piece) if _AGO.match(piece, d.end)]
    if ago and min(ago) < PRESENT:
        return "none"
    if not ago and not past:
        return "none"
    sure = min(ago) >= OLD if ago else certain
    return "old" if sure and not goes_on else "unsure"


def named_groups(text: str) -> Iterator[tuple[Mention, str]]:
    """Groups of drugs that a note names instead of a drug, where it does not deny them, each with the name that the rules know."""
    for found in GROUPS.finditer(text):
        if not _NO.search(text, max(0, found.start() - 60), found.start()):
            yield Mention("", "present", found.start(), found.end()), _NAMES.get(found.group().lower(), found.group())


__all__ = ["Reaction", "named_groups", "reaction_to"]
