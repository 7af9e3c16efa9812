"""Engines that behave alike on SQLite and PostgreSQL. Code never asks the database for the time: moments come from Python, in UTC."""

import errno
import sqlite3
import time
from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Connection, Engine, Index, Table, TextClause, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from crm.messages import m

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_SECONDS = 10
LARGE = "large"  # marks an index that PostgreSQL alone has
WORK_MEMORY = "32MB"  # a step of a statement on PostgreSQL before it goes to disk: with its 4 MB a report over a million records does so at each join
# A page of an index that is in memory or on a disk without arms costs about as much as the next one; a report's statement is done before it is compiled.
PLANS = "-c random_page_cost=1.1 -c jit=off"
ASK_AGAIN = 0.005  # seconds between two attempts to become SQLite's one writer
NO_ROOM = m("There is no room left on the disk, so nothing was saved. Whoever runs Brama has to free some.")
PRAGMAS = ("journal_mode = WAL", "foreign_keys = ON", f"busy_timeout = {BUSY_SECONDS * 1000}", "synchronous = NORMAL")


def make_engine(url: str | URL, *, echo: bool = False, pool_size: int = 8, statement_seconds: int = 30, application: str = "brama") -> Engine:
    """An engine for threads. On SQLite `engine.execution_options(writer=True)` begins transactions IMMEDIATE; on PostgreSQL a statement
    may run `statement_seconds` (0: as long as it takes) and sessions speak UTC. `postgresql://` means the psycopg driver."""
    url = make_url(url)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, echo, pool_size)
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    return create_engine(url, echo=echo, pool_size=pool_size, max_overflow=pool_size * 2, pool_pre_ping=True, connect_args={
        "prepare_threshold": None,  # a plan kept over a change of columns fails with "cached plan must not change result type"
        "application_name": application,
        "options": f"-c timezone=UTC -c statement_timeout={statement_seconds * 1000} -c work_mem={WORK_MEMORY} {PLANS}",
    })


def covering(name: str, key: str | tuple[str, ...], *held: str, where: TextClause) -> Index:
    """An index in the order of `key` (a column, or several) from which a count over a million rows is read without the rows: it holds what is asked of
    them. PostgreSQL alone has it: where one file holds everything, a tenth as many rows are read faster than one more index is written."""
    keys = (key,) if isinstance(key, str) else key
    return Index(name, *keys, postgresql_include=held, postgresql_where=where, info={LARGE: True}).ddl_if(dialect="postgresql")


def look_over(engine: Engine, tables: Iterable[Table] = ()) -> None:
    """Have PostgreSQL count what tables hold that have just been filled, all where none is named. Until it does so by itself, some minutes later, it plans
    as if they were empty, and a question that compares each row of one with rows of another takes seconds instead of milliseconds."""
    if engine.dialect.name == "postgresql":
        named = ", ".join(map(engine.dialect.identifier_preparer.format_table, tables))
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ANALYZE {named}")


def _sqlite(url: URL, echo: bool, pool_size: int) -> Engine:
    in_file = bool(url.database) and url.database != ":memory:"
    pool: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size * 4} if in_file else {}
    engine = create_engine(url, echo=echo, connect_args={"timeout": BUSY_SECONDS}, **pool)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # The driver's own transactions leave DDL outside and begin too late; `_begin` says when.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
    if connection.get_execution_options().get("writer", False):
        _wait_to_write(driver)
    else:
        driver.execute("BEGIN")  # of the driver itself: the way through SQLAlchemy takes as long as a small query


def _wait_to_write(connection: sqlite3.Connection) -> None:
    """Begin as the one writer. The driver's own waiting soon asks every 100 ms only and sleeps through the gaps that long work leaves for
    others; asked every few milliseconds, a short gap is enough. Raises sqlite3.OperationalError after BUSY_SECONDS."""
    deadline = time.monotonic() + BUSY_SECONDS
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as busy:
                if busy.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(ASK_AGAIN)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


def no_room(fault: BaseException) -> bool:
    """Whether a disk is full: that of the database, or that of files."""
    if isinstance(fault, OSError):
        return fault.errno in (errno.ENOSPC, errno.EDQUOT)
    driver = getattr(fault, "orig", None)
    return getattr(driver, "sqlstate", None) == "53100" or "database or disk is full" in str(driver)
