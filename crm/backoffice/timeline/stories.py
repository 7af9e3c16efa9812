"""The rows of the registered kinds that belong to one record, as one statement over the reader's own session.

Each way by which rows of a kind belong to the record is a query of its own, in order and limited, so that each goes through an index; a
union of them all brings what a page needs at once, however many there are.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Integer, Select, String, and_, cast, false, func, literal, not_, null, select, tuple_, union_all
from sqlalchemy.types import TypeEngine

from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.backoffice.pieces import matching
from crm.backoffice.sight import Source
from crm.backoffice.timeline import kinds
from crm.backoffice.timeline.kinds import Kind
from crm.backoffice.types import KeyText, ScaledDecimal
from crm.errors import UnknownName

LONGEST = 400  # letters of a text on a timeline
PLACES = frozenset({"department", "territory"})  # whose it is says nothing of what happened with it


class Item(NamedTuple):
    """A row of a kind: its record, its moment, and what this reader sees of the fields that are told, as stored."""

    kind: Kind
    id: int
    at: datetime
    values: dict[str, Any]


class Mark(NamedTuple):
    """Where a page ended among rows in the order newest first, then by place, then by number."""

    at: datetime
    place: int
    id: int


class Way(NamedTuple):
    """How rows of a kind belong to the record: what to read from, and the conditions."""

    kind: Kind
    source: Source
    table: FromClause
    conditions: tuple[ColumnElement[bool], ...]


def ways(session: DataSession, entity: Entity, record_id: int) -> list[Way]:
    """Every way this reader may follow to rows of a registered kind, in a steady order."""
    return [way for kind in kinds.every() if kind.entity in session.catalog.entities for way in _of_kind(session, kind, entity, record_id)]


def _of_kind(session: DataSession, kind: Kind, entity: Entity, record_id: int) -> Iterator[Way]:
    described = session.catalog.entity(kind.entity)
    if entity.declared.configuration or entity.key in kind.not_on or kind.at not in session.sight.filterable(kind.entity):
        return
    try:
        kind.narrowed(session.table(kind.entity))
    except UnknownName:
        return
    before: list[str] = []
    for key in _references(session, described, entity):
        source = session.table(kind.entity)
        others = [not_(func.coalesce(source[other] == record_id, false())) for other in before]
        yield _way(kind, source, source.table, source[key] == record_id, *others)
        before.append(key)
    if described.parent and described.parent in session.sight.filterable(kind.entity):
        above = session.catalog.entity(described.fields[described.parent].target or "")
        past: list[str] = []
        for key in _references(session, above, entity):
            source = session.table(kind.entity)
            parent = session.table(above.key)
            joined = source.table.join(parent.table, and_(matching(parent.id, source[described.parent]), parent.visible))
            others = [not_(func.coalesce(parent[other] == record_id, false())) for other in past]
            yield _way(kind, source, joined, parent[key] == record_id, *others)
            past.append(key)
    for relation in described.relations.values():
        child = session.catalog.entity(relation.entity)
        if child.declared.parent != relation.field or not {relation.field} <= set(session.sight.filterable(child.key)):
            continue
        for key in _references(session, child, entity):
            source, rows = session.table(kind.entity), session.table(child.key)
            inside = select(rows[relation.field]).where(rows.visible, rows[key] == record_id)
            others = [not_(func.coalesce(source[other] == record_id, false())) for other in before]
            yield _way(kind, source, source.table, source.id.in_(inside), *others)


def _way(kind: Kind, source: Source, table: FromClause, *conditions: ColumnElement[bool]) -> Way:
    return Way(kind, source, table, (source.visible, kind.narrowed(source), *conditions))


def _references(session: DataSession, described: Entity, entity: Entity) -> list[str]:
    """The fields of an entity that may name a record of the other one, as far as this reader sees them."""
    usable = session.sight.filterable(described.key)
    return [
        k for k, f in described.fields.items() if f.target == entity.key and not f.several and not f.system and k in usable and k not in PLACES
    ]


def read(
    session: DataSession, found: Sequence[Way], *, now: datetime, size: int, ahead: int, after: Mark | None = None,
) -> tuple[list[Item], list[tuple[Mark, Item]]]:
    """What lies ahead, soonest first, at most `ahead`; and what was until `now` after the mark, newest first, at most `size`. One query."""
    if not found or not size:
        return [], []
    slots = _Slots(session, found)
    parts: list[Select[Any]] = []
    for place, way in enumerate(found):
        at = way.source[way.kind.at]
        past = [at <= now, *([_beyond(at, way.source.id, place, after)] if after else [])]
        parts.append(slots.part(place, way).where(*past).order_by(at.desc(), way.source.id.desc()).limit(size))
        if ahead:
            parts.append(slots.part(place, way).where(at > now).order_by(at, way.source.id).limit(ahead))
    inner = [part.subquery() for part in parts]
    rows = session.execute(union_all(*(select(*one.c) for one in inner))).all()
    told = [(Mark(row[2], row[0], row[1]), slots.item(row)) for row in rows]
    coming = sorted((one for one in told if one[0].at > now), key=lambda one: (one[0].at, one[0].place, one[0].id))
    past_ones = sorted((one for one in told if one[0].at <= now), key=lambda one: (one[0].at, -one[0].place, one[0].id), reverse=True)
    return [item for _, item in coming[:ahead]], past_ones[:size]


def _beyond(at: ColumnElement[Any], number: ColumnElement[int], place: int, after: Mark) -> ColumnElement[bool]:
    if place < after.place:
        return at < after.at
    if place > after.place:
        return at <= after.at
    return tuple_(at, number) < tuple_(literal(after.at, at.type), literal(after.id, Integer()))


class _Slots:
    """Columns that queries over different entities share: the first text of one stands where the first text of another does."""

    def __init__(self, session: DataSession, found: Iterable[Way]) -> None:
        self.session, self.ways = session, list(found)
        self.columns: list[tuple[Any, TypeEngine[Any]]] = []
        self.places: dict[str, dict[str, int]] = {}
        for way in self.ways:
            if way.kind.key in self.places:
                continue
            taken: dict[str, int] = {}
            usable = session.sight.filterable(way.kind.entity)
            for key in way.kind.tells:
                if key in usable:
                    taken[key] = self._slot(_type(way.source.entity.fields[key]), set(taken.values()))
            self.places[way.kind.key] = taken

    def _slot(self, wanted: tuple[Any, TypeEngine[Any]], taken: set[int]) -> int:
        for n, (name, _) in enumerate(self.columns):
            if name == wanted[0] and n not in taken:
                return n
        self.columns.append(wanted)
        return len(self.columns) - 1

    def part(self, place: int, way: Way) -> Select[Any]:
        at = way.source[way.kind.at]
        held = {slot: key for key, slot in self.places[way.kind.key].items()}
        told = [self._value(way.source, held[n]) if n in held else _nothing(kind) for n, (_, kind) in enumerate(self.columns)]
        named = [column.label(f"s{n}") for n, column in enumerate(told)]
        return select(literal(place).label("place"), way.source.id.label("number"), at.label("moment"), *named).select_from(way.table).where(*way.conditions)

    def _value(self, source: Source, key: str) -> ColumnElement[Any]:
        spec = source.entity.fields[key]
        return func.substr(source[key], 1, LONGEST) if spec.type in ("long_text", "rich_text") else source[key]

    def item(self, row: Any) -> Item:
        way = self.ways[row[0]]
        return Item(way.kind, row[1], row[2], {key: row[3 + slot] for key, slot in self.places[way.kind.key].items()})


def _type(spec: Field) -> tuple[Any, TypeEngine[Any]]:
    """What queries of a union must agree on, and the column type."""
    kind = spec.sql_type()
    if isinstance(kind, ScaledDecimal):
        return ("decimal", kind.scale), kind
    if isinstance(kind, KeyText | String):
        return ("text",), String()
    return (repr(kind),), kind


def _nothing(kind: TypeEngine[Any]) -> ColumnElement[Any]:
    return cast(null(), kind)
