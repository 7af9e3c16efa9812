"""Pieces of SQL that all sights share: SQLAlchemy takes longer to make them than to run them, and they hold nothing of a reader.

What is made of a table is kept with it and goes with it, so that tables of a configuration that is no more leave nothing behind.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, FromClause, Table
from sqlalchemy.sql.elements import Grouping

from crm.backoffice.access import Action

Made = TypeVar("Made")
ALIASES = 512  # of one entity in turn: more than a statement can hold (each of 200 conditions may look something up, and each column)
SHARED = 32  # of these are kept: what usual statements need


def _memory(table: FromClause) -> dict[Any, Any]:
    """What is made of a table once is kept with it and goes with it: a table of made fields lasts as long as a configuration that has them."""
    kept: dict[Any, Any] = table.__dict__.setdefault("brama_memory", {})
    return kept


def shared_alias(table: Table, actions: frozenset[Action], deleted: bool, number: int) -> FromClause:
    """An alias that all sights share: making its columns costs more than the query. It holds nothing of a reader, and being unnamed
    it lets equal statements share one compiled form."""
    if number % ALIASES >= SHARED:
        return table.alias()
    kept, key = _memory(table), (actions, deleted, number)
    found: FromClause | None = kept.get(key)
    if found is None:
        found = kept[key] = table.alias()
    return found


def _shared(make: Callable[..., Made]) -> Callable[..., Made]:
    """What `make` makes of a column of a shared alias is shared too: SQLAlchemy takes longer to make it than to run it, and it holds nothing
    of a reader. Of anything else, as a column shown on some records only, it is made anew."""

    def made(column: ColumnElement[Any], *given: Any) -> Made:
        if column.__class__ is not Column or column.table is None:
            return make(column, *given)
        kept, key = _memory(column.table), (make, column.key, *given)
        found: Made | None = kept.get(key)
        if found is None:
            found = kept[key] = make(column, *given)
        return found

    return made


@_shared
def is_null(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.is_(None)


@_shared
def is_filled(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.is_not(None)


def matching(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[bool]:
    return _matching(left, right) if left.__class__ is Column and right.__class__ is Column else left == right


@lru_cache(maxsize=512)
def _matching(left: ColumnElement[Any], right: ColumnElement[Any]) -> ColumnElement[bool]:
    return left == right


def forget_joins() -> None:
    """What was made of tables that a configuration has no more goes with them."""
    _matching.cache_clear()


@_shared
def in_order(column: ColumnElement[Any], descending: bool) -> ColumnElement[Any]:
    return column.desc() if descending else column.asc()


class Whole(Grouping[Any]):
    """A predicate that a conjunction around it cannot dissolve into parts that nobody vouched for."""

    inherit_cache = True
    operator = None  # a grouping lends out its element's operator, and `and_` asks for it to flatten what is alike


@_shared
def standing_rows(column: ColumnElement[Any], deleted: bool) -> Whole:
    """All records that are not deleted, or all that are."""
    return Whole(is_filled(column) if deleted else is_null(column))
