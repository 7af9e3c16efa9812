"""Several options of a configured list, kept in one column as their numbers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import ColumnElement, and_, false, or_, true, type_coerce
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.fields.base import EQUALITY, Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.fields.many_to_many import in_order, joined, listed
from crm.backoffice.fields.picklist import PicklistField
from crm.backoffice.types import KeyText, NumberSet
from crm.messages import Label, m

MOST = 100
MOST_HELD = 20  # options that a value is asked to hold all of


@dataclass(frozen=True, kw_only=True)
class MultiPicklistField(Field):
    """A value is a tuple of different option numbers in ascending order, None when there are none. `eq` and `in` ask whether one of the
    named options is in it, `contains` whether all of them are. In text keys or labels stand between semicolons."""

    type: ClassVar[str] = "multi_picklist"
    operators = EQUALITY | {"contains"}
    multiple: ClassVar[bool] = True

    sortable: bool = False

    @property
    def one(self) -> PicklistField:
        """What each of the options answers for itself."""
        return PicklistField(key=self.key, label=self.label, picklist=self.picklist)

    def sql_type(self) -> TypeEngine[Any]:
        return NumberSet()

    def clean(self, value: Any) -> Any:
        return self._each(value, self.one.clean)

    def parse(self, text: str, reader: Reader) -> Any:
        return self._each(listed(text), lambda one: self.one.parse(one, reader))

    def read(self, value: Any, reader: Reader) -> Any:
        if isinstance(value, int):
            return self._each([value], lambda one: self.one.read(one, reader))
        return self._each(listed(value) if isinstance(value, str) else value, lambda one: self.one.read(one, reader))

    def _each(self, value: Any, take: Callable[[Any], Any]) -> tuple[int, ...] | None:
        if value is None or value == "":
            return None
        if not isinstance(value, list | tuple | frozenset) or len(value) > MOST:
            raise FieldError(m("A list of at most %(count)s options is expected here.", count=MOST))
        return in_order(one for one in map(take, value) if one is not None)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        show, arranged = self.one.formatter(reader), self.arranged(reader)
        return lambda value: "" if value is None else value if isinstance(value, str) else ", ".join(map(show, arranged(value)))

    def arranged(self, reader: Reader) -> Callable[[Iterable[int]], list[int]]:
        """A function that puts options into the order of their list."""
        known = reader.catalog.picklists.get(self.picklist or "") if reader.catalog else None
        place = {option.id: n for n, option in enumerate(known.options)} if known else {}
        return lambda numbers: sorted(numbers, key=lambda number: (place.get(number, len(place)), number))

    def input_text(self, value: Any, reader: Reader) -> Text:
        return "" if value is None else joined(self.one.input_text(one, reader) for one in self.arranged(reader)(value))

    def export(self, value: Any, reader: Reader) -> Any:
        keys = self.codes(value, reader)
        return keys if keys is None or isinstance(keys, str) else joined(keys)

    def codes(self, value: Any, reader: Reader) -> list[str] | str | None:
        """The keys as a list, for files that have lists; a mask passes as it is."""
        if value is None or isinstance(value, str):
            return value
        return [str(self.one.export(one, reader)) for one in self.arranged(reader)(value)]

    def journal(self, value: Any) -> Any:
        return None if value is None else sorted(value)

    def unjournal(self, value: Any) -> Any:
        return None if value is None else tuple(value)

    def operand(self, op: str, value: Any, reader: Reader) -> Any:
        """The options meant, as a tuple."""
        if op in ("empty", "not_empty"):
            return None
        named = value if isinstance(value, list) else [value]
        if (op in ("eq", "ne") and isinstance(value, list)) or not named or len(named) > (MOST_HELD if op == "contains" else 1000):
            raise FieldError(m("A list of at most %(count)s options is expected here.", count=MOST_HELD if op == "contains" else 1000))
        meant = [self.one.operand("eq", one, reader) for one in named]
        if None in meant:
            raise FieldError(m("A value is expected here."))
        return tuple(meant)

    def compare(self, column: Callable[[str], ColumnElement[Any]], op: str, operand: Any) -> ColumnElement[bool]:
        if op == "not_empty":
            return column("").is_not(None)
        # As text, since a set has no part: `,3,` is in `,3,17,` and not in `,13,`.
        held = [type_coerce(column(""), KeyText()).contains(f",{number},", autoescape=True) for number in operand]
        return and_(true(), *held) if op == "contains" else or_(false(), *held)


def multi_picklist(key: str, label: Label, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """Several options of the picklist `key`."""
    return declare(MultiPicklistField(label=label, picklist=key, **facets))
