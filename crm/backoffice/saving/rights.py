"""What a writer may do, asked of the database: on the record as it was, field by field, and again on the record as it became."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, and_, cast, literal, select, union_all

from crm.backoffice.access import Action
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.grants import covers
from crm.backoffice.guard import DataSession, SystemSession, aside
from crm.backoffice.parts import in_parts
from crm.backoffice.rules import Draft
from crm.backoffice.sight import READ, Source
from crm.errors import Forbidden, NotFound, UnknownName
from crm.messages import Message, m

STANDING = frozenset({"owner", "department", "territory"})
NOT_YOURS_TO_GIVE = m("You may not give this record to somebody else.")
NOT_BELOW = m("You may not put a unit below another one.")


def places(kind: Entity) -> frozenset[str]:
    """The fields that decide who sees records, which only `assign` may change: of what people stand in also what it stands below."""
    return frozenset(STANDING & kind.fields.keys()) | (frozenset({"parent"}) if kind.key in STANDING else frozenset())


def not_to_change(spec: Field) -> Message:
    """Why a field is refused."""
    return m("You may not change “%(field)s”.", field=spec.label)


def may_name(session: DataSession, kind: Entity, keys: Iterable[str], action: Action) -> None:
    """Refuse fields that this writer may never give: a hidden one as if it did not exist. Raises UnknownName, Forbidden."""
    if isinstance(session, SystemSession):
        return
    wanted: frozenset[Action] = frozenset({action})
    if session.sight.records(kind, wanted).never:
        raise Forbidden()
    shown = set(session.sight.readable(kind.key))
    filterable = set(session.sight.filterable(kind.key))
    for key in keys:
        spec = kind.fields[key]
        never = session.sight.grants(kind, spec, wanted, "edit").never
        if key not in shown and (never or action == "update"):
            raise UnknownName(key, hidden=True)
        if never or (action == "update" and key not in filterable):
            raise Forbidden(not_to_change(spec))


@aside
def check_existing(session: DataSession, kind: Entity, ids: Sequence[int], action: Action, *, deleted: bool = False) -> None:
    """The records exist for this session and `action` may be done on each. Raises NotFound, Forbidden."""
    for part in in_parts(ids):
        source = session.table(kind.key, deleted=deleted)
        rows = session.execute(select(source.id, source.may(action)).where(source.id.in_(part), source.visible)).all()
        if len(rows) < len(set(part)):
            raise NotFound()
        if not all(allowed for _, allowed in rows):
            raise Forbidden()


def check_fields(session: DataSession, kind: Entity, drafts: Sequence[Draft], action: Action) -> None:
    """Raises Forbidden when one of the fields may not be given on one of the records, see `refused_fields`."""
    for _, key in refused_fields(session, kind, drafts, action):
        raise Forbidden(not_to_change(kind.fields[key]))


def refused_fields(session: DataSession, kind: Entity, drafts: Sequence[Draft], action: Action) -> Iterator[tuple[int, str]]:
    """Record and key of every changed field that no rule lets be changed on that record, and of every given one that does not show
    there: whether it is what is stored already would tell its value."""
    if isinstance(session, SystemSession):
        return
    wanted: frozenset[Action] = frozenset({action})
    for key in sorted({k for d in drafts for k in d.given}):
        spec = kind.fields[key]
        given = session.sight.grants(kind, spec, wanted, "edit")
        shown = session.sight.grants(kind, spec, frozenset({"read"}), "read")
        plain = covers(given, session.sight.records(kind, wanted))
        if action == "update":
            plain = plain and covers(shown, session.sight.records(kind, frozenset({"read"})))
        if plain:
            continue
        changed = [d.id for d in drafts if key in d.given and d.changed(key)]
        refused = set(changed) - _holding(session, kind, changed, partial(Source.may_edit, key=key, action=action))
        if action == "update":
            given_at_all = [d.id for d in drafts if key in d.given]
            refused |= set(given_at_all) - _holding(session, kind, given_at_all, partial(Source.shows, key=key))
        yield from ((number, key) for number in sorted(refused))


def check_assignment(session: DataSession, kind: Entity, drafts: Sequence[Draft]) -> frozenset[int]:
    """Whoever gives a record to somebody else needs `assign` on it. The records that may leave the writer's scope. Raises Forbidden."""
    if refused_moves(session, kind, drafts):
        raise Forbidden(NOT_YOURS_TO_GIVE)
    return frozenset(_moved(kind, drafts))


