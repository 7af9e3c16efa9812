"""Pages by key: the order of a list, where a page begins, and the token that stands in its address.

NULLs come first ascending and last descending, on both databases. With one sort key a page is read as parts of one index range
each (a condition `… OR col IS NULL` would lose the index), with several as one ordinary comparison.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, FromClause, and_, case, false, literal, or_, true, tuple_
from sqlalchemy.types import TypeDecorator

from crm.backoffice.fields.base import Field
from crm.backoffice.fields.date import FIRST as FIRST_DAY, LAST as LAST_DAY
from crm.backoffice.fields.decimal import DIGITS
from crm.backoffice.fields.moment import FIRST as FIRST_MOMENT, LAST as LAST_MOMENT
from crm.backoffice.fields.numbers import quantized
from crm.backoffice.outside import read_json
from crm.backoffice.pieces import in_order, is_filled, is_null, matching
from crm.backoffice.sight import Source
from crm.backoffice.types import ScaledDecimal
from crm.errors import BadRequest


@dataclass(frozen=True)
class SortKey:
    """A column to sort by; `nullable` says whether it can be empty in this list. A key that stands in another record needs `joined`:
    its table, and what joins it to the list."""

    column: ColumnElement[Any]
    descending: bool
    nullable: bool = True
    joined: tuple[FromClause, ColumnElement[bool]] | None = None


@dataclass(frozen=True)
class Position:
    """The key of a row: pages go on after it, or before it."""

    values: tuple[Any, ...]
    backwards: bool = False


class Part(NamedTuple):
    """A piece of a list in its order; `filled` says that no row of it lacks a key."""

    conditions: list[ColumnElement[bool]]
    order: list[ColumnElement[Any]]
    filled: bool = False


RESTORE: Mapping[str, Callable[[str], Any]] = {"d": Decimal, "t": datetime.fromisoformat, "on": date.fromisoformat}


def sort_key(source: Source, spec: Field, descending: bool) -> SortKey:
    """How a list sorts by a field: text by the Ukrainian alphabet, options and stages in their order, references by name."""
    catalog = source.sight.catalog
    configured = catalog.configured.get(spec.target or "")
    if configured is not None:
        return SortKey(_by_place(source, spec, list(configured)), descending)
    if spec.picklist:
        known = catalog.picklists.get(spec.picklist)
        return SortKey(_by_place(source, spec, [o.id for o in known.options] if known else []), descending)
    if spec.target:
        return _by_name(source, spec, descending)
    plain = spec.required and not spec.system and not spec.sort_companion()
    return SortKey(source.column(spec.key, spec.sort_companion()), descending, nullable=not plain)


def _by_place(source: Source, spec: Field, ids: Sequence[int]) -> ColumnElement[Any]:
    if not ids:
        return source[spec.key]
    return source.sight.seal(case({i: n for n, i in enumerate(ids)}, value=source[spec.key]))  # type: ignore[no-any-return]


def _by_name(source: Source, spec: Field, descending: bool) -> SortKey:
    """A join and not a sub-query: so a database may go through the index of names and stop when the page is full."""
    target = source.sight.table(spec.target or "")
    title = target.entity.fields[target.entity.declared.title]
    usable = title.key in source.sight.filterable(target.entity.key)
    column = target.column(title.key, title.sort_companion()) if usable else target.id
    return SortKey(column, descending, joined=(target.table, and_(matching(target.id, source[spec.key]), target.visible)))


def joining(table: FromClause, keys: Sequence[SortKey], part: Part | None = None) -> FromClause:
    """The list's table with what its keys need beside it; where all have a key, joined so that a database may begin with either table."""
    for key in keys:
        if key.joined is not None:
            table = table.join(*key.joined, isouter=part is None or not part.filled)
    return table


def parts(keys: Sequence[SortKey], position: Position | None) -> list[Part]:
    """What to read, one after another, to get the rows after `position` in order: conditions and order of each part."""
    backwards = position is not None and position.backwards
    turned = [replace(k, descending=k.descending != backwards) for k in keys]
    if len(turned) == 1:
        return [Part([_beyond(turned, position)] if position else [], [_order(turned[0])])]
    if len(turned) == 2:
        return _ranges(turned[0], turned[1], position)
    order = [part for key in turned for part in ([_nulls(key)] if key.nullable else []) + [_order(key)]]
    return [Part([_beyond(turned, position)] if position else [], order)]


