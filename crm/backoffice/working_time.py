"""The company's working time: the days and hours of a week in which people work, and how much of it lies between two moments."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from crm.backoffice.periods import day_end, day_start
from crm.errors import FieldError
from crm.messages import m

USUAL = "1-5 09:00-18:00"
_HOURS = r"([01][0-9]|2[0-3]):([0-5][0-9])-(2[0-4]|[01][0-9]):([0-5][0-9])"
_FORM = re.compile(rf"([1-7])-([1-7]) {_HOURS}")
_DAY = re.compile(_HOURS)


@dataclass(frozen=True)
class Hours:
    """From an hour until another; `until` None is midnight."""

    since: time
    until: time | None


Days = Mapping[date, Hours | None]  # days unlike those of the week: their hours, None of a day off
NO_DAYS: Days = MappingProxyType({})


@dataclass(frozen=True)
class WorkingTime:
    """From one day of the week until another (1 is Monday), from an hour until another; `until` None is midnight."""

    first_day: int
    last_day: int
    since: time
    until: time | None

    @property
    def hours(self) -> Hours:
        """Of an ordinary working day."""
        return Hours(self.since, self.until)

    def works(self, day: date) -> bool:
        """Whether it is a working day of the week."""
        return self.first_day <= day.isoweekday() <= self.last_day

    def on(self, day: date, zone: ZoneInfo, days: Days = NO_DAYS) -> tuple[datetime, datetime] | None:
        """When work begins and ends on that day, in UTC; None on a day off. `days` say what is otherwise than in every week."""
        hours = days[day] if day in days else self.hours if self.works(day) else None
        if hours is None:
            return None
        begins = day_start(day, zone) if hours.since == time() else datetime.combine(day, hours.since, zone)
        ends = day_end(day, zone) if hours.until is None else datetime.combine(day, hours.until, zone)
        return begins.astimezone(UTC), ends.astimezone(UTC)

    def worked(self, first: date, last: date, zone: ZoneInfo, days: Days = NO_DAYS) -> list[date]:
        """The days from `first` to `last`, both among them, on which work is done."""
        every = map(date.fromordinal, range(first.toordinal(), last.toordinal() + 1))
        return [day for day in every if self.on(day, zone, days) is not None]


def working_time(text: str) -> WorkingTime:
    """The working time that `1-5 09:00-18:00` names: days of the week, 1 is Monday, and hours of the company's zone. Raises FieldError."""
    form = _FORM.fullmatch(text.strip())
    if form:
        first, last, *clock_times = map(int, form.groups())
        hours = _hours(*clock_times)
        if first <= last and hours is not None:
            return WorkingTime(first, last, hours.since, hours.until)
    raise FieldError(m("The working time “%(text)s” is not clear. Write days and hours, such as 1-5 09:00-18:00.", text=text[:60]))


def hours_of_day(text: str) -> Hours:
    """The hours that `09:00-17:00` names. Raises FieldError."""
    form = _DAY.fullmatch(text.strip())
    hours = _hours(*map(int, form.groups())) if form else None
    if hours is None:
        raise FieldError(m("The hours “%(text)s” are not clear. Write them such as 09:00-17:00.", text=text[:60]))
    return hours


def _hours(hour: int, minute: int, end_hour: int, end_minute: int) -> Hours | None:
    until = end_hour * 60 + end_minute
    if not hour * 60 + minute < until <= 24 * 60:
        return None
    return Hours(time(hour, minute), None if until == 24 * 60 else time(end_hour, end_minute))


USUAL_TIME = working_time(USUAL)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def clock(working: WorkingTime, zone: ZoneInfo, first: datetime, last: datetime, days: Days = NO_DAYS) -> Callable[[datetime], int]:
    """A clock that runs in working time only: seconds since `first`, right for every moment from `first` until `last`. Built once, it
    answers each question in no time, however long the stretch. `days` are those unlike the others: public holidays, Saturdays worked off."""
    read = seconds_clock(working, zone, _second(first), _second(last), days)
    return lambda moment: read(_second(moment))


def seconds_clock(working: WorkingTime, zone: ZoneInfo, first: int, last: int, days: Days = NO_DAYS) -> Callable[[int], int]:
    """The same clock for moments given as whole seconds since 1970 in UTC, as `figures.whole_seconds` has them of the database."""
    day, end = ((EPOCH + timedelta(seconds=edge)).astimezone(zone).date() for edge in (first, last))
    begins: list[int] = []
    ends: list[int] = []
    before: list[int] = []  # seconds worked before that day
    worked = 0
    while day <= end:
        span = working.on(day, zone, days)
        if span is not None:
            begins.append(_second(span[0]))
            ends.append(_second(span[1]))
            before.append(worked)
            worked += ends[-1] - begins[-1]
        day += timedelta(days=1)

    def read(second: int) -> int:
        place = bisect_right(begins, second) - 1
        return before[place] + min(second, ends[place]) - begins[place] if place >= 0 else 0

    return read


def _second(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(seconds=1)
