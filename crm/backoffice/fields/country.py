"""A country: ISO 3166 alpha-2 code, shown by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Unpack

from babel import Locale
from sqlalchemy.orm import MappedColumn

from crm.backoffice.fields.base import Facets, Reader, Text, declare
from crm.backoffice.fields.codes import CodeField, index
from crm.backoffice.text import fold
from crm.messages import Label, Message, m

NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})

# What people write besides the names of the standard.
OTHER_NAMES = {
    "USA": "US", "U.S.A.": "US", "U.S.": "US", "США": "US", "UK": "GB", "U.K.": "GB", "Great Britain": "GB", "England": "GB", "Англія": "GB",
    "Великобританія": "GB", "Holland": "NL", "Голландія": "NL", "Czech Republic": "CZ", "Чеська Республіка": "CZ", "Viet Nam": "VN",
}


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
    return {**{fold(name): code for name, code in OTHER_NAMES.items()}, **index(countries)}


def country(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A country."""
    return declare(CountryField(label=label, **facets))
