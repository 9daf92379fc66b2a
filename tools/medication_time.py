"""Whether a note says that a drug was stopped, and how long ago: the word has to be that drug's, and not a plan, a denial or a pause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from yingzhi.tools import medication_words as words
from yingzhi.tools.durations import read_durations
from yingzhi.tools.extraction import Mention
from yingzhi.tools.text import simplify

Standing = Literal["taken", "kept", "named", "stopped"]
"""taken = it is said to go on; kept = that it is stopped is denied or planned; named = nothing is said; stopped = it was given up."""
NEAR, BACK = 110, 80
"""Characters behind and before a name that are looked at."""
AROUND = 8
"""Mentions on either side that may share a list or a sentence with one."""
LONG = 365.0
"""Days from which on `3 years ago she had been on it` is taken for when it ended."""
_END = re.compile(r"[。；;！!？?\n]|\.(?=\s|$)")
_COMMA = re.compile(r"[，,、:：(（)）]")


@dataclass(frozen=True, slots=True)
class Course:
    """What one mention says of a drug's course."""

    standing: Standing
    days: float | None = None
    """Days since the last dose, where the words say so."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A mention in its sentence."""

    text: str
    left: int
    """Where the sentence begins, or `BACK` before the name."""
    start: int
    end: int
    right: int
    """Where the sentence ends, or `NEAR` behind the name."""
    stop: int
    """Where the next drug is named that this one shares no list with, or `right`."""
    beyond: int
    """Where the next drug is named, in whatever sentence, at most `BEYOND` behind this one: up to there it may be taken up again."""
    followed: bool
    """Whether a drug is named at `beyond`."""
    last: int
    """Where the last drug ends of a list that this one begins ("X and Y were stopped"); `end` without a list."""


def read_courses(text: str, drugs: Sequence[Mention]) -> list[Course]:
    """Judge every mention of a drug.

    Args:
        text: The note.
        drugs: Every mention of a drug in it, in order of place: a word of stopping behind one may be the next one's.

    Returns:
        One a mention: `stopped` only where the words say it of this drug; a plan to stop, a denial of it, or a drug taken up again is not.
    """
    plain = simplify(text)
    return [_course(plain, mention, drugs[max(0, i - AROUND) : i + AROUND + 1]) for i, mention in enumerate(drugs)]


def _course(plain: str, mention: Mention, drugs: Sequence[Mention]) -> Course:
    at = _place(plain, mention, drugs)
    if _spared(at):
        return Course("kept")
    if (told := _behind(at) or _lead(at, mention, drugs)) is not None:
        return Course("kept") if told.standing == "stopped" and _open(at) else told
    before = at.text[at.left : at.start]
    conditional = words.CONDITION_EN.search(before) is not None
    if words.TO_STOP_EN.search(before) or ((found := words.STOPS_EN.match(at.text, at.end)) and (conditional or " be " in found.group())):
        return Course("kept")
    return Course("taken" if words.TAKEN_EN.search(before) or words.TAKEN_ZH.search(before) else "named")


def _place(plain: str, mention: Mention, drugs: Sequence[Mention]) -> _Place:
    begins = [m.end() for m in _END.finditer(plain, max(0, mention.start - BACK), mention.start)]
    left = begins[-1] if begins else max(0, mention.start - BACK)
    over = _END.search(plain, mention.end, mention.end + NEAR)
    right = over.start() if over else min(len(plain), mention.end + NEAR)
    last, stop = mention.end, right
    for other in drugs:
        if other.start < mention.end or other.start >= right:
            continue
        if words.LIST.fullmatch(plain, last, other.start) is None:
            stop = other.start
            break
        last = other.end
    if over is not None and stop == right and (following := words.NEXT.match(plain, right)) is not None:
        end = _END.search(plain, following.end(), following.end() + NEAR)
        named = next((m.start for m in drugs if m.start >= right), len(plain))
        right = stop = min(named, end.start() if end else following.end() + NEAR)
    named, reach = next((m.start for m in drugs if m.start >= last), len(plain) + 1), min(len(plain), right + words.BEYOND)
    return _Place(plain, left, mention.start, mention.end, right, stop, min(named, reach), named <= reach, last)


def _spared(at: _Place) -> bool:
    """Whether it is the exception: "all but methotrexate were stopped"."""
    before, (lead, tail) = at.text[at.left : at.start], words.SPARED_ZH
    return bool(words.SPARED.search(before) or (lead.search(before) and tail.match(at.text, at.last, at.right)))


def _open(at: _Place) -> bool:
    """Whether it is asked or not known that it was stopped, or whether that was for a while only."""
    asked = at.text[at.right : at.right + 1] in ("?", "？")
    clause = _COMMA.split(at.text[at.left : at.start])[-1] + at.text[at.start : at.end] + _COMMA.split(at.text[at.end : at.stop])[0]
    return asked or bool(words.DOUBT_EN.search(at.text[at.left : at.start]) or words.PAUSE.search(clause))


def _planned(at: _Place, start: int, kind: str | None = None) -> bool:
    """Whether a Chinese word of stopping, or of a change, at `start` is a plan, a wish or a condition that nothing says came true."""
    if kind == "switch" and _planned(at, at.start):
        return True  # 拟停甲氨蝶呤，换用阿达木单抗
    before = at.text[at.left : start]
    found = words.PLAN_ZH.search(before)
    if found is None:
        return False
    clause = before[found.start() :] if found["far"] else _COMMA.split(before)[-1]
    return words.DONE_ZH.search(clause) is None


