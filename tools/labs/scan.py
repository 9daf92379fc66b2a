"""What stands behind the name of an analyte: value, unit, range, mark, words, in whatever order the slip has them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yingzhi.tools.labs.patterns import (
    ALIEN,
    BARE_MINUS,
    BRACKETED_SIGN,
    DATE,
    FILL,
    LABEL,
    NUMBER,
    PER_VOLUME,
    RANGE,
    SERIES,
    TITRE,
    WORDS,
)
from yingzhi.tools.labs.units import UNIT, tidy


@dataclass(slots=True)
class Reading:
    """What was read behind one name. Numbers are as written."""

    end: int
    value: float | None = None
    comparator: str = ""
    unit: str = ""
    titre: int | None = None
    words: str = ""
    """Result in words or signs, without a number or beside it: high, low, normal, positive, weak-positive, negative, indeterminate."""
    low: float | None = None
    high: float | None = None
    titre_limit: int | None = None
    alien: bool = False
    """A number that is no result: a dose, a time, a count of something else."""
    skip: bool = False

    @property
    def numeric(self) -> bool:
        """Whether a number was read."""
        return self.value is not None or self.titre is not None

    @property
    def empty(self) -> bool:
        """Whether there is no result."""
        return not self.numeric and not self.words


def read_behind(text: str, folded: str, start: int, limit: int, signs: bool) -> Reading:
    """Read the result that stands from `start` on.

    Args:
        text: The text as given (for the case of H and L).
        folded: The same, folded.
        start: First character behind the name.
        limit: Where reading must stop: next name or end of the clause.
        signs: Whether + and - are results for this analyte.
    """
    reading = Reading(end=start)
    at = start
    fill = FILL.match(folded, at, limit)
    if fill:
        at = fill.end()
    for _ in range(14):
        at = _step_over(folded, at, limit)
        if at >= limit:
            break
        after = _item(text, folded, at, limit, signs, reading)
        if after is None:
            after = _parenthesis(folded, at, limit, reading)
        if after is None or reading.alien or reading.skip:
            break
        at = after
    return reading


def _step_over(folded: str, at: int, limit: int) -> int:
    """Skip separators, but not a bracket that holds a sign, `(-)`, or a remark."""
    while at < limit and (folded[at] in " ,，|:=[])(" or (folded[at] == "*" and not folded[at + 1 : at + 2].isdigit())):
        if folded[at] == "(" and (BRACKETED_SIGN.match(folded, at, limit) or _aside(folded, at, limit)):
            break
        at += 1
    return at


def _aside(folded: str, at: int, limit: int) -> bool:
    """Whether a bracket opens with something that is no part of a result: a method, a date, a remark."""
    inside = at + 1
    while inside < limit and folded[inside] == " ":
        inside += 1
    rest = folded[inside : min(limit, inside + 24)]
    if not rest:
        return False
    if DATE.match(rest):
        return True
    return not (rest[0].isdigit() or rest[0] in "<>.+-±↑↓*/%" or LABEL.match(rest) or UNIT.match(rest) or WORDS.match(rest))


def _parenthesis(folded: str, at: int, limit: int, reading: Reading) -> int | None:
    if folded[at] != "(" or reading.numeric or reading.words:
        return None
    close = folded.find(")", at, min(limit, at + 30))
    if close < 0:
        return None
    fill = FILL.match(folded, close + 1, limit)
    return fill.end() if fill else close + 1


def _item(text: str, folded: str, at: int, limit: int, signs: bool, reading: Reading) -> int | None:
    """Read one item into `reading`; the place behind it, or None where nothing fits."""
    if folded[at].isdigit():
        date = DATE.match(folded, at, limit)
        if date:
            return date.end() if not reading.numeric else None
    for read in NUMERIC if folded[at] in "0123456789.<>" else VERBAL:
        after = read(text, folded, at, limit, signs, reading)
        if after is not None:
            return after
    return None


def _reference(text: str, folded: str, at: int, limit: int, signs: bool, reading: Reading) -> int | None:
    label = LABEL.match(folded, at, limit)
    if label is None:
        return None
    titre = TITRE.match(folded, label.end(), limit)
    if titre:
        reading.titre_limit = int(titre["n"])
        return titre.end()
    both = RANGE.match(folded, label.end(), limit)
    if both and _set_range(both, reading):
        return both.end()
    one = NUMBER.match(folded, label.end(), limit)
    if one and one["cmp"]:
        _set_side(one, reading)
        return one.end()
    return None


def _titre(text: str, folded: str, at: int, limit: int, signs: bool, reading: Reading) -> int | None:
    found = TITRE.match(folded, at, limit) if signs else None
    if found is None or int(found["n"]) < 1:
        return None
    if reading.titre is None:
        reading.titre, reading.comparator = int(found["n"]), (found["cmp"] or "")[:1]
        reading.end = found.end()
    elif found["cmp"]:
        reading.titre_limit = int(found["n"])
    else:
        return None
    return found.end()


def _range(text: str, folded: str, at: int, limit: int, signs: bool, reading: Reading) -> int | None:
    found = RANGE.match(folded, at, limit)
    if found is None or reading.low is not None or reading.high is not None or not _set_range(found, reading):
        return None
    if reading.numeric:
        reading.end = found.end()
    return found.end()


def _set_range(found: re.Match[str], reading: Reading) -> bool:
    low, high = number(found["lo"]), number(found["hi"])
    if low > high:
        return False
    reading.low, reading.high = low, high
    return True


def _set_side(found: re.Match[str], reading: Reading) -> None:
    if found["cmp"] == "<":
        reading.high = number(found["num"])
    else:
        reading.low = number(found["num"])


def _words(text: str, folded: str, at: int, limit: int, signs: bool, reading: Reading) -> int | None:
    found = WORDS.match(folded, at, limit)
    meaning = (found.lastgroup or "").replace("_", "-") if found else ""
    if found and _counts(meaning, found, text, signs, reading, limit):
        if meaning == "skip":
            reading.skip = True
        elif not reading.words:
            reading.words, reading.end = meaning, found.end()
        return found.end()
    if signs and not reading.numeric and not reading.words:
        minus = BARE_MINUS.match(folded, at)
        if minus and minus.end() <= limit:
            reading.words, reading.end = "negative", minus.end()
            return minus.end()
    return None


def _counts(meaning: str, found: re.Match[str], text: str, signs: bool, reading: Reading, limit: int) -> bool:
    written = found.group()
    if written[0] in "hl" and len(written) <= 2:  # H and L beside a number, as a laboratory prints them
        return reading.numeric and text[found.start()].isupper()
    if meaning in ("positive", "negative", "weak-positive", "indeterminate") and not signs:
        return False
    return not (written.strip("+") == "" and _joins(text, found.start(), found.end(), limit))


def _joins(text: str, start: int, end: int, limit: int) -> bool:
    """Whether a plus only joins two names: "ANA + dsDNA" asks for two tests, "SSA+ SSB-" is two results."""
    if limit >= len(text) or text[limit] in "\n,，、;；。)） " or text[end:limit].strip():
        return False
    return text[start - 1] == " " or end == limit


def _unit(text: str, folded: str, at: int, limit: int, signs: bool, reading: Reading) -> int | None:
    found = UNIT.match(folded, at, limit)
    if found is None or reading.unit:
        return None
    reading.unit = text[found.start() : found.end()].strip("()*× ")
    if reading.value is not None:
        reading.end = found.end()
    return found.end()


def _power_unit(text: str, folded: str, at: int, limit: int, signs: bool, reading: Reading) -> int | None:
    """`10^9/L` in a column of its own."""
    return _unit(text, folded, at, limit, signs, reading) if folded.startswith("10", at) else None


def _number(text: str, folded: str, at: int, limit: int, signs: bool, reading: Reading) -> int | None:
    found = NUMBER.match(folded, at, limit)
    if found is None or reading.titre is not None:
        return None
    if reading.value is not None:
        if found["cmp"] and reading.low is None and reading.high is None:
            _set_side(found, reading)
            return found.end()
        return None
    unit = UNIT.match(folded, _past_blanks(folded, found.end()), limit)
    if unit is None and not reading.unit and _is_alien(text, folded, found.end(), limit):
        reading.alien = not reading.words  # "raised threefold" is a result all the same
        return found.end() if reading.alien else None
    reading.value = number(found["num"])
    reading.comparator = found["cmp"] or ""
    after = found.end()
    if found["exp"]:
        after = _power(text, folded, found, limit, reading)
    elif unit and not reading.unit:
        reading.unit = text[unit.start() : unit.end()].strip("*× ")
        after = unit.end()
    reading.end = after
    return _series(text, folded, after, limit, reading)


def _is_alien(text: str, folded: str, at: int, limit: int) -> bool:
    found = ALIEN.match(folded, at, limit)
    return found is not None and text[found.start() : found.end()].strip() != "H"  # a capital H is a mark, not hours


def _power(text: str, folded: str, found: re.Match[str], limit: int, reading: Reading) -> int:
    """`12.3×10^9/L`: the power belongs to the unit when a bare `/L` follows, else to the number."""
    rest = PER_VOLUME.match(folded, found.end(), limit)
    if rest:
        reading.unit = text[found.end("num") : rest.end()].strip(" *×xX")
        return rest.end()
    if reading.value is not None:
        reading.value = tidy(reading.value * 10.0 ** int(found["exp"]))
    return found.end()


def _series(text: str, folded: str, at: int, limit: int, reading: Reading) -> int:
    """`108→65 U/L`, `由12.3降至8.1`: the last value is the present one."""
    step = SERIES.match(folded, at, limit)
    following = NUMBER.match(folded, step.end(), limit) if step else None
    if following is None:
        return at
    reading.value, reading.comparator = None, ""
    unit, reading.unit = reading.unit, ""
    after = _number(text, folded, following.start(), limit, False, reading)
    reading.unit = reading.unit or unit
    return after if after is not None else at


NUMERIC = (_titre, _range, _power_unit, _words, _number)
VERBAL = (_reference, _words, _unit)
"""What may stand at a digit, and what elsewhere, in the order tried."""


def _past_blanks(folded: str, at: int) -> int:
    while at < len(folded) and folded[at] == " ":
        at += 1
    return at


def number(written: str) -> float:
    """A number as written, thousands separators and all."""
    return float(written.replace(",", ""))
