"""The walk that lets a user's statement through: every part of it is known and sealed, every source stands with its scope.

What it does not know it refuses, so that a construct of SQLAlchemy nobody thought of is a refusal and not a leak.
"""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Column, FromClause, Label, Table
from sqlalchemy.sql import functions, operators
from sqlalchemy.sql.elements import (
    AsBoolean, BinaryExpression, BindParameter, BooleanClauseList, Case, Cast, ClauseList, ColumnClause, ColumnElement, ExpressionClauseList,
    False_, FunctionFilter, Grouping, Null, Over, True_, Tuple, TypeCoerce, UnaryExpression,
)
from sqlalchemy.sql.selectable import (
    CTE, Alias, CompoundSelect, Exists, Join, ScalarSelect, Select, SelectStatementGrouping, Subquery,
)

from crm.backoffice.sight import Sight
from crm.errors import GuardRefusal

# Functions that compute from their arguments alone. Anything that reads the server (files, settings, other tables) stays out.
FUNCTIONS = frozenset({
    "count", "sum", "min", "max", "avg", "coalesce", "abs", "round", "floor", "lower", "upper", "length", "substr", "nullif", "percentile_cont",
    "row_number", "rank", "aggregate_strings", "julianday", "strftime", "to_char", "date_part", "extract", "date_trunc", "cast", "greatest", "least", "ntile",
    "product", "lasted_over",
})
TRANSPARENT = (
    AsBoolean, BinaryExpression, BooleanClauseList, Case, Cast, ClauseList, ExpressionClauseList, FunctionFilter, Grouping, Label, Over, Tuple, TypeCoerce,
    UnaryExpression, functions.FunctionElement,
)
# Parts of a query that no list, report or export needs: where one stands, the whole is refused. A test holds both lists against SQLAlchemy's own.
REFUSED = (
    "_prefixes", "_suffixes", "_hints", "_statement_hints", "_independent_ctes", "_independent_ctes_opts", "_for_update_arg", "_params",
    "_pre_columns_clause", "_post_select_clause", "_post_criteria_clause", "_post_body_clause", "_compile_state_funcs",
)
PLAIN = (BindParameter, Null, True_, False_)


def verify(statement: Any, sight: Sight) -> None:
    """Raises GuardRefusal unless `statement` is a query made of what `sight` handed out."""
    _Walk(sight).query(statement, nearest=frozenset(), around=frozenset())


