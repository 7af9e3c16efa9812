"""A moment: kept in UTC, typed and shown in the reader's time zone."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar, NamedTuple, Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import ORDER, Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.fields.date import date_formatter, iso_date, named_period, parse_date
from crm.backoffice.periods import day_end, day_start, period
from crm.backoffice.types import UtcMoment
from crm.backoffice.working_days import last_over
from crm.messages import Label, m

FIRST = datetime(1000, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 30, tzinfo=UTC)  # a day of room, so that no time zone leaves the calendar
_TIME = re.compile(r"(.+?)[T,\s]\s*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?\s*(Z|[+-][0-9]{2}:?[0-9]{2})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Span(NamedTuple):
    """From `start` until before `end`: what a day or a period is in moments."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class MomentField(Field):
    """In a condition a bare date stands for that whole day in the reader's zone."""

    type: ClassVar[str] = "moment"
    operators = ORDER | {"within"}

    def sql_type(self) -> TypeEngine[Any]:
        return UtcMoment()

    def clean(self, value: Any) -> datetime | None:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            value = _with_offset(value.strip())
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise FieldError(m("A moment with its time zone is expected here."))
        try:
            moment = value.astimezone(UTC)
        except OverflowError:
            raise _out_of_range() from None
        if not FIRST <= moment <= LAST:
            raise _out_of_range()
        return moment

    def parse(self, text: str, reader: Reader) -> Any:
        written = text.strip()
        if not written:
            return None
        form = _TIME.fullmatch(written)
        day = parse_date((form[1] if form else written).rstrip(", "), reader.language, reader.today)
        if not form:
            return self.clean(day_start(day, reader.zone))
        hour, minute, second = int(form[2]), int(form[3]), int(form[4] or 0)
        if hour > 23 or minute > 59 or second > 59:
            raise _no_moment(written)
        at = datetime.combine(day, time(hour, minute, second, int((form[5] or "0").ljust(6, "0"))))
        return self.clean(_at_offset(at, form[6]) if form[6] else _in_zone(at, reader.zone))

    def read(self, value: Any, reader: Reader) -> Any:
        if isinstance(value, date) and not isinstance(value, datetime):
            return self.clean(day_start(value, reader.zone))
        return self.parse(value, reader) if isinstance(value, str) else self.clean(value)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        day, zone = date_formatter(reader.language), reader.zone
        between = " " if reader.language == "uk" else ", "

        def show(value: Any) -> str:
            if value is None:
                return ""
            if isinstance(value, str):
                return value
            local = value.astimezone(zone)
            return f"{day(local)}{between}{local.hour:02d}:{local.minute:02d}"

        return show

    def input_text(self, value: Any, reader: Reader) -> Text:
        """`2026-11-24T15:30` in the reader's zone, as an input of type datetime-local holds it; with seconds where there are some, and
        with the offset in the hour that autumn repeats, which no such input can express."""
        if value is None:
            return ""
        local: datetime = value.astimezone(reader.zone)
        exactness = "microseconds" if local.microsecond else "seconds" if local.second else "minutes"
        return local.isoformat(timespec=exactness) if local.fold else local.replace(tzinfo=None).isoformat(timespec=exactness)

    def export(self, value: Any, reader: Reader) -> Any:
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value

    def journal(self, value: Any) -> Any:
        return None if value is None else value.astimezone(UTC).isoformat()

    def unjournal(self, value: Any) -> Any:
        return None if value is None else datetime.fromisoformat(value)

    def operand(self, op: str, value: Any, reader: Reader) -> Any:
        if op == "within":
            named = named_period(value)
            since = last_over(named, reader)
            if since is not None and reader.catalog is not None:
                return Span(FIRST, day_end(since, reader.catalog.company.zone))
            return Span(*period(named, reader.today).moments(reader.zone))
        if isinstance(value, str) and _DAY.fullmatch(value.strip()):
            day = iso_date(value.strip())
            return Span(day_start(day, reader.zone), day_end(day, reader.zone))
        return Field.operand(self, op, value, reader)

    def compare(self, column: Callable[[str], ColumnElement[Any]], op: str, operand: Any) -> ColumnElement[bool]:
        main = column("")
        match op, operand:
            case "in", list():
                return _any_of(main, operand)
            case "between", [low, high]:
                return and_(self.compare(column, "ge", low), self.compare(column, "le", high))
            case "eq" | "within", Span(start, end):
                return and_(main >= start, main < end)
            case "ge", Span(start, _):
                return main >= start
            case "lt", Span(start, _):
                return main < start
            case "gt", Span(_, end):
                return main >= end
            case "le", Span(_, end):
                return main < end
        return Field.compare(self, column, op, operand)


def _any_of(main: ColumnElement[Any], operands: list[Any]) -> ColumnElement[bool]:
    moments = [o for o in operands if not isinstance(o, Span)]
    found: ColumnElement[bool] = main.in_(moments)
    for span in operands:
        if isinstance(span, Span):
            found = found | and_(main >= span.start, main < span.end)
    return found


def _in_zone(at: datetime, zone: ZoneInfo) -> datetime:
    """The moment that clocks of `zone` show `at`, the first of two in autumn. Raises FieldError for the hour that spring leaves out."""
    try:
        moment = at.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        raise _out_of_range() from None
    if moment.astimezone(zone).replace(tzinfo=None) != at:
        raise FieldError(m("There is no such time on that day: the clocks go forward."))
    return moment


def _at_offset(at: datetime, offset: str) -> datetime:
    try:
        return datetime.fromisoformat(at.isoformat() + offset)
    except ValueError:
        raise _no_moment(at.isoformat() + offset) from None


def _with_offset(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _no_moment(text) from None


def _no_moment(text: str) -> FieldError:
    return FieldError(m("“%(text)s” is not a date with a time.", text=text[:60]))


def _out_of_range() -> FieldError:
    return FieldError(m("The year must lie between 1000 and 9999."))


def moment(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A moment."""
    return declare(MomentField(label=label, **facets))
