"""An exact number with a fixed count of decimals: quantities, weights, scores."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal, Unpack

from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import ORDER, Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.fields.numbers import decimal_formatter, exact_text, not_a_number, parse_decimal, quantized, read_decimal
from crm.backoffice.types import ScaledDecimal
from crm.messages import Label, m

DIGITS = 18  # of the scaled integer, so that it fits 64 bits


@dataclass(frozen=True, kw_only=True)
class DecimalField(Field):
    """Rounded half up to `scale` decimals when it comes in; shown without needless zeros."""

    type: ClassVar[str] = "decimal"
    operators = ORDER
    align: ClassVar[Literal["start", "end"]] = "end"
    totals: ClassVar[bool] = True

    scale: int = 4

    def sql_type(self) -> TypeEngine[Any]:
        return ScaledDecimal(self.scale)

    @property
    def limit(self) -> Decimal:
        """The value that is too large already."""
        return Decimal(1).scaleb(DIGITS - self.scale)

    def clean(self, value: Any) -> Decimal | None:
        if value is None or value == "":
            return None
        if isinstance(value, float):
            raise not_a_number(value)
        exact = read_decimal(value)
        if abs(exact) >= self.limit:
            raise FieldError(m("The number is too large."))
        rounded = quantized(exact, self.scale)
        if abs(rounded) >= self.limit:
            raise FieldError(m("The number is too large."))
        return rounded

    def parse(self, text: str, reader: Reader) -> Any:
        return self.clean(parse_decimal(text, reader.language)) if text.strip() else None

    def read(self, value: Any, reader: Reader) -> Any:
        return None if value is None or value == "" else self.clean(read_decimal(value))

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return decimal_formatter(reader.language, 0, self.scale)

    def input_text(self, value: Any, reader: Reader) -> Text:
        return decimal_formatter(reader.language, 0, self.scale)(value)

    def export(self, value: Any, reader: Reader) -> Any:
        return exact_text(value) if isinstance(value, Decimal) else value

    def journal(self, value: Any) -> Any:
        return None if value is None else str(value)

    def unjournal(self, value: Any) -> Any:
        return None if value is None else Decimal(value)


def decimal(label: Label, *, scale: int = 4, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """An exact number with `scale` decimals."""
    return declare(DecimalField(label=label, scale=scale, **facets))


@dataclass(frozen=True, kw_only=True)
class RatioField(DecimalField):
    """An exact number of which a sum means nothing, as a rate of exchange."""

    totals: ClassVar[bool] = False


def ratio(label: Label, *, scale: int = 4, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """An exact number that is never added up."""
    return declare(RatioField(label=label, scale=scale, **facets))
