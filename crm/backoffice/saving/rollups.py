"""Roll-ups kept right by the one door: whatever changes rows changes, in the same transaction, what the records they refer to show of them.

The record is locked before its rows are added up, and they are added up by a statement that begins afterwards: of two writers the later sees the rows of
the earlier. Nobody edits a roll-up, so its record keeps its version and its history; what formulas make of it, and roll-ups of roll-ups, follow.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select

from crm.backoffice.catalog import Catalog
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.fields.formula import result
from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.rules import Draft
from crm.backoffice.saving.newest import newest
from crm.backoffice.saving.quietly import put
from crm.backoffice.turning import turner
from crm.errors import FieldError

Row = Mapping[str, Any]


def follow(session: DataSession, kind: Entity, drafts: Sequence[Draft]) -> None:
    """Bring the roll-ups over rows of `kind` up to date after a save."""
    catalog = newest(session, kind)
    if catalog is not session.catalog:
        _follow_newer(session, catalog, kind, drafts)
        return
    for parent, spec in catalog.rollups.get(kind.key, ()):
        moved = {number for draft in drafts for number in _touched(spec, draft)}
        if moved:
            work_out(session, catalog, parent, sorted(moved), (spec,))


def _follow_newer(session: DataSession, catalog: Catalog, kind: Entity, drafts: Sequence[Draft]) -> None:
    """The same by a configuration that the saver does not know yet: what has come into force since he began would miss his rows otherwise."""
    now, known = catalog.entities.get(kind.key), {spec.attribute: key for key, spec in kind.fields.items()}
    if now is None:
        return
    _pass_on(session, catalog, kind, now, drafts)
    ids = [draft.id for draft in drafts]
    for parent, spec in catalog.rollups.get(kind.key, ()):
        assert spec.rollup is not None
        reference = now.table.c[now.fields[spec.rollup.reference].attribute]
        moved: set[Any] = {draft.old.get(known[reference.name]) for draft in drafts if reference.name in known}
        for part in in_parts(ids):
            moved |= set(session.kernel(select(reference).where(now.table.c.id.in_(part))).scalars())
        work_out(session, catalog, parent, sorted(moved - {None}), (spec,))
    if now.computed or now.added_up:
        work_out(session, catalog, now, ids, now.added_up)


def _pass_on(session: DataSession, catalog: Catalog, kind: Entity, now: Entity, drafts: Sequence[Draft]) -> None:
    """What was saved into a field that has become one of another type meanwhile."""
    reader = catalog.reader()
    for key, was in kind.fields.items():
        new = now.fields.get(key)
        if new is None or new.number in (0, was.number) or new.derived or new.several or was.several or not was.number:
            continue
        turned = turner(was, new, reader)
        saved = [draft for draft in drafts if draft.changed(key)]
        put(session, now.table, {draft.id: new.stored(turned(draft[key]).value if draft[key] is not None else None) for draft in saved})


def _touched(spec: Field, draft: Draft) -> Iterable[int]:
    """The records whose roll-up a saved row may change."""
    assert spec.rollup is not None
    reference, *told = (name for name in (spec.rollup.reference, spec.rollup.field, spec.rollup.by, "deleted_at", "currency") if name)
    if draft.is_new or draft.changed(reference, *told):
        yield from (number for number in (draft.old.get(reference), draft.new.get(reference)) if number is not None)


def work_out(session: DataSession, catalog: Catalog, kind: Entity, ids: Sequence[int], specs: Sequence[Field]) -> None:
    """Add up anew for these records, and what follows from it. The lock is one that rows which refer to the record do not hold against each other."""
    table = kind.table
    read = tuple(dict.fromkeys((*specs, *kind.computed, *_sources(kind), *_passed_on(catalog, kind))))
    for part in in_parts(ids):
        query = select(table.c.id, *(table.c[spec.attribute] for spec in read)).where(table.c.id.in_(part)).order_by(table.c.id).with_for_update(key_share=True)
        rows = {row["id"]: {spec.key: row[spec.attribute] for spec in read} for row in session.kernel(query).mappings()}
        _write(session, catalog, kind, rows, specs)


def _sources(kind: Entity) -> Iterable[Field]:
    return (kind.fields[key] for spec in kind.computed for key in spec.made_of if key in kind.fields)


def _passed_on(catalog: Catalog, kind: Entity) -> Iterable[Field]:
    """The references by which roll-ups of others look at this entity."""
    return (kind.fields[spec.rollup.reference] for _, spec in catalog.rollups.get(kind.key, ()) if spec.rollup is not None)


def _write(session: DataSession, catalog: Catalog, kind: Entity, rows: Mapping[int, Row], specs: Sequence[Field]) -> None:
    found = {spec.key: added_up(session, catalog, kind, spec, list(rows)) for spec in specs}
    changed: dict[int, dict[str, Any]] = {}
    for number, held in rows.items():
        new = {**held, **{key: values[number] for key, values in found.items()}}
        for spec in kind.computed:
            new[spec.key] = worth(spec, new)
        told = {key: value for key, value in new.items() if value != held[key]}
        if told:
            changed[number] = told
    names = {key for told in changed.values() for key in told}
    put(session, kind.table, {number: _columns(kind, told) for number, told in changed.items()})
    for parent, spec in catalog.rollups.get(kind.key, ()):
        assert spec.rollup is not None
        if spec.rollup.field in names or spec.rollup.by in names:
            above = {rows[number][spec.rollup.reference] for number in changed} - {None}
            work_out(session, catalog, parent, sorted(above), (spec,))


def _columns(kind: Entity, told: Row) -> dict[str, Any]:
    return {name: value for key, given in told.items() for name, value in kind.fields[key].stored(given).items()}


def worth(spec: Field, values: Row) -> Any:
    """What a formula gives; nothing where the result does not fit its field any more."""
    try:
        return result(spec, values)
    except FieldError:
        return None


def added_up(session: DataSession, catalog: Catalog, kind: Entity, spec: Field, ids: Sequence[int]) -> dict[int, Any]:
    """What a roll-up comes to for each of these records: nothing is a count of none, and otherwise empty."""
    rollup = spec.rollup
    assert rollup is not None
    rows = catalog.entity(rollup.entity)
    reference = rows.table.c[rows.fields[rollup.reference].attribute]
    found: dict[int, Any] = dict.fromkeys(ids, 0 if rollup.function == "count" else None)
    money = spec.type == "money" and "currency" in rows.fields and "currency" in kind.fields
    for part in in_parts(ids):
        here = (reference.in_(part), rows.table.c.deleted_at.is_(None))
        if rollup.function == "last":
            answers = session.kernel(_last(rows, spec, reference).where(*here).subquery().select())
            found |= {row[0]: row[1] for row in answers if row[2] == 1}
            continue
        column = None if rollup.function == "count" else rows.table.c[rows.fields[rollup.field].attribute]
        value = func.count() if column is None else getattr(func, rollup.function)(column, type_=column.type)
        answers = session.kernel(select(reference, value).where(*here).group_by(reference))
        found |= {row[0]: row[1] for row in answers}
    return _of_one_currency(session, catalog, kind, rows, reference, found) if money and rollup.function in ("sum", "min", "max") else found


def _last(rows: Entity, spec: Field, reference: Any) -> Select[Any]:
    rollup = spec.rollup
    assert rollup is not None
    table = rows.table
    column = table.c[rows.fields[rollup.field].attribute]
    by = table.c[rows.fields[rollup.by].attribute] if rollup.by else table.c.id
    order = [by.is_(None), by.desc(), table.c.id.desc()]
    return select(reference, column, func.row_number().over(partition_by=reference, order_by=order).label("place"))


def _of_one_currency(
    session: DataSession, catalog: Catalog, kind: Entity, rows: Entity, reference: Any, found: dict[int, Any]
) -> dict[int, Any]:
    """Amounts of several currencies, or of another than the record's, have no sum: they stay empty."""
    theirs, own = rows.table.c[rows.fields["currency"].attribute], kind.table.c[kind.fields["currency"].attribute]
    base = catalog.company.currency
    for part in in_parts(list(found)):
        query = (
            select(reference, func.min(func.coalesce(theirs, base)), func.max(func.coalesce(theirs, base)), func.min(func.coalesce(own, base)))
            .select_from(rows.table.join(kind.table, kind.table.c.id == reference)).where(reference.in_(part), rows.table.c.deleted_at.is_(None))
            .group_by(reference)
        )
        for number, least, most, mine in session.kernel(query):
            if least != most or least != mine:
                found[number] = None
    return found
