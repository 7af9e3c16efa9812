"""Text of many lines: notes, descriptions. Found like a line, not sorted."""

import unicodedata
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import Text
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import Facets, FieldError, declare
from crm.backoffice.fields.text import TextField, refuse_controls, refuse_length
from crm.messages import Label, m

MAX_LENGTH = 100_000


@dataclass(frozen=True, kw_only=True)
class LongTextField(TextField):
    """Lines end with a line feed, whatever they were typed with."""

    type: ClassVar[str] = "long_text"
    companions: ClassVar[tuple[str, ...]] = ("__find",)

    max_length: int = MAX_LENGTH
    sortable: bool = False

    def sql_type(self) -> TypeEngine[Any]:
        return Text()

    def sort_companion(self) -> str:
        return ""

    def clean(self, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise FieldError(m("Text is expected here."))
        lines = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n").strip())
        refuse_controls(lines, "\n\t")
        refuse_length(lines, self.max_length)
        return lines or None


def long_text(label: Label, *, max_length: int = MAX_LENGTH, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """Text of many lines."""
    return declare(LongTextField(label=label, max_length=max_length, **facets))
