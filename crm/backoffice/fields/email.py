"""An e-mail address, kept in small letters: no mail server in use tells capitals apart, and a person has one address, not two."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import ColumnElement, String, func, literal
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import MASK, Facets, Field, FieldError, declare
from crm.backoffice.fields.text import TextField, looked_for
from crm.backoffice.types import KeyText
from crm.messages import Label, m

MAX_LENGTH = 254
_LOCAL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,61}[^\W_]")


@dataclass(frozen=True, kw_only=True)
class EmailField(TextField):
    """One address: a name, @ and a domain with a dot in it."""

    type: ClassVar[str] = "email"
    companions: ClassVar[tuple[str, ...]] = ()

    max_length: int = MAX_LENGTH

    def sql_type(self) -> TypeEngine[Any]:
        return KeyText(self.max_length)

    def sort_companion(self) -> str:
        return ""

    def found(self, value: str) -> str:
        return value.strip().lower()

    def clean(self, value: Any) -> str | None:
        line = TextField.clean(self, value)
        if line is None:
            return None
        address = line.removeprefix("mailto:").lower()
        local, _, domain = address.rpartition("@")
        dots = local.startswith(".") or local.endswith(".") or ".." in local
        if dots or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
            raise FieldError(m("“%(text)s” is not an e-mail address.", text=line[:60]))
        return address

    def compare(self, column: Callable[[str], ColumnElement[Any]], op: str, operand: Any) -> ColumnElement[bool]:
        if op in ("contains", "starts"):
            return looked_for(column(""), op, operand)
        return Field.compare(self, column, op, operand)

    def mask(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """`a•••@•••.ua`: the first letter and the top-level domain, which is what follows the last dot."""
        dotless = func.replace(column, ".", "", type_=String)
        up_to_last_dot = func.rtrim(column, dotless, type_=String)
        top = func.substr(column, func.length(up_to_last_dot) + 1, type_=String)
        first = func.substr(column, 1, 1, type_=String)
        return first.concat(literal(f"{MASK}@{MASK}.", String)).concat(top)


def email(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """An e-mail address."""
    return declare(EmailField(label=label, **facets))
