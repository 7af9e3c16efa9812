"""Lists: the address of a list as a query, its rows by keyed pages, and one record. Everything through the reader's session.

Rows are plain values, only the asked columns, references joined for their names. A page is found by the key of the row before it,
at any depth in the same time; keys are the reader's own sort values, so a list sorts by what he may read only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, literal, select

from crm.backoffice import paging, unread
from crm.backoffice.access import Action
from crm.backoffice.belonging import Belonging, asked as asked_of
from crm.backoffice.conditions.tree import Lookup, Node, parse
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field, Ref as FieldRef
from crm.backoffice.fields.many_to_many import by_name, in_order
from crm.backoffice.guard import DataSession, aside
from crm.backoffice.measures import measured
from crm.backoffice.outside import read_json
from crm.backoffice.paging import Part, SortKey
from crm.backoffice.pieces import matching
from crm.backoffice.pricing import pricing
from crm.backoffice.search import matches
from crm.backoffice.sight import READ, Source
from crm.errors import BadRequest, NotFound, UnknownName
from crm.messages import m

MAX_COLUMNS = 60
SIZES = (25, 50, 100, 200)
EXACT = 10_000
UNREAD = "@unread"


Ref = FieldRef


class Masked(NamedTuple):
    """A value that its reader sees only masked."""

    text: str


@dataclass(frozen=True)
class ListQuery:
    """What a list shows: an address made of names."""

    entity: str
    columns: tuple[str, ...]
    where: Node | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    search: str = ""
    after: str | None = None
    size: int = 50
    actions: frozenset[Action] = READ
    deleted: bool = False
    of: Belonging | None = None
    unread: bool = False  # only what the reader has not read yet
    closed: bool = False  # sums also say what is won
    marks: bool = False  # rows say under UNREAD whether they are unread


class RowView(NamedTuple):
    """A record as this reader sees it: field key → stored value, Ref (a tuple of them for a set), Masked or None; UNREAD → 1 or 0 where it was asked."""

    id: int
    row_version: int
    values: Mapping[str, Any]


def plain(value: Any) -> Any:
    """A value of a row as `records` takes it: references as numbers."""
    if isinstance(value, FieldRef):
        return value.id
    return in_order(getattr(one, "id", one) for one in value) if value.__class__ is tuple else value  # a mask is a tuple of another kind


@dataclass(frozen=True)
class Page:
    """Rows, and the keys of the pages around them (None: there is none)."""

    rows: list[RowView]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Count:
    """How many records match; beyond 10,000 not counted exactly."""

    number: int
    exact: bool


@aside
def parse_query(session: DataSession, entity: str, args: Mapping[str, str]) -> ListQuery:
    """The query of an address `?where=&sort=&columns=&search=&after=&size=&of=&unread=`. Raises BadRequest, UnknownName, NotFound."""
    of = asked_of(session, entity, args.get("of", ""))
    kind = session.catalog.entity(entity)
    readable = session.sight.readable(entity)
    asked = [c for c in args.get("columns", "").split(",") if c]
    for key in asked:
        if key not in readable:
            raise UnknownName(key, hidden=key in kind.fields)
    if len(asked) > MAX_COLUMNS:
        raise BadRequest(m("A list shows at most %(count)s columns.", count=MAX_COLUMNS))
    columns = tuple(dict.fromkeys(asked)) or tuple(c for c in session.sight.columns(entity) if of is None or c != of.own)
    where = _where(args.get("where", ""), session.sight.saved)
    query = ListQuery(
        entity, columns, where, parse_sort(session, entity, args.get("sort", "")), args.get("search", "")[:200].strip(),
        args.get("after") or None, _size(args.get("size", "")), of=of, unread=bool(args.get("unread")),
    )
    if query.unread:
        unread.must_tell(session, kind)
    conditions(query, session.table(entity))  # a wrong condition is refused here and not by the first page
    return query


def parse_sort(session: DataSession, entity: str, text: str) -> tuple[tuple[str, bool], ...]:
    """`-amount,name` as keys, descending marked. Raises UnknownName for what this reader may not sort by."""
    kind = session.catalog.entity(entity)
    usable = session.sight.filterable(entity)
    keys: list[tuple[str, bool]] = []
    for part in text.split(","):
        name = part.strip().lstrip("-")
        if not name or name in (k for k, _ in keys):
            continue
        if name != "id" and (name not in usable or not kind.fields[name].sortable):
            raise UnknownName(name, hidden=name in kind.fields)
        keys.append((name, part.strip().startswith("-")))
    if len(keys) > 4:
        raise BadRequest(m("A list is sorted by at most four fields."))
    if not keys:
        keys = [one for one in session.sight.layout(entity).sort if one[0] in usable or one[0] == "id"] or [("id", False)]
    return tuple(keys)


@aside
def page(session: DataSession, query: ListQuery) -> Page:
    """One page of rows. A key that does not parse is the first page."""
    kind = session.catalog.entity(query.entity)
    source, columns = _selected(session, query)
    keys = _sort_keys(kind, source, query)
    position = paging.decode(query.after, keys)
    rows: list[Any] = []
    backwards = position is not None and position.backwards
    for part in paging.parts(keys, position):
        rows += session.execute(columns.statement(keys, part).limit(query.size + 1 - len(rows))).all()
        if len(rows) > query.size:
            break
    more = len(rows) > query.size
    rows = rows[: query.size]
    if backwards:
        rows.reverse()
    views = [columns.view(row) for row in rows]
    first, last = ((_values(rows[n], len(keys)) for n in (0, -1)) if rows else ((), ()))
    has_next = bool(rows) and (more or backwards)
    has_previous = bool(rows) and (position is not None if not backwards else more)
    return Page(views, paging.encode(last, False) if has_next else None, paging.encode(first, True) if has_previous else None)


@aside
def count(session: DataSession, query: ListQuery) -> Count:
    """How many records match, exactly up to 10,000."""
    source = session.table(query.entity, actions=query.actions, deleted=query.deleted)
    inner = select(literal(1).label("one")).select_from(source.table).where(*conditions(query, source)).limit(EXACT + 1).subquery()
    number = session.execute(select(func.count()).select_from(inner)).scalar_one()
    return Count(min(number, EXACT), number <= EXACT)


@aside
def totals(session: DataSession, query: ListQuery) -> dict[str, dict[str | None, Decimal]]:
    """Sums of the shown columns that can be added up (`measures`), over all that match: key → currency (None for plain numbers) → sum."""
    summed = measured(session, query)
    if not summed:
        return {}
    source = session.table(query.entity, actions=query.actions)
    priced = pricing(source) if any(one.is_money for one in summed) else None
    group: list[ColumnElement[Any]] = [priced.currency] if priced is not None else []
    statement = select(*group, *(func.sum(one.column(source)) for one in summed)).select_from(source.table).where(*conditions(query, source)).group_by(*group)
    found: dict[str, dict[str | None, Decimal]] = {one.key: {} for one in summed}
    for row in session.execute(priced.joined(statement) if priced is not None else statement):
        currency = row[0] if priced is not None else None
        for one, value in zip(summed, row[len(group) :], strict=True):
            if value is not None:
                place = currency if one.is_money else None
                found[one.key][place] = found[one.key].get(place, Decimal(0)) + value
    return found


@aside
def neighbours(session: DataSession, query: ListQuery, record_id: int) -> tuple[int | None, int | None]:
    """The records before and after one in the order of a list; None at the ends, and when it is not in it."""
    kind = session.catalog.entity(query.entity)
    source = session.table(query.entity, actions=query.actions)
    keys = _sort_keys(kind, source, query)
    near = select(*(k.column for k in keys)).select_from(paging.joining(source.table, keys))
    here = session.execute(near.where(source.id == record_id, source.visible)).first()
    if here is None:
        return None, None
    found: list[int | None] = []
    for backwards in (True, False):
        position = paging.Position(tuple(here), backwards)
        found.append(None)
        for part in paging.parts(keys, position):
            rows = select(source.id).select_from(paging.joining(source.table, keys, part)).where(*conditions(query, source), *part.conditions)
            row = session.execute(rows.order_by(*part.order).limit(1)).first()
            if row is not None:
                found[-1] = row[0]
                break
    return found[0], found[1]


@aside
def record(session: DataSession, entity: str, record_id: int, columns: Sequence[str] | None = None, *, deleted: bool = False) -> RowView:
    """One record as its reader sees it. Raises NotFound, alike for what does not exist and what he may not know."""
    query = ListQuery(entity, tuple(columns if columns is not None else session.sight.readable(entity)), deleted=deleted)
    source, selected = _selected(session, query)
    row = session.execute(selected.statement().where(source.id == record_id)).first() if 0 < record_id < 2**63 else None
    if row is None:
        raise NotFound()
    return selected.view(row)


@aside
def ids(session: DataSession, query: ListQuery, limit: int) -> list[int]:
    """The numbers of all that match, at most `limit`."""
    source = session.table(query.entity, actions=query.actions)
    return list(session.execute(select(source.id).select_from(source.table).where(*conditions(query, source)).order_by(source.id).limit(limit)).scalars())


def stream(session: DataSession, query: ListQuery, *, refs: str = "title", chunk: int = 2000) -> Iterator[RowView]:
    """All rows that match, in constant memory, by keyed pages of `chunk`. `refs="code"` names references by code instead of name."""
    kind = session.catalog.entity(query.entity)
    # Made once: a session keeps what its sight has sealed, and so many pages would fill the memory.
    source, columns = _selected(session, query, refs)
    keys = _sort_keys(kind, source, query)
    after: str | None = None
    while True:
        position = paging.decode(after, keys)
        rows: list[Any] = []
        for one in paging.parts(keys, position):
            rows += session.execute(columns.statement(keys, one).limit(chunk - len(rows))).all()
            if len(rows) >= chunk:
                break
        yield from (columns.view(row) for row in rows)
        if len(rows) < chunk:
            return
        after = paging.encode(_values(rows[-1], len(keys)), False)


# --- the statement -------------------------------------------------------------------------------------------------


class _Columns:
    """The select of a list's columns, and how a row of it becomes a RowView."""

    def __init__(self, session: DataSession, source: Source, query: ListQuery, refs: str) -> None:
        self.source, self.keys = source, query.columns
        self.selected: list[ColumnElement[Any]] = [source.id, source.row_version]
        self.places: list[tuple[str, int]] = []  # key, position
        self.made: list[tuple[str, Reading, int]] = []  # of what is not taken as it stands: key, how to read it, position
        self.named: list[tuple[FromClause, ColumnElement[bool]]] = []  # what is joined for a name, and how
        usable = set(session.sight.filterable(query.entity, source.actions))
        for key in query.columns:
            spec = source.entity.fields[key]
            at = len(self.selected)
            mask = source.masked(key)
            if key not in usable and mask is None:
                raise UnknownName(key, hidden=True)
            self.places.append((key, at))
            if key in usable and spec.several:
                self.selected.append(source.names(key, _naming(session, spec, refs)))
                self.made.append((key, _set, at))
            elif key in usable:
                self.selected.append(source[key])
                if spec.target and spec.target not in session.catalog.configured:
                    self._name(session, source, spec, refs)
                    self.made.append((key, _reference, at))
            if mask is not None:
                self.made.append((key, _masked, len(self.selected)))
                self.selected.append(mask)
        if query.marks and unread.told(session, source.entity):
            self.places.append((UNREAD, len(self.selected)))
            self.selected.append(session.sight.seal(case((unread.is_unread(source), 1), else_=0)))
        self.conditions = conditions(query, source)

    def statement(self, keys: Sequence[SortKey] = (), part: Part | None = None) -> Select[Any]:
        """The columns, and the keys after them: of all rows, or of a part in its order."""
        table = paging.joining(self.source.table, keys, part)
        for target, on in self.named:
            table = table.outerjoin(target, on)
        within, order = (part.conditions, part.order) if part is not None else ((), ())
        return select(*self.selected, *(k.column for k in keys)).select_from(table).where(*self.conditions, *within).order_by(*order)

    def _name(self, session: DataSession, source: Source, spec: Field, refs: str) -> None:
        """Join the referred record for its name, where the reader may know it."""
        target = session.table(spec.target or "")
        shown = _naming(session, spec, refs)
        self.named.append((target.table, and_(matching(target.id, source[spec.key]), target.visible)))
        self.selected.append(target.naming(shown))

    def view(self, row: Any) -> RowView:
        values = {key: row[at] for key, at in self.places}
        for key, read, at in self.made:
            if row[at] is not None:
                values[key] = read(row, at)
        return RowView(row[0], row[1], values)


