"""The language of an answer, from Accept-Language (RFC 9110)."""

from __future__ import annotations

from yingzhi.clinical.words import Language

DEFAULT: Language = "zh"


def language_of(header: str | None, default: Language = DEFAULT) -> Language:
    """Chinese or English, whichever the reader likes better; the default where the header names neither.

    Args:
        header: The value of Accept-Language, e.g. `zh-CN,zh;q=0.9,en;q=0.8`.
        default: Without a header, and for `*`.
    """
    best: tuple[float, Language] | None = None
    for part in (header or "").split(",")[:20]:
        tag, _, quality = part.strip().partition(";")
        weight = _quality(quality)
        language = _known(tag.strip().lower(), default)
        if language is not None and weight > 0 and (best is None or weight > best[0]):
            best = (weight, language)
    return best[1] if best else default


def _known(tag: str, default: Language) -> Language | None:
    primary = tag.partition("-")[0]
    return "zh" if primary in {"zh", "cmn", "yue"} else "en" if primary == "en" else default if tag == "*" else None


def _quality(words: str) -> float:
    name, _, value = words.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
