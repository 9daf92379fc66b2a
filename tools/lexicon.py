"""The lexicon made ready for matching: every wording of every finding, drug and disease in one automaton."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import ahocorasick
from pydantic import BaseModel

from yingzhi.tools.decoys import DECOYS
from yingzhi.tools.loose import loose_key, loose_places, unpadded
from yingzhi.tools.text import Token, fold_phrase, is_chinese

NOTHING = ""
"""Target of a decoy: it takes its place in the longest match and stands for nothing."""

GAP_TOKENS = {"en": 6, "zh": 10}
"""How many tokens may stand between the two parts of an `a .. b` wording."""
NEAR_TOKENS = {"en": 4, "zh": 6}
"""The same for an `a ~ b` wording, whose gap holds no comma and no word that turns the sense."""
TURNS = re.compile(
    r" (?:[,，:：]|but|however|although|normal|clear|intact|moist|healthy|spared|uninvolved|unaffected|但|而|正 常|完 好|完 整|无 异 常) "
)
"""What stands between `a` and `b` when they don't belong together: "lips normal but face swollen"."""
DRUG = "drug:"
"""Before the id of a drug in the target of a wording."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a wording stands for."""

    target: str
    """Id of a finding, or `disease:<id>`."""
    absent: bool = False
    """Whether the wording by itself says that the finding is not there."""

    @property
    def named(self) -> bool:
        """Whether it is the name of a disease or a drug: read only as written, "spots on the bald head" names no spot baldness."""
        return ":" in self.target


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
    words: frozenset[str] = field(default=frozenset(), repr=False)
    """Every English word of the wordings, folded."""
    loose: dict[str, tuple[Entry, ...]] = field(default_factory=dict, repr=False)
    """What a wording stands for, by its key for loose reading."""


class LexiconTable(BaseModel):
    """A folded lexicon as plain data, to be kept in a file: folding is slow, building the automaton is not."""

    whole: dict[str, list[tuple[str, bool]]]
    """Folded wording -> (target, whether it says absent)."""
    begins: dict[str, list[int]]
    ends: dict[str, list[int]]
    gapped: list[tuple[str, bool, int, bool]]
    """Target, whether it says absent, the greatest gap and whether the parts are near, by id of the gapped wording."""
    loose: dict[str, list[tuple[str, bool]]] = {}
    """The same as `whole`, by the stems of the wording (`tools.loose`)."""


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
        if not entry.named and (key := loose_key(wording)):
            table.loose.setdefault(key, []).append((entry.target, entry.absent))
    for phrase in DECOYS:
        if folded := fold_phrase(phrase).strip():
            table.whole.setdefault(f" {folded} ", [(NOTHING, False)])
    return table


def compile_lexicon(table: LexiconTable) -> Lexicon:
    """Build the automaton."""
    automaton = ahocorasick.Automaton()
    for key in {*table.whole, *table.begins, *table.ends}:
        entries = tuple(Entry(target, absent) for target, absent in table.whole.get(key, ()))
        automaton.add_word(key, (key.count(" ") - 1, entries, tuple(table.begins.get(key, ())), tuple(table.ends.get(key, ()))))
    automaton.make_automaton()
    gapped = tuple((Entry(target, absent), reach, near) for target, absent, reach, near in table.gapped)
    loose = {key: tuple({Entry(target, absent) for target, absent in entries}) for key, entries in table.loose.items()}
    words = frozenset(w for key in (*table.whole, *table.begins, *table.ends) for w in key.split() if w.isascii())
    return Lexicon(automaton, gapped, words, loose)


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
    return sorted({*_longest(candidates, tokens), *gapped}, key=lambda m: (m.first, m.last, m.entry.target, m.entry.absent))


def find_loose(tokens: list[Token], breaks: set[int], lexicon: Lexicon, found: list[Match]) -> list[Match]:
    """Wordings that stand in the text inflected, turned or padded, where no exact match is as long.

    Args:
        tokens: Tokens of one text.
        breaks: Indexes of tokens that end a clause.
        lexicon: Compiled wordings.
        found: Exact matches of the same tokens; those that lie inside a loose one give way to it.

    Returns:
        All matches, exact and loose.
    """
    whole = [m for m in found if m.gap is None]
    read, before = unpadded(tokens)
    candidates = [
        Match(entry, first, last)
        for key, first, last in loose_places(tokens, lexicon.loose)
        for entry in lexicon.loose[key]
        if first != last
    ]
    if len(read) < len(tokens):
        padded = find_matches(read, {i for i, b in enumerate(before) if b in breaks}, lexicon)
        candidates += [Match(m.entry, before[m.first], before[m.last]) for m in padded if m.gap is None and m.last > m.first]
    at: dict[int, list[Match]] = {}  # the matches over each token
    for match in whole:
        _place(match, at)
    exact, taken = set(whole), []
    for match in sorted(candidates, key=lambda m: (m.first - m.last, m.first)):
        rivals = {m for i in range(match.first, match.last + 1) for m in at.get(i, ())}
        inside = all(match.first <= m.first and m.last <= match.last for m in rivals)
        same = any((m.first, m.last) == (match.first, match.last) and m in exact for m in rivals)
        if inside and not same and breaks.isdisjoint(range(match.first, match.last)):
            taken.append(match)
            _place(match, at)
    loose = set(taken)
    hidden = {
        m
        for m in whole
        if not m.entry.target.startswith(DRUG)
        and any(t in loose and (t.first, t.last) != (m.first, m.last) and t.first <= m.first and m.last <= t.last for t in at[m.first])
    }
    return [m for m in found if m not in hidden] + taken


LIGHT = frozenset("有见出起的无不伴及为呈")
"""Characters that often stand before a wording: of two that overlap and are as long, the one that begins with none of them is meant."""


def _place(match: Match, at: dict[int, list[Match]]) -> None:
    for i in range(match.first, match.last + 1):
        at.setdefault(i, []).append(match)


def _longest(candidates: list[Match], tokens: list[Token]) -> list[Match]:
    """Drop a match that overlaps a longer one; gapped matches are not among them, they hide nothing and are hidden by nothing.

    Args:
        candidates: Matches in one text.
        tokens: Its tokens.
    """
    taken: list[Match] = []
    covered: dict[int, Match] = {}
    for match in sorted(candidates, key=lambda m: (m.first - m.last, tokens[m.first].text in LIGHT, m.first)):
        over = [covered[i] for i in range(match.first, match.last + 1) if i in covered]
        if any((o.first, o.last) != (match.first, match.last) for o in over):
            continue
        taken.append(match)
        for i in range(match.first, match.last + 1):
            covered[i] = match
    return taken + _named_inside(candidates, covered)


def _named_inside(candidates: list[Match], covered: dict[int, Match]) -> list[Match]:
    """Names of drugs inside a longer wording of a finding: "days after starting warfarin" tells of warfarin too."""
    found: list[Match] = []
    names = [m for m in candidates if m.entry.target.startswith(DRUG)]
    for match in sorted(names, key=lambda m: m.first - m.last):
        over = covered.get(match.first)  # none where the name only crosses a longer wording
        if over is None or (match.first, match.last) == (over.first, over.last) or over.first > match.first or match.last > over.last:
            continue
        within = any(f.first <= match.first and match.last <= f.last and (f.first, f.last) != (match.first, match.last) for f in found)
        if not within and not over.entry.named and not over.entry.absent and over.entry.target != NOTHING:
            found.append(match)
    return found
