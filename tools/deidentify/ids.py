"""Numbers that identify: papers, records, cards, number plates; either by their own check digit or by the label before them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from yingzhi.tools.deidentify.numbers import chinese_id, hong_kong_id, luhn, nhs_number, taiwan_id
from yingzhi.tools.deidentify.spans import Kind, Span

RECORD_ZH = (
    "(?:(?:住院|门诊|门急诊|急诊|病案|病历|病例|就诊卡?|就诊|登记|病床|床|条码|检查|检验|影像|放射|超声|病理|标本|"
    "样本|切片|申请单|报告单?|流水|挂号|病人|患者|档案|"
    "健康档案|建档|医保卡?|医疗保险|社保卡?|社会保障|健保卡?|健康卡|就医卡|诊疗卡|登录|ID)(?:编号|号码?|ID|卡号)|"
    "(?:病人|患者|就诊)ID号?|编号|工号|医保电脑号|健保卡|医保卡|病案首页号)"
)
PAPER_ZH = (
    "(?:(?:居民|国民)?身份证(?:明)?(?:字|统一)?(?:编?号码?|字号)?|公民身份号码|护照(?:号码?)?|港澳通行证(?:号码?)?|"
    "回乡证(?:号码?)?|台胞证(?:号码?)?|军官证(?:号码?)?|驾驶证(?:号码?)?|居留证(?:号码?)?|出生证(?:明)?(?:编号|"
    "号码?)?)"
)
ACCOUNT_ZH = "(?:银行卡(?:号|账号)?|银行(?:账|帐)[号户]|(?:账|帐)[号户]|卡号)"
RECORD_EN = (
    r"(?:MRN|(?:[Mm]edical |[Pp]atient |[Cc]linical |[Hh]ospital |[Hh]ealth )?[Rr]ecord (?:[Nn]umber|[Nn]o\.?|#)|"
    r"(?:[Pp]atient|[Hh]ospital|[Cc]hart|[Cc]ase|[Aa]ccession|"
    r"[Ss]pecimen|[Ee]ncounter|[Vv]isit|[Aa]dmission|[Aa]ccount|[Aa]cct|[Ii]nsurance|[Ii]ns|[Cc]laim|[Gg]roup|[Ss]ubscriber|"
    r"[Pp]olicy|[Mm]ember|[Mm]edicare|[Mm]edicaid|[Ff]ile|[Uu]nit|[Rr]eference|[Ll]ab|[Bb]ed|CHI|HCN|DOH|UR|URN|"
    r"NHS|[Hh]ealth [Cc]ard)(?: ?ID| (?:[Nn]umber|[Nn]o\.?|#))|URN|NHS|Acct)"
)
PAPER_EN = (
    r"(?:NRIC|FIN|[Pp]assport(?: ?(?:[Nn]umber|[Nn]o\.?|#))?|HKID(?: ?(?:[Nn]umber|[Nn]o\.?|[Cc]ard))?|(?:[Nn]ational |"
    r"[Ii]dentity |[Rr]esident )?ID(?: [Cc]ard)?(?: ?(?:[Nn]umber|[Nn]o\.?|#))|"
    r"[Ii]dentity [Cc]ard(?: ?(?:[Nn]umber|[Nn]o\.?))?|[Dd]river'?s? [Ll]icen[sc]e(?: ?(?:[Nn]umber|[Nn]o\.?))?|SSN|"
    r"[Ss]ocial [Ss]ecurity(?: [Nn]umber| [Nn]o\.?)?)"
)
VALUE = r"(?=[A-Za-z-]{0,8}\d)[A-Za-z\d](?:[A-Za-z\d]|[-/_](?=[A-Za-z\d])){0,24}(?:\([\dA]\))?"
SPACED = r"(?=[A-Za-z-]{0,8}\d)[A-Za-z\d](?:[A-Za-z\d]|[-/_. ](?=\d)){1,28}(?:\([\dA]\))?"
PLATE = (
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·. "
    r"]?(?:(?<=[一-鿿][一-鿿][A-Z])(?=[A-Z]?\d{5})|(?<=[一-鿿][一-鿿][A-Z][·. ])(?=[A-Z]?\d{5})|"
    r"(?<![一-鿿][一-鿿][A-Z])(?<![一-鿿][一-鿿][A-Z][·. "
    r"])(?=[A-Z\d]*\d[A-Z]*\d))[A-HJ-NP-Z\d]{4,5}[A-HJ-NP-Z\d挂学警港澳](?![A-Za-z\d])"
)
PLATE_LABEL = (
    r"(?:车牌号?码?|号牌|[Ll]icen[sc]e plate|[Rr]egistration plate|[Pp]late (?:[Nn]umber|"
    r"[Nn]o\.?))\s{0,2}[:是为]?\s{0,2}([一-鿿]?[A-Z][·. ]?[A-Z\d][A-Z\d -]{2,7}[A-Z\d])"
)
GAP_ZH = r"(?:\([^()\n]{1,8}\))?\s{0,3}(?:[:#]|是|为|No\.?)?\s{0,3}"
GAP_EN = r"\s{0,2}(?:[:#.=]|is|No\.?:?)?\s{0,2}"


@lru_cache(maxsize=1)
def _labelled() -> tuple[tuple[re.Pattern[str], Kind], ...]:
    rows: tuple[tuple[str, Kind], ...] = (
        (rf"(?=[居国身公护港回台军驾出]){PAPER_ZH}{GAP_ZH}({SPACED})", "ID"),
        (rf"{ACCOUNT_ZH}{GAP_ZH}(\d[\d -]{{6,28}}\d)", "CARD"),
        (rf"(?=[住门急病就登床条检影放超标样切申报流挂患档健建医社诊I编工]){RECORD_ZH}{GAP_ZH}({VALUE})", "RECORD"),
        (rf"(?=[PpHINFnDdRrSsi])\b{PAPER_EN}{GAP_EN}({SPACED})", "ID"),
        (rf"(?=[A-Zmpchrasevilfubdn])\b{RECORD_EN}{GAP_EN}({SPACED})", "RECORD"),
        (r"\b[Rr]ef(?:erence)?\.?:? ([A-Z]{1,4}\d{2}[-/]?\d{3,10})(?![A-Za-z\d])", "RECORD"),
        (r"[一-鿿]字第\s?(\d{5,10})\s?号", "ID"),
        (PLATE_LABEL, "PLATE"),
    )
    return tuple((re.compile(pattern, re.ASCII), kind) for pattern, kind in rows)


@lru_cache(maxsize=1)
def _digits() -> re.Pattern[str]:
    return re.compile(
        r"(?=[A-Z\d])(?<![\w.])(?:(?P<cn>\d{17}[\dXx]|\d{15})|(?P<card>\d{4}(?:[ -]\d{4}){3}(?:[ -]?\d{1,3})?|\d{16,19})|"
        r"(?P<nhs>\d{3} \d{3} \d{4})|(?P<ssn>\d{3}-\d{2}-\d{4})"
        r"|(?P<hk>(?P<letters>[A-Z]{1,2})(?P<body>\d{6}) ?\((?P<check>[\dA])\))|(?P<tw>[A-Z][1289]\d{8}))(?![\w]|\.\d)",
        re.ASCII,
    )


@lru_cache(maxsize=1)
def _plate() -> re.Pattern[str]:
    return re.compile(PLATE, re.ASCII)


def _checked(found: re.Match[str]) -> Kind | None:
    text = found.group()
    digits = re.sub(r"[ -]", "", text)
    tests: dict[str, tuple[Kind, bool]] = {
        "cn": ("ID", chinese_id(text) or (digits.isdigit() and len(digits) > 15 and luhn(digits))),
        "card": ("CARD", digits.isdigit() and luhn(digits)),
        "nhs": ("RECORD", nhs_number(digits)),
        "ssn": ("ID", True),
        "hk": ("ID", bool(found["hk"]) and hong_kong_id(found["letters"], found["body"], found["check"])),
        "tw": ("ID", bool(found["tw"]) and taiwan_id(text)),
    }
    kind, passed = next(test for name, test in tests.items() if found[name])
    return kind if passed else None


def find_ids(text: str) -> Iterator[Span]:
    """Papers, record numbers, cards and number plates in a folded text.

    Numbers with a check digit stand alone (GB 11643, Luhn, NHS, Hong Kong, Taiwan); all others need their label, which stays.
    """
    for found in _digits().finditer(text):
        kind = _checked(found)
        if kind:
            yield Span(found.start(), found.end(), kind)
    for pattern, label in _labelled():
        for found in pattern.finditer(text):
            yield Span(found.start(1), found.end(1), label)
    for found in _plate().finditer(text):
        yield Span(found.start(), found.end(), "PLATE")