class _Walk:
    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self.own: set[int] = set()  # sub-queries of this statement: their columns are as good as what they select

    def query(self, statement: Any, nearest: frozenset[int], around: frozenset[int]) -> None:
        """`nearest` and `around`: tables of the enclosing query, and of all enclosing ones, that a sub-query may refer to."""
        if isinstance(statement, CompoundSelect):
            for part in statement.selects:
                self.query(part, nearest, around)
            _refuse_extras(statement)
            for element in _closing(statement):
                self.element(element, nearest, around)
        elif isinstance(statement, SelectStatementGrouping):
            self.query(statement.element, nearest, around)
        elif isinstance(statement, Select):
            self.select(statement, nearest, around)
        else:
            raise GuardRefusal(f"{type(statement).__name__} is no query")

    def select(self, statement: Select[Any], nearest: frozenset[int], around: frozenset[int]) -> None:
        if statement._propagate_attrs.get("compile_state_plugin") == "orm":
            raise GuardRefusal("mapped classes are read through the sight's tables")
        _refuse_extras(statement)
        if statement._correlate_except is not None:
            raise GuardRefusal("correlate_except")
        outside = nearest if statement._auto_correlate else frozenset(id(t) for t in statement._correlate) & around
        scoped: set[int] = set()
        for condition in statement._where_criteria:
            scoped |= set(self.scopes(condition))
        here: set[int] = set()
        froms = _froms(statement)
        for source in froms:
            for table, on_scopes in self.tables(source, frozenset()):
                if id(table) in outside:
                    continue
                here.add(id(table))
                if id(table) not in scoped and id(table) not in on_scopes:
                    raise GuardRefusal(f"{getattr(table, 'name', 'a table')} stands without its scope")
        inside = frozenset(here) | outside
        for source in froms:
            self.source(source, inside, around | here)
        for part in self.parts(statement):
            self.element(part, inside, around | here)

    def parts(self, statement: Select[Any]) -> Iterator[Any]:
        yield from statement._raw_columns
        yield from statement._where_criteria
        yield from statement._having_criteria
        yield from statement._distinct_on
        yield from _closing(statement)

    def scopes(self, condition: Any) -> Iterator[int]:
        """The tables that the conjuncts of `condition` scope."""
        table = self.sight.scoped.get(id(condition))
        if table is not None:
            yield id(table)
        elif isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
            for part in condition.clauses:
                yield from self.scopes(part)

    def tables(self, source: FromClause, on_scopes: frozenset[int]) -> Iterator[tuple[FromClause, frozenset[int]]]:
        """The sight's tables in a FROM, each with what the ON around it scopes: of an outer join only its right side."""
        if isinstance(source, Join):
            if source.full:
                raise GuardRefusal("a full join")
            on = frozenset(self.scopes(source.onclause))
            yield from self.tables(source.left, on_scopes if source.isouter else on_scopes | on)
            yield from self.tables(source.right, on_scopes | on)
        elif id(source) in self.sight.tables:
            yield source, on_scopes

    def source(self, source: Any, nearest: frozenset[int], around: frozenset[int]) -> None:
        if isinstance(source, Join):
            self.source(source.left, nearest, around)
            self.source(source.right, nearest, around)
            self.element(source.onclause, nearest, around)
        elif isinstance(source, Subquery | CTE):
            if isinstance(source, CTE) and source.recursive:
                raise GuardRefusal("a recursive query")
            if id(source) not in self.own:
                self.own.add(id(source))
                self.query(source.element, frozenset(), frozenset())
        elif id(source) not in self.sight.tables:
            raise GuardRefusal(f"the bare table {getattr(source, 'name', type(source).__name__)}")

    def element(self, element: Any, nearest: frozenset[int], around: frozenset[int]) -> None:
        if id(element) in self.sight.sealed or isinstance(element, PLAIN):
            return
        if isinstance(element, ScalarSelect | Exists):
            inner = element.element
            self.query(inner.element if isinstance(inner, ScalarSelect) else inner, nearest, around)
        elif isinstance(element, Select | CompoundSelect | SelectStatementGrouping):
            self.query(element, nearest, around)
        elif isinstance(element, ColumnClause):
            self.column(element)
        elif isinstance(element, TRANSPARENT):
            if isinstance(element, functions.FunctionElement) and getattr(element, "name", "") not in FUNCTIONS:
                raise GuardRefusal(f"the function {getattr(element, 'name', type(element).__name__)}")
            if isinstance(element, functions.count) and _counts_rows(element):
                return
            for part in element.get_children():
                self.element(part, nearest, around)
        elif isinstance(element, FromClause | Table | Alias):
            raise GuardRefusal(f"all columns of {getattr(element, 'name', 'a table')}")
        elif isinstance(element, ColumnElement) and type(element).__name__ in ("Extract", "_label_reference", "_textual_label_reference"):
            if type(element).__name__ == "_textual_label_reference":
                raise GuardRefusal("an order by text")
            for part in element.get_children():
                self.element(part, nearest, around)
        else:
            raise GuardRefusal(f"{type(element).__name__} is not understood")

    def column(self, column: Any) -> None:
        if column.is_literal or column.table is None:
            raise GuardRefusal("literal columns")
        if id(column.table) in self.own and not isinstance(column, Table):
            return
        name = f"{column.table.name}.{column.name}" if isinstance(column, Column | ColumnClause) else "a column"
        raise GuardRefusal(f"the column {name} did not come from the sight")


def _refuse_extras(statement: Any) -> None:
    for name in REFUSED:
        part = getattr(statement, name, None)
        if part is not None and not (isinstance(part, Collection) and not part):
            raise GuardRefusal(f"{name.strip('_')} of a query")


def _closing(statement: Any) -> Iterator[Any]:
    """What both a query and a union of several may end with."""
    yield from statement._group_by_clauses
    yield from statement._order_by_clauses
    yield from (clause for clause in (statement._limit_clause, statement._offset_clause, statement._fetch_clause) if clause is not None)


def _froms(statement: Select[Any]) -> list[FromClause]:
    """What the query reads from. `get_final_froms` says the same by compiling, which costs as much as the query itself."""
    if statement._setup_joins or statement._memoized_select_entities:
        return list(statement.get_final_froms())
    found: dict[int, FromClause] = {id(f): f for f in statement._from_obj}
    for element in (*statement._raw_columns, *statement._where_criteria):
        found |= {id(f): f for f in element._from_objects}
    hidden = {id(part) for source in found.values() for part in source._hide_froms}
    return [source for place, source in found.items() if place not in hidden]


def _counts_rows(function: functions.count) -> bool:
    """count(*): the star counts rows and names no column."""
    arguments = list(function.clauses)
    return len(arguments) == 1 and isinstance(arguments[0], ColumnClause) and arguments[0].is_literal and arguments[0].name == "*"
