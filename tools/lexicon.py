"""The lexicon made ready for matching: every wording of every finding, drug and disease in one automaton."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import ahocorasick
from pydantic import BaseModel

from yingzhi.tools.text import Token, fold_phrase, is_chinese

GAP_TOKENS = {"en": 6, "zh": 10}
"""How many tokens may stand between the two parts of an `a .. b` wording."""
NEAR_TOKENS = {"en": 4, "zh": 6}
"""The same for an `a ~ b` wording, whose gap holds no comma and no word that turns the sense."""
TURNS = re.compile(
    r" (?:[,，:：]|but|however|although|normal|clear|intact|moist|healthy|spared|uninvolved|unaffected|但|而|正 常|完 好|完 整|无 异 常) "
)
"""What stands between `a` and `b` when they don't belong together: "lips normal but face swollen"."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a wording stands for."""

    target: str
    """Id of a finding, or `disease:<id>`."""
    absent: bool = False
    """Whether the wording by itself says that the finding is not there."""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry found in a token list: tokens `first` to `last`, both included."""

    entry: Entry
    first: int
    last: int
    gap: tuple[int, int] | None = None
    """First and one-past-last token between the parts of a gapped wording where a "not" denies it."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A compiled set of wordings."""

    automaton: Any
    """Folded wording -> (tokens, whole entries, ids of gapped wordings it begins, ids of those it ends)."""
    gapped: tuple[tuple[Entry, int, bool], ...] = field(default=())
    """Entry, the greatest gap and whether the parts are near (`~`), by id of the gapped wording."""


class LexiconTable(BaseModel):
    """A folded lexicon as plain data, to be kept in a file: folding is slow, building the automaton is not."""

    whole: dict[str, list[tuple[str, bool]]]
    """Folded wording -> (target, whether it says absent)."""
    begins: dict[str, list[int]]
    ends: dict[str, list[int]]
    gapped: list[tuple[str, bool, int, bool]]
    """Target, whether it says absent, the greatest gap and whether the parts are near, by id of the gapped wording."""


def fold_wordings(wordings: Iterable[tuple[str, Entry]]) -> LexiconTable:
    """Fold every wording.

    Args:
        wordings: (wording, what it stands for); a wording may hold one ` .. ` or one ` ~ `.
    """
    table = LexiconTable(whole={}, begins={}, ends={}, gapped=[])
    for wording, entry in wordings:
        near = " ~ " in wording
        first, gap, second = wording.partition(" ~ " if near else " .. ")
        if gap:
            table.begins.setdefault(fold_phrase(first), []).append(len(table.gapped))
            table.ends.setdefault(fold_phrase(second), []).append(len(table.gapped))
            reach = (NEAR_TOKENS if near else GAP_TOKENS)["zh" if is_chinese(wording) else "en"]
            table.gapped.append((entry.target, entry.absent, reach, near))
            continue
        folded = fold_phrase(wording)
        listed = table.whole.setdefault(folded, []) if folded.strip() else []
        if (entry.target, entry.absent) not in listed:
            listed.append((entry.target, entry.absent))
    return table


def compile_lexicon(table: LexiconTable) -> Lexicon:
    """Build the automaton."""
    automaton = ahocorasick.Automaton()
    for key in {*table.whole, *table.begins, *table.ends}:
        entries = tuple(Entry(target, absent) for target, absent in table.whole.get(key, ()))
        automaton.add_word(key, (key.count(" ") - 1, entries, tuple(table.begins.get(key, ())), tuple(table.ends.get(key, ()))))
    automaton.make_automaton()
    return Lexicon(automaton, tuple((Entry(target, absent), reach, near) for target, absent, reach, near in table.gapped))


def find_matches(tokens: list[Token], breaks: set[int], lexicon: Lexicon) -> list[Match]:
    """All wordings in a token list, longest first where two overlap.

    Args:
        tokens: Tokens of one text.
        breaks: Indexes of tokens that end a clause; a gapped wording does not reach over them.
        lexicon: Compiled wordings.

    Returns:
        Matches in order of their first token; matches of different length never overlap.
    """
    if not tokens or not len(lexicon.automaton):
        return []
    text = " " + " ".join(t.text for t in tokens) + " "
    at: dict[int, int] = {}
    position = 0
    for index, token in enumerate(tokens):
        at[position] = index
        position += len(token.text) + 1
    candidates: list[Match] = []
    gapped: list[Match] = []
    begun: dict[int, list[tuple[int, int]]] = {}
    ended: list[tuple[int, int, int]] = []
    for end, (size, entries, begins, ends) in lexicon.automaton.iter(text):
        last = at.get(end, len(tokens)) - 1
        first = last - size + 1
        candidates += [Match(e, first, last) for e in entries]
        for number in begins:
            begun.setdefault(number, []).append((first, last))
        ended += [(number, first, last) for number in ends]
    for number, first, last in ended:
        entry, reach, near = lexicon.gapped[number]
        starts = [
            b for b in begun.get(number, ()) if b[1] < first <= b[1] + reach + 1 and not any(i in breaks for i in range(b[1] + 1, first))
        ]
        if starts:
            start, end = max(starts)
            if near and TURNS.search(" " + " ".join(t.text for t in tokens[end + 1 : first]) + " "):
                continue
            denied_from = end + 1 if near else max(end + 1, first - 2)  # far apart, only a "not" just before the second part denies it
            gapped.append(Match(entry, start, last, (denied_from, first)))
    return sorted({*_longest(candidates), *gapped}, key=lambda m: (m.first, m.last, m.entry.target, m.entry.absent))


def _longest(candidates: list[Match]) -> list[Match]:
    """Drop a match that overlaps a longer one; gapped matches are not among them, they hide nothing and are hidden by nothing."""
    taken: list[Match] = []
    covered: dict[int, Match] = {}
    for match in sorted(candidates, key=lambda m: (m.first - m.last, m.first)):
        over = [covered[i] for i in range(match.first, match.last + 1) if i in covered]
        if any((o.first, o.last) != (match.first, match.last) for o in over):
            continue
        taken.append(match)
        for i in range(match.first, match.last + 1):
            covered[i] = match
    return taken
