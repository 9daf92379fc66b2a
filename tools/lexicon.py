"""The lexicon made ready for matching: every wording of every finding, drug and disease in one automaton."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import ahocorasick

from yingzhi.tools.text import Token, fold_phrase, is_chinese

GAP_TOKENS = {"en": 6, "zh": 10}
"""How many tokens may stand between the two parts of an `a .. b` wording."""


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


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A compiled set of wordings."""

    automaton: Any
    """Folded wording -> (tokens, whole entries, ids of gapped wordings it begins, ids of those it ends)."""
    gapped: tuple[tuple[Entry, int], ...] = field(default=())
    """Entry and the greatest gap, by id of the gapped wording."""


def compile_lexicon(wordings: Iterable[tuple[str, Entry]]) -> Lexicon:
    """Build the automaton.

    Args:
        wordings: (wording, what it stands for); a wording may hold one ` .. `.
    """
    whole: dict[str, list[Entry]] = {}
    begins: dict[str, list[int]] = {}
    ends: dict[str, list[int]] = {}
    gapped: list[tuple[Entry, int]] = []
    for wording, entry in wordings:
        first, gap, second = wording.partition(" .. ")
        if gap:
            begins.setdefault(fold_phrase(first), []).append(len(gapped))
            ends.setdefault(fold_phrase(second), []).append(len(gapped))
            gapped.append((entry, GAP_TOKENS["zh" if is_chinese(wording) else "en"]))
            continue
        folded = fold_phrase(wording)
        if folded.strip() and entry not in whole.setdefault(folded, []):
            whole[folded].append(entry)
    automaton = ahocorasick.Automaton()
    for key in {*whole, *begins, *ends}:
        value = (key.count(" ") - 1, tuple(whole.get(key, ())), tuple(begins.get(key, ())), tuple(ends.get(key, ())))
        automaton.add_word(key, value)
    automaton.make_automaton()
    return Lexicon(automaton, tuple(gapped))


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
        entry, reach = lexicon.gapped[number]
        starts = [
            b for b in begun.get(number, ()) if b[1] < first <= b[1] + reach + 1 and not any(i in breaks for i in range(b[1] + 1, first))
        ]
        if starts:
            candidates.append(Match(entry, max(starts)[0], last))
    return _longest(candidates, gapped={m for m in candidates if m.entry in {e for e, _ in lexicon.gapped}})


def _longest(candidates: list[Match], gapped: set[Match]) -> list[Match]:
    """Drop a match that lies within a longer contiguous one; a gapped match hides nothing and is hidden by nothing but itself."""
    taken: list[Match] = []
    covered: dict[int, Match] = {}
    for match in sorted(candidates, key=lambda m: (m.first - m.last, m.first)):
        if match in gapped:
            taken.append(match)
            continue
        over = {covered[i] for i in range(match.first, match.last + 1) if i in covered}
        if any((o.first, o.last) != (match.first, match.last) for o in over):
            continue
        taken.append(match)
        for i in range(match.first, match.last + 1):
            covered[i] = match
    return sorted(set(taken), key=lambda m: (m.first, m.last, m.entry.target))
