"""Rows that last from one moment to another, found by a moment between: of millions that came and went an index of spans finds the few that were there."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Index, TextClause, literal, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from crm.backoffice.database import LARGE

# In whatever order the two stand: while a record is saved one of them may be new before the other is, and of such a range PostgreSQL makes no entry.
RANGE = "tstzrange(least({begun}, {ended}), greatest({begun}, {ended}), '(]')"


class lasted_over(FunctionElement[bool]):
    """Whether a moment lies after `begun` and not after `ended`, which is filled."""

    name = "lasted_over"
    inherit_cache = True
    type = Boolean()

    def __init__(self, begun: ColumnElement[datetime], ended: ColumnElement[datetime], moment: datetime) -> None:
        super().__init__(begun, ended, literal(moment, begun.type))


@compiles(lasted_over)
def _in_range(element: lasted_over, compiler: SQLCompiler, **kwargs: Any) -> str:
    begun, ended, moment = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({ended} IS NOT NULL AND {RANGE.format(begun=begun, ended=ended)} @> {moment})"


@compiles(lasted_over, "sqlite")
def _between(element: lasted_over, compiler: SQLCompiler, **kwargs: Any) -> str:
    begun, ended, moment = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({begun} < {moment} AND {ended} >= {moment})"


def index_of_spans(name: str, begun: str, ended: str, *held: str, where: TextClause) -> Index:
    """What `lasted_over` of two columns is found by, and what is counted of such rows. PostgreSQL alone has it (see `covering`); it reads an index alone
    where the index holds the columns of its expression too."""
    range_of = text(RANGE.format(begun=begun, ended=ended))
    return Index(name, range_of, postgresql_using="gist", postgresql_include=(begun, ended, *held), postgresql_where=where, info={LARGE: True}).ddl_if(
        dialect="postgresql",
    )
