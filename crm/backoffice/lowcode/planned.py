"""What is only planned, asked of the database as it stands: a field that is not there yet is empty in every record, a table that is not has no rows."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Exists, FromClause, ScalarSelect, Select, false, literal, null, type_coerce
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import Label
from sqlalchemy.sql.functions import count
from sqlalchemy.sql.util import find_tables

TABLES = ("ce_-", "__cf_-")  # of planned kinds of records; of links of planned sets


def is_planned(table: Any) -> bool:
    """Whether a table is only planned; fields and kinds of records that are have numbers below zero."""
    return any(mark in table.name for mark in TABLES)


def empty_column(element: Any, **_: Any) -> Any:
    """For a traversal: nothing in the place of a column that is only planned."""
    if isinstance(element, Column) and element.key.startswith("cf_-"):
        return type_coerce(null(), element.type)
    return None


def as_it_stands(predicate: ColumnElement[Any]) -> ColumnElement[Any]:
    """A predicate over planned fields and records, for the database that does not have them."""
    found: ColumnElement[Any] = visitors.replacement_traverse(predicate, {}, _replaced)
    return found


def _replaced(element: Any, **given: Any) -> Any:
    if isinstance(element, Exists) and _leads_to_planned(element.element.element):
        return false()
    if isinstance(element, ScalarSelect) and _leads_to_planned(element.element):
        told = next(iter(element.element.selected_columns))
        counts = isinstance(told.element if isinstance(told, Label) else told, count)
        return literal(0) if counts else type_coerce(null(), element.type)
    return empty_column(element, **given)


def _leads_to_planned(inner: Any) -> bool:
    """Whether a query reads planned rows itself; one deeper inside is replaced by itself."""
    if not isinstance(inner, Select):
        return False
    sources: list[FromClause] = list(inner.get_final_froms())
    return any(is_planned(table) for source in sources for table in find_tables(source, include_aliases=False, check_columns=False) if hasattr(table, "name"))
