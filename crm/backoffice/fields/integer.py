"""A whole number of 64 bits."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal, Unpack

from sqlalchemy import BigInteger
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import ORDER, Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.fields.numbers import integer_formatter, not_a_number, parse_decimal, read_decimal
from crm.messages import Label, m

LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class IntegerField(Field):
    """How many: people, days, minutes."""

    type: ClassVar[str] = "integer"
    operators = ORDER
    align: ClassVar[Literal["start", "end"]] = "end"

    grouped: bool = True  # a year is written without a mark between thousands

    def sql_type(self) -> TypeEngine[Any]:
        return BigInteger()

    def clean(self, value: Any) -> int | None:
        if value is None or value == "":
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            number = value
        elif isinstance(value, str | Decimal):
            number = whole(read_decimal(value), value)
        else:
            raise not_a_number(value)
        if abs(number) > LARGEST:
            raise FieldError(m("The number is too large."))
        return number

    def parse(self, text: str, reader: Reader) -> Any:
        return self.clean(whole(parse_decimal(text, reader.language), text)) if text.strip() else None

    def read(self, value: Any, reader: Reader) -> Any:
        return None if value is None or value == "" else self.clean(whole(read_decimal(value), value))

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return integer_formatter(reader.language) if self.grouped else str

    def input_text(self, value: Any, reader: Reader) -> Text:
        return "" if value is None else str(value)


def whole(number: Decimal, written: Any) -> int:
    """The integer that `number` is. Raises FieldError when it has a fraction."""
    if not number.is_finite() or number.adjusted() > 40 or number != number.to_integral_value():
        raise FieldError(m("“%(text)s” is not a whole number.", text=str(written)[:60]))
    return int(number)


def integer(label: Label, *, grouped: bool = True, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A whole number, shown in groups of three digits unless told otherwise."""
    return declare(IntegerField(label=label, grouped=grouped, **facets))
