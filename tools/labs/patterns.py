"""The wording of slips: numbers, ranges, titres, marks and words, as patterns over folded text."""

from __future__ import annotations

import re

NUM = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?|\.\d+)"
FILL = re.compile(
    r"(?:[\s:=,]*(?:计数|绝对值|水平|数值|值|测定|检测|检查|检验|化验|结果|定量|定性|滴度|效价|抗体|抗原|试验"
        r"|筛查|初筛|确证|复查|显示|提示|示|为|是|约|达|高达|低至|由|从|均|都|皆|全部|仍|"
    r"明显|轻度|中度|重度|显著|稍|略|持续|进行性|levels?|counts?|concentration|titers?|titres?|results?|tests?"
        r"|testing|serology|screen(?:ing)?|assay|antibod(?:y|ies)|antigen|"
    r"elisa|iif|ifa|pcr|igg|igm|of|is|was|were|are|at|be|has been|have been|had|remained?|shows?|showed"
        r"|returned|came back|both|all|only|markedly|slightly|mildly|"
    r"moderately|significantly|strongly|then|now|today|currently|to be|found|from|by|and were|and was)(?![a-z]))+"
)  # fmt: skip
DATE = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*(?:[-/.月]\s*\d{1,2}日?|月)|\d{1,2}月\d{1,2}[日号]|\d{1,2}[-/]\d{1,2}[-/]\d{2,4}")
LABEL = re.compile(
    r"(?:参考(?:值范围|区间值|值|范围|区间)?|正常(?:参考值|参考范围|值范围|值|范围)?"
    r"|ref(?:erence)?\.?\s*(?:ranges?|intervals?|values?)?|normal\s*(?:ranges?|values?|limits?)?|nr|rr)"
    r"\s*[:=]?\s*[\[(]?\s*(?=[<>.\d])"
)
TITRE = re.compile(r"(?P<cmp>[<>]=?)?\s*1\s*[:/]\s*(?P<n>\d{1,6})(?![\d.])")
RANGE = re.compile(rf"(?P<lo>{NUM})\s*(?:-{{1,3}}|至|到)\s*(?P<hi>{NUM})(?!\s*[-/年月]\s*\d)")
NUMBER = re.compile(rf"(?P<cmp>[<>])?=?\s*(?P<num>{NUM})(?:\s*[*x]\s*10\s*[\^e*]?\s*(?P<exp>\d{{1,2}})(?!\d))?")
SERIES = re.compile(r"\s*(?:→|-+>|降至|升至|降到|升到|降为|升为|增至)\s*")
ALIEN = re.compile(
    r"\s*(?:(?:mg|ug|mcg|g|iu|u|ml|kg|cm|tab(?:let)?s?|caps?|days?|d|weeks?|wks?|w|months?|mo|years?|yrs?|y"
    r"|hours?|hrs?|h|min(?:utes)?|times|fold|x)(?![a-z])"
    r"|[片粒支瓶次天日周月年岁时分例倍型级度个人号床楼点项]|小时|th|st|nd|rd)"
)
WORDS = re.compile(
    "|".join(
        f"(?P<{meaning}>{pattern})"
        for meaning, pattern in (
            ("skip", r"未做|未查|未测|待回报|待查|待定|待结果|结果未|pending|not done|not tested|not available"),
            ("weak_positive", r"弱阳性?|weak(?:ly)?[\s-]+(?:positive|reactive)"),
            ("indeterminate", r"\(?\s*(?:±|\+\s*/\s*-|\+-)\s*\)?|可疑|不确定|临界|灰区|indeterminate|equivocal|borderline|trace(?![a-z])"
                r"|微量"),
            ("normal", r"正常|未见(?:明显)?(?:异常|升高|增高)|无(?:明显)?(?:异常|升高|增高)|不高|within normal(?: limits| range)?"
                r"|wnl(?![a-z])|unremarkable|normal(?![a-z])|not (?:elevated|raised|increased)"),
            ("negative", r"(?:均|皆)?阴性?|\(\s*-{1,3}\s*\)|negative|neg(?![a-z])|non-?\s?reactive|not detected|undetect[a-z]*"
                r"|未检出|未检测到|未查见|未查到|未找到|未见(?!异|升|增|明)|未发现|无生长|no growth|absent(?![a-z])"),
            ("positive", r"(?:强|均|皆)?阳性?|\(\s*\+{1,4}\s*\)|\(\s*[1-4]\s*\+\s*\)|[1-4]\s?\+(?![\d.])|\+{1,4}(?![\d.])"
                r"|(?:strongly )?positive|pos(?![a-z])|reactive|detected|检出|查见|查到|找到|可见"),
            ("high", r"↑+|升高|增高|偏高|上升|增多|增加|增快|加快|高于正常|elevated|raised|increased|high(?![a-z])|高(?=[ |\\n]"
                r"|$)|hh?(?![a-z])"),
            ("low", r"↓+|降低|下降|减低|减少|偏低|低于正常|decreased|reduced|low(?![a-z])|depressed|低(?=[ |\\n]|$)|ll?(?![a-z])"),
        )
    )
)  # fmt: skip
"""A result in words or signs; the name of the group, with hyphens, is what it says."""

PER_VOLUME = re.compile(r"\s*/\s*(?:ul|ml|l|mm\^?3)(?![a-z])")
BRACKETED_SIGN = re.compile(r"\(\s*(?:[+±-]{1,4}|[1-4]\s*\+)\s*\)")
BARE_MINUS = re.compile(r"-{1,2}(?=\s*(?:$|[,，、;；|)\n]))")
