"""Text as the matchers see it: tokens of both languages, folded to one spelling, each with its place in the input.

Folding is the same for the lexicon and for notes, so it may be coarse as long as it is applied to both sides:
full-width to half-width, traditional Chinese to simplified (a character table made by OpenCC), British to American
spelling, English plurals to singular, a digit that a scanner put for a letter. Offsets always count Unicode code points of the
text as given.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

TOKEN = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][a-z]+)?|\d+(?:\.\d+)?|[㐀-鿿豈-﫿]|\S")
HAN = re.compile("[㐀-鿿]")
LATIN = re.compile("[A-Za-z]")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
WIDE: dict[int, str] = {ord(a) + i: chr(ord(b) + i) for a, b, n in (("０", "0", 10), ("Ａ", "A", 26), ("ａ", "a", 26)) for i in range(n)}
"""Full-width letters and digits to half-width ones; signs stay, their width tells nothing apart."""
SCANNED = re.compile(r"(?<=[a-z])[01](?=[a-z][a-z])")
"""A digit inside a lower-case word, as scanners read them: `n0dule`, `ves1cle`."""
IRREGULAR = {
    "bullae": "bulla",
    "petechiae": "petechia",
    "naevi": "nevus",
    "nevi": "nevus",
    "comedos": "comedo",
    "comedones": "comedo",
    "comedone": "comedo",
    "axillae": "axilla",
    "striae": "stria",
    "feet": "foot",
    "teeth": "tooth",
    "lice": "louse",
    "mice": "mouse",
    "calves": "calf",
    "vesiculae": "vesicle",
    "papulae": "papule",
    "maculae": "macule",
    "hyphae": "hypha",
    "ulcera": "ulcer",
    "larvae": "larva",
    "verrucae": "verruca",
    "condylomata": "condyloma",
    "fungi": "fungus",
    "bacteria": "bacterium",
    "labia": "labium",
    "nares": "naris",
    "lungs": "lung",
    "thighs": "thigh",
    "children": "child",
    "women": "woman",
    "men": "man",
    "wheal": "weal",
    "wheals": "weal",
    "grey": "gray",
    "sulphur": "sulfur",
    "leucocytosis": "leukocytosis",
    "leucopenia": "leukopenia",
    "calibre": "caliber",
    "pruritis": "pruritus",
}
KEEP_S = ("ss", "us", "is", "as", "os")


class Token(NamedTuple):
    """One folded token and where it stands in the input."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=1)
def simplified_table() -> dict[int, str]:
    """Traditional to simplified and full-width to half-width, character by character, as `str.translate` takes it."""
    lines = resources.files("yingzhi.knowledge").joinpath("traditional.txt").read_text(encoding="utf-8").splitlines()
    traditional, simplified = (line for line in lines if line and not line.startswith("#"))
    table = dict(zip(traditional, simplified, strict=True))
    folded: dict[int, str] = {ord(t): table.get(s, s) for t, s in table.items()}
    return WIDE | folded  # one step further, so that folding twice is folding once


def simplify(text: str) -> str:
    """Fold traditional characters to simplified ones, full-width letters and digits to half-width; the length never changes."""
    return text if text.isascii() else text.translate(simplified_table())


@lru_cache(maxsize=20_000)
def fold_word(word: str) -> str:
    """One English word, lower case, singular, American spelling."""
    word = word.lower().replace("’", "'")
    if word.endswith("'s"):
        word = word[:-2]
    if word in IRREGULAR:
        return IRREGULAR[word]
    if not word.isascii():
        word = word.replace("æ", "ae").replace("œ", "oe")
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    word = _american(_singular(word))
    return IRREGULAR.get(word, word)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 5 and word.endswith("oses"):
        return word[:-2] + "is"
    if len(word) > 4 and word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(KEEP_S):
        return word[:-1]
    return word


def _american(word: str) -> str:
    if len(word) < 5:
        return word
    word = word.replace("oe", "e").replace("ae", "e")
    if word.endswith("our"):
        word = word[:-3] + "or"
    return (
        word.replace("isation", "ization")
        .replace("ised", "ized")
        .replace("ising", "izing")
        .replace("ourless", "orless")
        .replace("oured", "ored")
    )


def tokenize(text: str) -> list[Token]:
    """Split into folded tokens: English words, numbers, single Chinese characters, single other signs."""
    plain = SCANNED.sub(lambda m: "o" if m.group() == "0" else "l", simplify(text))
    found = []
    for match in TOKEN.finditer(plain):
        raw = match.group()
        first = raw[0]
        if "一" <= first <= "鿿":
            folded = raw
        elif first.isascii() or "À" <= first <= "ɏ":
            folded = fold_word(raw) if first.isalpha() else raw
        elif INVISIBLE.match(raw):
            continue
        else:
            folded = unicodedata.normalize("NFKC", raw).lower()
        found.append(Token(folded, match.start(), match.end()))
    return _join_hyphens(found)


def _join_hyphens(tokens: list[Token]) -> list[Token]:
    """Drop a hyphen between words, so that `well-demarcated` reads as two words."""
    return [
        t
        for i, t in enumerate(tokens)
        if not (
            t.text in {"-", "‐", "–"}
            and 0 < i < len(tokens) - 1
            and tokens[i - 1].end == t.start
            and t.end == tokens[i + 1].start
            and tokens[i - 1].text[-1:].isalpha()
            and tokens[i + 1].text[:1].isalpha()
        )
    ]


def fold_phrase(phrase: str) -> str:
    """A phrase as the matcher stores it: folded tokens with a space before, between and after."""
    return " " + " ".join(t.text for t in tokenize(phrase)) + " "


def is_chinese(text: str) -> bool:
    """Whether a text is mainly Chinese: at least one CJK character for every four Latin letters."""
    if text.isascii():
        return False
    han = len(HAN.findall(text))
    return han > 0 and han * 4 >= len(LATIN.findall(text))


def lower_first(name: str) -> str:
    """An English name inside a sentence: "Scaly plaque" becomes "scaly plaque", "VZV PCR" stays."""
    return name[:1].lower() + name[1:] if not name[1:2].isupper() else name
