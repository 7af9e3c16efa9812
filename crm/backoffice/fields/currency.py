"""A currency: ISO 4217 code, shown as it is; the amounts of a record are in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Unpack

from sqlalchemy.orm import MappedColumn

from crm.backoffice.fields.base import Facets, Reader, Text, declare
from crm.backoffice.fields.codes import CodeField, index
from crm.backoffice.fields.text import as_it_is
from crm.backoffice.money import currency_names
from crm.messages import Label, Message, m


@dataclass(frozen=True, kw_only=True)
class CurrencyField(CodeField):
    """Historic currencies are accepted too: old records have them."""

    type: ClassVar[str] = "currency"

    max_length: int = 3

    def names(self, language: str) -> Mapping[str, str]:
        return currency_names(language)

    def by_name(self, folded: str) -> str | None:
        return _by_name().get(folded)

    def unknown(self, written: str) -> Message:
        return m("“%(text)s” is not a currency; write its three letters, for example UAH.", text=written)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return as_it_is


@cache
def _by_name() -> Mapping[str, str]:
    return index(currency_names)


def currency(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A currency."""
    return declare(CurrencyField(label=label, **facets))
