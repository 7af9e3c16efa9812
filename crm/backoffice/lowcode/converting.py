"""Values of a field whose type changes: what was, read as the new type reads what people type; what it does not accept is left behind.

The old column stays as it was, so that an undo finds it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crm.backoffice.custom.fields import Kept, field_of
from crm.backoffice.custom.reading import Made
from crm.backoffice.custom.tables import widened
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Reader
from crm.backoffice.guard import DataSession, SystemSession
from crm.backoffice.saving.quietly import put
from crm.errors import FieldError

PART = 1_000


@dataclass(frozen=True)
class Conversion:
    """What a new type makes of the values that a field holds."""

    kept: int = 0
    lost: int = 0


def convert(session: SystemSession, before: Made, new: Iterable[Kept]) -> None:
    """Fill new fields with what others of the same key held that have just gone. The session's catalog is the one that follows."""
    staying = {one.number for one in session.catalog.made.fields}
    gone = {(one.entity, one.key): one for one in before.fields if one.number not in staying}
    for field in new:
        old = gone.get((field.entity, field.key))
        if old is not None and not _computed(field) and (not _computed(old) or old.said["type"] == "auto_number"):
            _fill(session, session.catalog.entity(field.entity), old, session.catalog.entity(field.entity).fields[field.key])


def _computed(kept: Kept) -> bool:
    return kept.said["type"] in ("formula", "rollup", "auto_number", "many_to_many", "file", "image")


def _fill(session: DataSession, kind: Entity, old: Kept, new: Field) -> None:
    was = field_of(old, lambda entity, key: session.catalog.entity(entity).fields[key], lambda picklist, key: None, session.catalog.saved)
    table = widened(kind.table, [was])
    position = 0
    while True:
        query = select(table.c.id, table.c[was.attribute]).where(table.c.id > position, table.c[was.attribute].is_not(None)).order_by(table.c.id).limit(PART)
        rows = session.kernel(query).all()
        if not rows:
            return
        position = rows[-1][0]
        put(session, table, {row_id: new.stored(value) for row_id, value in _turned(rows, was, new, session.reader)})


def _turned(rows: Iterable[Any], was: Field, new: Field, reader: Reader) -> Iterator[tuple[int, Any]]:
    show = was.formatter(reader)
    for row_id, value in rows:
        try:
            turned = turn(value, was, new, reader, show(value))
        except FieldError:
            continue
        if turned is not None:
            yield row_id, turned


def turn(value: Any, was: Field, new: Field, reader: Reader, shown: str) -> Any:
    """A value as the new type takes it: as a file would give it, else as a person would read it. Raises FieldError."""
    try:
        return new.clean(new.read(was.export(value, reader), reader))
    except (FieldError, TypeError, AttributeError):
        return new.clean(new.parse(shown, reader))