Reading = Callable[[Any, int], Any]  # a row, and the position of a value that is there → the value of a RowView


def _reference(row: Any, at: int) -> Ref:
    named = row[at + 1]
    return Ref(row[at], named if named is None else str(named))


def _set(row: Any, at: int) -> tuple[Ref, ...]:
    return by_name(Ref(number, named if named is None else str(named)) for number, named in row[at])


def _masked(row: Any, at: int) -> Masked:
    return Masked(row[at])


def _naming(session: DataSession, spec: Field, refs: str) -> str:
    """The field of a reference's target that names it to this reader: its title or code, else its number."""
    target = session.catalog.entity(spec.target or "")
    title = target.declared.title if refs == "title" else "code"
    return title if title in session.sight.filterable(target.key) and not target.fields[title].target else "id"


def _selected(session: DataSession, query: ListQuery, refs: str = "title") -> tuple[Source, _Columns]:
    source = session.table(query.entity, actions=query.actions, deleted=query.deleted)
    columns = _Columns(session, source, query, refs)
    return source, columns


def conditions(query: ListQuery, source: Source) -> list[ColumnElement[bool]]:
    """What chooses the records of a list: its scope, the card it stands on, its filter, its search."""
    parts = [source.visible]
    if query.of is not None:
        parts.append(source.where(query.of.where))
    if query.where is not None:
        parts.append(source.where(query.where))
    if query.unread:
        parts.append(unread.is_unread(source))
    if query.search:
        parts.append(matches(source, query.search))
    return parts


def _sort_keys(kind: Entity, source: Source, query: ListQuery) -> list[SortKey]:
    keys: list[SortKey] = []
    for name, descending in query.sort:
        if name != "id":
            keys.append(paging.sort_key(source, kind.fields[name], descending))
    last = query.sort[-1][1] if query.sort else False
    return [*keys, SortKey(source.id, last, nullable=False)]


def _values(row: Any, count: int) -> tuple[Any, ...]:
    return tuple(row[-count:])


def _where(text: str, saved: Lookup) -> Node | None:
    if not text:
        return None
    if len(text) > 20_000:
        raise BadRequest(m("The condition is too large."))
    try:
        return parse(read_json(text), saved)
    except (ValueError, RecursionError):
        raise BadRequest(m("The condition is not valid JSON.")) from None


def _size(text: str) -> int:
    return min(max(int(text), 1), SIZES[-1]) if text.isdecimal() and len(text) < 5 else 50
