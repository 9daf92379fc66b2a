"""Days on which something is due: weeks are counted in days, months by the calendar, and the 31st falls back to a month's last day."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice, takewhile

from yingzhi.knowledge.pack_models import Rhythm

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 1, 1)
"""Days outside are slips of the pen."""
WEEK = 7
TRIES = 5
"""Turns looked at to find the first one beyond the horizon."""


def after(day: date, *, weeks: float = 0, months: int = 0) -> date:
    """A day so many weeks and calendar months on; both may be negative.

    Raises:
        ValueError: The day or the result lies outside the years 1900 to 2200 by more than a lifetime.
    """
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    moved = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
    return moved + timedelta(days=round(weeks * WEEK))


def due_days(rhythm: Rhythm, start: date, today: date, horizon: date) -> list[date]:
    """The days of a rhythm that still tell something.

    Args:
        rhythm: When it is due.
        start: Day of the first dose.
        today: Days before it are past; only the last of them is given.
        horizon: Last day that is asked for; where nothing falls between today and it, the first day beyond is given.

    Returns:
        Days in order, each once; empty for a rhythm without times.
    """
    singles = sorted({after(start, weeks=w) for w in rhythm.weeks} | {after(start, months=m) for m in rhythm.months})
    last = singles[-1] if singles else start
    end = after(start, months=rhythm.until_months) if rhythm.until_months is not None else LATEST
    near = {*singles, *takewhile(lambda day: day <= min(horizon, end), _turns(rhythm, last, today))}
    past, to_come = [d for d in near if d < today], sorted(d for d in near if today <= d <= horizon)
    if not to_come:
        far = [*singles, *islice(_turns(rhythm, last, max(today, horizon)), TRIES)]
        to_come = sorted(d for d in far if horizon < d and (d <= end or d in singles))[:1]
    return [*([max(past)] if past else []), *to_come]


def _turns(rhythm: Rhythm, last: date, today: date) -> Iterator[date]:
    """The turns of the interval from the last single day on, those long past left out."""
    if rhythm.every_weeks is not None:
        step = max(1, round(rhythm.every_weeks * WEEK))
        turn = max(1, (today - last).days // step - 1)
        while (day := last + timedelta(days=turn * step)) <= LATEST:
            yield day
            turn += 1
    elif rhythm.every_months is not None:
        months = (today.year - last.year) * 12 + today.month - last.month
        turn = max(1, months // rhythm.every_months - 2)
        while (day := after(last, months=turn * rhythm.every_months)) <= LATEST:
            yield day
            turn += 1
