"""A country: ISO 3166 alpha-2 code, shown by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Unpack

from babel import Locale
from sqlalchemy.orm import MappedColumn

from crm.backoffice.fields.base import Facets, Reader, Text, declare
from crm.backoffice.fields.codes import CodeField, index
from crm.messages import Label, Message, m

NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})


@dataclass(frozen=True, kw_only=True)
class CountryField(CodeField):
    """Ukraine is UA; «Україна» and “Ukraine” are read alike."""

    type: ClassVar[str] = "country"

    max_length: int = 2

    def names(self, language: str) -> Mapping[str, str]:
        return countries(language)

    def by_name(self, folded: str) -> str | None:
        return _by_name().get(folded)

    def unknown(self, written: str) -> Message:
        return m("“%(text)s” is not a country.", text=written)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        names = countries(reader.language)
        return lambda value: "" if value is None else names.get(value, value)


@cache
def countries(language: str) -> Mapping[str, str]:
    """ISO 3166 code → name in `language`."""
    names = Locale(language).territories
    return {code: name for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES}


@cache
def _by_name() -> Mapping[str, str]:
    return index(countries)


def country(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A country."""
    return declare(CountryField(label=label, **facets))