def _ranges(key: SortKey, last: SortKey, position: Position | None) -> list[Part]:
    order = [_order(key), _order(last)]
    if not key.nullable:
        return [Part([_row_beyond(key, last, position)] if position else [], order)]
    empty = Part([is_null(key.column)], [_order(last)])
    filled = Part([is_filled(key.column)], order, filled=True)
    if position is None:
        return [filled, empty] if key.descending else [empty, filled]
    if position.values[0] is None:
        after = last.column < position.values[1] if last.descending else last.column > position.values[1]
        rest = Part([*empty.conditions, after], empty.order)
        return [rest] if key.descending else [rest, filled]
    rest = Part([_row_beyond(key, last, position)], order, filled=True)
    return [rest, empty] if key.descending else [rest]


def _row_beyond(key: SortKey, last: SortKey, position: Position) -> ColumnElement[bool]:
    if key.descending == last.descending:
        first = literal(position.values[0], key.column.type)
        row, values = tuple_(key.column, last.column), tuple_(first, literal(position.values[1], last.column.type))
        beyond = row < values if key.descending else row > values
        if key.joined is None:
            return beyond
        # No index holds columns of two tables: the first by itself says where to begin in its own.
        return and_(key.column <= first if key.descending else key.column >= first, beyond)
    return _beyond([key, last], position)


def _beyond(keys: Sequence[SortKey], position: Position) -> ColumnElement[bool]:
    """Rows after `position` by several keys, NULL smaller than everything."""
    choices: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    after: ColumnElement[bool]
    same: ColumnElement[bool]
    for key, value in zip(keys, position.values, strict=True):
        if value is None:
            after = false() if key.descending else key.column.is_not(None)
            same = key.column.is_(None)
        else:
            given = literal(value, key.column.type)  # yes and no have an order too
            after = key.column < given if key.descending else key.column > given
            if key.descending and key.nullable:
                after = or_(after, key.column.is_(None))
            same = key.column == given
        choices.append(and_(*equal, after))
        equal.append(same)
    return or_(*choices) if choices else true()


def _order(key: SortKey) -> ColumnElement[Any]:
    return in_order(key.column, key.descending)


def _nulls(key: SortKey) -> ColumnElement[Any]:
    place = case((key.column.is_(None), 0), else_=1)
    return place.desc() if key.descending else place.asc()


def encode(values: Sequence[Any], backwards: bool) -> str:
    """A page key as it stands in an address."""
    raw = json.dumps([int(backwards), *(_plain(v) for v in values)], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def decode(token: str | None, keys: Sequence[SortKey]) -> Position | None:
    """The position of a page key; None when it is none, was cut, or belongs to another order."""
    if not token or len(token) > 4000:
        return None
    try:
        backwards, *values = read_json(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        restored = tuple(_restored(v) for v in values)
    except (ValueError, TypeError, KeyError, InvalidOperation, RecursionError, BadRequest):
        return None
    if backwards not in (0, 1) or len(restored) != len(keys) or restored[-1] is None:
        return None
    fits = all(v is None or _fits(v, k) for v, k in zip(restored, keys, strict=True))
    return Position(restored, bool(backwards)) if fits else None


def _fits(value: Any, key: SortKey) -> bool:
    """Whether the column could hold the value."""
    kept = key.column.type
    kind = (kept.impl_instance if isinstance(kept, TypeDecorator) else kept).python_type
    if type(value) is not kind:
        return False
    match value:
        case Decimal():
            scale = kept.scale if isinstance(kept, ScaledDecimal) else 0
            return value.is_finite() and value.copy_abs() < Decimal(1).scaleb(DIGITS - scale) and value == quantized(value, scale)
        case datetime():
            return value.tzinfo is not None and FIRST_MOMENT <= value <= LAST_MOMENT
        case date():
            return FIRST_DAY <= value <= LAST_DAY
        case int():
            return abs(value) < 2**63 if isinstance(kept, BigInteger) else abs(value) < 2**31
    return True


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return {"d": str(value)}
        case datetime():
            return {"t": value.isoformat()}
        case date():
            return {"on": value.isoformat()}
    return value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        ((kind, text),) = value.items()
        return RESTORE[kind](text)
    if isinstance(value, list):
        raise ValueError(value)
    return value
