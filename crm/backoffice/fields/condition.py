"""A condition kept in a record: made in the builder of filters, shown in words, in files as its JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from sqlalchemy import ColumnElement, Text as SqlText
from sqlalchemy.orm import MappedColumn
from sqlalchemy.types import TypeEngine

from crm.backoffice.conditions.tree import Aggregate, All, Any_, Latest, Leaf, Node, Lookup, Not, Saved, as_stored, dump, parse
from crm.backoffice.fields.base import Facets, Field, FieldError, Reader, Text, declare
from crm.backoffice.fields.text import refuse_controls
from crm.errors import BadRequest, BramaError
from crm.messages import Label, m

LONGEST = 20_000


@dataclass(frozen=True, kw_only=True)
class ConditionField(Field):
    """One form of every condition is kept, so that equal ones are equal texts. It is only asked whether there is one."""

    type: ClassVar[str] = "condition"
    operators: ClassVar[frozenset[str]] = frozenset({"empty", "not_empty"})

    in_cells: ClassVar[bool] = False

    sortable: bool = False
    over: str = ""  # the field that says of which entity's records the condition is

    def sql_type(self) -> TypeEngine[Any]:
        return SqlText()

    def clean(self, value: Any) -> str | None:
        if value is None or value == "":
            return None
        if not isinstance(value, str) or len(value) > LONGEST:
            raise FieldError(m("A condition is expected here."))
        refuse_controls(value)
        try:
            return written(parse(json.loads(value), as_stored))
        except (ValueError, RecursionError):
            raise FieldError(m("The condition is not readable.")) from None
        except BadRequest as wrong:
            raise FieldError(wrong.message) from None

    def parse(self, text: str, reader: Reader) -> Any:
        return self.clean(text.strip())

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        """Its keys and values in a line; the words of the fields are known where it is known of which records it is."""
        return lambda value: "" if value is None else line(value)

    def input_text(self, value: Any, reader: Reader) -> Text:
        return "" if value is None else str(value)

    def read(self, value: Any, reader: Reader) -> Any:
        return self.clean(value)

    def compare(self, column: Callable[[str], ColumnElement[Any]], op: str, operand: Any) -> ColumnElement[bool]:
        if op != "not_empty":
            raise FieldError(m("This field cannot be compared so."))
        return column("").is_not(None)


def written(node: Node) -> str:
    """A condition in the one form in which it is kept."""
    return json.dumps(dump(node), ensure_ascii=False, separators=(",", ":"))


def node_of(text: str, saved: Lookup) -> Node:
    """The tree of a kept condition. Raises BadRequest, UnknownCondition."""
    try:
        return parse(json.loads(text), saved)
    except ValueError:
        raise BadRequest(m("The condition is not readable.")) from None


def line(text: str) -> str:
    """A kept condition in a line; as it stands where it cannot be read."""
    try:
        return _told(node_of(text, as_stored))
    except BramaError:
        return text


def _told(node: Node) -> str:
    match node:
        case All(parts):
            return f"({' & '.join(map(_told, parts))})"
        case Any_(parts):
            return f"({' | '.join(map(_told, parts))})"
        case Not(part):
            return f"!{_told(part)}"
        case Leaf(path, op, value):
            return f"{'.'.join(path)} {op}" + ("" if value is None else f" {value}")
        case Aggregate():
            of = f" {'.'.join(node.of)}" if node.of else ""
            where = f" [{_told(node.where)}]" if node.where else ""
            return f"{node.function} {'.'.join(node.path)}{of}{where} {node.op} {node.value}"
        case Latest(path, by, at, op, value):
            return f"{'.'.join(path)} [{by} <= {at}] {op}" + ("" if value is None else f" {value}")
        case Saved(key):
            return f"“{key}”"


def condition(label: Label, *, over: str, **facets: Unpack[Facets]) -> MappedColumn[Any]:
    """A condition over the records of the entity that the field `over` names."""
    return declare(ConditionField(label=label, over=over, **facets))
