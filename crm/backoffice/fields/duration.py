"""How long: whole minutes, shown and typed in hours and minutes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal, Unpack

from sqlalchemy import BigInteger
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import ORDER, Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.fields.integer import whole
from crm.backoffice.fields.numbers import integer_formatter, not_a_number, parse_decimal, read_decimal
from crm.messages import Label, m

HOUR = 60
MOST = 1_000_000 * HOUR  # so many that no sum of them leaves 64 bits
UNITS = {"uk": ("год", "хв"), "en": ("h", "min")}
_HOURS = r"(?:год(?:ина|ини|ину|ин)?|г|hours?|hrs?|h)\.?"
_MINUTES = r"(?:хвилин[аиу]?|хв|minutes?|mins?|m)\.?"
_NUMBER = r"(?:[0-9]{1,3}(?:[\s\u00a0\u202f'’,.][0-9]{3})+|[0-9]+)(?:[.,][0-9]+)?"
_CLOCK = re.compile(r"([0-9]{1,7}):([0-5][0-9])(?::00)?")
_WORDS = re.compile(rf"(?:({_NUMBER})\s*{_HOURS})?\s*(?:({_NUMBER})\s*(?:{_MINUTES})?)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class DurationField(Field):
    """A bare number is minutes: in a file, in a condition and when typed. Less than nothing is refused."""

    type: ClassVar[str] = "duration"
    operators = ORDER
    align: ClassVar[Literal["start", "end"]] = "end"
    totals: ClassVar[bool] = True

    def sql_type(self) -> TypeEngine[Any]:
        return BigInteger()

    def clean(self, value: Any) -> int | None:
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
            raise not_a_number(value)
        minutes = value if isinstance(value, int) else whole(read_decimal(value), value)
        if minutes < 0:
            raise FieldError(m("A duration is not less than nothing."))
        if minutes > MOST:
            raise FieldError(m("The duration is too long."))
        return minutes

    def parse(self, text: str, reader: Reader) -> Any:
        """`90`, `1:30`, `1 год 30 хв`, `1h30`, `1.5 h`. Raises FieldError."""
        written = text.strip()
        if not written:
            return None
        if written.startswith(("-", "−")):
            raise FieldError(m("A duration is not less than nothing."))
        if clock := _CLOCK.fullmatch(written):
            return self.clean(int(clock[1]) * HOUR + int(clock[2]))
        words = _WORDS.fullmatch(written) if len(written) <= 60 else None
        if words is None or not (words[1] or words[2]):
            raise FieldError(m("“%(text)s” is not a duration; write minutes, or hours and minutes: 90, 1:30, 1 h 30 min.", text=written[:60]))
        hours, minutes = (parse_decimal(number.strip(), reader.language) if number else Decimal(0) for number in words.groups())
        total = hours * HOUR + minutes
        if total != total.to_integral_value():
            raise FieldError(m("“%(text)s” does not come to whole minutes.", text=written[:60]))
        return self.clean(int(total))

    def read(self, value: Any, reader: Reader) -> Any:
        if isinstance(value, str):
            return self.parse(value, reader)
        return None if value is None else self.clean(whole(read_decimal(value), value))

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return _words(reader.language, integer_formatter(reader.language))

    def input_text(self, value: Any, reader: Reader) -> Text:
        return _words(reader.language, str)(value)


def _words(language: str, number: Callable[[Any], str]) -> Callable[[Any], Text]:
    hour, minute = UNITS.get(language, UNITS["en"])

    def show(value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        hours, minutes = divmod(int(value), HOUR)
        if not hours:
            return f"{minutes}\u00a0{minute}"
        return f"{number(hours)}\u00a0{hour}" + (f" {minutes}\u00a0{minute}" if minutes else "")

    return show


def duration(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """How long something lasts, in minutes."""
    return declare(DurationField(label=label, **facets))
