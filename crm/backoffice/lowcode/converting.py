"""Values of a field whose type changes: what was, read as the new type reads what people type, or as somebody has decided; what it does not accept is
left behind, or kept as words in a new field.

The old column stays as it was, so that an undo finds it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.custom.fields import Kept, field_of
from crm.backoffice.custom.tables import widened
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession, SystemSession
from crm.backoffice.lowcode.parsing import wrong
from crm.backoffice.saving.quietly import put
from crm.backoffice.turning import UNDECIDED, Decided, Decisions, accepted, turner
from crm.errors import FieldError
from crm.messages import m

PART = 1_000
WORDS = frozenset({"text", "long_text"})  # types in which what does not convert may be kept


@dataclass(frozen=True)
class Conversion:
    """A field that takes the place of another one of its key, in the catalog that would follow; `rest` is where the words of what is lost go."""

    old: Kept
    kind: Entity
    was: Field
    new: Field
    rest: Field | None
    decided: Decided


def conversions(before: Catalog, then: Catalog, decisions: Decisions) -> Iterator[Conversion]:
    """Fields of `then` that are of another type than those of `before` which had their keys, where values can pass from one to the other."""
    staying = {one.number for one in then.made.fields}
    gone = {(one.entity, one.key): one for one in before.made.fields if one.number not in staying}
    known = {one.number for one in before.made.fields}
    for field in then.made.fields:
        place = (field.entity, field.key)
        old, kind = gone.get(place), then.entities.get(field.entity)
        if field.number in known or old is None or kind is None or field.key not in kind.fields:
            continue
        if not _computed(field) and (not _computed(old) or old.said["type"] == "auto_number"):
            decided = decisions.get(place, UNDECIDED)
            yield Conversion(old, kind, _was(old, before), kind.fields[field.key], kind.fields.get(decided.rest_in), decided)


def check_decisions(before: Catalog, then: Catalog, decisions: Decisions) -> None:
    """Raises BadRequest for a decided value that the new type does not accept, and for words that have no new field to go to."""
    known = {one.number for one in before.made.fields}
    for one in conversions(before, then, decisions):
        place = m("field “%(key)s”", key=f"{one.kind.key}.{one.new.key}")
        for old, value in one.decided.values.items():
            try:
                accepted(one.new, value, then.reader())
            except FieldError as fault:
                raise wrong(place, m("“%(value)s” for “%(old)s” is not accepted: %(why)s", value=str(value)[:60], old=old[:60], why=fault.message)) from None
        if one.decided.rest_in and (one.rest is None or one.rest.type not in WORDS or not one.rest.number or one.rest.number in known):
            raise wrong(place, m("“rest_in” names a text or long text that the same file adds to the entity"))


def convert(session: SystemSession, before: Catalog, made: Iterable[int], decisions: Decisions) -> None:
    """Fill the fields that were `made` now with what others of the same key held that have just gone. The session's catalog is the one that follows."""
    numbers = set(made)
    for one in conversions(before, session.catalog, decisions):
        if one.new.number in numbers:
            turn = filler(session, one)
            position: int | None = 0
            while position is not None:
                position, _ = turn(after(position), PART)


Where = Callable[[Table], ColumnElement[bool]]
Fill = Callable[[Where, int], tuple[int | None, int]]


def after(position: int) -> Where:
    """The rows behind a number."""
    return lambda table: table.c.id > position


def filler(session: DataSession, one: Conversion) -> Fill:
    """A function that turns the next rows of a condition, in the order of their numbers: the last number (None: there were none), and how many rows.
    Raises FieldError for a decision that makes no sense any more."""
    table, turned = reaching(one), turner(one.was, one.new, session.reader, one.decided.values)
    show, was = one.was.formatter(session.reader), table.c[one.was.attribute]

    def fill(where: Where, most: int) -> tuple[int | None, int]:
        rows = session.kernel(select(table.c.id, was).where(where(table)).order_by(table.c.id).limit(most).with_for_update()).all()
        given: dict[int, dict[str, Any]] = {}
        for number, value in rows:
            found = turned(value) if value is not None else None
            given[number] = one.new.stored(found.value if found is not None else None)
            if one.rest is not None:
                lost = found is not None and found.outcome == "lost"
                given[number] |= one.rest.stored(one.rest.clean(show(value)[: one.rest.max_length or None]) if lost else None)
        put(session, table, given)
        return (rows[-1][0] if rows else None), len(rows)

    return fill


def reaching(one: Conversion) -> Table:
    """The table of the records with the columns of before and after."""
    fields = [one.was, one.new, *([one.rest] if one.rest is not None else [])]
    return widened(one.kind.table, [spec for spec in fields if spec.attribute not in one.kind.table.c])


def _computed(kept: Kept) -> bool:
    return kept.said["type"] in ("formula", "rollup", "auto_number", "many_to_many", "file", "image")


def _was(old: Kept, before: Catalog) -> Field:
    found = before.entities[old.entity].fields.get(old.key) if old.entity in before.entities else None
    return found or field_of(old, lambda entity, key: before.entity(entity).fields[key], lambda picklist, key: None, before.saved)
