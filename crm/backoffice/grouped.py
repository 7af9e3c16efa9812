"""Groups of a list: heads with counts and sums, each with the condition that chooses its records. Everything through the reader's session.

The rows of a group are the list with one more condition, so that heads, rows and totals cannot differ. Days are grouped by periods whose
edges are worked out here, those of moments in the reader's zone: SQL does not know zones on both databases.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, extract, func, or_, select

from crm.backoffice import lists, periods
from crm.backoffice.conditions.tree import All, Leaf
from crm.backoffice.entities import Entity
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.backoffice.lists import ListQuery
from crm.backoffice.measures import measured
from crm.backoffice.periods import Period
from crm.backoffice.pieces import is_filled
from crm.backoffice.pricing import pricing
from crm.backoffice.sight import Source
from crm.backoffice.worth import Worth, abroad, compared, dated
from crm.errors import BadRequest, UnknownName
from crm.messages import m

TYPES = frozenset({"picklist", "reference", "boolean", "date", "moment", "country", "currency", "text"})
STEPS = {"month": periods.month, "week": periods.week, "quarter": periods.quarter, "year": periods.year}
MOST = 200  # groups of one list; beyond them the largest stand by themselves
BEYOND = -1  # the bucket of days beyond those periods
Sums = Mapping[str, Mapping[str | None, Decimal]]  # field → currency (None for plain numbers) → sum


@dataclass(frozen=True)
class Group:
    """Records that have one value in common: a stored value, a period, or None for none. `leaf` chooses them among those of the list."""

    value: Any
    count: int
    sums: Sums
    leaf: Leaf
    worths: Mapping[str, Worth] = field(default_factory=dict)  # of money, where the list has some in other currencies than the base one


@dataclass(frozen=True)
class Groups:
    """The groups of a list in order; `others` is how many records stand in further groups."""

    field: Field
    step: str
    groups: list[Group]
    others: int


def parse_group(session: DataSession, entity: str, text: str) -> tuple[str, str] | None:
    """`stage`, `closed_on` or `closed_on:week` as field and step. Raises UnknownName, alike for hidden, masked and missing; BadRequest."""
    if not text:
        return None
    key, _, step = text.partition(":")
    kind = session.catalog.entity(entity)
    if key not in session.sight.filterable(entity):
        raise UnknownName(key, hidden=key in kind.fields)
    if not may_be_group(kind, text):
        raise BadRequest(m("A list is grouped by a choice, a reference or a short text, by days as month, week, quarter or year."))
    return key, step or ("month" if by_days(kind.fields[key]) else "")


def may_be_group(kind: Entity, text: str) -> bool:
    """Whether lists of an entity can be grouped so, as far as its fields go."""
    key, _, step = text.partition(":")
    spec = kind.fields.get(key)
    return spec is not None and can_group(spec) and (not step or (step in STEPS and by_days(spec)))


def can_group(spec: Field) -> bool:
    return spec.type in TYPES and not spec.several and not spec.multiple


def by_days(spec: Field) -> bool:
    return spec.type in ("date", "moment")


def groups(session: DataSession, query: ListQuery, key: str, step: str, spans: Sequence[Period] | None = None) -> Groups:
    """The groups by one field, by at most four queries, however many there are; two more where money is in several currencies. Days are grouped by the
    periods `spans` where these are given, else by those in which there are any."""
    source = session.table(query.entity, actions=query.actions)
    spec = source.entity.fields[key]
    spans = _spans(session, query, spec, step) if spans is None and by_days(spec) else spans or []
    bucket = _bucket(session, source, spec, spans)
    counted, whole = _counted(session, query, source, bucket)
    shown = [value for value in counted if not (by_days(spec) and value == BEYOND)]
    sums = _sums(session, query, key, spans, shown)
    worth = _worths(session, query, source, bucket, sums)
    found = [
        Group(_value(spans, value), counted[value], sums.get(value, {}), leaf_of(session, spec, _value(spans, value)), worth.get(value, {})) for value in shown
    ]
    return Groups(spec, step, found, whole - sum(group.count for group in found))


def within(query: ListQuery, leaf: Leaf) -> ListQuery:
    """The rows of a group."""
    return replace(query, where=All((query.where, leaf)) if query.where is not None else leaf)


# --- what the records have in common ---------------------------------------------------------------------------------


def _bucket(session: DataSession, source: Source, spec: Field, spans: Sequence[Period]) -> ColumnElement[Any]:
    """The value that names a record's group: what is stored, or the place of its period."""
    column = source[spec.key]
    if not by_days(spec):
        return column
    if not spans:
        return session.sight.seal(case((is_filled(column), BEYOND), else_=None))  # type: ignore[no-any-return]
    inside = [(_inside(spec, column, span, session), place) for place, span in enumerate(spans)]
    return session.sight.seal(case(*inside, (is_filled(column), BEYOND), else_=None))  # type: ignore[no-any-return]


def _inside(spec: Field, column: ColumnElement[Any], span: Period, session: DataSession) -> ColumnElement[bool]:
    if spec.type == "date":
        return column.between(span.first, span.last)
    start, end = span.moments(session.reader.zone)
    return and_(column >= start, column < end)


