"""A line of text: trimmed, found without regard to case, sorted by the Ukrainian alphabet."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import ColumnElement, String, false, func, literal
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import MASK, WORDS, Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.text import SORT_LENGTH, fold, sort_key
from crm.backoffice.types import KeyText
from crm.messages import Label, m

MAX_SOUGHT = 500
_BREAKS = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, kw_only=True)
class TextField(Field):
    """One line. Breaks inside become spaces; control characters and overrides of the writing direction are refused."""

    type: ClassVar[str] = "text"
    operators = WORDS
    companions: ClassVar[tuple[str, ...]] = ("__sort", "__find")

    max_length: int = 255
    words: tuple[tuple[str, Label], ...] = ()  # the only values it takes, and how each reads

    def sql_type(self) -> TypeEngine[Any]:
        return String(self.max_length)

    def companion_type(self, suffix: str) -> TypeEngine[Any]:
        return KeyText(SORT_LENGTH) if suffix == "__sort" else KeyText()

    def sort_companion(self) -> str:
        return "__sort"

    def stored(self, value: Any) -> dict[str, Any]:
        written = {self.attribute: value}
        for suffix in self.companions:
            written[self.attribute + suffix] = None if value is None else sort_key(value) if suffix == "__sort" else self.found(value)
        return written

    def found(self, value: str) -> str:
        """The text that `contains` and `starts` look into."""
        return fold(value)

    def clean(self, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise FieldError(m("Text is expected here."))
        line = unicodedata.normalize("NFC", _BREAKS.sub(" ", value).strip())
        refuse_controls(line)
        if _BIDI.search(line):
            raise FieldError(m("The text holds marks that turn the direction of writing; type it anew without them."))
        refuse_length(line, self.max_length)
        if line and self.words and line not in dict(self.words):
            raise FieldError(m("“%(text)s” is none of the options.", text=line[:60]))
        return line or None

    def parse(self, text: str, reader: Reader) -> Any:
        written = fold(text)
        return self.clean(next((key for key, label in self.words if written in (fold(label.uk), fold(label.en))), text))

    def read(self, value: Any, reader: Reader) -> Any:
        return self.clean(str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        if not self.words:
            return as_it_is
        known = {key: label.text(reader.language) for key, label in self.words}
        return lambda value: known.get(value, as_it_is(value))

    def operand(self, op: str, value: Any, reader: Reader) -> Any:
        if op in ("contains", "starts"):
            return self.sought(value)
        return Field.operand(self, op, value, reader)

    def sought(self, value: Any) -> str:
        """The folded form of a piece of text to look for. Raises FieldError."""
        if not isinstance(value, str) or len(value) > MAX_SOUGHT:
            raise FieldError(m("Text of at most %(limit)s characters is expected here.", limit=MAX_SOUGHT))
        refuse_controls(value)
        return self.found(value)

    def compare(self, column: Callable[[str], ColumnElement[Any]], op: str, operand: Any) -> ColumnElement[bool]:
        if op in ("contains", "starts"):
            return looked_for(column("__find"), op, operand)
        return Field.compare(self, column, op, operand)

    def mask(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.substr(column, 1, 1, type_=String).concat(literal(MASK, String))


def looked_for(column: ColumnElement[Any], op: str, piece: str) -> ColumnElement[bool]:
    """Whether folded text holds `piece` or begins with it. An empty piece is found nowhere: it says nothing."""
    if not piece:
        return false()
    return column.contains(piece, autoescape=True) if op == "contains" else column.startswith(piece, autoescape=True)


def as_it_is(value: Any) -> str:
    return "" if value is None else str(value)


def refuse_controls(text: str, allowed: str = "") -> None:
    """Raises FieldError for characters that no database keeps or no reader sees: NUL, controls, halves of a surrogate pair."""
    if not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in text):
        raise FieldError(m("The text holds control characters; type it anew without them."))


def refuse_length(text: str, limit: int) -> None:
    if len(text) > limit:
        raise FieldError(m("The text is too long: %(length)s characters, at most %(limit)s are kept.", length=len(text), limit=limit))


def text(label: Label, *, max_length: int = 255, words: tuple[tuple[str, Label], ...] = (), **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A line of text; with `words` one of a few keys that the product knows, shown in words."""
    return declare(TextField(label=label, max_length=max_length, words=words, **facets))
