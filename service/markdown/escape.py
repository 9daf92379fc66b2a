r"""Data as Markdown text: shown as the signs they are, opening nothing.

The rules hold for CommonMark and for what chat front ends add to it: tables, bare addresses that become links, formulas, directives
(`:name`), templates (`{{name}}`), tags that mark a model's thinking. Escapes are by backslash and never by entity, as a widely used
front end shows entities undecoded; `]` and `(` are never escaped, as `\[ … \]` and `\( … \)` are formulas there.
"""

from __future__ import annotations

import re

from yingzhi.tools.untrusted import strip_invisible

HARMLESS = re.compile(r"[A-Za-z0-9 ,;'\"%()+=°±×·–—‘’“”…→≤≥一-\u9fef\u3001-\u3011，。；：！？（）-]*")
"""Signs that open nothing inside a line; what may begin a line is looked at apart."""
BLANKS = re.compile(r"\s+")
BACKSLASH = "\uff3c"
"""A backslash of the data is shown in its full-width form: before a bracket it would open a formula, escaped or not."""
APART = (
    (re.compile(r"<(?![\s\d=.,])"), r"\\< "),  # a tag, an address, a mention; some front ends look for tags behind a backslash too
    (re.compile(r"(?<=/)/"), " /"),  # an address with a scheme or without
    (re.compile(r"(?<=\{)\{"), " {"),
    (re.compile(r"(?<=\S)@(?=\S)"), " @"),
    (re.compile(r"(?<=\S)\.(?=[^\W\d_]{2})"), ". "),  # a bare domain
    (re.compile(r"(?<=\bwww)\.", re.IGNORECASE), " ."),
)
ACTIVE = re.compile(r"[`*_\[|~$]|&(?=#?\w+;)|:(?=[A-Za-z:])")
BEGINS = re.compile(r"(?P<number>\d{1,9})(?=[.)](?:\s|$))|(?=[-+#>=:])")
"""What opens a list, a heading, a quotation or the line under a heading where it begins one."""


def escape(text: str, limit: int = 0) -> str:
    """Text of any origin, in one line, that stays text wherever it stands in a Markdown document, in tables too.

    Args:
        text: Anything.
        limit: Characters of `text` that are shown at most; 0 shows all. What is cut ends in `…`.
    """
    text = BLANKS.sub(" ", strip_invisible(text)).strip()
    if limit and len(text) > limit:
        text = text[: limit - 1].rstrip() + "…"
    if not HARMLESS.fullmatch(text):
        text = text.replace("\\", BACKSLASH)
        for pattern, apart in APART:
            text = pattern.sub(apart, text)
        text = ACTIVE.sub(r"\\\g<0>", text).rstrip()
    return BEGINS.sub(r"\g<number>\\", text, count=1) if BEGINS.match(text) else text
