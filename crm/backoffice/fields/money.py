"""An amount of money in the record's own currency: four decimals kept, two shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import Facets, Reader, Text, declare
from crm.backoffice.fields.decimal import DecimalField
from crm.backoffice.fields.numbers import decimal_formatter, exact_text
from crm.backoffice.types import MONEY_PLACES, MoneyType
from crm.messages import Label

SHOWN_PLACES = 2


@dataclass(frozen=True, kw_only=True)
class MoneyField(DecimalField):
    """Amounts below a hundred trillion. Which currency, the entity's field `currency` says."""

    type: ClassVar[str] = "money"

    scale: int = MONEY_PLACES

    def sql_type(self) -> TypeEngine[Any]:
        return MoneyType()

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return decimal_formatter(reader.language, SHOWN_PLACES, SHOWN_PLACES)

    def input_text(self, value: Any, reader: Reader) -> Text:
        return decimal_formatter(reader.language, SHOWN_PLACES, MONEY_PLACES)(value)

    def export(self, value: Any, reader: Reader) -> Any:
        return value if value is None or isinstance(value, str) else exact_text(value, SHOWN_PLACES)


def money(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """An amount of money."""
    return declare(MoneyField(label=label, **facets))
