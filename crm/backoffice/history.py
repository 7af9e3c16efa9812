"""The journal of one record as a reader may see it: what fields hide from him today, their history hides too."""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, or_, select, union_all

from crm.backoffice.access import Action
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession, UserSession
from crm.backoffice.journal import JOURNAL
from crm.backoffice.resuming import Place, Telling, from_place
from crm.backoffice.saving.drafts import visible
from crm.backoffice.types import names_any
from crm.errors import NotFound

READ: frozenset[Action] = frozenset({"read"})
SHOWN = ("create", "update", "remove", "restore", "erase")
CHILDREN = 200  # of one kind, the newest: a record with more of them has its own lists for that
CHUNK = 200


@dataclass(frozen=True)
class Changed:
    """One field of one change, in stored Python values."""

    field: Field
    old: Any
    new: Any


@dataclass(frozen=True)
class Happening:
    """One change: of the record itself, or of a row that belongs to it. `source` is the door it came by: ui, import, cli, demo."""

    id: int
    at: datetime
    actor_id: int | None
    source: str
    action: str
    entity: Entity
    record_id: int
    changes: tuple[Changed, ...]


def history(
    session: UserSession, entity: Entity, record_id: int, *, before: Place | None = None, size: int = 20, shown: Container[str] | None = None,
    imported: bool | None = None,
) -> tuple[list[Happening], Place | None]:
    """The newest `size` changes from `before` on; and the place of the rest, None at the end. `shown` are the fields that stand unmasked on
    the record, where the caller has just asked the database; `imported` asks for those that came by an import, or for all others.

    Raises NotFound for a record outside the reader's scope. A change that touched only fields he may not see is left out.
    """
    telling = {entity.key: telling_of(session, entity, record_id, shown)}
    places = [JOURNAL.record_id == record_id]
    for child in children_of(session, entity):
        telling[child.key] = telling_of(session, child)
        places.append(JOURNAL.record_id.in_(rows_of(session, child, record_id)))
    doors = () if imported is None else (JOURNAL.source == "import" if imported else JOURNAL.source != "import",)
    named = [{session.catalog.entity(key).fields[one].kept_as for one in keys} for key, keys in telling.items()]
    of_places = [(key, place, _tells_something(names), *doors) for key, place, names in zip(telling, places, named, strict=True)]
    found, last = Telling[Happening](before, size), None
    while True:
        rows = session.kernel(_newest(of_places, from_place(before, last))).all()
        told = [list(told_of(session.catalog.entity(row.entity), row.changes, telling[row.entity])) for row in rows]
        known = met_in_sets(session, told)
        for row, whole in zip(rows, told, strict=True):
            last, described = (row.at, row.id), session.catalog.entity(row.entity)
            changes = tuple(seen for one in whole if (seen := as_met(one, known)) is not None)
            if row.action != "update" or changes:
                found.add(Happening(row.id, row.at, row.actor_id, row.source, row.action, described, row.record_id, changes))
            if found.full:
                return found.told, found.rest
        if len(rows) < CHUNK:
            return found.told, None


def _tells_something(names: Collection[str]) -> ColumnElement[bool]:
    """Rows that tell of one of the fields, or of the record as a whole: what a reader may not know is not even counted on the way."""
    whole = JOURNAL.action != "update"
    return or_(whole, names_any(JOURNAL.changes, *sorted(names))) if names else whole


def _newest(places: Sequence[tuple[str, *tuple[ColumnElement[bool], ...]]], rest: Sequence[ColumnElement[bool]]) -> Select[Any] | CompoundSelect[Any]:
    """The journal of several places, newest first. Each place is a query of its own: joined by OR they would lose the index."""
    columns = (JOURNAL.id, JOURNAL.at, JOURNAL.actor_id, JOURNAL.source, JOURNAL.action, JOURNAL.entity, JOURNAL.record_id, JOURNAL.changes)
    parts = [select(*columns).where(JOURNAL.entity == key, *place, JOURNAL.action.in_(SHOWN), *rest) for key, *place in places]
    if len(parts) == 1:
        return parts[0].order_by(JOURNAL.at.desc(), JOURNAL.id.desc()).limit(CHUNK)
    together = union_all(*parts)
    return together.order_by(together.selected_columns.at.desc(), together.selected_columns.id.desc()).limit(CHUNK)


@dataclass(frozen=True)
class LastChange:
    """Who saved a record last, and when."""

    at: datetime
    actor_id: int | None


def last_change(session: UserSession, entity: Entity, record_id: int) -> LastChange | None:
    """What `updated_at` and `updated_by` say to this reader; None where he may not see them."""
    source = session.table(entity.key)
    if not {"updated_at", "updated_by"} <= set(session.sight.filterable(entity.key)):
        return None
    row = session.execute(select(source["updated_at"], source["updated_by"]).where(source.visible, source.id == record_id)).first()
    return LastChange(row[0], row[1]) if row is not None and row[0] is not None else None


