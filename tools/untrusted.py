"""Text from outside, as data: what a model is shown of a record, and what of a model's answer is shown to a person.

Three steps, each usable alone: `strip_invisible` drops what a reader can't see, `data_block` wraps text so that it can neither
close its own block nor open a turn of the conversation, `plain_answer` leaves no link or markup in what a model wrote.
None of them judges what the text says; `tools/wording.py` does that for sentences of a model.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

MARK = "·"
"""U+00B7, the only character `data_block` ever inserts: one a marker, directly after its first sign or before its colon."""

LINE_BREAKS = frozenset("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
VISIBLE_FORMAT = frozenset([*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD])
"""Number and abbreviation signs that Unicode files under format (Cf) though they have a shape."""
BLANK_LETTERS = frozenset([0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0])
"""Fillers and joiners that are letters or marks by category and show nothing."""
VARIATION_SELECTORS = (range(0x180B, 0x1810), range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
NEWER_IDEOGRAPHS = (range(0x20000, 0x2FFFE), range(0x30000, 0x3FFFE))
"""Planes of ideographs: a code point there that this Python doesn't know yet is a rare character of a name, not a carrier."""

PLAIN = re.compile(r"[\n\t -~°±×·–—‘’“”…→≤≥一-\u9fef\u3001-\u3011，。；：！？（）]*")
"""Signs that are all visible: most texts hold no others, and need no look at each."""

NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
KEY = re.compile(r"[A-Za-z0-9]{4,64}")

TAGS = (
    r"data|(?:s|bos|eos|sys|system|user|assistant|human|developer|tools?|tool_[a-z]+|function[a-z_]*|instructions?|think|thinking"
    r"|im_start|im_end|start_of_turn|end_of_turn|eot_id|endoftext|begin_of_text|turn|message|prompt)\b"
)
ROLES = r"system|human|assistant|user|developer|tool|ai|bot|系统|系統|用户|用戶|助手|助理|人类|人類|开发者|開發者"
BREAKS_AFTER = re.compile(
    rf"<(?=\s*(?:\||/?\s*(?:{TAGS})|<\s*/?\s*SYS))"
    r"|\[(?=\s*/?\s*(?:INST|SYS|SYSTEM|SYSTEM_PROMPT|TOOL_[A-Z]+|AVAILABLE_TOOLS)\s*\])"
    r"|\#(?=[ \t]*(?:(?:system|user|assistant|human|instructions?|response|input|prompt)\b|系统|系統|指令|用户|用戶|助手))",
    re.IGNORECASE,
)
ROLE_AT_LINE_START = re.compile(rf"^[ \t>*_#\-•\"'`(\[{{]*(?:{ROLES})[ \t*_\"'`)\]}}]*(?=[:：])", re.IGNORECASE | re.MULTILINE)


def strip_invisible(text: str) -> str:
    r"""The text without what can't be seen: a reader and a model then see the same words.

    Removed: zero-width and bidirectional controls, tag characters, variation selectors (the plain glyph of an emoji or an
    ideograph stays), blank fillers, every other format, control, private-use, surrogate and unassigned character. Kept: `\n`,
    `\t` and all else, code point for code point; nothing is normalised. Other line breaks become `\n`. Twice is the same as once.
    """
    return text if PLAIN.fullmatch(text) else "".join(map(_visible, text.replace("\r\n", "\n")))


@lru_cache(maxsize=20_000)
def _visible(char: str) -> str:
    if char in "\n\t":
        return char
    if char in LINE_BREAKS:
        return "\n"
    code = ord(char)
    if code in BLANK_LETTERS or any(code in r for r in VARIATION_SELECTORS):
        return ""
    category = unicodedata.category(char)
    if category == "Cn":
        return char if any(code in r for r in NEWER_IDEOGRAPHS) else ""
    return "" if category[0] == "C" and code not in VISIBLE_FORMAT else char


def data_block(name: str, text: str, key: str) -> str:
    """Text wrapped as data for a prompt: one opening and one closing marker, and nothing inside that reads as either.

    Inside, `strip_invisible` is applied and `MARK` is inserted into: `<data` and `</data`, other tags that models take for turns
    or tools (`<s>`, `<system>`, `<tool_call>`, `<think>` …), `<|…|>`, `<<SYS>>`, `[INST]`, `### System` and role names with a
    colon at the start of a line (`Human:`, `系统：`), in any case, with blanks inside, and in full-width or styled letters.
    Nothing else changes, so a quote from the block is a quote from the text but for marks; `find_quote` gives its place there.

    Args:
        name: What the block holds, e.g. `record`; lower-case letters, digits, `_` and `-`.
        text: Anything.
        key: A random nonce that the writer of the text can't know, 4 to 64 letters or digits; the same in both markers.

    Raises:
        ValueError: `name` or `key` is not of that form.
    """
    if not NAME.fullmatch(name) or not KEY.fullmatch(key):
        raise ValueError("a data block needs a plain name and a key of 4 to 64 letters or digits")
    return f'<data name="{name}" key="{key}">\n{_defanged(strip_invisible(text))}\n</data key="{key}">'


def _defanged(text: str) -> str:
    folded = text if text.isascii() else "".join(map(_ascii, text))  # as long as the text: places found in one are places in the other
    places = {m.end() for pattern in (BREAKS_AFTER, ROLE_AT_LINE_START) for m in pattern.finditer(folded)}
    cuts = [0, *sorted(places), len(text)]
    return MARK.join(text[a:b] for a, b in pairwise(cuts))


