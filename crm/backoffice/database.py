"""Engines that behave alike on SQLite and PostgreSQL. Code never asks the database for the time: moments come from Python, in UTC."""

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
BUSY_SECONDS = 10
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
        "options": f"-c timezone=UTC -c statement_timeout={statement_seconds * 1000}",
    })


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
    writer = connection.get_execution_options().get("writer", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")
