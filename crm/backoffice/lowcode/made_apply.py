"""Putting made entities and fields in force: rows, tables, columns, values — inside the transaction that makes the version."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, insert, update

from crm.backoffice import recomputing
from crm.backoffice.catalog import Catalog, read_catalog
from crm.backoffice.conditions.renaming import Renaming, field_called
from crm.backoffice.custom import schema
from crm.backoffice.custom.everything import stored_as
from crm.backoffice.custom.fields import Kept
from crm.backoffice.custom.models import CHECKS, ENTITIES, FIELDS
from crm.backoffice.custom.reading import KeptEntity, Made
from crm.backoffice.entities import Entity
from crm.backoffice.fields.formula import sources
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode import uses
from crm.backoffice.lowcode.converting import convert
from crm.backoffice.lowcode.made_whole import Standing
from crm.backoffice.saving import counters
from crm.backoffice.turning import Decisions

WORKED_OUT_BY = ("formula", "gives", "scale", "of", "function", "field", "by", "mask")  # what is said of a field that its values follow from


def standing_of(before: Made, after: Made) -> list[Standing]:
    """What an undo puts back: each thing that changes, as it stood. New ones are named once they have numbers (`write`)."""
    found: list[Standing] = []
    for kind, _, was, will in _kinds(before, after):
        later, known = {one.number: one for one in will}, {one.number for one in was}
        found += [Standing(kind, one.number, one.entity, one.key, one.said) for one in was if later.get(one.number) != one]
        found += [Standing(kind, one.number, one.entity, one.key, None) for one in will if one.number > 0 and one.number not in known]
    return found


def _kinds(before: Made, after: Made) -> Iterator[tuple[str, Table, Sequence[Kept | KeptEntity], Sequence[Kept | KeptEntity]]]:
    """What is made, kind by kind: its word, its table, as it stands and as it would."""
    yield "entity", ENTITIES, tuple(before.entities.values()), tuple(after.entities.values())
    yield "field", FIELDS, before.fields, after.fields
    yield "check", CHECKS, before.checks, after.checks


@dataclass(frozen=True)
class Prepared:
    """Fields whose columns are there and filled, by entity and key under their numbers; `the_last` fills what is still lacking, once nobody writes."""

    numbers: Mapping[tuple[str, str], int]
    the_last: Callable[[], None]


NOTHING = Prepared(MappingProxyType({}), lambda: None)


def write(session: SystemSession, after: Made, decisions: Decisions, prepared: Prepared = NOTHING) -> list[Standing]:
    """Make it so; values of fields whose type changes pass as `decisions` say. The session goes on with the catalog that follows. Gives what is
    new, for an undo. Raises Busy, Invalid."""
    connection, before, known_by = session.connection(), session.catalog.made, session.catalog
    schema.alone(connection, _touched(session.catalog, after))
    prepared.the_last()
    new = [standing for kind, table, was, will in _kinds(before, after) for standing in _rows(session, kind, table, was, will)]
    fields = {one.number for one in new if one.kind == "field"}
    for one in new:
        if one.kind == "entity":
            schema.create_table(connection, one.number)
    follow(session)
    catalog = session.catalog
    known = {one.number: one for one in before.fields}
    for field in catalog.made.fields:
        old, spec, table = known.get(field.number), catalog.entity(field.entity).fields.get(field.key), catalog.entity(field.entity).table
        if spec is None:
            continue
        if field.number in fields:
            session.execute(update(FIELDS).where(FIELDS.c.id == field.number).values(stored=stored_as(spec)))
            schema.add_field(connection, table.name, spec, _table_of(catalog, spec.target, spec.picklist if not spec.multiple else None))
        elif old is None or old.said != field.said:
            schema.index_field(connection, table.name, spec)
    moves: dict[tuple[str, str], str] = {}
    for field in catalog.made.fields:
        old = known.get(field.number)
        if old is not None and old.key != field.key:
            moves |= field_called(known_by.entities, field.entity, old.key, field.key).moves
        spec = catalog.entity(field.entity).fields.get(field.key)
        if spec is not None and spec.numbering and field.number not in known:
            counters.keep_numbers(session, catalog.entity(field.entity), spec)
    if moves:
        uses.rewritten(session, known_by, Renaming(moves))
    convert(session, known_by, fields, decisions)
    _work_out(session, [one for one in catalog.made.fields if one.number not in known or _worked_otherwise(known[one.number], one)])
    return new


def follow(session: SystemSession) -> None:
    """The session goes on with the configuration as its transaction has left it."""
    session.go_on_with(read_catalog(session.connection()))


def _rows(
    session: SystemSession, kind: str, table: Table, was: Sequence[Kept | KeptEntity], will: Sequence[Kept | KeptEntity]
) -> Iterator[Standing]:
    """Write the rows of one kind; the new ones, which have numbers now."""
    staying = {one.number: one for one in will}
    for one in was:
        here = update(table).where(table.c.id == one.number)
        if one.number not in staying:
            session.execute(here.values(removed_at=datetime.now(UTC)))
        elif staying[one.number].key != one.key:  # two may change their keys with each other
            session.execute(here.values(key=f"-{one.number}"))
    for place, one in enumerate(will):
        values: dict[str, Any] = {"key": one.key, "said": dict(one.said), "position": place, "removed_at": None}
        if kind != "entity":
            values["entity"] = one.entity
        if one.number > 0:
            session.execute(update(table).where(table.c.id == one.number).values(**values))
        else:
            yield Standing(kind, session.execute(insert(table).returning(table.c.id), values).scalar_one(), one.entity, one.key, None)


def _touched(catalog: Catalog, after: Made) -> set[str]:
    """The tables that change, and those that new foreign keys lead to; tables that are made now are nobody's yet."""
    known = {one.number: one for one in catalog.made.fields}
    changing = [one for one in after.fields if one.number < 0 or one.number not in known or known[one.number].said != one.said]
    names = {one.entity for one in changing} | {str(one.said["to"]) for one in changing if one.number < 0 and one.said.get("to")}
    names |= {str(one.said["of"]).partition(".")[0] for one in changing if one.said.get("of")}  # whoever writes into them now knows no such roll-up
    return {catalog.entities[name].table.name for name in names if name in catalog.entities}


def _table_of(catalog: Catalog, target: str | None, picklist: str | None) -> str | None:
    if target is not None:
        return catalog.entity(target).table.name
    return "picklist_option" if picklist is not None else None


def _worked_otherwise(old: Kept, new: Kept) -> bool:
    return any(old.said.get(name) != new.said.get(name) for name in WORKED_OUT_BY)


def _work_out(session: SystemSession, changed: Sequence[Kept]) -> None:
    """Formulas, roll-ups and numbers of records that stand already: at once where they are few, else by the job that follows formulas."""
    for key in sorted({one.entity for one in changed}):
        kind = session.catalog.entities.get(key)
        if kind is not None and kind.worked_out:
            recomputing.at_once(session, kind, _awaited(kind, {one.key for one in changed if one.entity == key}))


def _awaited(kind: Entity, changed: set[str]) -> Iterator[str]:
    """The columns that hold nothing right before they are worked out: of what is made now and is not typed, and of formulas over it."""
    stale = {spec.key for spec in (*kind.added_up, *kind.numbered) if spec.key in changed}
    for spec in kind.computed:  # each after those it is computed from
        if spec.number and (spec.key in changed or stale & set(sources(spec.formula))):
            stale.add(spec.key)
    return (kind.fields[key].attribute for key in sorted(stale))
