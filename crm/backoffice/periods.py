"""Named stretches of days — this month, 2025-Q3, A..B — and their edges as moments. Weeks begin on Monday; both ends are days inside."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm.errors import FieldError
from crm.messages import m

MAX_DAYS = 36_600


@dataclass(frozen=True)
class Period:
    """The days from `first` to `last`, both included."""

    first: date
    last: date

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """[start, end) in UTC: from the first instant of the first day in `zone` until the first instant after the last."""
        return day_start(self.first, zone), day_end(self.last, zone)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of `day` in `zone`, in UTC."""
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, time(), UTC)


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after `day` in `zone`, in UTC."""
    return datetime.max.replace(tzinfo=UTC) if day == date.max else day_start(day + timedelta(days=1), zone)


def period(text: str, today: date) -> Period:
    """The period that `text` names, as seen on `today` (the reader's day). Raises FieldError.

    `today this_week this_month this_quarter this_year last_N_days next_N_days YYYY YYYY-Qn YYYY-MM YYYY-MM-DD A..B`;
    the last N days end with today, the next N begin with it; A and B are days, months, quarters or years.
    """
    if text in NAMED:
        return NAMED[text](today)
    if rolling := re.fullmatch(r"(last|next)_(\d{1,6})_days", text):
        return _rolling(rolling[1], int(rolling[2]), today, text)
    first, dots, last = text.partition("..")
    if not dots:
        return _calendar(text)
    span = Period(_calendar(first.strip()).first, _calendar(last.strip()).last)
    if span.first > span.last:
        raise FieldError(m("The period “%(text)s” ends before it begins.", text=text[:60]))
    return span


def month(day: date) -> Period:
    return Period(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def quarter(day: date) -> Period:
    begins = 3 * ((day.month - 1) // 3) + 1
    return Period(date(day.year, begins, 1), month(date(day.year, begins + 2, 1)).last)


def year(day: date) -> Period:
    return Period(date(day.year, 1, 1), date(day.year, 12, 31))


def week(day: date) -> Period:
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=6))


NAMED: dict[str, Callable[[date], Period]] = {
    "today": lambda today: Period(today, today),
    "this_week": week,
    "this_month": month,
    "this_quarter": quarter,
    "this_year": year,
}


def _rolling(direction: str, days: int, today: date, text: str) -> Period:
    if not 1 <= days <= MAX_DAYS:
        raise _unknown(text)
    return Period(today - timedelta(days=days - 1), today) if direction == "last" else Period(today, today + timedelta(days=days - 1))


def _calendar(text: str) -> Period:
    """A day, month, quarter or year written in digits."""
    form = re.fullmatch(r"([0-9]{4})(?:-(?:Q([1-4])|([0-9]{2})(?:-([0-9]{2}))?))?", text, re.IGNORECASE)
    if not form:
        raise _unknown(text)
    years, quarters, months, days = (int(g) if g else 0 for g in form.groups())
    try:
        if days:
            day = date(years, months, days)
            return Period(day, day)
        if form[3]:
            return month(date(years, months, 1))
        return quarter(date(years, quarters * 3, 1)) if quarters else year(date(years, 1, 1))
    except ValueError:
        raise _unknown(text) from None


def _unknown(text: str) -> FieldError:
    return FieldError(m("“%(text)s” is no period. Write this_month, last_30_days, 2026, 2026-Q1, 2026-03 or 2026-01-15..2026-02-14.", text=text[:60]))
