"""What a sentence says about a match: there, not there, suspected; of whom; now or in the past.

Cue words (`tools.cues`) act inside their sentence, up to a word that ends their reach. A denial crosses a comma only along a list:
"no fever, chills or sweats" denies all three, "not itchy, patchy hair loss" only the itch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from yingzhi.tools.cues import (
    EN_AFTER,
    EN_ASSERTS,
    EN_DID,
    EN_DOUBT_AFTER,
    EN_FAMILY,
    EN_FAMILY_VERB,
    EN_GOES_ON,
    EN_HYPO,
    EN_HYPO_FAR,
    EN_LIST_END,
    EN_LISTED_KIN,
    EN_LONG_AGO,
    EN_MATERNAL,
    EN_MAYBE,
    EN_NEW_CLAUSE,
    EN_NEXT_EVENT,
    EN_NO,
    EN_NO_END,
    EN_NO_FALSE,
    EN_NO_LOCAL,
    EN_NOW,
    EN_OVER,
    EN_PAST,
    EN_PAST_AFTER,
    EN_PAST_FALSE,
    EN_REACTION,
    EN_SPEAKS,
    EN_TO_DO,
    EN_TWICE,
    ZH_AFTER,
    ZH_ASSERTS,
    ZH_CHILDHOOD,
    ZH_COUNTED,
    ZH_DENY,
    ZH_DOUBT_AFTER,
    ZH_FAMILY,
    ZH_FAMILY_VERB,
    ZH_GOES_ON,
    ZH_HYPO,
    ZH_HYPO_FAR,
    ZH_LISTED_KIN,
    ZH_LONG_AGO,
    ZH_MAYBE,
    ZH_NO,
    ZH_NO_END,
    ZH_NO_FALSE,
    ZH_NOW,
    ZH_OVER,
    ZH_PAST,
    ZH_REACTION,
    ZH_SPEAKS,
    ZH_TWICE,
    ZH_UNTOLD,
)
from yingzhi.tools.pregnancy import is_elsewhere
from yingzhi.tools.text import Token

SENTENCE_END = {"。", "；", ";", "！", "!", "？", "?"}
COMMA = {",", "，"}


SETTLED = frozenset(["absent", "negative"])
DENIALS = SETTLED | {"no", "not", "without", "never", "不", "无", "未", "没"}
FARTHEST = 150
"""Tokens back from a match that are looked at: no cue reaches further, and a note may be one sentence of 100,000 characters."""


@dataclass(frozen=True, slots=True)
class Scope:
    """How a match is meant."""

    status: Literal["present", "absent", "uncertain"] = "present"
    experiencer: Literal["patient", "family"] = "patient"
    temporality: Literal["current", "past"] = "current"
    hypothetical: bool = False
    remote: bool = False
    """Whether the sentence sets it months or years ago as an event with a cause and nothing says that it went on: an old reaction."""
    twice: bool = False
    """Whether the denial stands just before the match: before a wording that itself denies, it affirms."""


def sentence_bounds(tokens: list[Token], text: str) -> list[tuple[int, int]]:
    """First and one-past-last token index of each sentence; a line break ends one, a full stop only before a space or the end."""
    bounds: list[tuple[int, int]] = []
    start = 0
    for i, token in enumerate(tokens):
        following = text[token.end : tokens[i + 1].start] if i + 1 < len(tokens) else "\n"
        stop = token.text in SENTENCE_END or "\n" in following or (token.text in {".", "．"} and bool(following))
        if stop:
            bounds.append((start, i + 1))
            start = i + 1
    if start < len(tokens):
        bounds.append((start, len(tokens)))
    return bounds


def settled(tokens: list[Token], wordings: Iterable[tuple[int, int]]) -> list[Token]:
    """The tokens with the denials inside a wording blotted out: "itching without a rash, fever" denies no fever.

    Args:
        tokens: Tokens of the text.
        wordings: First and last token index of wordings that say what is there. One that begins with a denial keeps it, since the
            list after it mostly shares it ("no sweating or tears").
    """
    out = list(tokens)
    for first, last in wordings:
        for i in range(first, last + 1):
            word = tokens[i].text
            if word in SETTLED if i == first else word in DENIALS:
                out[i] = tokens[i]._replace(text="_")
    return out


def read_scope(tokens: list[Token], first: int, last: int, bounds: tuple[int, int], gap: tuple[int, int] | None = None) -> Scope:
    """Judge one match from the words around it in its sentence, and from those between its parts.

    Args:
        tokens: Tokens of the text.
        first: Index of the match's first token.
        last: Index of its last token.
        bounds: The sentence's first and one-past-last token index.
        gap: First and one-past-last token index between the parts of the match ("lips [are not] swollen").
    """
    before = _joined(tokens, max(bounds[0], first - FARTHEST), first, spaced=True)
    after = _joined(tokens, last + 1, min(bounds[1], last + 15))
    chinese = any("一" <= t.text[0] <= "鿿" for t in tokens[first : last + 1]) or (
        not before.strip().isascii() and "一" <= tokens[max(first - 1, bounds[0])].text[0] <= "鿿"
    )
    named = _joined(tokens, first, last + 1)
    scope = _chinese_scope(before, named, after) if chinese else _english_scope(before, named, after)
    if is_elsewhere(before, named, after):
        return replace(scope, hypothetical=True)  # for a kind of finding that "history of" does not put into the past
    if scope.status == "absent" and tokens[first].text in DENIALS and not scope.twice:
        scope = replace(scope, status="present")  # "did not itch and gave no symptoms": a wording that itself denies is not denied twice
    if gap is None or scope.status == "absent":
        return scope
    between = _joined(tokens, *gap)
    denied = _chinese_negated(ZH_NO_FALSE.sub("_", between)) if chinese else EN_NO.search(EN_NO_FALSE.sub(" _ ", between))
    return replace(scope, status="absent") if denied else scope


def _joined(tokens: list[Token], first: int, last: int, spaced: bool = False) -> str:
    words = [t.text for t in tokens[first:last]]
    if spaced:  # a blank between Chinese words stands for a comma: "无突起 压之褪色"
        blanks = _blanks(tokens, first, last)
        words = [f"{w} ，" if first + i in blanks else w for i, w in enumerate(words)]
    return " " + " ".join(words) + " "


def _blanks(tokens: list[Token], first: int, last: int) -> set[int]:
    """Chinese tokens before a blank, where two or more stand together on both sides of it."""

    def run(i: int) -> bool:
        return (
            0 <= i < len(tokens) - 1 and all("一" <= tokens[k].text[0] <= "鿿" for k in (i, i + 1)) and tokens[i].end == tokens[i + 1].start
        )

    return {i for i in range(first, min(last, len(tokens) - 2)) if tokens[i].end < tokens[i + 1].start and run(i - 1) and run(i + 1)}


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    position = 0
    while match := pattern.search(text, position):
        found, position = match, match.start() + 1
    return found


def _english_scope(before: str, named: str, after: str) -> Scope:
    masked = EN_NO_FALSE.sub(" _ ", EN_TO_DO.sub(" _ ", before))
    cue = _last(EN_NO, masked)
    absent = (cue is not None and _english_reach(cue, named, after)) or bool(EN_AFTER.match(after))
    near = f" {' '.join(before.split()[-6:])} "
    maybe = bool(EN_MAYBE.search(near) or EN_DOUBT_AFTER.match(after) or EN_TO_DO.search(before)) or near.endswith(" ? ")
    past = _english_past(before) or EN_PAST_AFTER.match(after) or EN_OVER.match(after)
    return Scope(
        status="absent" if absent else "uncertain" if maybe else "present",
        experiencer="family" if _english_family(before, named) else "patient",
        temporality="past" if past else "current",
        hypothetical=bool(EN_HYPO.search(near) or EN_HYPO_FAR.search(before)),
        remote=_remote(before, after, EN_LONG_AGO, EN_GOES_ON, EN_REACTION),
        twice=bool(EN_TWICE.search(before)),
    )


def _english_family(before: str, named: str) -> bool:
    """A relative is named and what the relative has; the verb may stand in the wording itself ("has psoriasis")."""
    kin = _last(EN_FAMILY, before + named[1:])
    if kin is None or kin.start() >= len(before):
        return False
    since = before[kin.start() :]
    if EN_LISTED_KIN.search(since) or ("mother" in kin.group() and EN_MATERNAL.search(since)):
        return True
    return bool(EN_FAMILY_VERB.search((before + named[1:])[kin.start() :])) and not EN_SPEAKS.search(since)


def _english_past(before: str) -> bool:
    past = _last(EN_PAST, before)
    if past is None or EN_PAST_FALSE.search(before[max(0, past.start() - 12) : past.end()]):
        return False
    return not EN_NOW.search(before[past.end() - 1 :])


def _english_reach(denial: re.Match[str], named: str, after: str) -> bool:
    """Whether a negation still holds after the words between it and the match."""
    cue, between = denial.group(), denial.string[denial.end() - 1 :]
    if EN_NO_END.search(between):
        return False
    if EN_DID.search(denial.string[: denial.start() + 1]) and EN_NEXT_EVENT.search(f"{between.rstrip()}{named}"):
        return False
    pieces = re.split(r" [,，:] ", between)
    if len(pieces) == 1:
        return len(between.split()) <= 7 and not re.search(
            r" (?:with|at|has|have|had|show|showed|reveal|revealed|demonstrated?) ", between[3:]
        )
    if not all(len(p.split()) <= 6 for p in pieces) or any(EN_NEW_CLAUSE.search(f" {p} ") for p in pieces[1:]):
        return False
    rest = re.split(r" [,，:;.] ", after)  # what is left of the match's own piece, and the pieces after it
    if EN_ASSERTS.search(named) or EN_ASSERTS.search(f" {rest[0].strip()} "):
        return False
    if any(EN_LIST_END.search(f" {p} ") for p in pieces[1:-1]):  # "no pain, scale or scars, hairs of all lengths": the list is over
        return False
    listed = EN_LIST_END.search(" ".join(pieces[1:])) or EN_LIST_END.search(f" {' '.join(rest)} ")
    if EN_NO_LOCAL.match(cue):
        return bool(re.search(r" n?or ", between + named + " ".join(rest)))
    return bool(listed) or all(len(p.split()) <= 3 for p in (*pieces, named + rest[0], *rest[1:]))


def _chinese_scope(before: str, named: str, after: str) -> Scope:
    clause = re.split(r"[，,]", before)[-1]
    absent = _chinese_negated(ZH_NO_FALSE.sub("_", before), after) or bool(ZH_AFTER.match(after))
    maybe = bool(ZH_MAYBE.search(clause)) or after.strip().startswith(ZH_DOUBT_AFTER)
    return Scope(
        status="absent" if absent else "uncertain" if maybe else "present",
        experiencer="family" if _chinese_family(before, named + after) else "patient",
        temporality="past" if _chinese_past(before) or ZH_OVER.match(after) else "current",
        hypothetical=bool(ZH_HYPO.search(clause) or ZH_HYPO_FAR.search(before)),
        remote=_remote(before, after, ZH_LONG_AGO, ZH_GOES_ON, ZH_REACTION),
        twice=bool(ZH_TWICE.search(before)),
    )


def _chinese_negated(masked: str, after: str = "") -> bool:
    """Whether the last negation reaches the end of `masked`; one that denies reaches over commas."""
    cue = _last(ZH_NO, masked)
    if cue is None:
        return False
    between = masked[cue.end() :]
    deny = bool(ZH_DENY.match(cue.group()))
    if cue.group().endswith("诉") and ZH_UNTOLD.match(between):
        return False
    size = len(between.split())
    if ZH_NO_END.search(between) or size > (60 if deny else 24) or (cue.group() == "不" and size > 3):
        return False
    crossed = any(c in between for c in COMMA)
    return not crossed or (deny and not ZH_ASSERTS.match(after))


def _chinese_family(before: str, after: str) -> bool:
    """A relative is named and close by, what the relative has; not: a relative tells of the patient."""
    kin = _last(ZH_FAMILY, before)
    if kin is None or ZH_SPEAKS.search(before[kin.end() :]):
        return False
    return (
        "家 族" in kin.group()
        or bool(ZH_LISTED_KIN.match(before[kin.end() :]))
        or bool(ZH_FAMILY_VERB.search(before[kin.end() : kin.end() + 14] + after[:4]))
    )


def _remote(before: str, after: str, ago: re.Pattern[str], goes_on: re.Pattern[str], reaction: re.Pattern[str]) -> bool:
    if not (ago.search(before) or ago.search(after)):
        return False
    return bool(reaction.search(before + after)) and not goes_on.search(before + after)


def _chinese_past(before: str) -> bool:
    before = ZH_COUNTED.sub("_", before)
    past = ZH_PAST.search(before) or ZH_CHILDHOOD.search(before)
    return past is not None and not ZH_NOW.search(before[past.end() :])