def _spans(session: DataSession, query: ListQuery, spec: Field, step: str) -> list[Period]:
    """The periods in which records may lie, newest first: those that touch a month, in UTC and the days beside it, that has any."""
    source = session.table(query.entity, actions=query.actions)
    column = source[spec.key]
    months = [extract("year", column), extract("month", column)]
    statement = select(*months).select_from(source.table).where(*lists.conditions(query, source), is_filled(column)).group_by(*months)
    rows = session.execute(statement.order_by(*(part.desc() for part in months)).limit(MOST)).all()
    found: dict[date, Period] = {}
    for row in rows:
        found |= {span.first: span for span in touching(periods.month(date(int(row[0]), int(row[1]), 1)), step)}
    return [found[first] for first in sorted(found, reverse=True)][:MOST]


def touching(month: Period, step: str) -> Iterator[Period]:
    """The periods that touch a month or the days beside it: in a zone a moment lies a day before or after what UTC says at most."""
    day, last = _beside(month.first, -1), _beside(month.last, 1)
    while True:
        span = STEPS[step](day)
        yield span
        if span.last >= last:
            return
        day = span.last + timedelta(days=1)


def _beside(day: date, step: int) -> date:
    return day if day in (date.min, date.max) else day + timedelta(days=step)


def _value(spans: Sequence[Period], value: Any) -> Any:
    return value if not spans or value is None else spans[value]


def leaf_of(session: DataSession, spec: Field, value: Any) -> Leaf:
    """The condition that only records of the group fulfil."""
    if value is None:
        return Leaf((spec.key,), "empty")
    if isinstance(value, Period):
        return Leaf((spec.key,), "within", f"{value.first.isoformat()}..{value.last.isoformat()}")
    if spec.picklist:
        option = session.catalog.options.get(value)
        return Leaf((spec.key,), "eq", option.key if option is not None else value)
    return Leaf((spec.key,), "eq", value if spec.target else spec.export(value, session.reader))


# --- counts and sums -------------------------------------------------------------------------------------------------


def _counted(session: DataSession, query: ListQuery, source: Source, bucket: ColumnElement[Any]) -> tuple[dict[Any, int], int]:
    """The largest groups with their numbers of records, and the number of all records."""
    # The bucket stands in a sub-query: PostgreSQL takes the same expression with parameters twice for two different ones.
    inner = select(bucket.label("bucket")).select_from(source.table).where(*lists.conditions(query, source)).subquery()
    number = func.count()
    statement = select(inner.c.bucket, number, func.sum(number).over()).group_by(inner.c.bucket).order_by(number.desc(), inner.c.bucket).limit(MOST)
    rows = session.execute(statement).all()
    return {row[0]: row[1] for row in rows}, int(rows[0][2]) if rows else 0


def _sums(session: DataSession, query: ListQuery, key: str, spans: Sequence[Period], wanted: Sequence[Any]) -> dict[Any, dict[str, dict[str | None, Decimal]]]:
    """Sums of the shown columns that can be added up, of the wanted groups."""
    kind = session.catalog.entity(query.entity)
    summed = measured(session, query)
    if not summed or not wanted:
        return {}
    source = session.table(query.entity, actions=query.actions)
    priced = pricing(source) if any(one.is_money for one in summed) else None
    columns = [_bucket(session, source, kind.fields[key], spans).label("bucket"), *([priced.currency.label("currency")] if priced is not None else [])]
    added = [one.column(source).label(f"m{n}") for n, one in enumerate(summed)]
    rows: Select[Any] = select(*columns, *added).select_from(source.table).where(*lists.conditions(query, source))
    inner = (priced.joined(rows) if priced is not None else rows).subquery()
    split = [inner.c.bucket, *([inner.c.currency] if priced is not None else [])]
    statement: Select[Any] = select(*split, *(func.sum(inner.c[f"m{n}"]) for n in range(len(summed)))).group_by(*split)
    if len(wanted) == MOST:
        statement = statement.where(or_(inner.c.bucket.in_([value for value in wanted if value is not None]), inner.c.bucket.is_(None)))
    found: dict[Any, dict[str, dict[str | None, Decimal]]] = {}
    chosen = set(wanted)
    for row in session.execute(statement):
        if row[0] not in chosen:
            continue
        here = found.setdefault(row[0], {})
        for one, value in zip(summed, row[len(split) :], strict=True):
            if value is not None:
                place = row[1] if priced is not None and one.is_money else None
                sums = here.setdefault(one.key, {})
                sums[place] = sums.get(place, Decimal(0)) + value
    return found


def _worths(session: DataSession, query: ListQuery, source: Source, bucket: ColumnElement[Any], sums: Mapping[Any, Sums]) -> dict[Any, dict[str, Worth]]:
    """What the sums of money of each group come to in the base currency; nothing where all are in it."""
    base, known = session.catalog.company.currency, {one.key: one for one in measured(session, query)}
    money = {(value, key): amounts for value, found in sums.items() for key, amounts in found.items() if known[key].is_money}
    if not any(abroad(amounts, base) for amounts in money.values()):
        return {}
    wanted = [known[key] for key in dict.fromkeys(key for _, key in money)]
    made: dict[Any, dict[str, Worth]] = {}
    for (value, key), worth in compared(session, money, dated(session, query, source, wanted, bucket)).items():
        made.setdefault(value, {})[key] = worth
    return made


def references(found: Groups) -> Iterable[int]:
    """The records that name the groups."""
    return (group.value for group in found.groups if group.value is not None) if found.field.target else ()
