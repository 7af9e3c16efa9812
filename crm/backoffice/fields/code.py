"""What codes with a proof share: kept in capitals without spaces and dashes, in plain bytes that sort and are found as they stand."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import Field
from crm.backoffice.fields.text import TextField, looked_for
from crm.backoffice.types import KeyText


@dataclass(frozen=True, kw_only=True)
class CodeField(TextField):
    """A text field whose `clean` proves the code. `signs` are what people write between its letters and digits."""

    companions: ClassVar[tuple[str, ...]] = ()
    signs: ClassVar[re.Pattern[str]] = re.compile(r"[\s.\-‐–\u00a0]+")

    def sql_type(self) -> TypeEngine[Any]:
        return KeyText(self.max_length)

    def sort_companion(self) -> str:
        return ""

    def found(self, value: str) -> str:
        return self.signs.sub("", value).upper()

    def compare(self, column: Callable[[str], ColumnElement[Any]], op: str, operand: Any) -> ColumnElement[bool]:
        if op in ("contains", "starts"):
            return looked_for(column(""), op, operand)
        return Field.compare(self, column, op, operand)
