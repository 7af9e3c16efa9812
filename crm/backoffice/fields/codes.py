"""Codes with names in every language — countries, currencies: kept as the code, read as the code or the name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import EQUALITY, Field, FieldError, Reader
from crm.backoffice.text import fold
from crm.backoffice.types import KeyText
from crm.messages import LANGUAGES, Message


@dataclass(frozen=True, kw_only=True)
class CodeField(Field):
    """A field whose value is one of a standard's codes."""

    operators = EQUALITY

    def names(self, language: str) -> Mapping[str, str]:
        """Code → name in `language`, every code that is accepted."""
        raise NotImplementedError(self.type)

    def by_name(self, folded: str) -> str | None:
        """The code of a folded name in any language of the product."""
        raise NotImplementedError(self.type)

    def unknown(self, written: str) -> Message:
        """The sentence for what is no code."""
        raise NotImplementedError(self.type)

    def sql_type(self) -> TypeEngine[Any]:
        return KeyText(self.max_length)

    def clean(self, value: Any) -> str | None:
        if value is None or value == "":
            return None
        code = value.strip().upper() if isinstance(value, str) else ""
        if code not in self.names("en"):
            raise FieldError(self.unknown(str(value)[:60]))
        return code

    def parse(self, text: str, reader: Reader) -> Any:
        written = text.strip()
        if not written:
            return None
        if written.upper() in self.names("en"):
            return written.upper()
        return self.clean(self.by_name(fold(written[:200])) or written)

    def read(self, value: Any, reader: Reader) -> Any:
        return self.parse(value, reader) if isinstance(value, str) else self.clean(value)

    def input_text(self, value: Any, reader: Reader) -> str:
        return "" if value is None else str(value)


def index(names: Callable[[str], Mapping[str, str]]) -> dict[str, str]:
    """Folded name → code over the product's languages; a name of two codes is the one of neither."""
    found: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in names(language).items():
            key = fold(name)
            found[key] = code if found.get(key, code) == code else ""
    return found