@lru_cache(maxsize=20_000)
def _ascii(char: str) -> str:
    """The ASCII sign that a full-width or styled character stands for; any other character as it is."""
    plain = unicodedata.normalize("NFKC", char)
    return plain if len(plain) == 1 and plain.isascii() else char


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """Where a quote from a data block stands in the text the block was made of.

    White space, invisible characters and `MARK` are ignored on both sides; all else must be equal.

    Returns:
        Start and end in code points of `text`, first place of several; None if the words are not there or the quote is empty.
    """
    kept = [(c, i) for i, c in enumerate(text) if _counts(c)]
    wanted = "".join(filter(_counts, quote))
    at = "".join(c for c, _ in kept).find(wanted) if wanted else -1
    return None if at < 0 else (kept[at][1], kept[at + len(wanted) - 1][1] + 1)


def _counts(char: str) -> bool:
    return not char.isspace() and char != MARK and _visible(char) != ""


ENTITY = re.compile(r"&#?\w{1,32};")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
TAG = re.compile(
    r"</?(?:a|abbr|audio|b|base|blockquote|body|br|button|canvas|code|details|div|em|embed|font|form|h[1-6]|head|hr|html|i|iframe|img"
    r"|input|li|link|math|meta|object|ol|option|p|picture|pre|script|select|small|source|span|strong|style|sub|summary|sup|svg|table"
    r"|tbody|td|template|textarea|th|thead|title|tr|track|u|ul|video)(?:[\s/][^<>]*)?>"
    r"|</?[a-z][\w:-]*[\s/][^<>=]*=[^<>]*>",
    re.IGNORECASE,
)
OPENS_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|\](?=\()")
LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
END = "[A-Za-z0-9/=&#%_~+-]"  # a full stop or bracket after an address belongs to the sentence
IDN = r"[^\s!-~，。；：、！？（）「」《》]"
DOMAINS = "com|net|org|io|cn|co|info|xyz|top|dev|app|me|ru|uk|example|test|invalid"
ADDRESS = re.compile(
    rf"[a-z][a-z0-9+.-]{{0,20}}://(?:[!-~]*{END}|{IDN}+(?:\.{IDN}+)*[!-~]*)?"
    r"|(?:javascript|vbscript|mailto):[!-~]*|(?<![a-z0-9])(?:data|file|blob|tel|sms):(?=[!-~])[!-~]*"
    rf"|www\.(?=[!-~])(?:[!-~]*{END})?"
    r"|(?<![a-z0-9:/])//[a-z0-9-]+\.[a-z0-9][!-~]*"
    rf"|(?<![a-z0-9@.-])(?:[a-z0-9-]+\.)+(?:{DOMAINS})[/?][!-~]*",
    re.IGNORECASE,
)
EMPTY_BRACKETS = re.compile(r"\(\s*\)|（\s*）|<\s*>")
BLANKS = re.compile(r"[ \t]{2,}")
NESTING = str.maketrans("", "", "()[]<>&（）")
PASSES = 8


def plain_answer(text: str, limit: int = 2000) -> str:
    """A model's words as they may be shown: no link, no markup, nothing invisible, at most `limit` characters.

    A Markdown link or image leaves its label; bare addresses (any `scheme://`, `www.`, `data:`, `javascript:`, `mailto:` and their
    like, a domain with a path) and HTML tags go; what could open either is set apart (`<ULN` becomes `< ULN`). Emphasis and lists
    stay as the signs they are. What is too long is cut and ends in `…`. Twice is the same as once.
    """
    text = text[: 4 * limit]  # bounds the work; what is left out lies far past the cut
    for _ in range(PASSES):  # what is left after a removal may itself be a link
        before, text = text, _cleaned(text)
        if text == before:
            break
    else:  # nested that deep it is no prose
        text = text.translate(NESTING)
        while (cleaned := _cleaned(text)) != text:
            text = cleaned
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"[:limit]


ESCAPED = re.compile(r"\\u00([2-7][0-9a-fA-F])|\\/")
PATHS = re.compile(r"/(?=/)")
BOUNDARY = re.compile(r"[\s\"“”，。；：、！？]")
HELD = 400
"""Characters without a boundary that are held back at most."""


class Unlinker:
    """Takes a model's words as they come and gives them on without links, whole words at a time: a link is never in two pieces."""

    def __init__(self) -> None:
        self._held = ""

    def take(self, words: str) -> str:
        """What may be shown now; may be empty."""
        self._held += words
        last = max((m.end() for m in BOUNDARY.finditer(self._held)), default=len(self._held) if len(self._held) > HELD else 0)
        ready, self._held = self._held[:last], self._held[last:]
        return unlinked(ready)

    def rest(self) -> str:
        """What is left at the end."""
        ready, self._held = self._held, ""
        return unlinked(ready)


def unlinked(text: str) -> str:
    """Words of an unfinished answer, JSON or prose, without addresses and what opens markup; escaped signs count as the signs they are."""
    text = ESCAPED.sub(_plain_sign, strip_invisible(text))
    return PATHS.sub("/ ", OPENS_MARKUP.sub(r"\g<0> ", ADDRESS.sub("", text)))


def _plain_sign(match: re.Match[str]) -> str:
    sign = chr(int(match[1], 16)) if match[1] else "/"
    return match[0] if sign in '"\\' or not sign.isprintable() else sign


def _cleaned(text: str) -> str:
    text = strip_invisible(text)
    text = ENTITY.sub(lambda m: html.unescape(m.group()), text)
    text = TAG.sub("", COMMENT.sub("", text))
    text = ADDRESS.sub("", LINK.sub(r"\1", text))
    return BLANKS.sub(" ", OPENS_MARKUP.sub(r"\g<0> ", EMPTY_BRACKETS.sub("", text))).strip()
