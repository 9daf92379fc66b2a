"""One consultation's mask: identifiers out, placeholders in, and back."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import NoReturn, get_args

from yingzhi.tools.deidentify.dates import Written, anchor_year, find_dates, find_spoken, shift
from yingzhi.tools.deidentify.known import find_known, learn
from yingzhi.tools.deidentify.recognise import find_identifiers
from yingzhi.tools.deidentify.spans import Kind, Span, fold, join_spans

SIGNS = "BCDFGHJKMNPQRSTVWXZ23456789"
"""What a placeholder's token is made of: no vowels, so no words, and nothing that is read as something else."""
JITTER = 7
MONTH_DAYS = 30.44


@lru_cache(maxsize=1)
def _placeholder() -> re.Pattern[str]:
    body = rf"(?:{'|'.join(get_args(Kind))})\\?[\s_‐–-]{{1,3}}([{SIGNS}]{{4,8}})"
    return re.compile(rf"\\?[\[［【]\s*{body}\s*\\?[\]］】]|(?<![A-Za-z\d]){body}(?![A-Za-z\d])", re.IGNORECASE)


class Masker:
    """The mask of one consultation, kept in this process only: it refuses to be pickled and shows nothing of itself.

    `mask` puts `[PERSON-K7F2]` in the place of a name, a number, an address …; the same identifier gets the same placeholder in
    every text of the masker. Dates stay dates: all are moved by one offset of up to ten weeks, so that intervals keep, in the way
    they were written. Ages stay, those over 89 too, because doses and differentials rest on them; so do sex, titles, provinces,
    years alone and weekdays. `unmask` puts all back, also where a model wrote a placeholder in other letters or spacing.

    Laws (tested): a text without placeholders of this masker comes back unchanged from `unmask(mask(text))`; what `mask` gave is
    not masked again, unless only dates were moved in it. Mask what is sent, unmask what the model wrote from it, and nothing else:
    a date that was never masked would be moved too.
    """

    def __init__(self, seed: str) -> None:
        """Make an empty mask.

        Args:
            seed: Secret of this consultation: who knows it can undo the move of the dates. Equal seeds give equal placeholders.
        """
        self._key = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()
        digest = hmac.digest(self._key, b"dates", "sha256")
        self._months = (-2, -1, 1, 2)[digest[0] % 4]
        self._days = round(MONTH_DAYS * self._months) + int.from_bytes(digest[1:5], "big") % (2 * JITTER + 1) - JITTER
        self._originals: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self._moved: dict[str, str] = {}
        self._known: dict[str, Kind] = {}
        self._reserved: set[str] = set()
        self._given: set[str] = set()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Masker({len(self._originals)} identifiers, {len(self._moved)} dates)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a mask is never stored")

    def mask(self, text: str) -> str:
        """The text with every recognised identifier replaced and every date moved."""
        with self._lock:
            if text in self._given:
                return text
            folded = fold(text)
            own = self._own(text)
            wanted = _replace(text, [(span, self._originals[token]) for span, token in own]) if own else text
            masked = next(self._attempts(text, folded, own, wanted))
            if masked != text and _maybe_placeholder(masked):
                self._given.add(masked)
            return masked

    def unmask(self, text: str) -> str:
        """The text with this masker's placeholders replaced by what they stand for and every date moved back."""
        with self._lock:
            return self._restored(text)

    def _attempts(self, text: str, folded: str, own: list[tuple[Span, str]], wanted: str) -> Iterator[str]:
        """Masked texts that come back as they were: with dates moved, with dates as placeholders, as one placeholder."""
        for moving in (True, False):
            masked = self._masked(text, folded, [span for span, _ in own], moving=moving)
            if self._restored(masked) == wanted:
                yield masked
        yield self._put(wanted, "TEXT")

    def _masked(self, text: str, folded: str, own: list[Span], *, moving: bool) -> str:
        spans = find_identifiers(folded)
        for span in spans:
            for piece, kind in learn(folded[span.start : span.end], span.kind):
                self._known.setdefault(piece, kind)
        spans = _outside(join_spans([*spans, *find_known(folded, self._known)]), own, folded)
        blocked = sorted([*spans, *own])
        dates = [d for d in find_dates(folded) if not _touches(d.start, d.end, blocked)]
        spoken = [Span(s, e, "DATE") for s, e in find_spoken(folded) if not _touches(s, e, blocked)]
        changes = [(s, self._put(text[s.start : s.end], self._known.get(folded[s.start : s.end], s.kind))) for s in (*spans, *spoken)]
        anchor = anchor_year(dates)
        for written in dates:
            span = Span(written.start, written.end, "DATE")
            original = text[written.start : written.end]
            changes.append((span, self._move(written, original, anchor) if moving else self._put(original, "DATE")))
        return _replace(text, changes)

    def _put(self, original: str, kind: Kind) -> str:
        """The placeholder of an identifier, a new one at first sight."""
        if original not in self._tokens:
            token, turn = "", 0
            while not token or token in self._originals or token in self._reserved:
                token = self._token(f"{kind}\0{original}\0{turn}")
                turn += 1
            self._originals[token] = original
            self._tokens[original] = f"[{kind}-{token}]"
        return self._tokens[original]

    def _token(self, content: str) -> str:
        number = int.from_bytes(hmac.digest(self._key, content.encode("utf-8", "surrogatepass"), "sha256"), "big")
        letters = []
        for _ in range(4):
            number, place = divmod(number, len(SIGNS))
            letters.append(SIGNS[place])
        token = "".join(letters)
        return token if re.search(r"\d", token) and re.search(r"[A-Z].*[A-Z]", token) else ""

    def _move(self, written: Written, original: str, anchor: int) -> str:
        """The moved date, written as it was; in ISO form, or as a placeholder, if another date is already shown that way."""
        shown = [shift(written, self._days, self._months, anchor)]
        if written.year is not None and written.day is not None:
            iso = Written(0, 0, written.year, written.month, written.day, "1", {"y": "0000", "s": "-", "m": "00", "d": "00"})
            shown.append(shift(iso, self._days, self._months, anchor))
        for candidate in shown:
            if self._moved.setdefault(candidate, original) == original:
                return candidate
        return self._put(original, "DATE")

    def _own(self, text: str) -> list[tuple[Span, str]]:
        """This masker's placeholders in a text; others that look like one are noted, so that none is ever given out."""
        own: list[tuple[Span, str]] = []
        if not _maybe_placeholder(text):
            return own
        for found in _placeholder().finditer(text):
            token = (found[1] or found[2]).upper()
            if token in self._originals:
                own.append((Span(found.start(), found.end(), "TEXT"), token))
            else:
                self._reserved.add(token)
        return own

    def _restored(self, text: str) -> str:
        own = self._own(text)
        spans = [span for span, _ in own]
        changes = [(span, self._originals[token]) for span, token in own]
        dates = [d for d in find_dates(fold(text)) if not _touches(d.start, d.end, spans)]
        anchor = anchor_year(dates)
        for written in dates:
            shown = text[written.start : written.end]
            back = self._moved.get(shown) or shift(written, -self._days, -self._months, anchor)
            changes.append((Span(written.start, written.end, "DATE"), back))
        return _replace(text, changes)


def _maybe_placeholder(text: str) -> bool:
    upper = text.upper()
    return any(kind in upper for kind in get_args(Kind))


def _touches(start: int, end: int, spans: list[Span]) -> bool:
    """Whether a piece overlaps one of the spans, which are in order and apart."""
    at = bisect_left(spans, (end,)) - 1
    return at >= 0 and spans[at].end > start


def _outside(spans: list[Span], own: list[Span], folded: str) -> list[Span]:
    """What of the spans lies outside placeholders already there, where anything but signs is left of it."""
    pieces = spans
    for hole in own:
        cut = [p for s in pieces for p in (Span(s.start, min(s.end, hole.start), s.kind), Span(max(s.start, hole.end), s.end, s.kind))]
        pieces = sorted({p for p in cut if p.start < p.end}) if _touches(hole.start, hole.end, pieces) else pieces
    return [p for p in pieces if any(sign.isalnum() for sign in folded[p.start : p.end])]


def _replace(text: str, changes: list[tuple[Span, str]]) -> str:
    parts, at = [], 0
    for span, new in sorted(changes):
        parts += [text[at : span.start], new]
        at = span.end
    return "".join([*parts, text[at:]])
