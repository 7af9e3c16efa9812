"""Rows into a database as fast as it takes them: COPY on PostgreSQL, one prepared INSERT on SQLite; indexes are made afterwards."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, cast

from sqlalchemy import Connection, Engine, Table, insert, text

from crm.backoffice.database import LARGE
from crm.backoffice.entities import Base

PART = 5000
Rows = Iterable[Mapping[str, Any]]


@contextmanager
def bulk(engine: Engine, tables: Sequence[Table]) -> Iterator[None]:
    """Time in which `tables` have no indexes; they are back, and statistics fresh, when it ends."""
    every = [index for table in tables for index in sorted(table.indexes, key=lambda i: str(i.name))]
    indexes = [index for index in every if engine.dialect.name == "postgresql" or not index.info.get(LARGE)]
    with writing(engine) as connection:
        for index in indexes:
            index.drop(connection)
    yield
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL maintenance_work_mem = '256MB'"))
        for index in indexes:
            index.create(connection)
        if engine.dialect.name == "postgresql":
            for table in tables:
                highest = f'(SELECT coalesce(max(id), 1) FROM "{table.name}")'
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), {highest})"))
        else:
            connection.execute(text("ANALYZE"))
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that asks nobody about foreign keys; committed at the end."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            driver(connection).execute("PRAGMA foreign_keys = OFF")  # before the transaction begins: inside it changes nothing
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection
        connection.commit()
    if engine.dialect.name == "sqlite":
        engine.dispose()  # the connection without foreign keys goes


def driver(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def copy(connection: Connection, entity: type[Base], rows: Rows) -> None:
    """Write the rows, all with the keys of the first."""
    table = entity.__table__
    source = iter(rows)
    first = next(source, None)
    if first is None:
        return
    names = list(first)
    if connection.dialect.name == "sqlite":
        connection.execute(insert(table), [dict(first)])
        while part := [dict(row) for row in islice(source, PART)]:
            connection.execute(insert(table), part)
        return
    binders = [table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for name in names]
    listed = ", ".join(f'"{name}"' for name in names)
    raw: Any = connection.connection.dbapi_connection
    with raw.cursor().copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as stream:
        stream.write_row([row(first, n, b) for n, b in zip(names, binders, strict=True)])
        for one in source:
            stream.write_row([row(one, n, b) for n, b in zip(names, binders, strict=True)])


def row(values: Mapping[str, Any], name: str, bind: Any) -> Any:
    value = values[name]
    return value if bind is None or value is None else bind(value)
