"""A test that is named is no result: "sent for ANA", "拟查T-SPOT". Only with a word of its result is a finding read from it."""

from __future__ import annotations

import re

RESULT_IDS = ("-positive", "-positive-test")
"""Endings of findings that are the outcome of a test."""
TEST = re.compile(
    r"antibod|anti[- ]?(?:ds|ss|sm|ro|la|jo|mda|scl|ccp|tpo|mpo|pr3|hcv|u1|rnp|hist|card|phos|cent|nuc|mito|topo|synt|cyclic|citr)"
    r"|anti[- ]?double|anticar"
    r"|antiphos|antinuc|anticent|antimito|antihist|antisynt|\bana\b|anca|igra|interferon gamma|quantiferon|t[- ]?spot|mantoux|tuberculin"
    r"|\brpr\b|vdrl|tp[ph]a|\bfta|\btrust\b|reagin|treponemal|\btit(?:re|er)|viral load|\b(?:rna|dna)\b|-(?:rna|dna)\b|\bpcr\b|\btest|igm\b"
    r"|\bige\b|factor|dsdna|scl[- ]?70|jo[- ]?1|mda[- ]?5|ro[- ]?52|cryoglobulin$|cryocrit|glycoprotein|typing"
    r"|抗体|^抗|滴度|试验|病毒载量|核酸|因子|冷球蛋白$|结核菌素|干扰素释放|结核感染|分型|反应素|不加热血清|糖蛋白",
    re.IGNORECASE,
)
"""A wording that is the name of a test."""
RESULT = re.compile(
    r"positiv|reactive|detected|rai[sz]ed|elevated|\bhigh\b|strong|weak(?:ly)? |present\b|found|show(?:s|ed|ing)?\b|reveal|confirm|abnormal"
    r"|increased|isolated|grew|identified|significant|\+|＋|1\s*[:：]\s*\d|\d\s*(?:[ir]?u|mm|copies)\b"
    r"|阳性|弱阳|强阳|升高|增高|偏高|检出|查出|证实|异常|示[：:]?|提示|可见|高滴度|(?<![待未])回报(?=[:：示为])|携带",
    re.IGNORECASE,
)
HELD = re.compile(
    r"\b(?:with|has|had|have|having|known|carries|carrying)\s+(?:[\w/-]+\s+){0,3}$|(?:有|伴|合并|存在)[^，。；]{0,6}$", re.IGNORECASE
)
"""Just before the name: who has an antibody."""
OPEN = re.compile(
    r"\s*(?:test|result|level|titre|titer|antibod(?:y|ies)|检查|检测|结果)?s?\s*(?:is|are|was|were)?\s*(?:still )?"
    r"(?:pending|awaited|outstanding|to follow|to be (?:done|checked|sent)|planned|requested|ordered|待|未回|未出|未查|未做|尚未)",
    re.IGNORECASE,
)
"""Just after the name: no result yet."""
PLANNED = re.compile(
    r"\b(?:sen[dt]|check|request(?:ed)?|order(?:ed)?|plan(?:ned)?(?: to)?|await(?:ing|ed)?|arrange|consider|need|to do|ask(?:ed)? for"
    r"|screen(?:ing)? (?:for|with)|pending)\b[^.;。；]*$"
    r"|(?:拟|建议|需|待|应|请|完善|送检|计划|准备|予以?|须|可)(?:行|查|做|测|检|送|完善|予)?[^。；，]{0,24}$",
    re.IGNORECASE,
)
CAME_BACK = re.compile(
    r"\s*(?:was|were|is)?\s*\w+\s*[,;:，；：]?\s*(?:and |but |which )?(?:(?:is|was|came\s+back|returned|now)\s+){0,2}"
    r"(?:(?:strong|weak)ly\s+)?(?:positive|reactive|detected)(?=\s*(?:[.,;:，。；]|at\b|$))"
    r"|[^,，、;；]{0,40}?\b(?:and|but|which)\s+(?:\w+\s+){0,2}?(?:is|was|are|were|came\s+back|returned|now)\s+(?:\w+\s+)?(?:positive|reactive"
    r"|detected|raised|elevated)"
    r"|[^、;；]{0,16}?(?:结果|现|已|后)(?:[^，。；、]{0,8}?)(?:阳性|[（(]?[+＋]|升高|检出)",
    re.IGNORECASE,
)
"""Behind a test that was asked for: its own result after all."""
SENTENCE = re.compile(r"[。；;\n!?！？]|\.(?=\s|$)")
FAR = 120
"""Characters on either side of the name that are looked at."""


def is_bare_test(text: str, finding: str, start: int, end: int) -> bool:
    """Whether the words at a place only name a test, so that the finding which is its outcome does not follow.

    Args:
        text: The note.
        finding: Id of the finding that the words stand for.
        start: First character of the words.
        end: One past the last.
    """
    words = text[start:end]
    if not finding.endswith(RESULT_IDS) or not TEST.search(words) or RESULT.search(words):
        return False
    before, after = text[max(0, start - FAR) : start], text[end : end + FAR]
    before = before[max((m.end() for m in SENTENCE.finditer(before)), default=0) :]
    stop = SENTENCE.search(after)
    after = after[: stop.start()] if stop else after
    if OPEN.match(after):
        return CAME_BACK.match(text, end) is None
    if RESULT.search(after):
        return False
    return bool(PLANNED.search(before)) or not (RESULT.search(before) or HELD.search(before))
