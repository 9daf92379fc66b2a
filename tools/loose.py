"""Wordings found although the note inflects, pads or turns them: "pitting of both nails" for "nail pits".

English: words cut to their stems, small words left out, in the order of the wording; two words also in the other order where only a
form of "be" or an adverb stands between ("nails are thickened"). Chinese: padding such as 的 or 明显 left out. A comma is never crossed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from yingzhi.tools.text import Token, fold_word

SMALL = frozenset(
    [
        "of",
        "on",
        "in",
        "at",
        "the",
        "a",
        "an",
        "to",
        "his",
        "her",
        "their",
        "my",
        "its",
        "both",
        "over",
        "all",
        "around",
        "with",
        "from",
        "this",
        "that",
        "these",
        "those",
        "some",
        "by",
        "for",
        "upon",
    ]
)
PADDING = frozenset(
    [
        "very",
        "quite",
        "rather",
        "slightly",
        "somewhat",
        "mildly",
        "moderately",
        "markedly",
        "extremely",
        "severely",
        "multiple",
        "numerous",
        "several",
        "few",
        "small",
        "large",
        "tiny",
        "big",
        "left",
        "right",
        "bilateral",
        "new",
        "more",
        "most",
        "many",
        "little",
        "fairly",
        "really",
        "so",
        "too",
        "marked",
        "slight",
        "mild",
        "moderate",
        "severe",
        "widespread",
        "extensive",
    ]
)
COPULA = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "become",
        "became",
        "becoming",
        "get",
        "got",
        "getting",
        "look",
        "feel",
        "appear",
        "seem",
        "remain",
        "still",
        "also",
    ]
)
SKIPPED = SMALL | PADDING
TURNED = PADDING | COPULA
FEWEST, MOST = 2, 4
"""Words with a meaning of their own that a loosely read wording has."""
IRREGULAR = {
    "swollen": "swell",
    "swelling": "swell",
    "swell": "swell",
    "bled": "bleed",
    "broke": "break",
    "broken": "break",
    "burnt": "burn",
}
ENDINGS = ("ening", "ened", "ations", "ation", "ating", "ated", "iness", "ness", "ling", "ing", "ed", "en", "ly", "y", "e")
PADDING_ZH = (
    "明 显",
    "可 见",
    "少 许",
    "散 在",
    "多 个",
    "大 量",
    "较 多",
    "轻 度",
    "中 度",
    "重 度",
    "局 部",
    "处",
    "的",
    "了",
    "着",
    "很",
    "较",
    "稍",
    "略",
    "均",
    "都",
)


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A folded English word without its ending; words of four letters or fewer stay as they are."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and len(word) > 4:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl" else word


def loose_key(wording: str) -> str:
    """Stems of the words with a meaning of their own, parted by spaces; empty if the wording is no case for loose reading."""
    words = [fold_word(w) for w in wording.replace("-", " ").split()]
    if not all(w.isascii() and w.isalpha() for w in words):
        return ""
    stems = [stem(w) for w in words if w not in SMALL]
    return " ".join(stems) if FEWEST <= len(stems) <= MOST else ""


def loose_places(tokens: list[Token], keys: Iterable[str] | dict[str, object]) -> list[tuple[str, int, int]]:
    """Where a loosely read English wording stands.

    Args:
        tokens: Tokens of one text.
        keys: Keys from `loose_key`, as something to look up in.

    Returns:
        (key, first token, last token), longest first.
    """
    found: list[tuple[str, int, int]] = []
    for start, token in enumerate(tokens):
        if token.text.isascii() and token.text.isalpha() and token.text not in SKIPPED | COPULA:
            found += _from(tokens, start, keys)
    return sorted(found, key=lambda f: f[1] - f[2])


def _from(tokens: list[Token], start: int, keys: Iterable[str] | dict[str, object]) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    stems = [stem(tokens[start].text)]
    between: set[str] = set()
    for place in range(start + 1, min(len(tokens), start + 10)):
        word = tokens[place].text
        if word in SKIPPED or word in COPULA:
            between.add(word)
            continue
        if not (word.isascii() and word.isalpha()):
            break
        stems.append(stem(word))
        if (key := " ".join(stems)) in keys and not between & COPULA:
            found.append((key, start, place))
        if len(stems) == FEWEST and between <= TURNED and (key := f"{stems[1]} {stems[0]}") in keys:
            found.append((key, start, place))
        if len(stems) == MOST:
            break
    return found


@lru_cache(maxsize=1)
def _padding() -> dict[str, list[list[str]]]:
    """Padding by its first character, in the order of the table."""
    out: dict[str, list[list[str]]] = {}
    for pad in PADDING_ZH:
        out.setdefault(pad[0], []).append([*pad.split()])
    return out


def unpadded(tokens: list[Token]) -> tuple[list[Token], list[int]]:
    """The tokens without Chinese padding, and the index that each had before."""
    words = [t.text for t in tokens]
    kept: list[int] = []
    place = 0
    while place < len(words):
        pads = _padding().get(words[place], ())
        pad = next((p for p in pads if words[place : place + len(p)] == p), None)
        if pad is None or not kept:
            kept.append(place)
            place += 1
        else:
            place += len(pad)
    return [tokens[i] for i in kept], kept
