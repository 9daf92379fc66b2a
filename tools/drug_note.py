"""What a note says that only drug rules ask for: weight, QTc, work, a wish for a child, conditions that the lexicon has no finding for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import ahocorasick  # type: ignore[import-not-found, unused-ignore]

from yingzhi.tools.formulary import Formulary
from yingzhi.tools.lexicon import NOTHING, Entry, Lexicon, compile_lexicon, find_matches, fold_wordings
from yingzhi.tools.scope import Scope, read_scope, sentence_bounds, settled
from yingzhi.tools.text import simplify, tokenize

NOW = frozenset({"driving", "outdoor-work", "fertility-wish", "planned-surgery", "live-vaccine-planned"})
"""Conditions that count only while they last."""
READ = NOW | frozenset(
    {"aspirin-asthma", "bleeding-disorder", "child-pugh-b", "child-pugh-c", "coronary-disease", "demyelinating-disease", "dpd-deficiency",
     "g6pd-deficiency", "heart-block", "hepatic-encephalopathy", "long-qt", "myasthenia-gravis", "nudt15-deficiency", "peptic-ulcer",
     "porphyria", "raised-intracranial-pressure", "retinal-disease", "tpmt-deficiency", "urinary-retention"}
)  # fmt: skip
"""Conditions whose names are read. Left out are those that a note names without the patient having them: a test (`G6PD`), a screening."""
BROAD = frozenset({"g6pd", "dpyd variant", "porphyria", "卟啉病", "卟啉症"})
"""Names that a note gives to a test, or to a disease of which only one kind is meant (the acute porphyrias)."""
SHORTEST = 4
"""Letters; a shorter English name is an abbreviation of several things."""
KILOGRAM = {"kg": 1.0, "公斤": 1.0, "千克": 1.0, "斤": 0.5, "lb": 0.45359237, "lbs": 0.45359237, "pounds": 0.45359237}
ADULT = 18.0
LIGHTEST_ADULT, LIGHTEST, HEAVIEST = 25.0, 0.5, 300.0
"""kg; a weight outside is a slip, or not the patient's."""

_WEIGHT = re.compile(
    r"(?<!出生)(?<!生时)[体體]重\s*(?:约|為|为|是|:|：)?\s*(\d{1,3}(?:\.\d+)?)\s*(kg|公斤|千克|斤)"
    r"|(?<!birth )\b(?:weigh(?:s|ing|ed|t)?|body weight|wt)\b\s*(?:is|of|about|:|=|,)?\s*(\d{1,3}(?:\.\d+)?)\s*(kg|lbs?|pounds)\b",
    re.IGNORECASE,
)
_QTC = re.compile(r"\bQTc[BF]?\s*(?:interval|间期)?\s*(?:of|is|was|为|:|：|=)?\s*([2-7]\d\d)\s*(?:ms|毫秒)?(?!\d)", re.IGNORECASE)
_NOT_NOW = re.compile(
    r"(?:\bretired|\bformer(?:ly)?|\bex-)\s*(?:an?\s+)?(?:\w+\s+)?$|退休(?:前|的)?$|(?:原|曾)(?:是|为|任|当)?$|非$"
    r"|(?:父亲|母亲|丈夫|妻子|爱人|配偶|儿子|女儿|哥哥|弟弟|姐姐|妹妹|家属|同事|朋友)[^,，。;；]{0,8}$"
    r"|\b(?:father|mother|husband|wife|partner|son|daughter|brother|sister|parents?|friend|colleague)\b[^,.;]{0,16}$",
    re.IGNORECASE,
)
"""Before the name of a work: it is over, denied, or another person's."""
_SENTENCE = re.compile(r"[^。；;！!？?\n]*?(?:[。；;！!？?\n]|\.(?=\s|$)|$)")


@dataclass(frozen=True, slots=True)
class NoteFacts:
    """Facts of one note; None and empty = the note does not say."""

    weight_kg: float | None = None
    qtc_ms: float | None = None
    present: tuple[str, ...] = ()
    """Ids of conditions that the patient has."""
    absent: tuple[str, ...] = ()
    """Ids of conditions that the note denies; never one that only a test can deny."""


def read_note(text: str, age: float | None, formulary: Formulary) -> NoteFacts:
    """Read a note.

    Args:
        text: Chinese, English or both.
        age: Years, to tell an adult's weight from a child's.
        formulary: For the names of conditions.
    """
    present: dict[str, None] = {}
    absent: dict[str, None] = {}
    for condition, scope in _named(simplify(text), formulary):
        if scope.experiencer != "patient" or scope.hypothetical or scope.status == "uncertain":
            continue
        if scope.status == "absent":
            if not formulary.conditions[condition].tested:
                absent[condition] = None
        elif scope.temporality == "current" or condition not in NOW:
            present[condition] = None
    lower = text.lower()
    weight = _weight(text, age) if any(word in lower for word in ("体重", "體重", "weigh", "wt")) else None
    return NoteFacts(weight, read_qtc(text), tuple(present), tuple(c for c in absent if c not in present))


def _weight(text: str, age: float | None) -> float | None:
    found = {round(float(m[1] or m[3]) * KILOGRAM[(m[2] or m[4]).lower()], 2) for m in _WEIGHT.finditer(text)}
    least = LIGHTEST_ADULT if age is not None and age >= ADULT else LIGHTEST
    likely = [kilograms for kilograms in found if least <= kilograms <= HEAVIEST]
    return likely[0] if len(found) == len(likely) == 1 else None


def read_qtc(text: str) -> float | None:
    """The longest QTc that a text gives, in ms: of several, the one that a drug rule has to mind."""
    if "qtc" not in text.lower():
        return None
    return max((float(m[1]) for m in _QTC.finditer(text)), default=None)


@lru_cache(maxsize=4)
def _words(formulary: Formulary) -> tuple[Any, Lexicon]:
    """Names of the conditions that are read, as an automaton for a quick look (in lower case) and as a lexicon."""
    named: list[tuple[str, str]] = []
    for condition in sorted(READ & formulary.conditions.keys()):
        record = formulary.conditions[condition]
        for word in (record.names.en, record.names.zh, *record.aliases.en, *record.aliases.zh):
            if word.lower() not in BROAD and not (word.isascii() and len(word) < SHORTEST):
                named.append((word, condition))
    quick = ahocorasick.Automaton()
    for word, _ in named:
        quick.add_word(word.lower(), word)
    quick.make_automaton()
    return quick, compile_lexicon(fold_wordings((word, Entry(f"condition:{c}")) for word, c in named))


def _named(text: str, formulary: Formulary) -> Iterator[tuple[str, Scope]]:
    """Every condition named, and how it is meant; only sentences that hold a name are looked into."""
    quick, lexicon = _words(formulary)
    if next(quick.iter(text.lower()), None) is None:
        return
    for sentence in _SENTENCE.findall(text):
        if next(quick.iter(sentence.lower()), None) is None:
            continue
        tokens = tokenize(sentence)
        bounds = sentence_bounds(tokens, sentence)
        found = [m for m in find_matches(tokens, {end - 1 for _, end in bounds}, lexicon) if m.entry.target != NOTHING]
        plain = settled(tokens, ((m.first, m.last) for m in found))
        for match in found:
            inside = next(b for b in bounds if b[0] <= match.first < b[1])
            condition = match.entry.target.removeprefix("condition:")
            if condition in NOW and _NOT_NOW.search(sentence, 0, tokens[match.first].start):
                continue
            yield condition, read_scope(plain, match.first, match.last, inside)


__all__ = ["NoteFacts", "read_note", "read_qtc"]
