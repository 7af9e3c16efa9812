"""Putting made entities and fields in force: rows, tables, columns, values — inside the transaction that makes the version."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select, update

from crm.backoffice import recomputing
from crm.backoffice.catalog import Catalog, read_catalog
from crm.backoffice.custom import schema
from crm.backoffice.custom.everything import stored_as
from crm.backoffice.custom.models import CHECKS, ENTITIES, FIELDS
from crm.backoffice.custom.reading import Made
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode import uses
from crm.backoffice.lowcode.converting import convert
from crm.backoffice.lowcode.made_whole import Standing
from crm.backoffice.saving import counters
from crm.backoffice.sight import Sight


def standing_of(before: Made, after: Made) -> list[Standing]:
    """What an undo puts back: each thing that changes, as it stood. New ones are named once they have numbers (`write`)."""
    found: list[Standing] = []
    later = {one.number: one for one in after.entities.values()}
    for kind in before.entities.values():
        if later.get(kind.number) != kind:
            found.append(Standing("entity", kind.number, kind.key, kind.key, kind.said))
    staying = {one.number: one for one in after.fields}
    for field in before.fields:
        if staying.get(field.number) != field:
            found.append(Standing("field", field.number, field.entity, field.key, field.said))
    demanded = {one.number: one for one in after.checks}
    found += [Standing("check", one.number, one.entity, one.key, one.said) for one in before.checks if demanded.get(one.number) != one]
    had = {one.number for one in before.checks}
    found += [Standing("check", one.number, one.entity, one.key, None) for one in after.checks if one.number > 0 and one.number not in had]
    known, held = {one.number for one in before.entities.values()}, {one.number for one in before.fields}
    found += [Standing("entity", one.number, one.key, one.key, None) for one in after.entities.values() if one.number > 0 and one.number not in known]
    found += [Standing("field", one.number, one.entity, one.key, None) for one in after.fields if one.number > 0 and one.number not in held]
    return found


def write(session: SystemSession, after: Made) -> list[Standing]:
    """Make it so; the session goes on with the catalog that follows. Gives what is new, for an undo. Raises Busy, Invalid."""
    connection, before, known_by = session.connection(), session.catalog.made, session.catalog
    schema.alone(connection, _touched(session.catalog, after))
    kinds, fields, new = _numbered(session, after)
    new += _checks(session, after)
    for kind in kinds:
        schema.create_table(connection, kind)
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
    for field in catalog.made.fields:
        old = known.get(field.number)
        if old is not None and old.key != field.key:
            uses.rename(session, known_by, uses.renaming(known_by, catalog, field.entity, old.key, field.key))
        spec = catalog.entity(field.entity).fields.get(field.key)
        if spec is not None and spec.numbering and field.number not in known:
            counters.keep_numbers(session, catalog.entity(field.entity), spec)
    convert(session, before, [one for one in catalog.made.fields if one.number in fields])
    _work_out(session, {one.entity for one in catalog.made.fields if one.number not in known or known[one.number].said != one.said})
    return new


def follow(session: SystemSession) -> None:
    """The session goes on with the configuration as its transaction has left it."""
    session.catalog = catalog = read_catalog(session.connection())
    session.sight = Sight(None, catalog, catalog.reader(), session.actor_id)


def _numbered(session: SystemSession, after: Made) -> tuple[list[int], set[int], list[Standing]]:
    """Write the rows; the numbers of new entities and of new fields."""
    before, now = session.catalog.made, datetime.now(UTC)
    standing = {one.number for one in after.entities.values()}
    for kind in before.entities.values():
        if kind.number not in standing:
            session.execute(update(ENTITIES).where(ENTITIES.c.id == kind.number).values(removed_at=now))
    kinds: list[int] = []
    for place, kind in enumerate(after.entities.values()):
        values: dict[str, Any] = {"key": kind.key, "said": dict(kind.said), "position": place, "removed_at": None}
        if kind.number > 0:
            session.execute(update(ENTITIES).where(ENTITIES.c.id == kind.number).values(**values))
        else:
            kinds.append(session.execute(insert(ENTITIES).returning(ENTITIES.c.id), values).scalar_one())
    return kinds, *_numbered_fields(session, before, after, now, kinds)


def _numbered_fields(session: SystemSession, before: Made, after: Made, now: datetime, kinds: Sequence[int]) -> tuple[set[int], list[Standing]]:
    staying = {one.number: one for one in after.fields}
    for field in before.fields:
        if field.number not in staying:
            session.execute(update(FIELDS).where(FIELDS.c.id == field.number).values(removed_at=now))
        elif staying[field.number].key != field.key:  # two fields may change their keys with each other
            session.execute(update(FIELDS).where(FIELDS.c.id == field.number).values(key=f"-{field.number}"))
    made = list(session.execute(select(ENTITIES.c.id, ENTITIES.c.key).where(ENTITIES.c.id.in_(kinds)))) if kinds else []
    new = [Standing("entity", row.id, row.key, row.key, None) for row in made]
    numbers: set[int] = set()
    for place, field in enumerate(after.fields):
        values: dict[str, Any] = {"entity": field.entity, "key": field.key, "said": dict(field.said), "position": place, "removed_at": None}
        if field.number > 0:
            session.execute(update(FIELDS).where(FIELDS.c.id == field.number).values(**values))
        else:
            number = session.execute(insert(FIELDS).returning(FIELDS.c.id), values).scalar_one()
            numbers.add(number)
            new.append(Standing("field", number, field.entity, field.key, None))
    return numbers, new


def _checks(session: SystemSession, after: Made) -> list[Standing]:
    """Write the rows of checks; the new ones."""
    staying, new = {one.number for one in after.checks}, list[Standing]()
    gone = [one.number for one in session.catalog.made.checks if one.number not in staying]
    if gone:
        session.execute(update(CHECKS).where(CHECKS.c.id.in_(gone)).values(removed_at=datetime.now(UTC)))
    for place, check in enumerate(after.checks):
        values: dict[str, Any] = {"entity": check.entity, "key": check.key, "said": dict(check.said), "position": place, "removed_at": None}
        if check.number > 0:
            session.execute(update(CHECKS).where(CHECKS.c.id == check.number).values(**values))
        else:
            number = session.execute(insert(CHECKS).returning(CHECKS.c.id), values).scalar_one()
            new.append(Standing("check", number, check.entity, check.key, None))
    return new


def _touched(catalog: Catalog, after: Made) -> set[str]:
    """The tables that change, and those that new foreign keys lead to; tables that are made now are nobody's yet."""
    known = {one.number: one for one in catalog.made.fields}
    changing = [one for one in after.fields if one.number < 0 or one.number not in known or known[one.number].said != one.said]
    names = {one.entity for one in changing} | {str(one.said["to"]) for one in changing if one.number < 0 and one.said.get("to")}
    return {catalog.entities[name].table.name for name in names if name in catalog.entities}


def _table_of(catalog: Catalog, target: str | None, picklist: str | None) -> str | None:
    if target is not None:
        return catalog.entity(target).table.name
    return "picklist_option" if picklist is not None else None


def _work_out(session: SystemSession, entities: Iterable[str]) -> None:
    """Formulas and numbers of records that stand already: at once where they are few, else by the job that follows formulas."""
    for key in sorted(entities):
        kind = session.catalog.entities.get(key)
        if kind is not None and kind.worked_out:
            recomputing.at_once(session, kind)
