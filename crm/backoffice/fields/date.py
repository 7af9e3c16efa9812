"""A day of the calendar. It has no time zone and never shifts."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar, Unpack

from babel import Locale
from sqlalchemy import ColumnElement, Date
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import ORDER, Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.periods import Period, period
from crm.backoffice.working_days import last_over
from crm.messages import LANGUAGES, Label, m

FIRST = date(1000, 1, 1)
LAST = date(9999, 12, 31)
CENTURY_AHEAD = 50  # a year of two digits lies at most so many years ahead
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_NUMBERS = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?:\s*р\.?)?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.?\s+([^\W\d_]+)\.?,?\s+([0-9]{4})(?:\s*р(?:\.|оку)?)?")
_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.?\s+([0-9]{1,2}),?\s+([0-9]{4})")


@dataclass(frozen=True, kw_only=True)
class DateField(Field):
    """Shown 24.11.2026 in Ukrainian, 24 Nov 2026 in English."""

    type: ClassVar[str] = "date"
    operators = ORDER | {"within"}

    def sql_type(self) -> TypeEngine[Any]:
        return Date()

    def clean(self, value: Any) -> date | None:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return iso_date(value.strip())
        if isinstance(value, datetime) or not isinstance(value, date):
            raise FieldError(m("A date is expected here."))
        return in_range(value)

    def parse(self, text: str, reader: Reader) -> Any:
        return parse_date(text.strip(), reader.language, reader.today) if text.strip() else None

    def read(self, value: Any, reader: Reader) -> Any:
        return self.parse(value, reader) if isinstance(value, str) else self.clean(value)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return date_formatter(reader.language)

    def input_text(self, value: Any, reader: Reader) -> Text:
        return "" if value is None else str(value.isoformat())

    def export(self, value: Any, reader: Reader) -> Any:
        return value.isoformat() if isinstance(value, date) else value

    def journal(self, value: Any) -> Any:
        return None if value is None else value.isoformat()

    def unjournal(self, value: Any) -> Any:
        return None if value is None else date.fromisoformat(value)

    def operand(self, op: str, value: Any, reader: Reader) -> Any:
        if op == "within":
            named = named_period(value)
            since = last_over(named, reader)
            return period(named, reader.today) if since is None else Period(FIRST, since)
        return Field.operand(self, op, value, reader)

    def compare(self, column: Callable[[str], ColumnElement[Any]], op: str, operand: Any) -> ColumnElement[bool]:
        if op == "within":
            return column("").between(operand.first, operand.last)
        return Field.compare(self, column, op, operand)


def date_formatter(language: str) -> Callable[[Any], Text]:
    """Shows dates to readers of `language`."""
    if language == "uk":
        return lambda value: "" if value is None else value if isinstance(value, str) else f"{value.day:02d}.{value.month:02d}.{value.year}"
    months = Locale(language).months["format"]["abbreviated"]
    return lambda value: "" if value is None else value if isinstance(value, str) else f"{value.day} {months[value.month]} {value.year}"


def parse_date(text: str, language: str, today: date) -> date:
    """The day that a person wrote: ISO, 24.11.2026, 24/11/26, “24 Nov 2026”, «24 листопада 2026 р.». With slashes in English the month may
    stand first: a date that can be read both ways is refused. Raises FieldError."""
    if _ISO.fullmatch(text):
        return iso_date(text)
    if form := _NUMBERS.fullmatch(text):
        day, month, year = int(form[1]), int(form[3]), _year(form[4], today)
        if language == "en" and form[2] == "/" and day != month:
            if day <= 12 and month <= 12:
                iso = f"{year}-{month:02d}-{day:02d}"
                raise FieldError(m("“%(text)s” may mean two dates; write the month in letters or as %(iso)s.", text=text[:40], iso=iso))
            if month > 12:
                day, month = month, day
        return _made(year, month, day, text)
    if form := _DAY_FIRST.fullmatch(text):
        return _made(int(form[3]), _months().get(form[2].lower(), 0), int(form[1]), text)
    if form := _MONTH_FIRST.fullmatch(text):
        return _made(int(form[3]), _months().get(form[1].lower(), 0), int(form[2]), text)
    raise no_date(text)


def iso_date(text: str) -> date:
    """The day of `2026-11-24`. Raises FieldError."""
    form = _ISO.fullmatch(text)
    if not form:
        raise no_date(text)
    return _made(int(form[1]), int(form[2]), int(form[3]), text)


def in_range(value: date) -> date:
    if not FIRST <= value <= LAST:
        raise FieldError(m("The year must lie between 1000 and 9999."))
    return value


def named_period(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldError(m("The name of a period is expected here, for example this_month."))
    return value.strip()


def no_date(text: str) -> FieldError:
    return FieldError(m("“%(text)s” is not a date.", text=text[:60]))


def _made(year: int, month: int, day: int, text: str) -> date:
    try:
        return in_range(date(year, month, day))
    except ValueError as error:
        raise error if isinstance(error, FieldError) else no_date(text) from None


def _year(digits: str, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    year = today.year // 100 * 100 + int(digits)
    return year - 100 if year > today.year + CENTURY_AHEAD else year


@cache
def _months() -> dict[str, int]:
    """Every name of a month, long and short, in the product's languages → its number."""
    found: dict[str, int] = {}
    for language in LANGUAGES:
        for context in Locale(language).months.values():
            for width in ("wide", "abbreviated"):
                found.update({str(name).lower().rstrip("."): number for number, name in context.get(width, {}).items()})
    return found


def date_(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A day."""
    return declare(DateField(label=label, **facets))
