"""What careless code would run in the person's own session: a hidden column wherever it may stand, and every way past the guard.

The session must refuse each of them; where a guard is broken, the rows that come back differ between the sides.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Table, delete, exists, func, insert, literal, literal_column, select, text, union_all, update
from sqlalchemy.orm import Session, aliased

from crm.backoffice.entities import Entity
from crm.backoffice.guard import UserSession, user_session
from crm.backoffice.sight import Source
from crm.errors import BramaError, GuardRefusal, UnknownName
from tests.leaks.questions import Question, View, probe
from tests.leaks.sides import Answer, Side

REFUSED, DONE = 403, 200
Statement = Callable[[UserSession, Source, ColumnElement[Any], Any], Any]
STATEMENTS: dict[str, list[Statement]] = {}


def careless(construct: str) -> Callable[[Statement], Statement]:
    """Registers code that runs a statement over `hidden`, a column of the source that the person may not see. `held` stands in it somewhere."""

    def register(statement: Statement) -> Statement:
        STATEMENTS.setdefault(construct, []).append(statement)
        return statement

    return register


@careless("order by")
def ordered(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    return session.execute(select(source.id).where(source.visible).order_by(hidden, source.id)).scalars().all()


@careless("order by")
def ordered_by_a_rank(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    return session.execute(select(source.id, func.rank().over(order_by=hidden)).where(source.visible).order_by(source.id)).all()


@careless("group by")
def grouped(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    return sorted(session.execute(select(func.count()).select_from(source.table).where(source.visible).group_by(hidden)).scalars())


@careless("having")
def having(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    statement = select(source.id).where(source.visible).group_by(source.id).having(func.max(hidden) == held)
    return session.execute(statement.order_by(source.id)).scalars().all()


@careless("where")
def where(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    return session.execute(select(source.id).where(source.visible, hidden == held).order_by(source.id)).scalars().all()


@careless("sub-query")
def value_by_sub_query(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    inner = select(func.count()).select_from(source.table).where(source.visible, hidden == held)
    return session.execute(select(inner.scalar_subquery())).scalars().all()


@careless("sub-query")
def in_a_sub_query(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    other = session.table(source.entity.key)
    inner = select(source.id).where(source.visible, hidden == held)
    return session.execute(select(other.id).where(other.visible, other.id.in_(inner)).order_by(other.id)).scalars().all()


@careless("sub-query")
def exists_without_scope(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    other = session.table(source.entity.key)
    inner = exists(select(1).select_from(source.table).where(hidden == held))
    return session.execute(select(other.id).where(other.visible, inner).order_by(other.id)).scalars().all()


@careless("sub-query")
def from_a_sub_query(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    inner = select(source.id.label("id"), hidden.label("h")).where(source.visible)
    found: FromClause | CTE
    rows: list[Any] = []
    for found in (inner.subquery(), inner.cte()):
        rows += session.execute(select(found.c.h).order_by(found.c.id)).scalars().all()
    return rows


@careless("sub-query")
def union(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    other = session.table(source.entity.key)
    parts = [select(other.id).where(other.visible), select(source.id).where(source.visible, hidden == held)]
    return sorted(session.execute(union_all(*parts)).scalars())


@careless("column property")
def derived(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    """A value computed from the hidden one is as secret."""
    made = func.coalesce(func.nullif(hidden, held), None).is_(None).label("same")
    return session.execute(select(source.id, made).where(source.visible).order_by(source.id)).all()


@careless("column property")
def of_the_mapped_class(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    cls = aliased(source.entity.cls)
    column = getattr(cls, hidden.key or "")
    return session.execute(select(cls.id, func.length(column)).order_by(cls.id)).all()


@careless("column property")
def mapped_objects(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    cls = source.entity.cls
    return [getattr(one, hidden.key or "") for one in session.scalars(select(cls).order_by(cls.id))]


@careless("bulk update")
def updated(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    """How many rows a change by condition touches; it is taken back."""
    table = _table(source)
    done = session.execute(update(table).where(table.c[hidden.key] == held).values(row_version=table.c.row_version))
    return done.rowcount  # type: ignore[attr-defined]


@careless("bulk update")
def updated_by_class(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    cls = source.entity.cls
    statement = update(cls).where(getattr(cls, hidden.key or "") == held).values(row_version=cls.row_version)
    done = session.execute(statement, execution_options={"synchronize_session": False})
    return done.rowcount  # type: ignore[attr-defined]


@careless("bulk update")
def deleted(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    table = _table(source)
    return session.execute(delete(table).where(table.c[hidden.key] == held, table.c.id < 0)).rowcount  # type: ignore[attr-defined]


@careless("bulk update")
def inserted_from_select(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    table = _table(source)
    chosen = select(literal(-1), literal(1)).where(table.c[hidden.key] == held, table.c.id < 0)
    return session.execute(insert(table).from_select(["id", "row_version"], chosen)).rowcount  # type: ignore[attr-defined]


@careless("Core table")
def bare_table(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    table = _table(source)
    return session.execute(select(table.c.id, table.c[hidden.key]).order_by(table.c.id)).all()


@careless("Core table")
def count_of_a_bare_alias(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    table = _table(source).alias()
    return session.execute(select(func.count()).select_from(table).where(table.c[hidden.key] == held)).scalars().all()


@careless("Core table")
def bare_table_joined(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    table = _table(source)
    joined = source.table.join(table, table.c.id == source.id)
    return session.execute(select(source.id).select_from(joined).where(source.visible, table.c[hidden.key] == held).order_by(source.id)).scalars().all()


@careless("text")
def plain_text(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    return session.execute(text(f'SELECT id, {hidden.key} FROM "{_table(source).name}" ORDER BY id')).all()


@careless("text")
def text_in_where(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    return session.execute(select(source.id).where(source.visible, text(f"{hidden.key} IS NULL")).order_by(source.id)).scalars().all()


@careless("text")
def literal_column_(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    return session.execute(select(source.id, literal_column(str(hidden.key))).where(source.visible).order_by(source.id)).all()


@careless("text")
def through_the_connection(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    connection = Session.connection(session)
    return connection.execute(text(f'SELECT id, {hidden.key} FROM "{_table(source).name}" ORDER BY id')).all()


@careless("text")
def class_from_text(session: UserSession, source: Source, hidden: ColumnElement[Any], held: Any) -> Any:
    cls = source.entity.cls
    rows = session.execute(select(cls).from_statement(text(f'SELECT * FROM "{_table(source).name}" ORDER BY id'))).scalars()
    return [getattr(one, hidden.key or "") for one in rows]


BY_CLASS = frozenset({of_the_mapped_class, mapped_objects, updated_by_class, class_from_text})


def _table(source: Source) -> Table:
    return source.entity.table


@probe("statement")
def every(view: View, kind: Entity) -> Iterator[Question]:
    """Every construct over hidden fields of every entity; over those of records that the role does not see too."""
    hidden = [k for k in view.shut(kind.key) if kind.fields[k].type != "many_to_many" and not kind.fields[k].system]
    for construct, statements in STATEMENTS.items():
        for statement in statements:
            for key in view.rng.sample(hidden, min(2, len(hidden))):
                if statement in BY_CLASS and (kind.cls is None or kind.fields[key].number):
                    continue  # no class is mapped for what administrators make
                held = view.value(kind.key, key)
                said = f"{construct}: {statement.__name__} over {kind.key}.{key}"
                asked = Question(f"statement: {construct}", kind.key, said, partial(_run, statement, kind.key, key, held), (f"{kind.key}.{key}",))
                yield asked.expecting(REFUSED)


def _run(statement: Statement, entity: str, key: str, held: Any, side: Side) -> Answer:
    """The rows, or the refusal. Whatever it wrote is undone."""
    with user_session(side.engine, side.access(), side.catalog, write=True) as session:
        source = session.table(entity)
        hidden = source.table.c[source.entity.fields[key].attribute]
        try:
            return Answer(DONE, repr(statement(session, source, hidden, held)).encode())
        except (GuardRefusal, UnknownName) as refusal:
            return Answer(REFUSED, type(refusal).__name__.encode())
        except BramaError as wrong:
            return Answer(DONE, str(wrong).encode())


@probe("statement")
def named(view: View, kind: Entity) -> Iterator[Question]:
    """The sight hands out no hidden column by its name."""
    for key in view.shut(kind.key):
        yield Question("statement: sight", kind.key, f"sight[{kind.key}.{key}]", partial(_named, kind.key, key), (f"{kind.key}.{key}",)).expecting(REFUSED)


def _named(entity: str, key: str, side: Side) -> Answer:
    with user_session(side.engine, side.access(), side.catalog) as session:
        source = session.table(entity)
        try:
            rows = session.execute(select(source.id, source[key]).where(source.visible).order_by(source.id)).all()
        except UnknownName as refusal:
            return Answer(REFUSED, str(refusal).encode())
        return Answer(DONE, repr(rows).encode())
