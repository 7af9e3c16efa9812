"""Splitting a report by its dimensions: joins and group keys in SQL, row keys and conditions out of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, extract

from crm.backoffice.guard import DataSession
from crm.backoffice.reports.parameters import Dimension
from crm.backoffice.reports.sight import names
from crm.backoffice.reports.table import Column, Unit
from crm.backoffice.sight import Source

Key = tuple[Any, ...]  # of a row: an id or "YYYY-MM" for each dimension, None when empty


@dataclass(frozen=True)
class Grouping:
    """The dimensions of one statement. `sources` are the joined ones by the first steps of their path ("lines")."""

    dimensions: tuple[Dimension, ...]
    expressions: tuple[ColumnElement[Any], ...]
    joins: tuple[tuple[Source, ColumnElement[bool]], ...]
    sources: Mapping[str, Source]
    many: bool  # whether one record may stand in several rows

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
                year, month = values[at], values[at + 1]
                found.append(None if year is None else f"{int(year):04d}-{int(month):02d}")
                at += 2
            else:
                found.append(values[at])
                at += 1
        return tuple(found)

    @property
    def width(self) -> int:
        return len(self.expressions)


def grouping(source: Source, dimensions: tuple[Dimension, ...]) -> Grouping:
    """How to group the records of `source` by `dimensions`."""
    expressions: list[ColumnElement[Any]] = []
    joins: list[tuple[Source, ColumnElement[bool]]] = []
    sources: dict[str, Source] = {}
    many = False
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
        expressions.extend([extract("year", column), extract("month", column)] if dimension.by_month else [column])
    return Grouping(dimensions, tuple(expressions), tuple(joins), sources, many)


def row_keys(session: DataSession, dimensions: tuple[Dimension, ...], keys: Iterable[Key]) -> dict[Key, dict[str, Any]]:
    """What names the rows: for every key the dimensions' values, records by their name with `<dimension>_id` beside."""
    every = list(keys)
    called = {d.key: names(session, d.entity, (k[n] for k in every)) for n, d in enumerate(dimensions) if d.entity}
    found: dict[Key, dict[str, Any]] = {}
    for key in every:
        row: dict[str, Any] = {}
        for value, dimension in zip(key, dimensions, strict=True):
            row[dimension.key] = value if dimension.by_month or value is None else called[dimension.key].get(value)
            if not dimension.by_month:
                row[f"{dimension.key}_id"] = value
        found[key] = row
    return found


def columns_of(dimensions: tuple[Dimension, ...]) -> tuple[Column, ...]:
    """The columns that name the rows."""
    unit: dict[bool, Unit] = {True: "month", False: "name"}
    return tuple(Column(d.key, d.label, unit[d.by_month]) for d in dimensions)


def row_conditions(session: DataSession, entity: str, dimensions: tuple[Dimension, ...], row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The conditions that choose the records of a row."""
    found: list[dict[str, Any]] = []
    for dimension in dimensions:
        value = row[dimension.key] if dimension.by_month else row[f"{dimension.key}_id"]
        first = dimension.path.split(".")[0]
        if value is not None:
            found.append({"field": dimension.path, "op": "within" if dimension.by_month else "eq", "value": value})
        elif first in session.catalog.entity(entity).relations:
            found.append({"count": first, "op": "eq", "value": 0})
        else:
            found.append({"field": dimension.path, "op": "empty"})
    return found
