"""Why a record is in a segment: the parts of the condition, each with what the record holds and whether it fits now, as its reader sees both."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, null, or_, select

from crm.backoffice.conditions.compiler import measured
from crm.backoffice.conditions.tree import Aggregate, All, Leaf, Node
from crm.backoffice.fields.base import Field
from crm.backoffice.guard import DataSession
from crm.backoffice.sight import Source
from crm.errors import NotFound

POINTS = 24  # of the trend of a segment's size


@dataclass(frozen=True)
class Part:
    """A part of a condition: whether the record fits it now, and the value that it compares, with its field where it has one; no value where
    it asks for some of several rows."""

    node: Node
    fits: bool
    told: bool
    value: Any = None
    field: Field | None = None


def parts(session: DataSession, of: str, node: Node, record_id: int) -> list[Part]:
    """The parts of `node` over one record. One query. Raises NotFound, and BadRequest or UnknownName where the condition no longer reads."""
    source = session.table(of)
    several = list(node.parts) if isinstance(node, All) else [node]
    values = [_value(source, part) for part in several]
    columns: list[ColumnElement[Any]] = [func.coalesce(source.where(part), false()).label(f"fits{n}") for n, part in enumerate(several)]
    columns += [(null() if found is None else found[0]).label(f"value{n}") for n, found in enumerate(values)]
    # What a value is reached by is made of this reader's own sight, piece by piece.
    row = session.kernel(select(*columns).where(source.visible, source.id == record_id)).first()
    if row is None:
        raise NotFound()
    count = len(several)
    return [
        Part(part, bool(row[n]), found is not None, row[count + n], found[1] if found is not None else None)
        for n, (part, found) in enumerate(zip(several, values, strict=True))
    ]


def _value(source: Source, node: Node) -> tuple[ColumnElement[Any], Field | None] | None:
    """What a part compares: a field of the record or of what it refers to, or what is counted or added up."""
    if isinstance(node, Aggregate):
        return measured(node, source)
    if not isinstance(node, Leaf) or node.path == ("id",):
        return None
    return _at(source, node.path)


def _at(source: Source, path: tuple[str, ...]) -> tuple[ColumnElement[Any], Field] | None:
    name, rest = path[0], path[1:]
    if name not in source.entity.fields or source.field(name).several:
        return None
    if not rest:
        return source[name], source.field(name)
    hop = source.hop(name)
    found = _at(hop.source, rest)
    if found is None:
        return None
    return select(found[0]).select_from(hop.joined).where(hop.on).correlate(source.table).scalar_subquery(), found[1]


def sizes(session: DataSession, segment_id: int, now: datetime | None = None) -> list[tuple[datetime, int]]:
    """How many were in the segment at moments from its beginning until now, of those whom this reader sees. Two queries."""
    until = now or datetime.now(UTC)
    rows = session.table("segment_member")
    own = (rows.visible, rows["segment"] == segment_id)
    first = session.execute(select(func.min(rows["since"])).where(*own)).scalar()
    if first is None:
        return []
    step = max((until - first) / POINTS, timedelta(minutes=1))
    moments = [at for n in range(POINTS) if (at := first + step * n) < until] + [until]
    inside = [func.count(case((and_(rows["since"] <= at, or_(rows["until"].is_(None), rows["until"] > at)), 1))) for at in moments]
    return list(zip(moments, (int(n) for n in session.execute(select(*inside).where(*own)).one()), strict=True))
