"""Where in a note a report stands, and of which kind it is."""

from __future__ import annotations

import re

from yingzhi.clinical.report import ReportKind, ReportSection
from yingzhi.tools.labs.units import fold

HEADINGS: tuple[tuple[ReportKind, str], ...] = (
    (
        "immunofluorescence",
        r"(?:皮肤)?(?:直接|间接)?免疫荧光(?!染色查)|(?<![a-z])(?:dif|iif)(?![a-z])|direct immunofluorescence"
            r"|indirect immunofluorescence|immunofluorescence"
        r"|盐裂(?:皮肤)?(?:试验)?|salt[- ]split skin",
    ),
    (
        "pathology",
        r"(?:皮肤)?(?:活检)?(?:组织)?病理(?:学)?|皮肤活检|组织学|镜下所见|histopathology|histology|pathology"
            r"|(?:skin |punch |shave |excision(?:al)? )?biopsy",
    ),
    ("dermoscopy", r"(?:甲|毛发)?皮肤镜|毛发镜|dermoscop(?:y|ic(?: examination)?)|dermatoscopy|trichoscopy"),
    ("microbiology", r"真菌(?:镜检|培养|检查|荧光)|细菌培养|(?:分泌物|脓液|血|组织)培养|koh(?: preparation| microscopy)?"
        r"|bacterial culture|fungal culture|(?:wound|tissue|blood) cultures?|gram stain|tzanck(?: smear| 涂片"
        r"|涂片)?|抗酸染色"),
    ("imaging", r"胸片|胸部(?:x线(?:片)?|ct)|(?:腹部|浅表|淋巴结|软组织|血管|心脏)?(?:b超|彩超|超声)|(?<![a-z])(?:ct|mri"
        r"|pet-ct)(?![a-z])|磁共振|chest (?:x-?ray|radiograph|ct)|ultrasound|echocardiogra(?:m|phy)"),
    ("laboratory", r"(?:实验室|辅助|化验)检查|实验室资料|血常规|生化|laboratory (?:tests?|results?|studies|findings"
        r"|investigations)|blood tests?|labs?"),
)  # fmt: skip
REPORT = re.compile(
    r"(?:^|(?<=[\n。;,，、.])|(?<=\. ))[ 　\d.、)）*#-]*"
    r"(?:(?:于|在|外院|我院|本院|当地医院|当地|门诊|院外|行|予|查|复查|完善|曾)|(?:an?|the|his|her|repeat|outside) ){0,4}(?P<head>"
    + "|".join(f"(?P<k{i}>{pattern})" for i, (_, pattern) in enumerate(HEADINGS))
    + r")(?P<tail>(?:检查|报告|结果|所见|诊断|描述|examination|report|result|findings?| of [^.,;:\n]{1,40}"
    r"| from [^.,;:\n]{1,40}|[ (][^()\n]{0,30}\)| )*)"
    r"(?P<mark>[:]|示|提示|显示|可见|见(?!到?否)|showed|shows|reveal(?:ed|s)|demonstrat(?:ed|es)|was|were|\n)"
)
OTHER_PART = re.compile(
    r"(?:^|\n)[ 　\d.、)*#-]*(?:主诉|现病史|既往史|个人史|家族史|过敏史|体格检查|查体|专科检查|皮肤科检查"
        r"|专科情况|初步诊断|诊断(?!报告)|鉴别诊断|处理|处置|治疗|医嘱|建议|随访"
    r"|chief complaint|history|hpi|past medical history|physical exam(?:ination)?|on examination|assessment"
        r"|impression|diagnosis|differential|plan|treatment|management|medications?)\s*[:\n]"
)  # fmt: skip
SIGNS: tuple[tuple[ReportKind, re.Pattern[str]], ...] = (
    ("immunofluorescence", re.compile(
        r"免疫荧光|immunofluorescence|(?<![a-z])dif(?![a-z])|盐裂|salt.split|ig[gam][^。\n]{0,30}(?:沉积|deposit)"
        r"|c3[^。\n]{0,30}(?:沉积|deposit)")),
    ("dermoscopy", re.compile(r"皮肤镜|毛发镜|dermoscop|dermatoscop|trichoscop")),
    (
        "pathology",
        re.compile(
            r"病理|活检|镜下|苏木|表皮[^。\n]{0,12}(?:角化|棘层|水疱|增生|萎缩)|真皮[^。\n]{0,16}浸润|histolog"
            r"|histopath|biops|epidermis|dermis|infiltrate|h&e|免疫组化|immunohistochem"),
    ),
    ("microbiology", re.compile(r"培养|镜检|涂片|药敏|菌丝|孢子|革兰|抗酸|culture|koh|gram|smear|hyphae|acid-fast|sensitivit|isolate")),
    ("imaging", re.compile(r"胸片|ct|mri|超声|彩超|x线|磁共振|radiograph|x-?ray|ultrasound|echocardio|scan")),
    ("laboratory", re.compile(
        r"\d\s*(?:[*x]\s*10|g/l|mmol|umol|u/l|iu/|mg/|ng/|%)|血常规|白细胞|血红蛋白|wbc|hemoglobin|haemoglobin|阴性"
        r"|阳性|参考(?:值|范围|区间)")),
)  # fmt: skip
WEIGHT: dict[ReportKind, float] = {
    "immunofluorescence": 3,
    "dermoscopy": 3,
    "pathology": 2,
    "microbiology": 1.5,
    "imaging": 1.5,
    "laboratory": 1,
}


def detect_kind(text: str) -> ReportKind:
    """Which kind of report a text is, by the words that only one kind uses; `other` when nothing tells."""
    folded = fold(text)
    scores: list[tuple[float, ReportKind]] = [(WEIGHT[kind] * min(4, len(pattern.findall(folded))), kind) for kind, pattern in SIGNS]
    best = max(scores, key=lambda s: s[0])
    return best[1] if best[0] > 0 else "other"


def find_reports(note: str) -> list[ReportSection]:
    """Parts of a note that are reports.

    A heading on a line of its own or at its start opens a part that goes on to the next heading or an empty line; one
    within a sentence (`病理示…`, `biopsy showed …`) goes on to the end of the sentence.

    Args:
        note: The note as given.

    Returns:
        Sections in order, not overlapping; offsets count code points of `note`.
    """
    folded = fold(note)
    heads = list(REPORT.finditer(folded))
    others = [m.start() for m in OTHER_PART.finditer(folded)]
    sections: list[ReportSection] = []
    for i, head in enumerate(heads):
        start = head.start("head")
        if sections and start < sections[-1].end:
            continue
        stops = [h.start("head") for h in heads[i + 1 : i + 2]] + [o for o in others if o > start][:1]
        end = min([_natural_end(folded, head), *stops])
        if note[head.end() : end].strip(" :：。.,，\n"):
            kind = HEADINGS[next(k for k in range(len(HEADINGS)) if head[f"k{k}"])][0]
            sections.append(ReportSection(kind=kind, start=start, end=end, heading=note[start : head.end("head")]))
    return sections


def _natural_end(folded: str, head: re.Match[str]) -> int:
    start = head.start("head")
    at_line_start = not folded[folded.rfind("\n", 0, start) + 1 : start].strip(" \t0123456789.、)*#-")
    if at_line_start and head["mark"] in ":\n":
        blank = re.compile(r"\n[ \t]*\n").search(folded, head.end())
        return blank.start() if blank else len(folded)
    stop = re.compile(r"[。\n]|\.(?=\s|$)").search(folded, head.end())
    return stop.end() if stop else len(folded)
