"""Splitting a report by its dimensions: joins and group keys in SQL, row keys and conditions out of it.

The month of a moment is that of a zone, which SQL does not know on both databases: a moment near the edge of its month in UTC carries
its quarter of an hour along, and Python says in which month of the zone it lies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, extract, null, or_

from crm.backoffice.guard import DataSession
from crm.backoffice.periods import period
from crm.backoffice.reports.parameters import Dimension, within
from crm.backoffice.reports.sight import names
from crm.backoffice.reports.table import Column, Unit
from crm.backoffice.sight import Source

STAGE = "stage"  # the entity whose rows are told by their keys, as options are
Key = tuple[Any, ...]  # of a row: an id (also of an option), yes or no, or "YYYY-MM", "YYYY-Qn", "YYYY" for each dimension, None when empty


@dataclass(frozen=True)
class Grouping:
    """The dimensions of one statement. `sources` are the joined ones by the first steps of their path ("lines")."""

    dimensions: tuple[Dimension, ...]
    expressions: tuple[ColumnElement[Any], ...]
    joins: tuple[tuple[Source, ColumnElement[bool]], ...]
    sources: Mapping[str, Source]
    many: bool  # whether one record may stand in several rows
    moments: frozenset[str] = frozenset()  # the dimensions that are months of moments
    zone: ZoneInfo | None = None  # of those months

    def joined(self, statement: Select[Any]) -> Select[Any]:
        """`statement` with the joins that the dimensions need; a record without a partner stays, under the empty key."""
        for source, on in self.joins:
            statement = statement.outerjoin(source.table, on)
        return statement

    def key(self, values: Sequence[Any]) -> Key:
        """The row key from the first values of a fetched row."""
        found: list[Any] = []
        at = 0
        for dimension in self.dimensions:
            if dimension.by_month:
                width = 3 if dimension.key in self.moments else 2
                year, month, *edge = values[at : at + width]
                found.append(None if year is None else _stepped(self._month(int(year), int(month), *edge), dimension.step))
                at += width
            else:
                found.append(values[at])
                at += 1
        return tuple(found)

    def _month(self, year: int, month: int, edge: Any = None) -> str:
        if edge is not None and self.zone is not None:
            rest, quarter = divmod(int(edge), 4)
            day, hour = divmod(rest, 100)
            local = datetime(year, month, day, hour, quarter * 15, tzinfo=UTC).astimezone(self.zone)
            year, month = local.year, local.month
        return f"{year:04d}-{month:02d}"

    @property
    def width(self) -> int:
        return len(self.expressions)


def _stepped(month: str, step: str) -> str:
    """The month, quarter or year, as periods are written, in which a month lies."""
    year, number = month.split("-")
    return month if step == "month" else year if step == "year" else f"{year}-Q{(int(number) + 2) // 3}"


def grouping(source: Source, dimensions: tuple[Dimension, ...], zone: ZoneInfo | None = None) -> Grouping:
    """How to group the records of `source` by `dimensions`; months of moments are those of `zone`."""
    expressions: list[ColumnElement[Any]] = []
    joins: list[tuple[Source, ColumnElement[bool]]] = []
    sources: dict[str, Source] = {}
    many, moments = False, set()
    for dimension in dimensions:
        *steps, last = dimension.path.split(".")
        here, description, walked = source, source.entity, ""
        for step in steps:
            walked = f"{walked}.{step}".lstrip(".")
            relation = description.relations.get(step)
            if walked not in sources:
                crossed = here.sight.catalog.entity(relation.entity).fields[relation.field] if relation else description.fields[step]
                if crossed.several:
                    raise ValueError(f"a report is not grouped by the set “{dimension.path}”")
                partner = here.sight.table(relation.entity if relation else description.fields[step].target or "")
                link = partner[relation.field] == here.id if relation else partner.id == here[step]
                joins.append((partner, and_(link, partner.visible)))
                sources[walked] = partner
            many = many or relation is not None
            here, description = sources[walked], sources[walked].entity
        column = here[last]
        if dimension.by_month and description.fields[last].type == "moment":
            moments.add(dimension.key)
            expressions.extend(_month_of_moment(column))
        else:
            expressions.extend([extract("year", column), extract("month", column)] if dimension.by_month else [column])
    return Grouping(dimensions, tuple(expressions), tuple(joins), sources, many, frozenset(moments), zone)


def _month_of_moment(column: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Year and month in UTC, and of a moment on the first or one of the last days (day × 100 + hour) × 4 + quarter."""
    day, minute = extract("day", column), extract("minute", column)
    quarter = case((minute < 15, 0), (minute < 30, 1), (minute < 45, 2), else_=3)
    edge = case((or_(day == 1, day >= 28), (day * 100 + extract("hour", column)) * 4 + quarter), else_=null())
    return [extract("year", column), extract("month", column), edge]


def row_keys(session: DataSession, dimensions: tuple[Dimension, ...], keys: Iterable[Key]) -> dict[Key, dict[str, Any]]:
    """What names the rows: for every key the dimensions' values, records by their name and stages by their key, with `<dimension>_id` beside."""
    every, stages = list(keys), session.catalog.configured.get(STAGE, {})
    called = {d.key: names(session, d.entity, (k[n] for k in every)) for n, d in enumerate(dimensions) if d.entity}
    options = session.catalog.options
    found: dict[Key, dict[str, Any]] = {}
    for key in every:
        row: dict[str, Any] = {}
        for value, dimension in zip(key, dimensions, strict=True):
            if dimension.picklist:
                row[dimension.key] = options[value].key if value in options else None
                continue
            row[dimension.key] = value if not dimension.entity or value is None else called[dimension.key].get(value)
            if dimension.entity == STAGE and row[dimension.key] is not None and value in stages:
                row[dimension.key] = stages[value].key
            if dimension.entity:
                row[f"{dimension.key}_id"] = value
        found[key] = row
    return found


def columns_of(dimensions: tuple[Dimension, ...]) -> tuple[Column, ...]:
    """The columns that name the rows."""
    return tuple(Column(d.key, d.label, _unit(d), picklist=d.picklist, words=d.words) for d in dimensions)


def _unit(dimension: Dimension) -> Unit:
    if dimension.flag:
        return "flag"
    return dimension.step if dimension.by_month else "option" if dimension.picklist or dimension.words else "stage" if dimension.entity == STAGE else "name"


def key_of(dimensions: Sequence[Dimension], row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells a row from the others: numbers of records, not their names, which several may share."""
    return tuple(row.get(f"{dimension.key}_id", row[dimension.key]) for dimension in dimensions)


def row_conditions(
    session: DataSession, entity: str, dimensions: tuple[Dimension, ...], row: Mapping[str, Any], zone: ZoneInfo | None = None,
) -> list[Mapping[str, Any]]:
    """The conditions that choose the records of a row; with a zone its months are those of moments there."""
    found: list[Mapping[str, Any]] = []
    for dimension in dimensions:
        value = row[f"{dimension.key}_id"] if dimension.entity else row[dimension.key]
        first = dimension.path.split(".")[0]
        if value is not None and dimension.by_month and zone is not None:
            found += within(dimension.path, period(value, session.reader.today), zone)
        elif value is not None:
            found.append({"field": dimension.path, "op": "within" if dimension.by_month else "eq", "value": value})
        elif first in session.catalog.entity(entity).relations:
            found.append({"count": first, "op": "eq", "value": 0})
        else:
            found.append({"field": dimension.path, "op": "empty"})
    return found
