"""How a person is reached: telephone numbers, e-mail, web addresses with a user part, WeChat and QQ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from yingzhi.tools.deidentify.spans import Kind, Span

PHONE_LABEL = (
    r"(?=[电手联传热TtPpMmCcFfW])(?:电话号?码?|手机号?码?|联系方式|联系号码|联络方式|传真|热线|"
    r"(?<![A-Za-z])(?:[Tt]el(?:ephone)?|TEL|[Pp]hone|[Mm]obile|[Cc]ell(?: ?phone)?|[Ff]ax|FAX|[Cc]ontact (?:number|"
    r"no\.?)|WhatsApp)(?![A-Za-z])(?: (?:[Nn]umber|[Nn]o))?)"
    r"(?:\([^()\n]{1,8}\))?\.?\s{0,2}[:是为]?\s{0,2}(\+?\(?\d[\d() .-]{4,22}\d(?: ?(?:转|分机|ext\.?|x) ?\d{1,6})?)"
)
PHONE = (
    r"(?=[+(\d])(?<![\w.+-])(?:"
    r"(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}"
    r"|\+\d{1,3}[- ]?(?:\(\d{1,4}\)[- ]?)?\d{2,4}(?:[- ]?\d{2,4}){1,4}"
    r"|\(0\d{2,3}\)[- ]?\d{7,8}|0\d{2,3}[- ]\d{7,8}(?:-\d{1,6})?|0(?:10|2\d|[3-9]\d{2})[2-8]\d{6,7}"
    r"|09\d{2}[- ]?\d{3}[- ]?\d{3}|\(0\d\)[- ]?\d{3,4}[- ]?\d{4}|0\d[- ]\d{3,4}[- ]\d{4}"
    r"|\(?852\)?[- ]\d{4}[- ]?\d{4}|[48]00[- ]\d{3}[- ]?\d{4}"
    r"|\([2-9]\d{2}\) ?\d{3}[-. ]\d{4}|(?:1[-. ])?[2-9]\d{2}([-.])\d{3}\1\d{4}"
    r"|\(?0\d{4}\)? \d{6}|\(?0\d{4}\)? \d{3} \d{3}|\(?0\d{3}\)? \d{3} \d{4}|\(?0\d{2}\)? \d{4} \d{4}|07\d{9}|07\d{3} \d{6}"
    r")(?![\w]|\.\d|[-](?=\d))"
)
EMAIL = r"(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
URL = r"(?:https?://|(?<![\w.])www\.)[^\s<>\"'()\u3000-\u303f\u3400-\u9fff]+"
PUBLIC = (
    r"(?:https?://)?(?:[\w-]+\.)*(?:doi\.org|nih\.gov|who\.int|nice\.org\.uk|nhs\.uk|dermnetnz\.org|cdc\.gov|fda\.gov|"
    r"orpha\.net|jax\.org|hl7\.org|snomed\.info|loinc\.org|europa\.eu|gov\.cn)(?:[/:?#]|$)"
)
BARE = r"(?:https?://)?[\w.-]+/?$"
ACCOUNT = (
    r"(?=[微企支抖小WwLlSIT])(?:微信号?码?|企业微信|支付宝账?号?|微博账?号?|抖音号?|小红书号?|"
    r"(?<![A-Za-z])(?:[Ww]e[Cc]hat(?: ?ID| account)?|WECHAT|[Ll]ine ?ID|LINE ?ID|Skype(?: ID)?|Instagram|"
    r"Telegram))\s{0,2}[:是为]?\s{0,2}(@?[A-Za-z0-9][A-Za-z0-9_.-]{3,28}[A-Za-z0-9])"
)
QQ = r"(?<![A-Za-z])[Qq]{2}(?:号码?|群)?\s{0,2}[:是为]?\s{0,2}(\d{5,11})(?!\d)"


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], int, Kind], ...]:
    rows: tuple[tuple[str, int, Kind], ...] = (
        (PHONE_LABEL, 1, "PHONE"),
        (PHONE, 0, "PHONE"),
        (EMAIL, 0, "EMAIL"),
        (ACCOUNT, 1, "ACCOUNT"),
        (QQ, 1, "ACCOUNT"),
    )
    return tuple((re.compile(pattern, re.ASCII), group, kind) for pattern, group, kind in rows)


@lru_cache(maxsize=1)
def _urls() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    return re.compile(URL, re.ASCII), re.compile(PUBLIC, re.ASCII | re.IGNORECASE), re.compile(BARE, re.ASCII)


def find_contacts(text: str) -> Iterator[Span]:
    """Telephone numbers, e-mail addresses, web addresses and account names in a folded text.

    A web address stays when it is a bare host or leads to a public reference (DOI, PubMed, WHO, NICE …).
    """
    for pattern, group, kind in _patterns():
        if kind == "EMAIL" and "@" not in text:
            continue
        for found in pattern.finditer(text):
            start, end = found.span(group)
            if kind != "PHONE" or sum(map(str.isdigit, text[start:end])) >= 6 + 2 * (text[start] == "+"):
                yield Span(start, end, kind)
    if "://" not in text and "www." not in text:
        return
    url, public, bare = _urls()
    for found in url.finditer(text):
        address = found.group().rstrip(".,;:!?")
        if not public.match(address) and not bare.match(address):
            yield Span(found.start(), found.start() + len(address), "URL")
