"""A reference to a record of another entity: kept as its number, exported as its code."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from sqlalchemy import ColumnElement, Integer
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.fields.picklist import row_number
from crm.backoffice.text import fold
from crm.messages import Label, m

if TYPE_CHECKING:
    from crm.backoffice.catalog import Configured

HIDDEN = "•"  # instead of a record that the reader may not see
MAX_CODE = 255


@dataclass(frozen=True, kw_only=True)
class ReferenceField(Field):
    """Rows give a `Ref`, or a bare number where nobody looked the target up.

    Rows of a configuration entity (stages, pipelines) are known to the catalog: they are shown by their label, exported as key and
    read here. A code of any other record stays a string, which only a session can resolve within its reader's scope.
    """

    type: ClassVar[str] = "reference"
    suffix: ClassVar[str] = "_id"

    def sql_type(self) -> TypeEngine[Any]:
        return Integer()

    def clean(self, value: Any) -> int | None:
        return row_number(getattr(value, "id", value))

    def parse(self, text: str, reader: Reader) -> Any:
        """A number, as inputs hold it, or a code (a string)."""
        written = text.strip()
        if written.isascii() and written.isdigit() and len(written) < 11:
            return self.read(int(written), reader)
        return self.read(written, reader)

    def read(self, value: Any, reader: Reader) -> Any:
        """An integer is a record's number, a string its code (or, of a configured row, key or label): a code stays a string."""
        if value is None or value == "":
            return None
        rows = self.configured(reader)
        if not isinstance(value, str):
            number = self.clean(value)
            if rows is not None and number not in rows:
                raise FieldError(m("There is no such record."))
            return number
        code = value.strip()
        if not code or len(code) > MAX_CODE or not code.isprintable():
            raise FieldError(m("A code of at most %(limit)s characters is expected here.", limit=MAX_CODE))
        if rows is None:
            return code
        fitting = self.fitting(code, reader)
        if not fitting:
            raise FieldError(m("“%(text)s” is not known here.", text=code[:60]))
        return fitting[0] if len(fitting) == 1 else code

    def configured(self, reader: Reader) -> "dict[int, Configured] | None":
        """The rows of the target when it is a configuration entity."""
        rows = reader.catalog.configured.get(self.target or "") if reader.catalog else None
        return None if rows is None else dict(rows)

    def fitting(self, written: str, reader: Reader) -> list[int]:
        """Numbers of the configured rows that `written` means: by code, else by key, else by label. Several pipelines have a stage
        `won`: who knows the pipeline chooses."""
        rows = (self.configured(reader) or {}).values()
        for meant in (
            [row.id for row in rows if row.code == written],
            [row.id for row in rows if row.key == written],
            [row.id for row in rows if fold(written) in (fold(row.label.uk), fold(row.label.en))],
        ):
            if meant:
                return meant
        return []

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        labels = {number: row.label.text(reader.language) for number, row in (self.configured(reader) or {}).items()}

        def show(value: Any) -> str:
            if value is None:
                return ""
            if isinstance(value, str):
                return value
            if isinstance(value, int):
                return labels.get(value, HIDDEN)
            return labels.get(value.id) or value.text or HIDDEN

        return show

    def input_text(self, value: Any, reader: Reader) -> Text:
        return "" if value is None else str(getattr(value, "id", value))

    def export(self, value: Any, reader: Reader) -> Any:
        """The key of a configured row, otherwise the text of the `Ref` (its code, when the rows were asked for codes)."""
        if value is None or isinstance(value, str):
            return value
        row = (self.configured(reader) or {}).get(value if isinstance(value, int) else value.id)
        if row is not None:
            return row.key
        return value if isinstance(value, int) else value.text

    def journal(self, value: Any) -> Any:
        return getattr(value, "id", value)

    def operand(self, op: str, value: Any, reader: Reader) -> Any:
        found = Field.operand(self, op, value, reader)
        if isinstance(found, str) and self.configured(reader) is not None:
            return tuple(self.fitting(found, reader))
        return found

    def compare(self, column: Callable[[str], ColumnElement[Any]], op: str, operand: Any) -> ColumnElement[bool]:
        if op == "eq" and isinstance(operand, tuple):
            return column("").in_(operand)
        if op == "in":
            numbers = [n for o in operand for n in (o if isinstance(o, tuple) else (o,))]
            return column("").in_(numbers)
        return Field.compare(self, column, op, operand)


def reference(
    target: str, label: Label, *, reverse: tuple[str, Label] | None = None, also: tuple[str, ...] = (), **facets: Unpack[Facets]
) -> MappedColumn[Any]:
    """A reference to the entity `target`; `reverse` names the relation seen from there, and `also` further paths by which a row stands in its list."""
    return declare(ReferenceField(label=label, target=target, reverse=reverse, also=also, **facets), foreign_key=f"{target}.id")