def telling_of(session: UserSession, entity: Entity, record_id: int | None = None, known: Container[str] | None = None) -> frozenset[str]:
    """Which fields' old values may be told. A field that shows by a condition on values is not: it may have been hidden then; nor is
    anything of a record that a condition on values could deny. `known`: the fields that show on the record now."""
    source, sight = session.table(entity.key), session.sight
    taken = sight.records(entity, READ).denied
    filterable = sight.filterable(entity.key)
    steady = []
    for key in filterable:
        given = sight.grants(entity, entity.fields[key], READ, "read")
        if not entity.fields[key].system and all(g.condition is None and g.rule.where is None for g in (*given.allowed, *given.denied, *taken)):
            steady.append(key)
    if record_id is None:
        return frozenset(k for k in steady if sight.grants(entity, entity.fields[k], READ, "read").always)
    if known is not None:
        return frozenset(k for k in steady if k in known)
    row = session.execute(select(source.id, *(source.shows(k) for k in steady)).where(source.visible, source.id == record_id)).first()
    if row is None:
        raise NotFound()
    return frozenset(k for k, shows in zip(steady, row[1:], strict=True) if shows)


def steady(session: DataSession, entity: Entity, key: str) -> bool:
    """Whether old values of a field may be told wherever the field shows today: no rule shows it, or denies records, by a condition on values."""
    if key not in session.sight.filterable(entity.key):
        return False
    given, taken = session.sight.grants(entity, entity.fields[key], READ, "read"), session.sight.records(entity, READ).denied
    return all(g.condition is None and g.rule.where is None for g in (*given.allowed, *given.denied, *taken))


def first_and_last(session: DataSession, entity: Entity, key: str, start: datetime | None, end: datetime | None) -> dict[int, tuple[Any, Any]]:
    """By record, what a field held before its first change in [start, end) and after its last one, of all records: what of it a reader may be told the
    caller asks (`steady`, and whether the field shows on the record). Changes whose values were erased are left out."""
    spec, found = entity.fields[key], dict[int, tuple[Any, Any]]()
    edges = [*([JOURNAL.at >= start] if start is not None else []), *([JOURNAL.at < end] if end is not None else [])]
    changed = select(JOURNAL.record_id, JOURNAL.changes).where(JOURNAL.entity == entity.key, JOURNAL.action == "update", *edges)
    for row in session.kernel(changed.where(names_any(JOURNAL.changes, spec.kept_as)).order_by(JOURNAL.id)):
        pair = row.changes.get(spec.kept_as)
        if pair is not None:
            old = found[row.record_id][0] if row.record_id in found else spec.unjournal(pair[0])
            found[row.record_id] = old, spec.unjournal(pair[1])
    return {number: values for number, values in found.items() if values[0] != values[1]}


def children_of(session: UserSession, entity: Entity) -> list[Entity]:
    """Kinds of rows told with their parent. Rows that are a history themselves are not: their parent's changes say the same."""
    found = []
    for relation in entity.relations.values():
        child = session.catalog.entity(relation.entity)
        order = child.fields.get(child.declared.order)
        logs = order is not None and order.type == "moment"
        seen = session.sight.may(child.key, "read") and relation.field in session.sight.filterable(child.key)
        if child.declared.parent == relation.field and seen and not logs:
            found.append(child)
    return found


def rows_of(session: UserSession, child: Entity, record_id: int) -> Select[Any]:
    source = session.table(child.key)
    return select(source.id).where(source.visible, source[child.parent or ""] == record_id).order_by(source.id.desc()).limit(CHILDREN)


def told_of(entity: Entity, changes: Mapping[str, Any], tells: frozenset[str]) -> list[Changed]:
    """What of a row of the journal may be told."""
    told = []
    for key, pair in entity.by_key(changes).items():
        spec = entity.fields.get(key)
        if spec is None or spec.system or key not in tells or not isinstance(pair, list | tuple) or len(pair) != 2:
            continue
        told.append(Changed(spec, spec.unjournal(pair[0]), spec.unjournal(pair[1])))
    return told


def met_in_sets(session: UserSession, told: Sequence[Sequence[Changed]]) -> dict[str, set[int]]:
    """Of the records that sets held, those that the reader sees: target entity → numbers."""
    wanted: dict[str, set[int]] = {}
    for changes in told:
        for change in changes:
            if change.field.several:
                wanted.setdefault(change.field.target or "", set()).update(change.old or (), change.new or ())
    return {target: visible(session, target, numbers) for target, numbers in wanted.items()}


def as_met(change: Changed, known: Mapping[str, set[int]]) -> Changed | None:
    """A set as the reader met it: without what he does not see; None when nothing of the change is left."""
    if not change.field.several:
        return change
    shown = known.get(change.field.target or "", set())
    old, new = (tuple(number for number in side or () if number in shown) or None for side in (change.old, change.new))
    return None if old == new else Changed(change.field, old, new)
