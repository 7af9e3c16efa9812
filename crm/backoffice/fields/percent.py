"""A share: kept as a fraction of 1 with six decimals, typed and shown in percent."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Unpack

from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import Facets, Reader, Text, declare
from crm.backoffice.fields.decimal import DecimalField
from crm.backoffice.fields.numbers import decimal_formatter, parse_decimal
from crm.backoffice.types import PERCENT_PLACES, ScaledDecimal
from crm.messages import Label

SIGNS = {"uk": "\u00a0%", "en": "%"}  # Ukrainian typography parts the sign from the number, CLDR does not


@dataclass(frozen=True, kw_only=True)
class PercentField(DecimalField):
    """Probability, discount, rate of tax: 0.125 is shown as 12,5 %. A number typed is in percent, one in a file is a fraction."""

    type: ClassVar[str] = "percent"
    totals: ClassVar[bool] = False

    scale: int = PERCENT_PLACES

    def sql_type(self) -> TypeEngine[Any]:
        return ScaledDecimal(self.scale)

    def parse(self, text: str, reader: Reader) -> Any:
        number = text.strip().removesuffix("%").strip()
        return self.clean(parse_decimal(number, reader.language).scaleb(-2)) if number else None

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return self._shown(reader.language, 2)

    def input_text(self, value: Any, reader: Reader) -> Text:
        return self._shown(reader.language, self.scale - 2)(value)

    def _shown(self, language: str, places: int) -> Callable[[Any], Text]:
        show, sign = decimal_formatter(language, 0, places), SIGNS.get(language, "%")

        def percents(value: Any) -> str:
            return show(value.scaleb(2)) + sign if isinstance(value, Decimal) else show(value)

        return percents


def percent(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A fraction of 1, shown in percent."""
    return declare(PercentField(label=label, **facets))
