"""The number of a bank account, IBAN: kept in one piece, shown in groups of four."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import ColumnElement, String, func, literal
from sqlalchemy.orm import MappedColumn
from stdnum import iban as standard
from stdnum.exceptions import InvalidChecksum, ValidationError

from crm.backoffice.fields.base import MASK, Facets, FieldError, Reader, Text, declare
from crm.backoffice.fields.code import CodeField
from crm.backoffice.fields.text import TextField
from crm.messages import Label, m

_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}")


@dataclass(frozen=True, kw_only=True)
class IbanField(CodeField):
    """Length and make-up are those of the account's country (29 signs in Ukraine); the two check digits prove it."""

    type: ClassVar[str] = "iban"

    max_length: int = 34

    def clean(self, value: Any) -> str | None:
        line = TextField.clean(self, self.signs.sub("", value[:1000]) if isinstance(value, str) else value)
        if line is None:
            return None
        number = line.upper().removeprefix("IBAN").removeprefix(":")
        try:
            if not _SHAPE.fullmatch(number):
                raise ValidationError
            return standard.validate(number)
        except InvalidChecksum:
            raise FieldError(m("“%(text)s” is not a right IBAN: a sign in it is wrong, the check digits do not fit.", text=line[:60])) from None
        except ValidationError:
            raise FieldError(m(
                "“%(text)s” is not an IBAN: it begins with two letters of a country and is as long as that country says (UA and 27 digits).", text=line[:60],
            )) from None

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        return _in_fours

    def input_text(self, value: Any, reader: Reader) -> Text:
        return _in_fours(value)

    def mask(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """`UA••• 5001`: the country and the last four signs, as banks show it."""
        last_four = func.substr(column, func.length(column) - 3, type_=String)
        return func.substr(column, 1, 2, type_=String).concat(literal(f"{MASK} ", String)).concat(last_four)


def _in_fours(value: Any) -> str:
    if value is None:
        return ""
    return str(value) if MASK in value else " ".join(value[at : at + 4] for at in range(0, len(value), 4))


def iban(label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """The number of a bank account."""
    return declare(IbanField(label=label, **facets))