def _lead(at: _Place, mention: Mention, drugs: Sequence[Mention]) -> Course | None:
    """What stands before the name, or before the first of a list that it belongs to."""
    head = at.start
    for other in sorted((m for m in drugs if at.left <= m.start and m.end <= at.start), key=lambda m: -m.start):
        if words.LIST.fullmatch(at.text, other.end, head) is None:
            break
        head = other.start
    if head < at.start and words.BEGUN.match(at.text, mention.end):
        return None
    before = at.text[at.left : head]
    found = words.STOP_BEFORE_EN.search(before) or words.STOP_BEFORE_ZH.search(before)
    if found is None:
        return None
    lead = before[: found.start()]
    if words.OPEN_EN.search(lead) or words.OPEN_ZH.search(lead) or (found["past"] is None and _planned(at, at.left + found.start())):
        return Course("kept") if found["past"] is None else None  # "never previously on it" is for the denial to say
    goes_on = words.GOES_ON.search(at.text, at.end, at.stop)
    if (goes_on and not _next_drug_follows(at, goes_on.end())) or _again(at, at.end):
        return Course("taken")
    days = _days(at, at.left + found.start(), at.end)
    if found["stop"] is None and days is not None and days < LONG:
        days = None  # when it was taken, not when it ended
    return Course("stopped", days)


def _behind(at: _Place) -> Course | None:
    """What stands behind the name, up to the next drug."""
    if words.CONDITION_EN.search(at.text, at.left, at.start) and words.STOPS_EN.match(at.text, at.last):
        return Course("kept")
    for pattern, own in ((words.STOP_AFTER_EN, _own_english), (words.STOP_AFTER_ZH, _own_chinese)):
        for found in pattern.finditer(at.text, at.last, at.stop):
            between = at.text[at.last : found.start()]
            if not own(at, found, between) or (at.last > at.end and not words.ALL.search(between + found.group())):
                continue
            if words.OPEN_EN.search(between) or words.OPEN_ZH.search(between) or _planned(at, found.start(), found.lastgroup):
                return Course("kept")
            return Course("taken") if _again(at, found.end()) else Course("stopped", _days(at, found.start(), found.end()))
    return None


def _next_drug_follows(at: _Place, end: int) -> bool:
    """Whether the next drug is the object of a word that ends there: "and stopped ciclosporin"."""
    return (
        at.followed
        and re.fullmatch(
            r"\s*(?:(?!it\b|and\b|but\b)\w+\s+){0,3}"
            r"|[口服注射皮下外用使了的其原该 ]{0,6}",
            at.text[end : at.beyond],
        )
        is not None
    )


def _own_english(at: _Place, found: re.Match[str], between: str) -> bool:
    if found.lastgroup == "switch":
        return _next_drug_follows(at, found.end()) and not re.search(r"\bdose\b", between)
    before = at.text[at.left : at.start]
    if found.lastgroup == "until" and not words.COURSE_EN.search(before):
        return False
    if found.lastgroup != "passive" and _next_drug_follows(at, found.end()):
        return False
    pieces = words.CUT_EN.split(words.OPEN_EN.sub("", between))
    if words.FREE_EN.fullmatch(pieces[-1]):
        return True
    return len(pieces) == 1 and found.lastgroup == "passive" and not words.UNDER_EN.search(before)


def _own_chinese(at: _Place, found: re.Match[str], between: str) -> bool:
    if found.lastgroup == "switch":
        return _next_drug_follows(at, found.end())
    if found.lastgroup == "stop":
        following = at.text[found.end() : found.end() + 1]
        other = "一" <= following <= "鿿" and not words.AFTER_OBJECT_ZH.match(following)
        if _next_drug_follows(at, found.end()) or other or words.OTHERS_ZH.match(at.text, found.end()):
            return False
    if words.ALWAYS_ZH.match(at.text, found.end()):
        return False
    return not words.OTHERS_ZH.search(_COMMA.split(between)[-1])


def _again(at: _Place, after: int) -> bool:
    """Whether it is said that it was taken up again, in this sentence or right behind it, and not of the next drug."""
    found = words.AGAIN_EN.search(at.text, after, at.beyond) or words.AGAIN_ZH.search(at.text, after, at.beyond)
    return found is not None and not _next_drug_follows(at, found.end())


def _days(at: _Place, start: int, end: int) -> float | None:
    """Days since a word of stopping from `start` to `end`: a time with `ago` in its clause, or right behind it how long it has been."""
    cuts = [m.end() for m in _COMMA.finditer(at.text, max(0, start - 40), start)]
    left = max(at.left, cuts[-1] if cuts and not _leads(at.text[max(0, start - 40) : start]) else start - 40, 0)
    cut = _COMMA.search(at.text, end, at.right)
    right = cut.start() if cut else at.right
    piece = at.text[left:right]
    found: list[tuple[float, float]] = []
    for one in read_durations(piece):
        a, b = left + one.start, left + one.end
        dated = words.AGO.match(at.text, b) or words.NAMED_TIME.search(at.text, a, b)
        lasts = a >= end and words.LASTS.fullmatch(at.text, end, a)
        if dated or lasts:
            found.append((min(abs(a - end), abs(start - b)), one.value))
    if found:
        return round(min(found)[1], 1)
    told = [d.value for d in read_durations(at.text[at.left : start]) if words.AGO.match(at.text, at.left + d.end)]
    return round(min(told), 1) if told and min(told) >= LONG else None  # years ago at the head of the sentence: the course was then


def _leads(before: str) -> bool:
    """Whether a time with its own comma opens the clause: "3 months ago, she"."""
    return bool(re.search(r"(?:ago|前)[，,][^，,]{0,12}$", before))


__all__ = ["Course", "Standing", "read_courses"]
