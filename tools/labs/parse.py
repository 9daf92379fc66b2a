"""Reads laboratory results out of a report slip or a note."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from yingzhi.clinical.lab import LabResult
from yingzhi.clinical.words import Sex, Span
from yingzhi.tools.labs.build import build, choose
from yingzhi.tools.labs.derived import add_derived
from yingzhi.tools.labs.scan import Reading, read_behind
from yingzhi.tools.labs.table import Hit, LabTable, find_names
from yingzhi.tools.labs.units import fold

WINDOW = 90
"""How many characters behind a name are read at most."""
CLAUSE_END = re.compile(r"[。;\n]")
NEXT_LINE = re.compile(r"[ :|]*\n[ \n]*(?=[<>+±(]?\s*\d|阳|阴|弱阳|↑|↓|pos|neg|\([+-])")
SAME_THING = re.compile(r"[ (\[/:=-]{0,3}")
LISTED = re.compile(r"\s*(?:[、,，/&+]|and|or|和|与|及|以及|、?和)?\s*(?:and|or)?\s*")
BEFORE = re.compile(
    r"(?:^|[^a-z])(?P<not>not |no |without |non-)?(?P<word>elevated|raised|increased|high|low|decreased|reduced"
    r"|normal|positive|negative|reactive|nonreactive)"
    r"(?: (?:for|serum|plasma|total|fasting|peripheral|blood|levels? of|titers? of|titres? of|a|an|the))*\s*$"
)
SHARE_BEFORE = re.compile(r"(?<![\d.])(?P<num>\d{1,3}(?:\.\d+)?) ?% ?(?:of )?$")
BEFORE_MEANS = {
    "elevated": "high", "raised": "high", "increased": "high", "high": "high", "low": "low", "decreased": "low", "reduced": "low",
    "normal": "normal", "positive": "positive", "reactive": "positive", "negative": "negative", "nonreactive": "negative",
}  # fmt: skip
SOMEONE_ELSE = re.compile(
    r"(?:母亲|父亲|父母|其母|其父|配偶|丈夫|妻子|爱人|性伴侣?|家属|家人|女友|男友|儿子|女儿|孩子|哥哥|弟弟|姐姐|妹妹"
    r"|(?<![a-z])(?:mother|father|parents?|wife|husband|spouse|partner|brother|sister|son|daughter|contact))(?:'s)?[^。;,，\n]{0,14}$"
)
SUPPOSED = re.compile(r"(?:如果|倘若|若|如(?!下|上|图)|(?<![a-z])if|(?<![a-z])should)[^。;\n]{0,14}$")


@dataclass(slots=True)
class _Place:
    hit: Hit
    start: int
    reading: Reading


def parse_labs(text: str, sex: Sex, age_years: float | None, knowledge: LabTable, source: str = "note") -> list[LabResult]:
    """Read every laboratory result of a text.

    Args:
        text: A slip, a table or a note, in Chinese, English or both.
        sex: For the reference interval and eGFR.
        age_years: Age in years; None is read as adult, and the result says so.
        knowledge: From `compile_labs`.
        source: What the spans are offsets into: `note` or `report:<n>`.

    Returns:
        Results in order of place, then the computed ones. Spans slice `text` back to what was read. A value that is
        impossible, or has no unit where it needs one, is there with `problem` set and no finding.
    """
    folded = fold(text)
    places = _read_places(text, folded, knowledge)
    _share_words(folded, places, knowledge)
    results: list[LabResult] = []
    wbc_seen = False
    for place in places:
        reading = place.reading
        if reading.alien or reading.skip or reading.empty or _not_the_patients(folded, place.hit.start):
            continue
        chosen = choose(place.hit, reading, knowledge, wbc_seen)
        if chosen is None:
            continue
        end = max(reading.end, place.hit.end)
        span = Span(source=source, start=place.start, end=end, text=text[place.start : end])
        results.append(build(reading, chosen, sex, age_years, wbc_seen, span))
        wbc_seen = wbc_seen or chosen.record.id == "wbc"
    return add_derived(results, knowledge, sex, age_years)


def _read_places(text: str, folded: str, table: LabTable) -> list[_Place]:
    hits = _real_hits(folded, find_names(text, folded, table), table)
    places: list[_Place] = []
    index = 0
    while index < len(hits):
        hit, start = hits[index], hits[index].start
        while index + 1 < len(hits):  # "白细胞计数(WBC) 12.3": two names of one thing
            following = hits[index + 1]
            common = tuple(i for i in hit.ids if i in following.ids)
            if not common or not SAME_THING.fullmatch(folded, hit.end, following.start):
                break
            hit = replace(following, ids=common, start=start, symbol=hit.symbol and following.symbol)
            index += 1
        nearest = hits[index + 1].start if index + 1 < len(hits) else len(text)
        begin, limit, vertical = _window(folded, hit.end, nearest)
        signs = any(table.analytes[i].record.kind != "quantity" for i in hit.ids)
        reading = read_behind(text, folded.replace("\n", " ") if vertical else folded, begin, limit, signs)
        _give_back(folded, hit, reading, limit, nearest)
        if reading.empty and not reading.skip:
            _look_before(folded, hit, reading, table)
        places.append(_Place(hit, start, reading))
        index += 1
    return places


SINGLE = re.compile(r"[ :=]*(?:[<>] ?)?(?:0?\.\d+(?![\d-])(?! *-)|\d+(?:\.\d+)? ?(?:%|mmol|meq|mg/d|g/l|umol))")
SINGLE_BARE = re.compile(r"[ :=]*\d{1,3}(?:\.\d+)?(?![\d.]| *[-^*x/a-z次个天日岁年月周片粒分级期度:])")


def _real_hits(folded: str, hits: list[Hit], table: LabTable) -> list[Hit]:
    """Leave out single letters that have no number fit for them behind: H and L are marks more often than names."""
    return [h for h in hits if not h.symbol or h.end - h.start > 1 or not folded[h.start].isascii() or _letter_counts(folded, h, table)]


def _letter_counts(folded: str, hit: Hit, table: LabTable) -> bool:
    if SINGLE.match(folded, hit.end):
        return True
    bare = any(table.analytes[i].record.bare_unit for i in hit.ids)
    return bare and SINGLE_BARE.match(folded, hit.end) is not None


def _window(folded: str, end: int, nearest: int) -> tuple[int, int, bool]:
    """Where to start reading, where to stop, and whether the lines below are cells of one row."""
    below = NEXT_LINE.match(folded, end, nearest)
    if below:  # a table copied cell by cell
        return below.end(), min(nearest, below.end() + 60), True
    stop = CLAUSE_END.search(folded, end, min(nearest, end + WINDOW))
    return end, stop.start() if stop else min(nearest, end + WINDOW), False


def _give_back(folded: str, hit: Hit, reading: Reading, limit: int, nearest: int) -> None:
    """`CRP, normal CK`: a word behind a comma and right before the next name speaks of that one."""
    if reading.numeric or not reading.words or limit != nearest or limit == len(folded):
        return
    if folded[hit.end : hit.end + 1] in ",，、" and not folded[reading.end : nearest].strip():
        reading.words, reading.end = "", hit.end


def _look_before(folded: str, hit: Hit, reading: Reading, table: LabTable) -> None:
    """`elevated ESR`, `negative for HIV`, `20% eosinophils`."""
    share = SHARE_BEFORE.search(folded, max(0, hit.start - 16), hit.start)
    if share and any(table.analytes[i].record.fraction_of for i in hit.ids):
        reading.value, reading.unit, reading.end = float(share["num"]), "%", hit.end
        return
    found = BEFORE.search(folded, max(0, hit.start - 40), hit.start)
    if found is None:
        return
    means = BEFORE_MEANS[found["word"]]
    if found["not"]:
        means = {"high": "normal", "positive": "negative", "reactive": "negative"}.get(means, "")
    reading.words = means
    reading.end = hit.end


def _share_words(folded: str, places: list[_Place], table: LabTable) -> None:
    """`ANA、抗dsDNA均阴性`, `elevated ESR and CRP`: one word for a list of names."""
    for here, after in reversed(list(pairwise(places))):
        if _open(here) and after.reading.words and not after.reading.numeric and _side_by_side(folded, here, after):
            _take(here, after.reading.words)
    for before, here in pairwise(places):
        said_before = before.reading.words and not before.reading.numeric and before.reading.end <= before.hit.end
        if _open(here) and said_before and _side_by_side(folded, before, here):
            _take(here, before.reading.words)


def _open(place: _Place) -> bool:
    return place.reading.empty and not place.reading.skip and not place.reading.alien


def _side_by_side(folded: str, one: _Place, other: _Place) -> bool:
    return LISTED.fullmatch(folded, one.hit.end, other.start) is not None


def _take(place: _Place, words: str) -> None:
    place.reading.words = words
    place.reading.end = place.hit.end


def _not_the_patients(folded: str, start: int) -> bool:
    before = folded[max(0, start - 24) : start]
    return SOMEONE_ELSE.search(before) is not None or SUPPOSED.search(before) is not None
