"""The company's working time: the days and hours of a week in which people work, and how much of it lies between two moments."""

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm.backoffice.periods import day_end, day_start
from crm.errors import FieldError
from crm.messages import m

USUAL = "1-5 09:00-18:00"
_FORM = re.compile(r"([1-7])-([1-7]) ([01][0-9]|2[0-3]):([0-5][0-9])-(2[0-4]|[01][0-9]):([0-5][0-9])")


@dataclass(frozen=True)
class WorkingTime:
    """From one day of the week until another (1 is Monday), from an hour until another; `until` None is midnight."""

    first_day: int
    last_day: int
    since: time
    until: time | None

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """When work begins and ends on that day, in UTC; None on a day off."""
        if not self.first_day <= day.isoweekday() <= self.last_day:
            return None
        begins = day_start(day, zone) if self.since == time() else datetime.combine(day, self.since, zone)
        ends = day_end(day, zone) if self.until is None else datetime.combine(day, self.until, zone)
        return begins.astimezone(UTC), ends.astimezone(UTC)


def working_time(text: str) -> WorkingTime:
    """The working time that `1-5 09:00-18:00` names: days of the week, 1 is Monday, and hours of the company's zone. Raises FieldError."""
    form = _FORM.fullmatch(text.strip())
    if form:
        first, last, hour, minute, end_hour, end_minute = map(int, form.groups())
        until = end_hour * 60 + end_minute
        if first <= last and hour * 60 + minute < until <= 24 * 60:
            return WorkingTime(first, last, time(hour, minute), None if until == 24 * 60 else time(end_hour, end_minute))
    raise FieldError(m("The working time “%(text)s” is not clear. Write days and hours, such as 1-5 09:00-18:00.", text=text[:60]))


USUAL_TIME = working_time(USUAL)


def clock(working: WorkingTime, zone: ZoneInfo, first: datetime, last: datetime) -> Callable[[datetime], int]:
    """A clock that runs in working time only: seconds since `first`, right for every moment from `first` until `last`. Built once, it
    answers each question in no time, however long the stretch."""
    day, end = first.astimezone(zone).date(), last.astimezone(zone).date()
    begins: list[datetime] = []
    spans: list[tuple[datetime, int]] = []  # when work ends that day, and the seconds worked before
    worked = 0
    while day <= end:
        span = working.on(day, zone)
        if span is not None:
            begins.append(span[0])
            spans.append((span[1], worked))
            worked += int((span[1] - span[0]).total_seconds())
        day += timedelta(days=1)

    def read(moment: datetime) -> int:
        place = bisect_right(begins, moment) - 1
        if place < 0:
            return 0
        ends, before = spans[place]
        return before + int((min(moment, ends) - begins[place]).total_seconds())

    return read
