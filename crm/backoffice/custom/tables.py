"""Tables with the columns of made fields: the product's own with more columns, and whole ones for made entities.

They are no part of the mapped registry, so migrations compare the product's own schema alone, and two databases in one process may hold different
fields. One description gives one `Table`, kept while somebody uses it: statements and what SQLAlchemy keeps of them are found again by it.
"""

from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import Column, Integer, MetaData, Table

from crm.backoffice.database import NAMING
from crm.backoffice.entities import Record, declared_fields
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.many_to_many import ManyToManyField

Shape = tuple[type[Field], str, int, int, str | None]
KNOWN: WeakValueDictionary[Any, Table] = WeakValueDictionary()
LOCK = Lock()


def name_of(number: int) -> str:
    """The table of the records of a made entity."""
    return f"ce_{number}"


def table_of(number: int, made: Iterable[Field]) -> Table:
    """The table of a made entity: a record's own columns and those of its fields."""
    name, shapes = name_of(number), tuple(map(_shape, made))
    return _once((name, shapes), lambda: _whole(name, shapes))


def widened(table: Table, made: Iterable[Field]) -> Table:
    """The product's table with the columns of made fields; itself without any."""
    shapes = tuple(map(_shape, made))
    return _once((table, shapes), lambda: _widened(table, shapes)) if shapes else table


def columns_of(spec: Field) -> Iterator[Column[object]]:
    """The columns of a field: its own and its companions; none of a set, which has a table of links."""
    if spec.several:
        return
    yield Column(spec.attribute, spec.sql_type(), nullable=not spec.required)
    for suffix in spec.companions:
        yield Column(spec.attribute + suffix, spec.companion_type(suffix))


def own_fields() -> list[Field]:
    """What every record has, bound to its columns."""
    return [spec.bound(name.removesuffix(spec.suffix), name) for name, spec in declared_fields(Record).items()]


def _shape(spec: Field) -> Shape:
    """All that the storage of a field depends on."""
    return type(spec), spec.attribute, spec.scale, spec.max_length, spec.target if spec.several else None


def _once(key: Any, make: Callable[[], Table]) -> Table:
    """One table for one shape as long as a catalog uses it."""
    with LOCK:
        found = KNOWN.get(key)
        if found is None:
            found = KNOWN[key] = make()
        return found


def _whole(name: str, shapes: tuple[Shape, ...]) -> Table:
    own = (column for spec in own_fields() for column in columns_of(spec))
    return _with(Table(name, MetaData(naming_convention=NAMING), Column("id", Integer, primary_key=True), *own), shapes)


def _widened(table: Table, shapes: tuple[Shape, ...]) -> Table:
    copy = table.to_metadata(MetaData(naming_convention=NAMING))
    for links in [one for name, one in table.metadata.tables.items() if name.startswith(f"{table.name}__")]:
        links.to_metadata(copy.metadata)
    return _with(copy, shapes)


def _with(table: Table, shapes: tuple[Shape, ...]) -> Table:
    for kind, attribute, scale, longest, target in shapes:
        spec = kind(attribute=attribute, scale=scale, max_length=longest, target=target)
        for column in columns_of(spec):
            table.append_column(column)
        if isinstance(spec, ManyToManyField):
            spec.link_table(table.metadata, table.name)
    return table
