"""What becomes of entities and fields: each difference by the number under which a thing is kept, with how many records it touches."""

from collections.abc import Iterator

from sqlalchemy import func, select

from crm.backoffice.custom.fields import CONDITIONS, Kept, Said
from crm.backoffice.custom.models import FIELDS
from crm.backoffice.custom.reading import Made
from crm.backoffice.entities import Entity
from crm.backoffice.fields.numbering import read_mask
from crm.backoffice.guard import SystemSession
from crm.backoffice.lowcode.changes import Change
from crm.backoffice.lowcode.uses import uses
from crm.backoffice.saving.next_numbers import ahead
from crm.errors import BadRequest, Invalid
from crm.messages import m

LOSING = frozenset({"remove", "convert"})  # effects that need somebody's word where records are touched


def made_changes(session: SystemSession, after: Made) -> Iterator[Change]:
    """The differences between what is made now and what would be."""
    before = session.catalog.made
    known = {one.number: one for one in before.entities.values()}
    for kind in after.entities.values():
        old = known.pop(kind.number, None)
        if old is None or old.said != kind.said:
            yield Change("entity", kind.key, None, "change" if old is not None else "create" if kind.number < 0 else "restore")
    for gone in known.values():
        yield Change("entity", gone.key, None, "remove", _count(session, gone.key))
    yield from _fields(session, before, after)


def _fields(session: SystemSession, before: Made, after: Made) -> Iterator[Change]:
    known = {one.number: one for one in before.fields}
    places = {(one.entity, one.key): one for one in before.fields}
    turned = set[int]()
    for field in after.fields:
        old = known.get(field.number)
        if old is None:
            replaced = places.get((field.entity, field.key))
            if replaced is not None and replaced.number not in {one.number for one in after.fields}:
                turned.add(replaced.number)
                yield Change("field", field.entity, field.key, "convert", _count(session, field.entity, replaced))
            else:
                yield Change("field", field.entity, field.key, "create" if field.number < 0 else "restore")
            continue
        if old.key != field.key:
            yield Change("field", field.entity, field.key, "rename", _count(session, field.entity, old))
        if _beside_rules(old) != _beside_rules(field):
            yield Change("field", field.entity, field.key, "change", _count(session, field.entity, old))
    staying = {one.number for one in after.fields} | turned
    for field in before.fields:
        if field.number not in staying:
            named = tuple(uses(session, field.entity, field.key)) if field.entity in after.entities or field.entity not in before.entities else ()
            yield Change("field", field.entity, field.key, "remove", _count(session, field.entity, field), named)


def _beside_rules(kept: Kept) -> Said:
    """What is said of a field, but for its rules: each of them is a difference of its own (`field_rules`)."""
    return {name: value for name, value in kept.said.items() if name not in CONDITIONS}


def _count(session: SystemSession, entity: str, field: Kept | None = None) -> int:
    """The records of an entity, or those that hold something in a field."""
    kind: Entity | None = session.catalog.entities.get(entity)
    spec = kind.fields.get(field.key) if kind is not None and field is not None else None
    if kind is None or (field is not None and spec is None):
        return 0
    if spec is not None and spec.several:
        links = next(table for key, _, table in kind.sets() if key == spec.key)
        return session.execute(select(func.count(links.c.owner_id.distinct()))).scalar_one()
    counted = select(func.count()).select_from(kind.table)
    return session.execute(counted if spec is None else counted.where(kind.table.c[spec.attribute].is_not(None))).scalar_one()


def without_dropped(session: SystemSession, after: Made) -> None:
    """Raises BadRequest for a field that would come back and whose values are gone for good."""
    known = {one.number for one in session.catalog.made.fields}
    back = [one.number for one in after.fields if one.number > 0 and one.number not in known]
    gone = select(FIELDS.c.entity, FIELDS.c.key, FIELDS.c.dropped_at).where(FIELDS.c.id.in_(back), FIELDS.c.dropped_at.is_not(None)).order_by(FIELDS.c.id)
    row = session.execute(gone.limit(1)).first() if back else None
    if row is not None:
        raise BadRequest(m(
            "“%(place)s” cannot come back: it was removed long ago, and its values were deleted on %(day)s. Make the field anew instead.",
            place=f"{row.entity}.{row.key}", day=row.dropped_at.astimezone(session.catalog.company.zone).date().isoformat(),
        ))


def without_repeats(session: SystemSession, after: Made) -> None:
    """Raises Invalid for a field that is to be unique and is not, with some of the values: whoever may make it so sees all of them."""
    known = {one.number: one for one in session.catalog.made.fields}
    for field in after.fields:
        old = known.get(field.number)
        if old is None or old.said.get("unique") or not field.said.get("unique"):
            continue
        kind = session.catalog.entity(old.entity)
        column = kind.table.c[kind.fields[old.key].attribute]
        query = select(column).where(column.is_not(None), kind.table.c.deleted_at.is_(None)).group_by(column).having(func.count() > 1).limit(5)
        values = list(session.execute(query).scalars())
        if values:
            raise Invalid({"unique": m("Several records hold the same value: %(values)s.", values=", ".join(str(one)[:40] for one in values))})


def without_spent(session: SystemSession, after: Made) -> None:
    """Raises BadRequest for a mask of which thousands of numbers in a row are taken already: the one door passes over what is taken, but a record
    must not wait until it has found its way through all of them."""
    known = {one.number: one for one in session.catalog.made.fields}
    for field in after.fields:
        old, mask = known.get(field.number), field.said.get("mask")
        if old is None or not mask or old.said.get("mask") == mask:
            continue
        kind = session.catalog.entity(old.entity)
        if any(not one.text for one in ahead(session, kind, kind.fields[old.key], read_mask(str(mask)))):
            raise BadRequest(m(
                "“%(mask)s” would give numbers that thousands of records have already; choose another pattern for “%(place)s”.",
                mask=str(mask), place=f"{field.entity}.{field.key}",
            ))
