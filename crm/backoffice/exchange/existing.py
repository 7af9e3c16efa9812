"""The records that rows speak of, as they are now: found by match keys in bulk, with the values to compare."""

from collections.abc import Iterable, Mapping as Map, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from crm.backoffice.guard import DataSession
from crm.backoffice.parts import in_parts
from crm.backoffice.sight import Source

PART = 400


@dataclass(frozen=True)
class Stored:
    """A record: its number and the values that were asked for."""

    id: int
    values: Map[str, Any]


def by_keys(
    session: DataSession, entity: str, match: tuple[str, ...], keys: Iterable[tuple[Any, ...]], fields: Sequence[str],
) -> dict[tuple[Any, ...], list[Stored]]:
    """Records whose `match` fields hold one of `keys`, with `fields`. Only what the session sees."""
    found: dict[tuple[Any, ...], list[Stored]] = {}
    wanted = sorted(set(keys), key=str)
    columns = tuple(dict.fromkeys((*match, *fields)))
    for part in in_parts(wanted, PART):
        source = session.table(entity)
        conditions = [_among(source[key], {k[position] for k in part}) for position, key in enumerate(match)]
        for row in session.execute(select(source.id, *(source[c] for c in columns)).where(source.visible, *conditions)):
            values = dict(zip(columns, row[1:], strict=True))
            found.setdefault(tuple(values[key] for key in match), []).append(Stored(row[0], values))
    return found


def by_ids(session: DataSession, entity: str, ids: Iterable[int], fields: Sequence[str]) -> dict[int, Stored]:
    """Records by number, with `fields`. Only what the session sees."""
    found: dict[int, Stored] = {}
    wanted = sorted(set(ids))
    for part in in_parts(wanted, PART):
        source = session.table(entity)
        query = select(source.id, *(source[c] for c in fields)).where(source.visible, source.id.in_(part))
        for row in session.execute(query):
            found[row[0]] = Stored(row[0], dict(zip(fields, row[1:], strict=True)))
    return found


def of_parents(session: DataSession, entity: str, parent: str, parents: Iterable[int], fields: Sequence[str]) -> dict[int, list[Stored]]:
    """Rows of a list by the record they belong to, oldest first."""
    found: dict[int, list[Stored]] = {}
    wanted = sorted(set(parents))
    columns = tuple(dict.fromkeys((parent, *fields)))
    for part in in_parts(wanted, PART):
        source = session.table(entity)
        query = select(source.id, *(source[c] for c in columns)).where(source.visible, _in(source, parent, part)).order_by(source.id)
        for row in session.execute(query):
            values = dict(zip(columns, row[1:], strict=True))
            found.setdefault(values[parent], []).append(Stored(row[0], values))
    return found


def _in(source: Source, key: str, values: Sequence[Any]) -> ColumnElement[bool]:
    return source[key].in_(values)


def _among(column: ColumnElement[Any], values: set[Any]) -> ColumnElement[bool]:
    given = [v for v in values if v is not None]
    if len(given) == len(values):
        return column.in_(given)
    return or_(column.in_(given), column.is_(None)) if given else column.is_(None)
