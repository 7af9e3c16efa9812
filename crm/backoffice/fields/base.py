"""What every field type answers: storage, reading, showing, comparing, masking. One module a type beside this one.

A field is declared on a mapped class as `name: Mapped[str] = text(Label("Назва", "Name"), required=True)`: the constructor of
the type returns a `mapped_column` that carries the `Field` in `info["field"]`; the entity description collects them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, TypedDict
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ForeignKey, String, case, literal
from sqlalchemy.orm import MappedColumn, mapped_column
from sqlalchemy.types import TypeEngine

from crm.errors import FieldError
from crm.messages import Label, m

if TYPE_CHECKING:
    from crm.backoffice.catalog import Catalog
    from crm.backoffice.conditions.tree import Node
    from crm.backoffice.fields.rollup import Rollup

__all__ = ["EQUALITY", "MASK", "NEGATED", "ORDER", "WORDS", "Facets", "Field", "FieldError", "Reader", "Ref", "Registry", "Sensitivity", "Text", "declare"]

Sensitivity = Literal["open", "internal", "sensitive"]
Text = str

# Operators a field may answer; `within` is for dates, `in` and `not_in` take lists.
EQUALITY = frozenset({"eq", "ne", "in", "not_in", "empty", "not_empty"})
ORDER = EQUALITY | {"lt", "le", "gt", "ge", "between"}
WORDS = EQUALITY | {"contains", "starts"}
MASK = "•••"
NAMELESS = Label("", "")
NEGATED = {"ne": "eq", "not_in": "in", "empty": "not_empty"}


@dataclass(frozen=True)
class Reader:
    """Who reads or types: language, time zone, today's date there, and the catalog that names options and stages."""

    language: str
    zone: ZoneInfo
    today: date
    catalog: "Catalog | None" = None


class Ref(NamedTuple):
    """A reference as rows give it: the target's number and how it reads; no text when the reader may not see the target."""

    id: int
    text: str | None


