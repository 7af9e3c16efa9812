"""One option of a configured list: kept as its number, read as key or label, exported as key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import Integer
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.text import fold
from crm.messages import Label, m

LARGEST_ID = 2**31 - 1
# Another field of the record, its picklist, and for options by key the options there with which they go; the others go with any.
Narrowed = tuple[str, str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True)
class PicklistField(Field):
    """Options are rows of the configuration: they are retired, not deleted, so that old records keep their word."""

    type: ClassVar[str] = "picklist"
    suffix: ClassVar[str] = "_id"

    narrowed_by: Narrowed | None = None

    def sql_type(self) -> TypeEngine[Any]:
        return Integer()

    def clean(self, value: Any) -> int | None:
        return row_number(value)

    def parse(self, text: str, reader: Reader) -> Any:
        """A key, a label in either language or the option's number."""
        written = text.strip()
        if not written:
            return None
        options = self._options(reader)
        by_key = [number for number, key, _label in options if key == written]
        by_label = [number for number, _key, label in options if fold(written) in (fold(label.uk), fold(label.en))]
        fitting = by_key or self._in_use(by_label, reader) or by_label
        if not fitting and written.isascii() and written.isdigit() and len(written) < 11:
            return self._known(int(written), reader)
        if not fitting:
            raise FieldError(m("“%(text)s” is none of the options.", text=written[:60]))
        if len(fitting) > 1:
            raise FieldError(m("“%(text)s” fits more than one option.", text=written[:60]))
        return fitting[0]

    def read(self, value: Any, reader: Reader) -> Any:
        if isinstance(value, str):
            return self.parse(value, reader)
        number = row_number(value)
        return None if number is None else self._known(number, reader)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        labels = {number: label.text(reader.language) for number, _key, label in self._options(reader)}

        def show(value: Any) -> str:
            if value is None:
                return ""
            return value if isinstance(value, str) else labels.get(value, f"#{value}")

        return show

    def input_text(self, value: Any, reader: Reader) -> Text:
        exported = self.export(value, reader)
        return "" if exported is None else str(exported)

    def export(self, value: Any, reader: Reader) -> Any:
        if not isinstance(value, int) or reader.catalog is None:
            return value
        option = reader.catalog.options.get(value)
        return option.key if option else value

    def _options(self, reader: Reader) -> list[tuple[int, str, Label]]:
        known = reader.catalog.picklists.get(self.picklist or "") if reader.catalog else None
        return [(o.id, o.key, o.label) for o in known.options] if known else []

    def _in_use(self, numbers: list[int], reader: Reader) -> list[int]:
        """Those that are not retired: a word that was given to a new option means that."""
        return [n for n in numbers if reader.catalog is not None and not reader.catalog.options[n].retired]

    def _known(self, number: int, reader: Reader) -> int | None:
        if reader.catalog is not None and number not in {n for n, _key, _label in self._options(reader)}:
            raise FieldError(m("“%(text)s” is none of the options.", text=number))
        return row_number(number)


def row_number(value: Any) -> int | None:
    """The number of a row, or None. Raises FieldError for anything that cannot be one."""
    if value is None or value == "":
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LARGEST_ID:
        raise FieldError(m("The number of a record is expected here."))
    return value


def picklist(key: str, label: Label, *, narrowed_by: Narrowed | None = None, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """One option of the picklist `key`; `narrowed_by` says which of them go with which option of another field."""
    return declare(PicklistField(label=label, picklist=key, narrowed_by=narrowed_by, **facets), foreign_key="picklist_option.id")