def refused_moves(session: DataSession, kind: Entity, drafts: Sequence[Draft], moving: Iterable[int] = ()) -> frozenset[int]:
    """The records that would be given to somebody else without `assign` on them; `moving` are to be, in a way that their drafts do not tell."""
    moved = list({*_moved(kind, drafts), *moving})
    if not moved or isinstance(session, SystemSession):
        return frozenset()
    return frozenset(moved) - _holding(session, kind, moved, partial(Source.may, action="assign"))


def _moved(kind: Entity, drafts: Sequence[Draft]) -> list[int]:
    return [d.id for d in drafts if any(k in d.given and d.changed(k) for k in places(kind))]


def check_new_place(session: DataSession, kind: Entity, drafts: Sequence[Draft]) -> None:
    """Whoever makes a unit below another one moves the border of others' sight: that needs `assign` too. Raises Forbidden."""
    below = [d.id for d in drafts if kind.key in STANDING and d["parent"] is not None]
    if not below or isinstance(session, SystemSession):
        return
    if len(_holding(session, kind, below, partial(Source.may, action="assign"))) < len(below):
        raise Forbidden(NOT_BELOW)


def refused_places(session: DataSession, kind: Entity, units: Mapping[int, Mapping[str, Any]]) -> frozenset[int]:
    """Of units that are yet to be made below another one, those for which `check_new_place` would refuse it. `units`: number → attribute → stored
    value."""
    if kind.key not in STANDING or isinstance(session, SystemSession):
        return frozenset()
    held: set[int] = set()
    rows = [{"id": number, **stored} for number, stored in units.items()]
    for start in range(0, len(rows), 50):
        unmade = _unmade(session, kind, rows[start : start + 50])
        held.update(session.kernel(select(unmade.c.id).where(Source(session.sight, kind, unmade, READ).may("assign"))).scalars())
    return frozenset(units) - held


def _unmade(session: DataSession, kind: Entity, rows: Sequence[Mapping[str, Any]]) -> FromClause:
    """Rows that are in no table, with the columns of the entity's."""

    def value(row: Mapping[str, Any], column: Column[Any]) -> ColumnElement[Any]:
        given = literal(row.get(column.key), column.type)
        # PostgreSQL takes what nobody typed for text; SQLite's CAST would spoil dates.
        return (given if session.get_bind().dialect.name == "sqlite" else cast(given, column.type)).label(column.key)

    columns = kind.table.c
    return union_all(*(select(*(value(row, column) for column in columns)) for row in rows)).subquery()


def check_result(session: DataSession, kind: Entity, ids: Iterable[int], action: Action) -> None:
    """The rows as they now are must lie within what the writer may write. Raises Forbidden."""
    wanted = sorted(ids)
    if isinstance(session, SystemSession) or not wanted:
        return

    def within(source: Source) -> ColumnElement[bool]:
        # A child row stands under its parent: one may only be put where the parent is seen.
        return and_(source.may(action), source.visible) if kind.parent else source.may(action)

    if len(_holding(session, kind, wanted, within)) < len(wanted):
        raise Forbidden(m("The record would leave what you may write."))


def by_version(versions: Mapping[int, int], seen: int | None) -> bool:
    """Whether nothing was saved since the writer looked."""
    return seen is None or all(v == seen for v in versions.values())


@aside
def _holding(session: DataSession, kind: Entity, ids: Sequence[int], condition: Callable[[Source], ColumnElement[bool]]) -> frozenset[int]:
    """Those of the records on which the condition holds, deleted ones too."""
    held: set[int] = set()
    source = session.table(kind.key)
    number, holds = source.table.c.id, condition(source)
    for part in in_parts(ids):
        held.update(session.kernel(select(number).where(number.in_(part), holds)).scalars())
    return frozenset(held)
