"""Yes or no."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import Boolean
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import Facets, Field, FieldError, Reader, Text, declare
from crm.messages import Label, m

WORDS = {"uk": ("ні", "так"), "en": ("no", "yes")}
TRUE = frozenset({"true", "1", "yes", "y", "on", "t", "так", "т", "+"})
FALSE = frozenset({"false", "0", "no", "n", "off", "f", "ні", "н", "-"})


@dataclass(frozen=True, kw_only=True)
class BooleanField(Field):
    """True, false or, where nothing was said, empty."""

    type: ClassVar[str] = "boolean"

    def sql_type(self) -> TypeEngine[Any]:
        return Boolean()

    def clean(self, value: Any) -> bool | None:
        if value is None or value == "":
            return None
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower() if isinstance(value, str | int) else ""
        if word in TRUE or word in FALSE:
            return word in TRUE
        raise FieldError(m("“%(text)s” is neither yes nor no.", text=str(value)[:60]))

    def parse(self, text: str, reader: Reader) -> Any:
        return self.clean(text.strip())

    def read(self, value: Any, reader: Reader) -> Any:
        return self.clean(value)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        no, yes = WORDS.get(reader.language, WORDS["en"])

        def show(value: Any) -> str:
            if value is None:
                return ""
            return value if isinstance(value, str) else yes if value else no

        return show


def boolean(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """Yes or no."""
    return declare(BooleanField(label=label, **facets))