class Facets(TypedDict, total=False):
    """What every declaration of a field may say beside its label."""

    help: Label | None
    required: bool
    unique: bool
    sensitivity: Sensitivity
    personal: bool
    searchable: bool
    sortable: bool
    indexed: bool
    system: bool
    made_of: tuple[str, ...]
    default: Any
    asked_when: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Field:
    """The description of one field of one entity. Immutable; a type is a subclass that fills in the facets."""

    type: ClassVar[str] = ""
    operators: ClassVar[frozenset[str]] = EQUALITY
    align: ClassVar[Literal["start", "end"]] = "start"
    suffix: ClassVar[str] = ""  # what the column name adds to the key: "_id" for references and picklists
    totals: ClassVar[bool] = False  # a sum of it under a list makes sense
    several: ClassVar[bool] = False  # a set of references, kept in a table of links and in no column
    in_cells: ClassVar[bool] = True  # may be typed where it stands, and for many records at once
    multiple: ClassVar[bool] = False  # a value is a tuple of values, in one column
    companions: ClassVar[tuple[str, ...]] = ()  # further stored columns: "__sort", "__find"

    key: str = ""
    label: Label = NAMELESS
    help: Label | None = None
    required: bool = False
    unique: bool = False
    sensitivity: Sensitivity = "internal"
    personal: bool = False  # says something of a living person: exported and erased with him
    searchable: bool = False  # the list's search looks here
    sortable: bool = True
    indexed: bool = False  # an index (column, id): fast sorting and keyed pages at any depth
    system: bool = False  # kept by the product (created_at, row_version): never accepted from outside
    made_of: tuple[str, ...] = ()  # what it is computed from, `lines.price` of rows of a relation: it shows only to those who see all of that
    default: Any = None
    asked_when: tuple[str, str] | None = None  # a form asks for it only while another field, of few words, has this one
    attribute: str = ""  # the mapped attribute; "cf_7" for a field made in the browser
    target: str | None = None  # the entity that a reference points to
    picklist: str | None = None
    scale: int = 0
    max_length: int = 0
    formula: str = ""  # computed from other fields of the record and typed by nobody; see formula.py
    rollup: "Rollup | None" = None  # what rows that refer to the record come to; see rollup.py
    numbering: str = ""  # of a code that every new record is given: "T-{YYYY}-{0000}"
    # Of a field that an administrator made: when it must be filled, may not be changed, and belongs to the record at all (`saving.conditions`).
    required_if: "Node | None" = field(default=None, hash=False)
    read_only_if: "Node | None" = field(default=None, hash=False)
    visible_if: "Node | None" = field(default=None, hash=False)
    number: int = 0  # of a field that an administrator made; 0 for the product's own
    reverse: tuple[str, Label] | None = None  # the name of the relation seen from the target: ("deals", Label(…))
    also: tuple[str, ...] = ()  # further paths by which a row stands in that list on the target's card: "participants.colleague"

    @property
    def kept_as(self) -> str:
        """The name under which the journal keeps its changes: a made field's does not change with its key."""
        return self.attribute if self.number else self.key

    @property
    def derived(self) -> bool:
        """Whether the product works it out and nobody types it."""
        return bool(self.formula or self.numbering) or self.rollup is not None

    # --- storage -----------------------------------------------------------------------------------------------

    def sql_type(self) -> TypeEngine[Any]:
        """The SQLAlchemy type of the main column."""
        raise NotImplementedError(self.type)

    def companion_type(self, suffix: str) -> TypeEngine[Any]:
        """The type of a companion column."""
        raise NotImplementedError(self.type)

    def stored(self, value: Any) -> dict[str, Any]:
        """What an accepted value writes: attribute → value, companions included."""
        return {self.attribute: value}

    # --- values ------------------------------------------------------------------------------------------------

    def clean(self, value: Any) -> Any:
        """The accepted form of a Python value (trimmed, quantized, checked), None when empty. Raises FieldError."""
        return value

    def parse(self, text: str, reader: Reader) -> Any:
        """What a person typed in a form or cell, as `clean` accepts it; the empty string is None. Raises FieldError."""
        raise NotImplementedError(self.type)

    def formatter(self, reader: Reader) -> Callable[[Any], Text]:
        """A function that shows a stored value to `reader` as text; built once a list, called once a cell. None reads as the empty
        string, and a string where the type is none is a mask and passes unchanged."""
        raise NotImplementedError(self.type)

    def input_text(self, value: Any, reader: Reader) -> Text:
        """The value as it stands in an input, such that `parse` reads it back unchanged."""
        return "" if value is None else self.formatter(reader)(value)

    def export(self, value: Any, reader: Reader) -> Any:
        """The value in a file: str, int, bool or None (money and decimals as strings, dates ISO, options as keys)."""
        return value

    def read(self, value: Any, reader: Reader) -> Any:
        """The inverse of `export`, also for the JSON of a condition. Raises FieldError."""
        raise NotImplementedError(self.type)

    def journal(self, value: Any) -> Any:
        """The value as JSON for the journal, the outbox and undo; `unjournal` gives it back."""
        return value

    def unjournal(self, value: Any) -> Any:
        return value

    # --- in SQL ------------------------------------------------------------------------------------------------

    def column(self, cls: Any, companion: str = "") -> ColumnElement[Any]:
        """The mapped column on `cls` (a class or an alias of it)."""
        column: ColumnElement[Any] = getattr(cls, self.attribute + companion)
        return column

    def sort_companion(self) -> str:
        """The companion column that lists sort by; "" is the main column."""
        return ""

    def compare(self, column: Callable[[str], ColumnElement[Any]], op: str, operand: Any) -> ColumnElement[bool]:
        """The predicate of a positive operator over a non-empty field; `column("")` is the main column, `column("__find")` a
        companion, each as this reader may see it. `operand` comes from `operand()`. Null is false, `conditions` sees to the rest."""
        main = column("")
        found: ColumnElement[bool]
        match op:
            case "eq":
                found = main == operand
            case "in":
                found = main.in_(operand)
            case "not_empty":
                found = main.is_not(None)
            case "lt":
                found = main < operand
            case "le":
                found = main <= operand
            case "gt":
                found = main > operand
            case "ge":
                found = main >= operand
            case "between":
                found = main.between(operand[0], operand[1])
            case _:
                raise FieldError(m("This field cannot be compared so."))
        return found

    def operand(self, op: str, value: Any, reader: Reader) -> Any:
        """The right side of a condition, from JSON, ready for `compare`; lists for `in` and `between`. Raises FieldError."""
        if op in ("empty", "not_empty"):
            return None
        if op in ("in", "not_in"):
            if not isinstance(value, list) or len(value) > 1000:
                raise FieldError(m("A list of at most 1,000 values is expected here."))
            return [self.operand("eq", v, reader) for v in value]
        if op == "between":
            if not isinstance(value, list) or len(value) != 2:
                raise FieldError(m("Two values are expected here: from and to."))
            return [self.operand("ge", v, reader) for v in value]
        if value is None or isinstance(value, list | dict):
            raise FieldError(m("A value is expected here."))
        return self.read(value, reader)

    # --- rights ------------------------------------------------------------------------------------------------

    def mask(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """What a reader gets instead of a masked value, computed in SQL: a constant unless the type knows better. The result has
        the type of text; None stays None."""
        return case((column.is_(None), None), else_=literal(MASK, String))

    # --- declaration -------------------------------------------------------------------------------------------

    def bound(self, key: str, attribute: str) -> Self:
        """This field under its key on a class."""
        return replace(self, key=key, attribute=attribute)


def declare(field: Field, *, foreign_key: str | None = None, **column: Any) -> MappedColumn[Any]:
    """The mapped column of `field`; the entity description finds the field in its `info`."""
    args = [ForeignKey(foreign_key)] if foreign_key else []
    nullable = column.pop("nullable", not field.required)
    if field.default is not None:
        column.setdefault("default", field.default)
    return mapped_column(field.sql_type(), *args, nullable=nullable, info={"field": field, **column.pop("info", {})}, **column)


Registry = Mapping[str, type[Field]]
